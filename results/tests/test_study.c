/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/study.h"

#include "results/tests/twin_records.h"
#include "results/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

static void add(struct study *study, uint64_t cache, uint64_t seed, const char *value)
{
    struct record *record = value ? made_up_record_with(cache, seed, "workload.region", value)
                                  : made_up_record(cache, seed);
    study_add(study, record);
    free(record);
}

static void expect_label(const struct study_groups *groups, size_t index, const char *text)
{
    char *label = study_group_label(groups, index, true);
    assert_string_equal(label, text);
    free(label);
}

static void groups_by_everything_but_the_seed(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    for (uint64_t seed = 3; seed > 0; seed--) {
        add(study, 64 * MIB, seed, NULL);
        add(study, 4 * MIB, seed, NULL);
        add(study, 0, seed, NULL);
    }
    add(study, 16 * MIB, 7, NULL);
    struct study_groups *groups = study_group(study);
    assert_int_equal(groups->group_count, 4);
    assert_int_equal(groups->seeds, 3);
    assert_int_equal(groups->varying_count, 0);
    assert_true(groups->cache_varies);
    assert_false(groups->source_varies);
    const uint64_t sizes[] = {0, 4 * MIB, 16 * MIB, 64 * MIB};
    const size_t converged[] = {0, 0, 1, 3};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(groups->groups[i].runs[0]->xbzrle_cache_size, sizes[i]);
        assert_int_equal(groups->groups[i].converged, converged[i]);
        assert_int_equal(groups->groups[i].run_count, i == 2 ? 1 : 3);
        for (size_t k = 1; k < groups->groups[i].run_count; k++)
            assert_true(groups->groups[i].runs[k - 1]->seed < groups->groups[i].runs[k]->seed);
    }
    expect_label(groups, 0, "XBZRLE off");
    expect_label(groups, 3, "cache 64MiB");
    study_groups_free(groups);
    study_free(study);
}

/* Numbers by value ("9" before "10"), axes in their order. */
static void varying_settings_sort_and_name_the_groups(void **state)
{
    (void)state;
    const char *const axes[] = {"workload.region", "guest.memory", "no.such"};
    struct study *study = study_create("s", axes, 3);
    const char *const regions[] = {"10485760", "9437184"};
    const char *const memories[] = {"2147483648", "1073741824"};
    for (unsigned i = 0; i < 4; i++) {
        struct record *record =
            made_up_record_with(i ? 16 * MIB : 0, 1, "workload.region", regions[i / 2]);
        struct record_setting settings[8];
        memcpy(settings, record->settings, sizeof settings);
        settings[0].value = memories[i % 2];
        settings[7].number = true, settings[7].unit = "bytes";
        record->settings = settings;
        study_add(study, record);
        free(record);
    }
    struct study_groups *groups = study_group(study);
    assert_int_equal(groups->group_count, 4);
    assert_int_equal(groups->varying_count, 2);
    assert_string_equal(groups->varying[0], "workload.region");
    assert_string_equal(groups->varying[1], "guest.memory");
    expect_label(groups, 0, "region 9MiB, memory 1GiB, cache 16MiB");
    expect_label(groups, 1, "region 9MiB, memory 2GiB, cache 16MiB");
    expect_label(groups, 3, "region 10MiB, memory 2GiB, XBZRLE off");
    study_groups_free(groups);
    study_free(study);
}

/* With XBZRLE off the codec is missing; that is no difference of its own. */
static void what_is_missing_does_not_vary(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    add(study, 0, 1, NULL);
    add(study, 16 * MIB, 1, "x");
    struct study_groups *groups = study_group(study);
    assert_int_equal(groups->varying_count, 0);
    expect_label(groups, 0, "XBZRLE off");
    expect_label(groups, 1, "cache 16MiB");
    study_groups_free(groups);

    add(study, 16 * MIB, 1, "y");
    groups = study_group(study);
    assert_int_equal(groups->varying_count, 1);
    expect_label(groups, 0, "XBZRLE off");
    expect_label(groups, 2, "region y, cache 16MiB");
    study_groups_free(groups);
    study_free(study);
}

static void what_is_missing_tells_apart_if_nothing_else_does(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    add(study, 16 * MIB, 1, "x");
    add(study, 16 * MIB, 1, NULL);
    struct study_groups *groups = study_group(study);
    assert_int_equal(groups->group_count, 2);
    assert_int_equal(groups->varying_count, 1);
    expect_label(groups, 0, "");
    expect_label(groups, 1, "region x");
    study_groups_free(groups);
    study_free(study);
}

/* The order in which workers finish must not show. */
static void the_order_of_runs_does_not_matter(void **state)
{
    (void)state;
    struct study_groups *groups[2];
    struct study *studies[2];
    for (unsigned order = 0; order < 2; order++) {
        studies[order] = study_create("s", NULL, 0);
        for (unsigned i = 0; i < 40; i++) {
            unsigned k = order ? 39 - i : i;
            add(studies[order], k % 5 * 8 * MIB, k / 10, k % 2 ? "a" : "b");
        }
        groups[order] = study_group(studies[order]);
    }
    assert_int_equal(groups[0]->group_count, groups[1]->group_count);
    for (size_t i = 0; i < groups[0]->group_count; i++) {
        char *one = study_group_label(groups[0], i, true),
             *two = study_group_label(groups[1], i, true);
        assert_string_equal(one, two);
        free(one);
        free(two);
        assert_true(same_records(groups[0]->groups[i].runs[0], groups[1]->groups[i].runs[0], true));
    }
    for (unsigned order = 0; order < 2; order++) {
        study_groups_free(groups[order]);
        study_free(studies[order]);
    }
}

static void sources_stay_apart(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    struct record *record = made_up_record(16 * MIB, 1);
    study_add(study, record);
    record->source = SOURCE_MEASURED;
    study_add(study, record);
    free(record);
    struct study_groups *groups = study_group(study);
    assert_int_equal(groups->group_count, 2);
    assert_true(groups->source_varies);
    expect_label(groups, 0, "simulated");
    expect_label(groups, 1, "measured");
    study_groups_free(groups);
    study_free(study);
}

static void a_study_without_runs(void **state)
{
    (void)state;
    struct study *study = study_create("", NULL, 0);
    struct study_groups *groups = study_group(study);
    assert_int_equal(groups->group_count, 0);
    assert_int_equal(groups->varying_count, 0);
    study_groups_free(groups);
    study_free(study);
    study_free(NULL);
    study_groups_free(NULL);
}

static void values_have_their_units(void **state)
{
    (void)state;
    const struct {
        struct record_setting setting;
        const char *text;
    } cases[] = {
        {{"k", "67108864", true, "bytes"}, "64MiB"},
        {{"k", "125000000", true, "bytes/s"}, "1Gbit/s"},
        {{"k", "300000000", true, "ns"}, "300ms"},
        {{"k", "12", true, ""}, "12"},
        {{"k", "0.9", true, NULL}, "0.9"},
        {{"k", "-5", true, "bytes"}, "-5"},
        {{"k", "99999999999999999999", true, "ns"}, "99999999999999999999"},
        {{"k", "64M", true, "bytes"}, "64M"},
        {{"k", "on", false, "bytes"}, "on"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = study_value_text(&cases[i].setting);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
    char *text = study_value_text(NULL);
    assert_string_equal(text, "-");
    free(text);
}

static void foreign_text_is_made_printable(void **state)
{
    (void)state;
    const struct {
        const char *text, *printable;
    } cases[] = {
        {"plain", "plain"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\x1b[2J\n\t\x7f", " [2J   "},
        {"\xc2\x9b"
         "1m",
         " 1m"}, /* a C1 control: CSI in one character */
        {"\xff"
         "a",
         "\xef\xbf\xbd"
         "a"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* cut short */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = text_printable(cases[i].text);
        assert_string_equal(text, cases[i].printable);
        free(text);
    }
    char *text = text_utf8("a\n\xff");
    assert_string_equal(text, "a\n\xef\xbf\xbd");
    free(text);
    assert_int_equal(text_columns("gr\xc3\xbc\xc3\x9f"), 4);
    assert_int_equal(text_cut("gr\xc3\xbc\xc3\x9f", 3), 4);
    assert_int_equal(text_cut("abc", 9), 3);
    assert_int_equal(text_cut("abc", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_by_everything_but_the_seed),
        cmocka_unit_test(varying_settings_sort_and_name_the_groups),
        cmocka_unit_test(what_is_missing_does_not_vary),
        cmocka_unit_test(what_is_missing_tells_apart_if_nothing_else_does),
        cmocka_unit_test(the_order_of_runs_does_not_matter),
        cmocka_unit_test(sources_stay_apart),
        cmocka_unit_test(a_study_without_runs),
        cmocka_unit_test(values_have_their_units),
        cmocka_unit_test(foreign_text_is_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
