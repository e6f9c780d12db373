/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS 1000000ll

static void test_off_takes_nothing(void **state)
{
    (void)state;
    struct throttle throttle = {0};
    assert_int_equal(throttle_slept(&throttle, 1000 * MS), 0);
    assert_int_equal(throttle_awake(&throttle, 1000 * MS), 1000 * MS);
}

/* QEMU.md 3.5: at 20 % it sleeps 2.5 ms of 12.5, at 99 % 990 of 1000. */
static void test_sleeps_its_share(void **state)
{
    (void)state;
    static const unsigned percents[] = {1, 20, 50, 80, 90, 99};
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        struct throttle throttle = {0};
        int64_t period = 10 * MS * 100 / (100 - percents[i]), sleep = period - 10 * MS;
        throttle_set(&throttle, 7 * MS, percents[i]);
        assert_int_equal(throttle_slept(&throttle, 7 * MS + sleep / 2), sleep / 2);
        assert_int_equal(throttle_awake(&throttle, 7 * MS + sleep / 2), 7 * MS + sleep);
        assert_int_equal(throttle_slept(&throttle, 7 * MS + sleep), sleep);
        assert_int_equal(throttle_awake(&throttle, 7 * MS + sleep), 7 * MS + sleep);
        int64_t slept = throttle_slept(&throttle, 7 * MS + 1000 * period);
        assert_in_range(1000 * sleep + 1000 - slept, 0, 2000); /* a nanosecond a period */
    }
}

/* A step comes to force with the next tick; the time slept never jumps, however often one looks. */
static void test_steps_up_at_the_next_tick(void **state)
{
    (void)state;
    struct throttle often = {0}, seldom = {0};
    throttle_set(&often, 0, 50); /* sleeps 10, runs 10 */
    throttle_set(&seldom, 0, 50);
    int64_t before = 0;
    for (int64_t now = 0; now <= 45 * MS; now += MS / 10) {
        int64_t slept = throttle_slept(&often, now);
        assert_in_range(slept - before, 0, MS / 10);
        before = slept;
    }
    throttle_set(&often, 45 * MS, 80); /* in the sleep that began at 40 */
    throttle_set(&seldom, 45 * MS, 80);
    assert_int_equal(throttle_slept(&often, 60 * MS), 30 * MS);
    assert_int_equal(throttle_slept(&often, 101 * MS), 70 * MS); /* 40 from 60 on */
    assert_int_equal(throttle_slept(&seldom, 101 * MS), 70 * MS);
}

static void test_wakes_late(void **state)
{
    (void)state;
    struct throttle throttle = {.late_ns = MS / 5};
    throttle_set(&throttle, 0, 50);
    assert_int_equal(throttle_awake(&throttle, 5 * MS), 10 * MS + MS / 5);
    assert_int_equal(throttle_slept(&throttle, 200 * MS - 1), 10 * (10 * MS + MS / 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_takes_nothing),
        cmocka_unit_test(test_sleeps_its_share),
        cmocka_unit_test(test_steps_up_at_the_next_tick),
        cmocka_unit_test(test_wakes_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
