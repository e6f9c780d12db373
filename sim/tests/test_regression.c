/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/tests/twin_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The integers of some thirty scenarios, as they are committed in regression.csv: any change of
 * behaviour shows as a diff to be reviewed. `test_regression --print` writes the file anew.
 */
static const char CSV[] = "sim/tests/regression.csv";

#define GUEST      "[guest]\nmemory = 64M\nzero-share = 40%\ntext-share = 20%\ncontent-run = 256K\n"
#define RUN        "[run]\ntime-limit = 8s\n[migration]\nmax-bandwidth = 16MiB/s\n"
#define STRIDE     "[workload w]\nkind = stride\nregion = 8M\nrate = 500k\nfill = random\n"
#define RANDOM     "[workload w]\nkind = random\nregion = 16M\nrate = 3k\n"
#define HOTCOLD    "[workload w]\nkind = hotcold\nregion = 16M\nrate = 10k\nwrite-size = 8B\n"
#define SEQUENTIAL "[workload w]\nkind = sequential\nregion = 8M\nrate = 1500\n"

static const struct {
    const char *name, *ini;
} CASES[] = {
    {"idle", GUEST RUN},
    {"idle-vga", GUEST "machine = pc-vga\n" RUN},
    {"idle-virtio-100mbit", GUEST "machine = pc-virtio\n[link]\nbandwidth = 100Mbit/s\n" RUN},
    {"stride-off", GUEST STRIDE RUN},
    {"stride-2M", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 2M\n"},
    {"stride-4M", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 4M\n"},
    {"stride-8M", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 8M\n"},
    {"stride-8M-50ms", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 8M\n"
                                        "downtime-limit = 50ms\n"},
    {"stride-512-8M", GUEST STRIDE "stride = 512B\n" RUN "xbzrle = on\n"
                                   "xbzrle-cache-size = 8M\n"},
    {"stride-xbrle-8M", GUEST STRIDE RUN "xbzrle = on\ncodec = xbrle\nxbzrle-cache-size = 8M\n"},
    {"stride-xbrle-64M", GUEST STRIDE RUN "xbzrle = on\ncodec = xbrle\nxbzrle-cache-size = 64M\n"},
    {"stride-4M-lru", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 4M\ncache = lru\n"},
    {"stride-4M-direct-1.2", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 4M\n"
                                              "cache = direct-1.2\n"},
    {"stride-4M-two-way", GUEST STRIDE RUN "xbzrle = on\nxbzrle-cache-size = 4M\n"
                                           "cache = two-way\n"},
    {"random-off", GUEST RANDOM RUN},
    {"random-1M", GUEST RANDOM RUN "xbzrle = on\nxbzrle-cache-size = 1M\n"},
    {"random-16M", GUEST RANDOM RUN "xbzrle = on\nxbzrle-cache-size = 16M\n"},
    {"random-16M-grown", GUEST RANDOM RUN "xbzrle = on\nxbzrle-cache-size = 1M\n[at 3s]\n"
                                          "migration.xbzrle-cache-size = 16M\n"},
    {"random-16M-shrunk", GUEST RANDOM RUN "xbzrle = on\nxbzrle-cache-size = 16M\n[at 3s]\n"
                                           "migration.xbzrle-cache-size = 1M\n"},
    {"random-16M-dropped", GUEST RANDOM RUN "xbzrle = on\nxbzrle-cache-size = 1M\n"
                                            "cache-resize = drop\n[at 3s]\n"
                                            "migration.xbzrle-cache-size = 16M\n"},
    {"random-limit-raised", GUEST RANDOM RUN "[at 4s]\nmigration.max-bandwidth = 64MiB/s\n"},
    {"random-link-fails", GUEST RANDOM RUN "[at 2s]\nlink.bandwidth = 1Mbit/s\n"},
    {"random-cancelled", GUEST RANDOM RUN "[at 2500ms]\nmigration.cancel = on\n"},
    {"random-full-pages", GUEST RANDOM "write-size = 4096B\n" RUN "xbzrle = on\n"
                                       "xbzrle-cache-size = 16M\n"},
    {"hotcold-off", GUEST HOTCOLD RUN},
    {"hotcold-1M", GUEST HOTCOLD RUN "xbzrle = on\nxbzrle-cache-size = 1M\n"},
    {"hotcold-4M", GUEST HOTCOLD RUN "xbzrle = on\nxbzrle-cache-size = 4M\n"},
    {"hotcold-16M", GUEST HOTCOLD RUN "xbzrle = on\nxbzrle-cache-size = 16M\n"},
    {"sequential-8M", GUEST SEQUENTIAL RUN "xbzrle = on\nxbzrle-cache-size = 8M\n"},
    {"unlimited-10gbit", GUEST RANDOM "[link]\nbandwidth = 10Gbit/s\n[migration]\n"
                                      "max-bandwidth = unlimited\n"},
    {"slow-link-socket-full", GUEST RANDOM "[link]\nbandwidth = 20MB/s\n[migration]\n"
                                           "max-bandwidth = unlimited\n"},
    {"two-guests-in-one", GUEST STRIDE "[workload v]\nkind = random\nregion = 8M\nrate = 1k\n" RUN
                                       "xbzrle = on\nxbzrle-cache-size = 16M\n"},
};
#define CASE_COUNT (sizeof CASES / sizeof *CASES)

static const char HEADER[] = "name,outcome,verified,total_time_ns,downtime_ns,transferred,normal,"
                             "duplicate,dirty_sync_count,xbzrle_pages,xbzrle_bytes,"
                             "xbzrle_cache_miss,xbzrle_overflow,stream_bytes\n";

static void format_case(size_t i, char *line, size_t size)
{
    struct record *r = fixture_run(CASES[i].ini);
    const struct record_counters *c = &r->counters;
    snprintf(line, size,
             "%s,%s,%d,%" PRId64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
             ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
             CASES[i].name, record_outcome_name(r->outcome), r->verified, r->total_time_ns,
             r->downtime_ns, c->transferred, c->normal, c->duplicate, c->dirty_sync_count,
             c->xbzrle_pages, c->xbzrle_bytes, c->xbzrle_cache_miss, c->xbzrle_overflow,
             record_stream_total(&r->stream));
    free(r);
}

static void test_results_are_the_committed_ones(void **state)
{
    (void)state;
    char wanted[512], line[512];
    FILE *csv = fopen(CSV, "r");
    assert_non_null(csv);
    assert_non_null(fgets(wanted, sizeof wanted, csv));
    assert_string_equal(wanted, HEADER);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        assert_non_null(fgets(wanted, sizeof wanted, csv));
        format_case(i, line, sizeof line);
        assert_string_equal(line, wanted);
    }
    assert_null(fgets(wanted, sizeof wanted, csv));
    fclose(csv);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--print")) {
        char line[512];
        fputs(HEADER, stdout);
        for (size_t i = 0; i < CASE_COUNT; i++) {
            format_case(i, line, sizeof line);
            fputs(line, stdout);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_results_are_the_committed_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
