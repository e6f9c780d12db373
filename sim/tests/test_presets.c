/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "codec/xbzrle.h"
#include "sim/guest.h"
#include "sim/tests/twin_fixture.h"
#include "workloads/presets.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Each preset is held against the figure of its source. `test_presets --print` prints the table of
 * docs/workloads.md.
 */
#define WINDOWS   12
#define TOLERANCE 0.02

static struct scenario *preset_scenario(const struct preset *preset)
{
    char ini[100];
    snprintf(ini, sizeof ini, "[guest]\npreset = %s\n", preset->name);
    return fixture_scenario(ini);
}

/* What the dirty pages show, against their bytes at the sync before. */
struct seen {
    uint64_t pages, unchanged, looked, delta_bytes;
};

static void look(const uint8_t *before, const uint8_t *bytes, struct seen *seen)
{
    uint8_t delta[2 * PAGE_SIZE];
    size_t length = 0;
    enum encode_result result =
        xbzrle_encode(before, bytes, PAGE_SIZE, delta, sizeof delta, &length);
    seen->looked++;
    seen->unchanged += result == ENCODE_UNCHANGED;
    seen->delta_bytes += result == ENCODE_DELTA ? length : 0;
}

/* All pages of the first workload, the one that the figure is about. */
static void look_at_content(struct guest *guest, const struct scenario_workload *workload,
                            int64_t window_ns, struct seen *seen)
{
    uint64_t count = workload->options->bytes / PAGE_SIZE, pages = guest_machine(guest)->page_count;
    uint8_t *before = must_alloc(count, PAGE_SIZE, "pages"), scratch[PAGE_SIZE];
    for (int64_t window = 0; window <= WINDOWS / 2; window++) {
        uint64_t *dirty = guest_written(guest, window * window_ns);
        for (uint64_t i = 0; i < count; i++) {
            uint64_t page = workload->first_page + i;
            if (window > 0 && !bitmap_get(dirty, page))
                continue;
            const uint8_t *bytes = guest_page(guest, page, window * window_ns, scratch);
            if (window > 0)
                look(before + i * PAGE_SIZE, bytes, seen);
            memcpy(before + i * PAGE_SIZE, bytes, PAGE_SIZE);
        }
        memset(dirty, 0, BITMAP_WORDS(pages) * sizeof *dirty);
    }
    free(before);
}

static void count_pages(struct guest *guest, int64_t window_ns, struct seen *seen)
{
    uint64_t pages = guest_machine(guest)->page_count;
    for (int64_t window = 0; window <= WINDOWS; window++) {
        uint64_t *dirty = guest_written(guest, window * window_ns);
        seen->pages += window > 0 ? bitmap_count(dirty, pages) : 0;
        memset(dirty, 0, BITMAP_WORDS(pages) * sizeof *dirty);
    }
}

static struct seen watch(const struct preset *preset)
{
    struct scenario *scenario = preset_scenario(preset);
    struct error error;
    struct seen seen = {0, 0, 0, 0};
    struct guest *guest = guest_create(scenario, &error);
    assert_non_null(guest);
    if (preset->measure == PRESET_PAGES)
        count_pages(guest, preset->window_ns, &seen);
    else
        look_at_content(guest, &scenario->workloads[0], preset->window_ns, &seen);
    guest_destroy(guest);
    scenario_destroy(scenario);
    return seen;
}

static double measure(const struct preset *preset)
{
    struct seen seen = watch(preset);
    switch (preset->measure) {
    case PRESET_PAGES:
        return (double)seen.pages / WINDOWS / ((double)preset->window_ns * 1e-9);
    case PRESET_UNCHANGED:
        return (double)seen.unchanged / (double)seen.looked;
    case PRESET_DELTA:
        return (double)seen.delta_bytes / (double)seen.looked;
    case PRESET_NONE:
        break;
    }
    return 0;
}

static void test_figures(void **state)
{
    (void)state;
    unsigned with_figure = 0;
    for (const struct preset *preset = presets; preset->name; preset++) {
        if (preset->measure == PRESET_NONE)
            continue;
        double got = measure(preset);
        if (got < preset->low * (1 - TOLERANCE) || got > preset->high * (1 + TOLERANCE))
            fail_msg("%s: %g, not from %g to %g", preset->name, got, preset->low, preset->high);
        with_figure++;
    }
    assert_true(with_figure >= 10);
}

static void check_line(const char *name, const char *what, const char *text)
{
    if (!text || text[0] == 0 || strchr(text, '\n') || text[strlen(text) - 1] == '.')
        fail_msg("%s: %s is '%s'", name, what, text ? text : "none");
}

/* Named, explained, with source and figure or with neither; and a scenario. */
static void test_entries(void **state)
{
    (void)state;
    for (const struct preset *preset = presets; preset->name; preset++) {
        assert_ptr_equal(preset_find(preset->name), preset); /* so names are unique */
        check_line(preset->name, "help", preset->help);
        check_line(preset->name, "assumed", preset->assumed);
        assert_int_equal(preset->source[0] != 0, preset->figure[0] != 0);
        assert_true(preset->measure == PRESET_NONE ||
                    (preset->source[0] && preset->window_ns > 0 && preset->low <= preset->high));
        struct scenario *scenario = preset_scenario(preset);
        assert_true(scenario->workload_count > 0);
        assert_string_equal(scenario->guest.preset, preset->name);
        scenario_destroy(scenario);
    }
    assert_null(preset_find("none"));
}

static const char *setting(const struct scenario *scenario, const char *key)
{
    for (size_t i = 0; i < scenario->setting_count; i++)
        if (!strcmp(scenario->settings[i].key, key))
            return scenario->settings[i].value;
    return "";
}

/* What the scenario says itself goes before the preset; the rest stays, in its order. */
static void test_overrides(void **state)
{
    (void)state;
    struct scenario *plain = fixture_scenario("[guest]\npreset = redis\n");
    struct scenario *own = fixture_scenario("[workload extra]\nkind = idle\nregion = 1M\n"
                                            "[workload log]\nrate = 9k\nregion = 32M\n"
                                            "[guest]\npreset = redis\nmemory = 3G\n");
    assert_int_equal(own->guest.memory_bytes, 3ull << 30);
    assert_int_equal(own->workload_count, plain->workload_count + 1);
    for (size_t i = 0; i < plain->workload_count; i++)
        assert_string_equal(own->workloads[i].label, plain->workloads[i].label);
    assert_string_equal(setting(plain, "guest.preset"), "redis");
    assert_string_equal(setting(plain, "workload.log.rate"), "8000");
    assert_string_equal(setting(own, "workload.log.rate"), "9000");
    assert_string_equal(setting(own, "workload.log.record"), "600");
    scenario_destroy(plain);
    scenario_destroy(own);
    assert_string_equal(fixture_error("[guest]\npreset =\n"), "");
    assert_non_null(strstr(fixture_error("[guest]\npreset = kernel-bild\n"),
                           "test.ini:2: guest.preset: no preset 'kernel-bild': did you mean "
                           "kernel-build?"));
    assert_non_null(strstr(fixture_error("[guest]\npreset = redis\nmemory = 64M\n"),
                           "does not fit the guest's memory"));
    assert_non_null(strstr(fixture_error("[guest]\npreset = redis\n[workload store]\n"
                                         "kind = random\n"),
                           "workload store.value-size of the preset: no such parameter"));
}

/* By its name alone, as a user runs it; overridden from the command line. */
static void test_by_name(void **state)
{
    (void)state;
    struct error error;
    struct scenario_text *text = scenario_text_read("preset:idle-linux", &error);
    assert_non_null(text);
    assert_true(scenario_text_override(text, "workload.kernel.rate=50", &error));
    assert_true(scenario_text_override(text, "guest.memory=256M", &error));
    struct scenario *scenario = scenario_create(text, &error);
    assert_non_null(scenario);
    assert_string_equal(setting(scenario, "workload.kernel.rate"), "50");
    struct record *record = simulate(scenario, NULL, &error);
    assert_true(record->verified);
    free(record);
    scenario_destroy(scenario);
    scenario_text_destroy(text);
}

static void print_figure(const struct preset *preset)
{
    if (preset->measure == PRESET_NONE) {
        printf("| - | - |\n");
        return;
    }
    int places = preset->measure == PRESET_UNCHANGED ? 3 : 0;
    printf("| %.*f", places, preset->low);
    if (preset->high > preset->low)
        printf(" to %.*f", places, preset->high);
    printf(" | %.*f %s in windows of %g s |\n", places, measure(preset),
           preset->measure == PRESET_PAGES       ? "pages/s"
           : preset->measure == PRESET_UNCHANGED ? "of the pages unchanged"
                                                 : "bytes a delta",
           (double)preset->window_ns * 1e-9);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--print")) {
        printf("| preset | source | published | measured here |\n| --- | --- | --- | --- |\n");
        for (const struct preset *preset = presets; preset->name; preset++) {
            printf("| `%s` | %s ", preset->name, preset->source[0] ? preset->source : "none");
            print_figure(preset);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
