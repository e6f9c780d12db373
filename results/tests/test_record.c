/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/record.h"
#include "results/tests/twin_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

static void names(void **state)
{
    (void)state;
    assert_string_equal(record_outcome_name(OUTCOME_CONVERGED), "converged");
    assert_string_equal(record_outcome_name(OUTCOME_NOT_CONVERGED), "not-converged");
    assert_string_equal(record_outcome_name(OUTCOME_FAILED), "failed");
    assert_string_equal(record_source_name(SOURCE_SIMULATED), "simulated");
    assert_string_equal(record_source_name(SOURCE_MEASURED), "measured");
}

static void stream_total_counts_every_kind(void **state)
{
    (void)state;
    struct record_stream_bytes bytes = {1,      20,      300,      4000,     50000,
                                        600000, 7000000, 80000000, 900000000};
    assert_int_equal(record_stream_total(&bytes), 987654321);
}

static void settings_are_found(void **state)
{
    (void)state;
    struct record *record = made_up_record(16777216, 1);
    assert_string_equal(record_setting(record, "migration.xbzrle-cache-size"), "16777216");
    assert_string_equal(record_find_setting(record, "link.bandwidth")->unit, "bytes/s");
    assert_null(record_setting(record, "migration.xbzrle-cache"));
    assert_null(record_setting(record, ""));
    free(record);
}

/* Pinned: a digest that changes would make every stored sweep start again from nothing. */
static void digest_is_pinned(void **state)
{
    (void)state;
    char text[RECORD_DIGEST_SIZE];
    record_digest(NULL, 0, text);
    assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
    const struct record_setting settings[] = {{.key = "guest.memory", .value = "1073741824"},
                                              {.key = "migration.xbzrle", .value = "on"}};
    record_digest(settings, 2, text);
    assert_string_equal(text, "ab4ac1f800dcdad26347a53ae300f9f5");
}

static void digest_tells_apart(void **state)
{
    (void)state;
    const struct record_setting sets[][2] = {
        {{.key = "a", .value = "b"}, {.key = "c", .value = "d"}},
        {{.key = "ab", .value = ""}, {.key = "c", .value = "d"}},
        {{.key = "", .value = "ab"}, {.key = "c", .value = "d"}},
        {{.key = "c", .value = "d"}, {.key = "a", .value = "b"}},
        {{.key = "a", .value = "b"}, {.key = "c", .value = "e"}},
    };
    size_t count = sizeof sets / sizeof *sets;
    char texts[5][RECORD_DIGEST_SIZE];
    for (size_t i = 0; i < count; i++) {
        record_digest(sets[i], 2, texts[i]);
        assert_int_equal(strlen(texts[i]), 32);
        assert_int_equal(strspn(texts[i], "0123456789abcdef"), 32);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(texts[i], texts[k]);
    }
    /* Unit and number are presentation: the same run. */
    const struct record_setting with_unit[] = {
        {.key = "a", .value = "b", .number = true, .unit = "ns"}, {.key = "c", .value = "d"}};
    char text[RECORD_DIGEST_SIZE];
    record_digest(with_unit, 2, text);
    assert_string_equal(text, texts[0]);
}

static void copy_owns_everything(void **state)
{
    (void)state;
    struct record *record = made_up_record(16777216, 7);
    struct record *copy = record_copy(record);
    assert_int_equal(copy->setting_count, record->setting_count);
    assert_ptr_not_equal(copy->settings, record->settings);
    for (size_t i = 0; i < copy->setting_count; i++) {
        assert_ptr_not_equal(copy->settings[i].key, record->settings[i].key);
        assert_string_equal(copy->settings[i].key, record->settings[i].key);
        assert_string_equal(copy->settings[i].value, record->settings[i].value);
        assert_int_equal(copy->settings[i].number, record->settings[i].number);
    }
    assert_null(copy->settings[3].unit);
    assert_memory_equal(copy->iterations, record->iterations,
                        record->iteration_count * sizeof *record->iterations);
    assert_memory_equal(copy->samples, record->samples,
                        record->sample_count * sizeof *record->samples);
    assert_memory_equal(&copy->counters, &record->counters, sizeof copy->counters);
    memset(record, 0xff, sizeof *record);
    free(record);
    assert_string_equal(copy->why, "");
    assert_string_equal(copy->status, "completed");
    assert_int_equal(copy->seed, 7);
    free(copy);
}

/* The bytes of a copy, taken elsewhere, are a record once they were told so. */
static void a_copy_can_move(void **state)
{
    (void)state;
    struct record *record = made_up_record(16777216, 7), *copy = record_copy(record);
    size_t size = record_copy_size(copy);
    struct record *moved = malloc(size);
    assert_non_null(moved);
    memcpy(moved, copy, size);
    memset(copy, 0xff, size);
    record_moved(moved, copy);
    free(copy);
    assert_true(same_records(moved, record, true));
    assert_null(moved->settings[3].unit);
    free(moved);
    free(record);
}

static void copy_of_nothing(void **state)
{
    (void)state;
    struct record empty = {.why = "", .status = ""};
    struct record *copy = record_copy(&empty);
    assert_null(copy->settings);
    assert_null(copy->iterations);
    assert_null(copy->samples);
    assert_string_equal(copy->why, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(stream_total_counts_every_kind),
        cmocka_unit_test(settings_are_found),
        cmocka_unit_test(digest_is_pinned),
        cmocka_unit_test(digest_tells_apart),
        cmocka_unit_test(copy_owns_everything),
        cmocka_unit_test(a_copy_can_move),
        cmocka_unit_test(copy_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
