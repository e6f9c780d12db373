/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/xbrle.h"
#include "codec/xbzrle.h"
#include "sim/tests/published_pages.h"
#include "sim/tests/twin_fixture.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What docs/published.md says of published figures, as far as it is exact or a mechanism. */

typedef enum encode_result encoder(const uint8_t *, const uint8_t *, size_t, uint8_t *, size_t,
                                   size_t *);

static size_t encoded_bytes(const struct published_pages *pages, encoder *encode)
{
    static uint8_t old_page[PAGE_SIZE], new_page[PAGE_SIZE], delta[PAGE_SIZE];
    size_t total = 0, size;
    for (unsigned i = 0; i < pages->step; i++) {
        published_page(pages, i, old_page, new_page);
        assert_int_equal(encode(old_page, new_page, PAGE_SIZE, delta, PAGE_SIZE, &size),
                         ENCODE_DELTA);
        total += size;
    }
    return total;
}

/* In hundredths of a percent of the page, rounded. */
static size_t share(const struct published_pages *pages, size_t bytes)
{
    size_t all = (size_t)pages->step * PAGE_SIZE;
    return (bytes * 10000 + all / 2) / all;
}

static void test_codec_table_of_august_2011(void **state)
{
    (void)state;
    const struct published_pages *sparse = &PUBLISHED_PAGES[0], *medium = &PUBLISHED_PAGES[1];
    /* Published: 3.08 %. */
    assert_int_equal(encoded_bytes(sparse, xbrle_encode), 140044);
    assert_int_equal(share(sparse, encoded_bytes(sparse, xbrle_encode)), 308);
    /* Published: 3.55 %, for a format before today's, in words. */
    assert_int_equal(encoded_bytes(sparse, xbzrle_encode), 61334);
    assert_int_equal(share(sparse, encoded_bytes(sparse, xbzrle_encode)), 135);
    assert_int_equal(share(medium, encoded_bytes(medium, xbrle_encode)), 1030);
    assert_int_equal(share(medium, encoded_bytes(medium, xbzrle_encode)), 513);
}

/* The loop of docs/xbzrle.txt with half the cache that it needs. */
#define LOADED(fill)                                                                               \
    "[guest]\nmemory = 64M\nzero-share = 50%\ntext-share = 0%\n[workload load]\nkind = stride\n"   \
    "offset = 16M\nregion = 16M\nrate = unpaced\nwrite-time = 10ns\nfill = " fill "\n"             \
    "[link]\nbandwidth = 936Mbit/s\n[run]\ntime-limit = 8s\n[migration]\n"                         \
    "max-bandwidth = unlimited\nxbzrle = on\nxbzrle-cache-size = 8M\n"

static void test_half_the_lookups_hit_with_the_age_rule_and_none_without(void **state)
{
    (void)state;
    struct record *record =
        fixture_run(LOADED("random") "downtime-limit = 1ms\ncache = direct-1.2\n");
    const struct record_counters *counters = &record->counters;
    assert_int_equal(record->outcome, OUTCOME_NOT_CONVERGED);
    assert_int_equal(counters->xbzrle_pages, 0);
    assert_in_range(counters->xbzrle_cache_miss, 40 * 4096, 60 * 4096);
    free(record);
    record = fixture_run(LOADED("random") "downtime-limit = 1ms\ncache = direct\n");
    counters = &record->counters;
    assert_int_equal(record->outcome, OUTCOME_NOT_CONVERGED);
    assert_in_range(100 * counters->xbzrle_pages /
                        (counters->xbzrle_pages + counters->xbzrle_cache_miss),
                    47, 51);
    /* 26.007 published: records of 8 + 3 bytes and four single bytes 1024 apart, 15. */
    assert_int_equal(counters->xbzrle_bytes % 18, 0);
    assert_int_equal(record->stream.delta, counters->xbzrle_bytes / 18 * 26);
    assert_in_range(counters->xbzrle_bytes / 18, counters->xbzrle_pages * 99 / 100,
                    counters->xbzrle_pages); /* few were unchanged */
    free(record);
}

/* A pass that is cut by a sync and then runs dry leaves the cursor behind the region, not where the
 * pass was cut: the next one begins at the front and finds some pages still cached. Cut passes
 * come from moments in which the counters have wrapped and all pages are zero, quickly sent. */
static void test_a_cut_pass_gives_the_old_cache_some_hits(void **state)
{
    (void)state;
    struct record *record =
        fixture_run(LOADED("zero") "downtime-limit = 20ms\ncache = direct-1.2\n");
    assert_in_range(record->counters.xbzrle_pages, 1, record->counters.xbzrle_cache_miss / 5);
    free(record);
}

#define RACE                                                                                       \
    "[guest]\nmemory = 64M\nzero-share = 100%\ntext-share = 0%\nuptime = 100ms\n"                  \
    "[workload load]\nkind = lab\npattern = stride\noffset = 16M\nregion = 16M\nrate = unpaced\n"  \
    "write-time = 10ns\nfill = random\n[run]\ntime-limit = 2s\n"                                   \
    "[host]\nencode-time = 1912ns\n[migration]\nmax-bandwidth = 32MiB/s\ndowntime-limit = 30ms\n"  \
    "xbzrle = on\n[workload load]\n"

/* The end of the runs of 2012 and 2013: guest's first writes against the sender's encoder. */
static void test_deltas_converge_if_encoding_is_faster_than_dirtying(void **state)
{
    (void)state;
    struct record *record = fixture_run(RACE "first-write-time = 1us\n");
    assert_int_equal(record->outcome, OUTCOME_NOT_CONVERGED);
    free(record);
    record = fixture_run(RACE "first-write-time = 3us\n");
    assert_int_equal(record->outcome, OUTCOME_CONVERGED);
    assert_true(record->verified);
    free(record);
}

static void test_scenarios_are_accepted(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("workloads/scenarios/published/*.ini", 0, NULL, &files), 0);
    assert_in_range(files.gl_pathc, 8, 100);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct error error;
        struct scenario_text *text = scenario_text_read(files.gl_pathv[i], &error);
        struct scenario *scenario = text ? scenario_create(text, &error) : NULL;
        if (!scenario)
            fail_msg("%s", error.text);
        scenario_destroy(scenario);
        scenario_text_destroy(text);
    }
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codec_table_of_august_2011),
        cmocka_unit_test(test_half_the_lookups_hit_with_the_age_rule_and_none_without),
        cmocka_unit_test(test_a_cut_pass_gives_the_old_cache_some_hits),
        cmocka_unit_test(test_deltas_converge_if_encoding_is_faster_than_dirtying),
        cmocka_unit_test(test_scenarios_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
