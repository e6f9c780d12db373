/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/bandwidth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_windows_last_at_least_100_ms(void **state)
{
    (void)state;
    struct bandwidth bandwidth;
    bandwidth_start(&bandwidth, 1000, 0);
    assert_false(bandwidth_update(&bandwidth, 1099, 5000, 300));
    assert_int_equal(bandwidth.threshold_bytes, 0);
    assert_true(bandwidth_update(&bandwidth, 1100, 5000, 300));
    assert_int_equal(bandwidth.threshold_bytes, 15000);
    assert_false(bandwidth_update(&bandwidth, 1199, 9000, 300));
}

/* Windows of a real run (QEMU.md 1.3): limit 4 MiB/s, downtime-limit 1 ms. */
static void test_thresholds_of_measured_windows(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        uint64_t bytes, threshold;
    } windows[] = {{123, 419450, 3410}, {136, 38070, 279}, {103, 27702, 268}, {100, 421284, 4212}};
    struct bandwidth bandwidth;
    int64_t now = 0;
    uint64_t bytes = 0;
    bandwidth_start(&bandwidth, now, 4 << 20);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        assert_true(
            bandwidth_update(&bandwidth, now += windows[i].ms, bytes += windows[i].bytes, 1));
        assert_int_equal(bandwidth.threshold_bytes, windows[i].threshold);
    }
}

static void test_limit_is_a_tenth_each_window_and_is_overrun(void **state)
{
    (void)state;
    struct bandwidth bandwidth;
    bandwidth_start(&bandwidth, 0, 4194304);
    assert_false(bandwidth_limited(&bandwidth, 419430));
    assert_true(bandwidth_limited(&bandwidth, 419431));
    assert_int_equal(bandwidth_sleep_ms(&bandwidth, 1), 99);
    assert_int_equal(bandwidth_sleep_ms(&bandwidth, 130), 0);
    assert_true(bandwidth_update(&bandwidth, 101, 422730, 1));
    assert_false(bandwidth_limited(&bandwidth, 422730 + 419430));
}

static void test_limits_below_ten_are_none(void **state)
{
    (void)state;
    struct bandwidth bandwidth;
    for (uint64_t limit = 0; limit < 10; limit++) {
        bandwidth_start(&bandwidth, 0, limit);
        assert_false(bandwidth_limited(&bandwidth, UINT64_MAX));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_last_at_least_100_ms),
        cmocka_unit_test(test_thresholds_of_measured_windows),
        cmocka_unit_test(test_limit_is_a_tenth_each_window_and_is_overrun),
        cmocka_unit_test(test_limits_below_ten_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
