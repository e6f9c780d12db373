/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "workloads/clock.h"
#include "workloads/tests/twin_guest.h"
#include "workloads/tests/twin_statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Kinds phases and burst: whom they drive, and when each of them runs. */
struct driver {
    const struct workload_ops *ops;
    void *options;
    struct workload_clock *clock;
};

/* `setting` is one option, as it may hold blanks; `more` a list without. */
static void driver_init(struct driver *driver, const char *kind, const char *option,
                        const char *value, const char *more, const char *name, uint64_t seed)
{
    struct error error = {""};
    driver->ops = workload_find(kind);
    driver->options = must_alloc(1, driver->ops->options_size, "options");
    option_set_defaults(workload_region_table, driver->options);
    option_set_defaults(driver->ops->options, driver->options);
    assert_true(
        option_set(option_find(driver->ops->options, option), driver->options, value, &error));
    char *copy = must_copy(more, "settings"), *rest = copy;
    for (char *setting; (setting = strtok_r(rest, " ", &rest));) {
        char *text = strchr(setting, '=');
        *text++ = 0;
        assert_true(
            option_set(option_find(driver->ops->options, setting), driver->options, text, &error));
    }
    free(copy);
    if (!driver->ops->check(driver->options, &error))
        fail_msg("%s", error.text);
    assert_int_equal(((struct workload_region *)driver->options)->bytes, 0);
    driver->clock = driver->ops->clock->create(driver->options, name, seed);
}

static void driver_release(struct driver *driver)
{
    driver->ops->clock->destroy(driver->clock);
    option_release(driver->ops->options, driver->options);
    free(driver->options);
}

static int64_t time_at(struct driver *driver, int64_t time)
{
    return driver->ops->clock->ran(driver->clock, time);
}

static void expect_driven(struct driver *driver, const char *const *names)
{
    char name[CLOCK_NAME_SIZE];
    size_t i = 0;
    for (; driver->ops->clock->driven(driver->options, i, name); i++)
        assert_string_equal(name, names[i]);
    assert_null(names[i]);
}

#define S 1000000000ll

static void test_phases(void **state)
{
    (void)state;
    static const char schedule[] = " web server 2s,dump+ log  1500ms , idle 1s, log 500ms";
    static const char *const names[] = {"web server", "dump", "log", "log", NULL};
    static const struct {
        const char *name;
        int64_t at[12]; /* ms that it ran after 0, 500, 1000, ... ms */
    } rows[] = {
        {"web server", {0, 500, 1000, 1500, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2500}},
        {"dump", {0, 0, 0, 0, 0, 500, 1000, 1500, 1500, 1500, 1500, 1500}},
        {"log", {0, 0, 0, 0, 0, 500, 1000, 1500, 1500, 1500, 2000, 2000}},
        {"nobody", {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct driver driver;
        driver_init(&driver, "phases", "schedule", schedule, "", rows[i].name, 1);
        expect_driven(&driver, names);
        for (int64_t k = 0; k < 12; k++)
            assert_int_equal(time_at(&driver, k * S / 2), rows[i].at[k] * 1000000);
        /* A thousand rounds of 5 s later. */
        assert_int_equal(time_at(&driver, 5000 * S + S / 2),
                         1000 * rows[i].at[10] * 1000000 + rows[i].at[1] * 1000000);
        driver_release(&driver);
        driver_init(&driver, "phases", "schedule", schedule, "loop=off", rows[i].name, 1);
        assert_int_equal(time_at(&driver, 2 * S - 1), rows[i].at[4] ? 2 * S - 1 : 0);
        assert_int_equal(time_at(&driver, 5000 * S), rows[i].at[10] * 1000000);
        driver_release(&driver);
    }
}

/* Never back, never faster than the guest's time, and the same however often it is asked. */
static void expect_clock(const char *kind, const char *option, const char *value, const char *more)
{
    struct driver often, rarely, other;
    driver_init(&often, kind, option, value, more, "load", 3);
    driver_init(&rarely, kind, option, value, more, "load", 3);
    driver_init(&other, kind, option, value, more, "log", 3);
    gsl_rng *rng = random_stream_create(1, kind);
    assert_int_equal(time_at(&often, 0), 0);
    int64_t last = 0;
    for (int64_t now = 0; now < 300 * S;) {
        int64_t step = (int64_t)gsl_rng_uniform_int(rng, 30000000), ran;
        ran = time_at(&often, now += step);
        assert_in_range(ran - last, 0, step);
        last = ran;
        if (gsl_rng_uniform_int(rng, 50) == 0) {
            assert_int_equal(time_at(&rarely, now), ran);
            assert_int_equal(time_at(&other, now), ran); /* all of a burst run together */
        }
    }
    assert_true(last > S);
    gsl_rng_free(rng);
    driver_release(&often);
    driver_release(&rarely);
    driver_release(&other);
}

static void test_contract(void **state)
{
    (void)state;
    expect_clock("phases", "schedule", "load + log 20ms, idle 17ms, log+load 1ns", "");
    expect_clock("burst", "of", "load + log", "on=10ms off=35ms");
    expect_clock("burst", "of", "log+load", "on=1ms off=1ms law=fixed");
}

static void test_burst_fixed(void **state)
{
    (void)state;
    static const char *const names[] = {"load", NULL};
    struct driver driver;
    driver_init(&driver, "burst", "of", " load ", "on=2s off=3s law=fixed", "load", 1);
    expect_driven(&driver, names);
    static const int64_t at[] = {0, 1, 2, 2, 2, 2, 3, 4, 4, 4, 4, 5};
    for (int64_t i = 0; i < 12; i++)
        assert_int_equal(time_at(&driver, i * S), at[i] * S);
    driver_release(&driver);
}

/*
 * Exponential: the lengths of bursts and pauses have that law, and the duty cycle is on / (on +
 * off) at any time from the first on.
 */
static void test_burst_exponential(void **state)
{
    (void)state;
    static struct sample lengths[2];
    double on[3] = {0}, runs = 4000, share = 0.2;
    struct driver driver;
    driver_init(&driver, "burst", "of", "load", "on=100ms off=400ms", "load", 11);
    bool was_on = false, first = true;
    for (int64_t now = 0, begin = 0, last = 0; now < 4000 * S; now += 2 * 1000000) {
        int64_t ran = time_at(&driver, now);
        bool is_on = ran > last;
        if (is_on != was_on) { /* to within a step of 2 ms */
            if (!first)
                sample_add(&lengths[was_on], (double)((now - begin) / 1000000) / 20);
            first = false, begin = now, was_on = is_on;
        }
        last = ran;
    }
    driver_release(&driver);
    for (unsigned i = 0; i < 2; i++) {
        double mean = sample_mean(&lengths[i]) * 20, wanted = i ? 100 : 400;
        assert_true(lengths[i].count > 7000);
        assert_true(fabs(mean - wanted) < 3.9 * wanted / sqrt((double)lengths[i].count) + 2);
        /* Standard deviation as the mean; none is preferred. */
        assert_true(fabs(sqrt(sample_variance(&lengths[i])) * 20 / wanted - 1) < 0.06);
        double above = 0;
        for (unsigned k = (unsigned)(2 * wanted / 20); k < SAMPLE_BINS; k++)
            above += (double)lengths[i].bins[k];
        double p = gsl_cdf_exponential_Q(2, 1), n = (double)lengths[i].count;
        assert_true(fabs(above - n * p) < 3.9 * sqrt(n * p) + n * 0.004);
    }
    for (uint64_t seed = 0; seed < (uint64_t)runs; seed++) {
        static const int64_t times[] = {0, 70000000, 3 * S};
        driver_init(&driver, "burst", "of", "load", "on=100ms off=400ms", "load", seed);
        for (unsigned i = 0; i < 3; i++) {
            int64_t ran = time_at(&driver, times[i]);
            on[i] += time_at(&driver, times[i] + 1) > ran;
        }
        driver_release(&driver);
    }
    for (unsigned i = 0; i < 3; i++)
        assert_true(fabs(on[i] - runs * share) < 3.9 * sqrt(runs * share * (1 - share)));
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *option, *value, *says;
    } rows[] = {
        {"phases", "schedule", "", "kind phases needs a 'schedule'"},
        {"phases", "schedule", "  ", "kind phases needs a 'schedule'"},
        {"phases", "schedule", "load", "'load' is no phase"},
        {"phases", "schedule", "10s", "'10s' is no phase"},
        {"phases", "schedule", "load 0s", "'load 0s' lasts no time"},
        {"phases", "schedule", "load 5", "'5' has no unit"},
        {"phases", "schedule", "load 1s,", "a phase is missing"},
        {"phases", "schedule", ",load 1s", "a phase is missing"},
        {"phases", "schedule", "load 1s,,log 1s", "a phase is missing"},
        {"phases", "schedule", "load -1s", "'-1s' is not a time"},
        {"phases", "schedule", "+ 1s", "lacks the name of a workload"},
        {"phases", "schedule", "load+ 1s", "lacks the name of a workload"},
        {"phases", "schedule", "load+load 1s", "names 'load' twice"},
        {"phases", "schedule", "idle 1s, idle 2s", "it names no workload but idle"},
        {"phases", "schedule", "load 2000000h, log 2000000h", "too long"},
        {"phases", "schedule", "load 9999999h", "too large"},
        {"phases", "schedule",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1s",
         "longer than a name can be"},
        {"burst", "of", "", "kind burst needs an 'of'"},
        {"burst", "of", "a+", "lacks the name"},
        {"burst", "of", "a+ b +a", "names 'a' twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct workload_ops *ops = workload_find(rows[i].kind);
        struct error error = {""};
        void *options = must_alloc(1, ops->options_size, "options");
        option_set_defaults(ops->options, options);
        assert_true(
            option_set(option_find(ops->options, rows[i].option), options, rows[i].value, &error));
        if (ops->check(options, &error))
            fail_msg("%s takes '%s'", rows[i].kind, rows[i].value);
        if (!strstr(error.text, rows[i].says))
            fail_msg("%s '%s' says '%s'", rows[i].kind, rows[i].value, error.text);
        option_release(ops->options, options);
        free(options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),      cmocka_unit_test(test_contract),
        cmocka_unit_test(test_burst_fixed), cmocka_unit_test(test_burst_exponential),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
