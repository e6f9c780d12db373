/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/auto_converge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct auto_converge_options defaults(void)
{
    struct auto_converge_options options;
    option_set_defaults(auto_converge_table, &options);
    options.on = true;
    return options;
}

static void test_off_never_steps(void **state)
{
    (void)state;
    struct auto_converge_options options = defaults();
    struct auto_converge now = {0};
    options.on = false;
    for (unsigned i = 0; i < 10; i++)
        assert_false(auto_converge_period(&now, &options, 1000, 1));
    assert_int_equal(now.percent, 0);
}

/* The ladder of QEMU.md 3.5: two bad periods a step, 20, 30, ... 90, 99. */
static void test_the_default_ladder(void **state)
{
    (void)state;
    struct auto_converge_options options = defaults();
    struct auto_converge now = {0};
    static const unsigned ladder[] = {20, 30, 40, 50, 60, 70, 80, 90, 99};
    for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++) {
        assert_false(auto_converge_period(&now, &options, 51, 100));
        assert_true(auto_converge_period(&now, &options, 51, 100));
        assert_int_equal(now.percent, ladder[i]);
    }
    auto_converge_period(&now, &options, 51, 100);
    assert_false(auto_converge_period(&now, &options, 51, 100)); /* the top: nothing changes */
    assert_int_equal(now.percent, 99);
}

/* Half of what was sent is no strike, a byte more is; good periods between forgive nothing. */
static void test_strikes_need_not_be_in_a_row(void **state)
{
    (void)state;
    struct auto_converge_options options = defaults();
    struct auto_converge now = {0};
    assert_false(auto_converge_period(&now, &options, 50, 100));
    assert_false(auto_converge_period(&now, &options, 51, 100));
    for (unsigned i = 0; i < 5; i++)
        assert_false(auto_converge_period(&now, &options, 50, 100));
    assert_true(auto_converge_period(&now, &options, 51, 100));
    assert_int_equal(now.percent, 20);
}

/* ideal = trunc(runs * limit / dirty): from 20 %, 80 * 50 / 55 = 72.7 -> 72, a step of 8. */
static void test_tailslow_steps_no_further_than_it_seems_to_need(void **state)
{
    (void)state;
    struct auto_converge_options options = defaults();
    struct auto_converge now = {20, 1};
    options.tailslow = true;
    assert_true(auto_converge_period(&now, &options, 55, 100));
    assert_int_equal(now.percent, 28);
    now.strikes = 1;
    assert_true(auto_converge_period(&now, &options, 500, 100)); /* far off: the whole increment */
    assert_int_equal(now.percent, 38);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_never_steps),
        cmocka_unit_test(test_the_default_ladder),
        cmocka_unit_test(test_strikes_need_not_be_in_a_row),
        cmocka_unit_test(test_tailslow_steps_no_further_than_it_seems_to_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
