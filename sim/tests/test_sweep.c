/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* usleep */
#include "sim/study/sweep.h"

#include "sim/study/workers.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct sweep *sweep_of(const char *ini, struct error *error)
{
    struct scenario_text *text = scenario_text_parse("test.ini", ini, strlen(ini), error);
    assert_non_null(text);
    struct sweep *sweep = sweep_create(text, error);
    scenario_text_destroy(text);
    return sweep;
}

static void test_cross_product_without_runs_that_are_the_same(void **state)
{
    (void)state;
    struct error error;
    struct sweep *sweep = sweep_of("[sweep]\nmigration.xbzrle = off on\n"
                                   "migration.xbzrle-cache-size = 1M 2M,4M\nseeds = 2\n",
                                   &error);
    assert_non_null(sweep);
    assert_int_equal(sweep->run_count, 2 * (1 + 3)); /* off once, whatever the cache */
    assert_int_equal(sweep->axis_count, 2);
    assert_string_equal(sweep->axes[1], "migration.xbzrle-cache-size");
    assert_int_equal(sweep->runs[0].scenario->run.seed, 1);
    assert_int_equal(sweep->runs[1].scenario->run.seed, 2);
    sweep_keep_shard(sweep, 2, 3);
    assert_int_equal(sweep->run_count, 3);
    sweep_destroy(sweep);
}

static void test_wrong_sweeps_name_the_line(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"[sweep]\nmigration.xbzrle-cache-size = 1M 3M\nmigration.xbzrle = on\n",
         "test.ini:2: migration.xbzrle-cache-size: 3MiB is no size"},
        {"[sweep]\nseeds = 0\n", "test.ini:2: sweep.seeds: '0' is out of range"},
        {"[sweep]\nseeds = many\n", "not a whole number"},
        {"[sweep]\nxbzrle = on\n", "write section.key = value"},
        {"[sweep]\nrun.seed = 1 2\n", "write seeds = N instead"},
        {"[sweep]\nguest.memroy = 1G\n", "test.ini:2: guest.memroy: no such parameter: did you"},
        {"[sweep]\nguest.memory =\n", "no values"},
        {"[sweep]\nlink.latency = 1us 2us 3us 4us\nseeds = 6000\n", "more than 20000 runs"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error;
        assert_null(sweep_of(wrong[i][0], &error));
        if (!strstr(error.text, wrong[i][1]))
            fail_msg("'%s' should say '%s'", error.text, wrong[i][1]);
    }
}

static void test_techniques(void **state)
{
    (void)state;
    static const char ini[] = "[guest]\nmemory = 64M\n";
    static const char *const sizes[] = {"1M", "2M"};
    struct error error;
    struct scenario_text *text = scenario_text_parse("test.ini", ini, strlen(ini), &error);
    struct sweep *sweep = sweep_techniques(text, sizes, 2, &error);
    assert_non_null(sweep);
    assert_int_equal(sweep->run_count, 1 + 2 + 2);
    sweep_destroy(sweep);
    scenario_text_destroy(text);
}

/* Jobs that answer with their number, take a while, fail, or kill their worker. */
struct jobs {
    size_t next, lost;
    bool stop_at_five;
};

static struct record *answer(void *context, size_t job, struct error *error)
{
    (void)context;
    struct record record = {.seed = job, .why = "because", .status = "completed"};
    usleep((useconds_t)(job * 7919 % 13) * 300);
    if (job == 17)
        raise(SIGKILL);
    if (job == 23) {
        error_set(error, "job %zu says no", job);
        return NULL;
    }
    return record_copy(&record);
}

static bool take(void *context, size_t job, struct record *record, const char *why,
                 struct error *error)
{
    struct jobs *jobs = context;
    assert_int_equal(job, jobs->next++);
    if (!record) {
        jobs->lost++;
        assert_non_null(strstr(why, job == 17 ? "signal 9" : "job 23 says no"));
        return true;
    }
    assert_int_equal(record->seed, job);
    assert_string_equal(record->why, "because");
    free(record);
    return !jobs->stop_at_five || job < 5 || error_set(error, "enough");
}

static void test_records_come_in_order_and_a_dead_worker_costs_its_job(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers += 3) {
        struct jobs jobs = {0};
        struct error error;
        struct workers_task task = {60, workers, &jobs, answer, take, NULL};
        assert_true(workers_run(&task, &error));
        assert_int_equal(jobs.next, 60);
        assert_int_equal(jobs.lost, 2);
    }
}

static void test_take_can_end_it(void **state)
{
    (void)state;
    struct jobs jobs = {.stop_at_five = true};
    struct error error;
    struct workers_task task = {60, 3, &jobs, answer, take, NULL};
    assert_false(workers_run(&task, &error));
    assert_string_equal(error.text, "enough");
    assert_int_equal(jobs.next, 6);
}

static volatile sig_atomic_t rang;

static void ring(int signal)
{
    (void)signal;
    rang = 1;
}

static struct record *sleep_long(void *context, size_t job, struct error *error)
{
    (void)context, (void)job;
    sleep(30);
    error_set(error, "woke up");
    return NULL;
}

static void test_an_interrupt_ends_it_at_once(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = ring};
    struct jobs jobs = {0};
    struct error error;
    struct workers_task task = {4, 2, &jobs, sleep_long, take, &rang};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    assert_false(workers_run(&task, &error));
    assert_string_equal(error.text, "");
    assert_int_equal(jobs.next, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_product_without_runs_that_are_the_same),
        cmocka_unit_test(test_wrong_sweeps_name_the_line),
        cmocka_unit_test(test_techniques),
        cmocka_unit_test(test_records_come_in_order_and_a_dead_worker_costs_its_job),
        cmocka_unit_test(test_take_can_end_it),
        cmocka_unit_test(test_an_interrupt_ends_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
