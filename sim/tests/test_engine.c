/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define EVENTS 5000

static struct engine *engine;
static int order[EVENTS], ran;

static void note(void *context)
{
    order[ran++] = *(int *)context;
}

static void stop(void *context)
{
    (void)context;
    engine_stop(engine);
}

static void test_ties_go_by_priority_then_by_order_of_scheduling(void **state)
{
    (void)state;
    int names[] = {0, 1, 2, 3, 4};
    engine = engine_create();
    ran = 0;
    engine_at(engine, 5, PRIORITY_STEP, note, &names[2]);
    engine_at(engine, 5, PRIORITY_CHANGE, note, &names[0]);
    engine_at(engine, 9, PRIORITY_CHANGE, note, &names[4]);
    engine_at(engine, 5, PRIORITY_STEP, note, &names[3]);
    engine_at(engine, 5, PRIORITY_CHANGE, note, &names[1]);
    assert_int_equal(engine_next_ns(engine), 5);
    engine_run(engine);
    assert_int_equal(ran, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(order[i], i);
    assert_int_equal(engine_now(engine), 9);
    assert_true(engine_next_ns(engine) == SIM_TIME_NEVER);
    engine_destroy(engine);
}

static sim_time times[EVENTS];

static int by_time(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    if (times[x] != times[y])
        return times[x] < times[y] ? -1 : 1;
    return x - y;
}

static void test_many_events_run_as_a_stable_sort_says(void **state)
{
    (void)state;
    static int names[EVENTS], wanted[EVENTS];
    engine = engine_create();
    ran = 0;
    for (int i = 0; i < EVENTS; i++) {
        names[i] = wanted[i] = i;
        times[i] = (sim_time)(random_mix(7, (uint64_t)i, 0) % 700);
        engine_at(engine, times[i], PRIORITY_STEP, note, &names[i]);
    }
    qsort(wanted, EVENTS, sizeof *wanted, by_time);
    engine_run(engine);
    assert_int_equal(ran, EVENTS);
    assert_memory_equal(order, wanted, sizeof order);
    engine_destroy(engine);
}

static void test_stop_leaves_the_rest(void **state)
{
    (void)state;
    int name = 1;
    engine = engine_create();
    ran = 0;
    engine_at(engine, 1, PRIORITY_STEP, note, &name);
    engine_at(engine, 2, PRIORITY_STEP, stop, NULL);
    engine_at(engine, 3, PRIORITY_STEP, note, &name);
    engine_run(engine);
    assert_int_equal(ran, 1);
    assert_int_equal(engine_next_ns(engine), 3);
    engine_run(engine);
    assert_int_equal(ran, 2);
    engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties_go_by_priority_then_by_order_of_scheduling),
        cmocka_unit_test(test_many_events_run_as_a_stable_sort_says),
        cmocka_unit_test(test_stop_leaves_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
