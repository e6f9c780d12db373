/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/stall.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS 1000000

static void test_never_loses_nothing(void **state)
{
    (void)state;
    struct stall_options options = {0, 5 * MS};
    struct stall *stall = stall_create(&options, 1);
    assert_int_equal(stall_lost(stall, INT64_MAX / 2), 0);
    stall_destroy(stall);
}

/* Of a long time the share time / (interval + time) is lost, as in any alternating renewal. */
static void test_share_lost_in_the_long_run(void **state)
{
    (void)state;
    struct stall_options options = {90 * MS, 10 * MS};
    struct stall *stall = stall_create(&options, 7);
    const int64_t hour = 3600000ll * MS;
    double share = (double)stall_lost(stall, hour) / (double)hour;
    assert_true(fabs(share - 0.1) < 0.003);
    stall_destroy(stall);
}

static void test_lost_time_only_grows_and_never_faster_than_time(void **state)
{
    (void)state;
    struct stall_options options = {3 * MS, 2 * MS};
    struct stall *stall = stall_create(&options, 3), *twin = stall_create(&options, 3);
    int64_t before = 0, moved = 0;
    for (int64_t now = 0; now < 2000 * MS; now += MS / 3) {
        int64_t lost = stall_lost(stall, now);
        assert_true(lost >= before && lost - before <= MS / 3);
        moved += lost != before;
        before = lost;
    }
    assert_true(moved > 100);
    /* How often one looks changes nothing. */
    assert_int_equal(stall_lost(twin, 2000 * MS), stall_lost(stall, 2000 * MS));
    stall_destroy(stall);
    stall_destroy(twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_loses_nothing),
        cmocka_unit_test(test_share_lost_in_the_long_run),
        cmocka_unit_test(test_lost_time_only_grows_and_never_faster_than_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
