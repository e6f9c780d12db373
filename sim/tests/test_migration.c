/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/tests/twin_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A bare guest: all zero but what the firmware leaves, 112 pages. */
#define BARE_64M       "[guest]\nmemory = 64M\nzero-share = 100%\ntext-share = 0%\n"
#define UNLIMITED      "[link]\nbandwidth = 10Gbit/s\n[migration]\nmax-bandwidth = unlimited\n"
#define RAM_64M        67641344u
#define FIRMWARE_PAGES 112u

static void test_idle_guest_is_exact_to_the_byte(void **state)
{
    (void)state;
    struct record *record = fixture_run(BARE_64M UNLIMITED);
    uint64_t pages = RAM_64M / PAGE_SIZE, zero = pages - FIRMWARE_PAGES;
    assert_int_equal(record->outcome, OUTCOME_CONVERGED);
    assert_true(record->verified);
    assert_int_equal(record->ram_total, RAM_64M);
    assert_int_equal(record->counters.normal, FIRMWARE_PAGES);
    assert_int_equal(record->counters.duplicate, zero);
    /* 16514 pages: pc.ram is named once, and each of five small blocks once. */
    uint64_t names = 7 + 21 + 8 + 7 + 22 + 19;
    assert_int_equal(record->stream.name, names);
    assert_int_equal(record->counters.transferred,
                     zero * 9 + FIRMWARE_PAGES * 4104 + names + record->stream.part_eos);
    assert_int_equal(record->stream.file_header, 26);
    assert_int_equal(record->stream.setup, 170);
    assert_int_equal(record->stream.device, 12888 + 1 + 98776);
    free(record);
}

/* QEMU.md 2: at 4 MiB/s every window is 103 whole pages, 422730 bytes. */
static void test_rate_limit_windows_are_qemus(void **state)
{
    (void)state;
    struct record *record = fixture_run(
        "[guest]\nmemory = 64M\nzero-share = 0%\ntext-share = 0%\n"
        "[migration]\nmax-bandwidth = 4MiB/s\ndowntime-limit = 1ms\n[run]\ntime-limit = 5s\n");
    assert_true(record->sample_count > 30);
    for (size_t i = 1; i < 30; i++) {
        assert_int_equal(record->samples[i].window_bytes, 5 + 103 * 4104 + 8 + 5);
        assert_in_range(record->samples[i].window_ns, 100000000, 102000000);
    }
    free(record);
}

/* Threshold 0 until 100 ms have passed: what goes out before completes, whatever the limit. */
static void test_memory_sent_within_the_first_window_completes(void **state)
{
    (void)state;
    struct record *record =
        fixture_run(BARE_64M UNLIMITED "downtime-limit = 0ms\n[workload w]\nkind = stride\n"
                                       "region = 256K\nstride = 4K\nrate = 1M\n");
    assert_int_equal(record->outcome, OUTCOME_CONVERGED);
    assert_int_equal(record->counters.dirty_sync_count, 2);
    assert_true(record->total_time_ns < 100000000);
    assert_int_equal(record->iterations[1].dirty_pages, 64);
    assert_int_equal(record->downtime_bytes, 64 * 4104 + 7);
    free(record);
}

#define STRIDE_16M                                                                                 \
    "[guest]\nmemory = 64M\nzero-share = 100%\ntext-share = 0%\n"                                  \
    "[workload w]\nkind = stride\nregion = 16M\noffset = 16M\nfill = random\nrate = 1M\n"          \
    "[migration]\nmax-bandwidth = 32MiB/s\n[run]\ntime-limit = 20s\n[migration]\n"

static void test_first_pass_caches_nothing_and_the_second_misses_once_a_page(void **state)
{
    (void)state;
    struct record *record = fixture_run(STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 16M\n");
    assert_int_equal(record->outcome, OUTCOME_CONVERGED);
    assert_int_equal(record->counters.xbzrle_cache_miss, 4096);
    assert_int_equal(record->iterations[0].sent.xbzrle_cache_miss, 0);
    assert_int_equal(record->counters.xbzrle_overflow, 0);
    free(record);
    record = fixture_run(STRIDE_16M "xbzrle = off\n");
    assert_int_equal(record->outcome, OUTCOME_NOT_CONVERGED);
    assert_string_equal(record->status, "cancelled");
    assert_false(record->verified);
    assert_non_null(strstr(record->why, "16MiB"));
    free(record);
}

/* Delta of four bytes 1024 apart: 15, with QEMU's header of 3 counted 18 (FIELD.md, hand check). */
static void test_delta_bytes_of_the_cover_letters_load(void **state)
{
    (void)state;
    struct record *record =
        fixture_run(STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 16M\ndowntime-limit = 1ms\n");
    assert_true(record->counters.xbzrle_bytes <= record->counters.xbzrle_pages * 18);
    assert_true(record->counters.xbzrle_bytes > record->counters.xbzrle_pages * 10);
    free(record);
}

static void test_stream_file_is_every_byte(void **state)
{
    (void)state;
    static const char *const runs[] = {
        STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 16M\n",
        STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 16M\ncodec = xbrle\n",
        BARE_64M UNLIMITED "[workload w]\nkind = random\nrate = 20k\nregion = 16M\n",
    };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        FILE *file = tmpfile();
        struct record *record = fixture_run_to(runs[i], file);
        assert_true(record->verified);
        assert_int_equal(ftell(file), record_stream_total(&record->stream));
        const struct record_stream_bytes *bytes = &record->stream;
        assert_int_equal(record->counters.transferred, bytes->zero + bytes->normal + bytes->delta +
                                                           bytes->name + bytes->part_eos);
        assert_int_equal(bytes->normal, record->counters.normal * 4104);
        assert_int_equal(record->precopy_bytes + record->downtime_bytes,
                         record->counters.transferred);
        fclose(file);
        free(record);
    }
}

static void test_iterations_add_up(void **state)
{
    (void)state;
    struct record *record = fixture_run(STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 8M\n");
    struct record_counters sum = {0};
    for (size_t i = 0; i < record->iteration_count; i++) {
        const struct record_iteration *iteration = &record->iterations[i];
        sum.transferred += iteration->sent.transferred;
        sum.normal += iteration->sent.normal;
        sum.duplicate += iteration->sent.duplicate;
        sum.dirty_sync_count += iteration->sent.dirty_sync_count;
        sum.xbzrle_pages += iteration->sent.xbzrle_pages;
        sum.xbzrle_bytes += iteration->sent.xbzrle_bytes;
        sum.xbzrle_cache_miss += iteration->sent.xbzrle_cache_miss;
        if (i > 0)
            assert_int_equal(iteration->start_ns, iteration[-1].end_ns);
    }
    assert_memory_equal(&sum, &record->counters, sizeof sum);
    free(record);
}

/* Uniform dirtying at a share of the link's speed: each pass is that share of the one before. */
static void test_rounds_are_geometric(void **state)
{
    (void)state;
    struct record *record = fixture_run(
        "[guest]\nmemory = 256M\nzero-share = 0%\ntext-share = 0%\n[link]\nbandwidth = 40MB/s\n"
        "latency = 0us\nbuffer = 64K\n[workload w]\nkind = random\nregion = 200M\nrate = 2000\n"
        "write-size = 4096B\n[migration]\nmax-bandwidth = unlimited\ndowntime-limit = 5ms\n");
    assert_int_equal(record->outcome, OUTCOME_CONVERGED);
    /* The pages that a sync finds after a pass of s seconds: those clean that 2000 s writes hit. */
    double pages = 51200;
    for (size_t i = 1; i < 4; i++) {
        const struct record_iteration *pass = &record->iterations[i - 1];
        double seconds = (double)(pass->end_ns - pass->start_ns) / 1e9;
        double share = (double)record->iterations[i].dirty_pages / pages;
        double expected = 1 - exp(-2000 * seconds / pages);
        assert_true(fabs(share - expected) < 0.05 * expected + 0.002);
    }
    free(record);
}

static void test_changes_in_flight(void **state)
{
    (void)state;
    struct record *slow = fixture_run(BARE_64M "[workload w]\nkind = idle\nregion = 32M\n"
                                               "fill = random\n[link]\nbandwidth = 8MB/s\n");
    struct record *fast = fixture_run(BARE_64M "[workload w]\nkind = idle\nregion = 32M\n"
                                               "fill = random\n[link]\nbandwidth = 8MB/s\n"
                                               "[at 1s]\nlink.bandwidth = 80MB/s\n");
    assert_in_range(slow->total_time_ns, 3500000000, 4700000000);
    assert_in_range(fast->total_time_ns, 1200000000, 1800000000);
    free(slow);
    free(fast);
    struct record *limited = fixture_run(STRIDE_16M "downtime-limit = 300ms\n[at 3s]\n"
                                                    "migration.downtime-limit = 2s\n");
    assert_int_equal(limited->outcome, OUTCOME_CONVERGED);
    assert_in_range(limited->total_time_ns, 3000000000, 4000000000);
    free(limited);
    struct record *cancelled = fixture_run(STRIDE_16M "[at 1500ms]\nmigration.cancel = on\n");
    assert_int_equal(cancelled->outcome, OUTCOME_NOT_CONVERGED);
    assert_int_equal(cancelled->total_time_ns, 1500000000);
    assert_non_null(strstr(cancelled->why, "cancelled"));
    free(cancelled);
}

static void test_cache_size_in_flight(void **state)
{
    (void)state;
    static const char small[] = STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 4M\n";
    static const char grown[] = STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 4M\n[at 4s]\n"
                                           "migration.xbzrle-cache-size = 32M\n";
    static const char ignored[] = STRIDE_16M "xbzrle = on\nxbzrle-cache-size = 4M\n"
                                             "cache-resize = none\n[at 4s]\n"
                                             "migration.xbzrle-cache-size = 32M\n";
    struct record *record = fixture_run(small);
    assert_int_equal(record->outcome, OUTCOME_NOT_CONVERGED);
    struct record *same = fixture_run(ignored);
    assert_int_equal(same->counters.xbzrle_pages, record->counters.xbzrle_pages);
    assert_int_equal(same->xbzrle_cache_size, 32 << 20); /* query-migrate shows it all the same */
    free(record);
    free(same);
    record = fixture_run(grown);
    assert_int_equal(record->outcome, OUTCOME_CONVERGED);
    assert_true(record->total_time_ns > 4000000000);
    free(record);
}

static void test_same_scenario_twice_same_record(void **state)
{
    (void)state;
    static const char ini[] = BARE_64M "[workload a]\nkind = random\nregion = 8M\nrate = 3k\n"
                                       "[workload b]\nkind = hotcold\nregion = 8M\nrate = 3k\n"
                                       "[migration]\nmax-bandwidth = 16MiB/s\nxbzrle = on\n"
                                       "xbzrle-cache-size = 8M\n";
    struct record *one = fixture_run(ini), *two = fixture_run(ini);
    assert_true(one->verified);
    assert_int_equal(one->total_time_ns, two->total_time_ns);
    assert_memory_equal(&one->counters, &two->counters, sizeof one->counters);
    assert_int_equal(one->sample_count, two->sample_count);
    assert_memory_equal(one->samples, two->samples, one->sample_count * sizeof *one->samples);
    free(one);
    free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_guest_is_exact_to_the_byte),
        cmocka_unit_test(test_rate_limit_windows_are_qemus),
        cmocka_unit_test(test_memory_sent_within_the_first_window_completes),
        cmocka_unit_test(test_first_pass_caches_nothing_and_the_second_misses_once_a_page),
        cmocka_unit_test(test_delta_bytes_of_the_cover_letters_load),
        cmocka_unit_test(test_stream_file_is_every_byte),
        cmocka_unit_test(test_iterations_add_up),
        cmocka_unit_test(test_rounds_are_geometric),
        cmocka_unit_test(test_changes_in_flight),
        cmocka_unit_test(test_cache_size_in_flight),
        cmocka_unit_test(test_same_scenario_twice_same_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
