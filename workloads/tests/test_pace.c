/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/pace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint64_t RATES[] = {1, 3, 7, 999, 10000, 333333, 999999937, 1000000000};

/* Write n happens at the first nanosecond at or after n / rate, even after a century. */
static void test_paced(void **state)
{
    (void)state;
    __extension__ typedef unsigned __int128 wide;
    for (size_t i = 0; i < sizeof RATES / sizeof *RATES; i++) {
        struct pace pace = {RATES[i], 60};
        assert_int_equal(pace_writes(&pace, 0), 0);
        for (uint64_t n = 1; n < 3000000000u * RATES[i]; n = n * 5 / 3 + 1) {
            int64_t time = (int64_t)(((wide)n * 1000000000 + RATES[i] - 1) / RATES[i]);
            assert_true(pace_writes(&pace, time) == n);
            assert_true(pace_writes(&pace, time - 1) == n - 1);
        }
        assert_true(fabs(pace_writes_per_ns(&pace) * 1e9 / (double)RATES[i] - 1) < 1e-12);
    }
}

static void test_unpaced(void **state)
{
    (void)state;
    struct pace pace = {0, 60};
    assert_int_equal(pace_writes(&pace, 59), 0);
    assert_int_equal(pace_writes(&pace, 60), 1);
    assert_int_equal(pace_writes(&pace, 119), 1);
    assert_int_equal(pace_writes(&pace, 60000000000000), 1000000000000);
    assert_true(fabs(pace_writes_per_ns(&pace) * 60 - 1) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paced),
        cmocka_unit_test(test_unpaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
