/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario.h"
#include "sim/study/validate.h"
#include "sim/study/validate_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GUEST(kind)                                                                                \
    "\"guest\":{\"memory_mib\":64,\"kind\":\"" kind "\",\"region_mib\":4,"                         \
    "\"fill\":\"random\",\"write_bytes\":64,\"rate_per_s\":500}"
#define CELL(id, guest, more)                                                                      \
    "{\"cell\":{\"id\":\"" id "\",\"group\":\"a\"," guest ",\"migration\":{\"max-bandwidth\":"     \
    "16777216,\"downtime-limit\":300" more "},\"time_limit_s\":9}"
#define FINAL(total, syncs)                                                                        \
    ",\"outcome\":\"completed\",\"final\":{\"total-time\":" total ",\"downtime\":3,"               \
    "\"setup-time\":1,\"ram\":{\"transferred\":5000000,\"normal\":1200,\"duplicate\":15000,"       \
    "\"dirty-sync-count\":" syncs "}},\"iterations\":{\"columns\":[\"t_s\",\"dirty_pages\"],"      \
    "\"rows\":[[0.004,0],[0.4,50]]}}\n"

static struct cells *read_text(const char *text, struct error *error)
{
    char name[] = "/tmp/migsim-cells-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    struct cells *cells = cells_read(name, NULL, error);
    unlink(name);
    return cells;
}

static const struct scenario_entry *entry(const struct cell *cell, const char *section,
                                          const char *key)
{
    const struct scenario_entry *found = scenario_text_find(cell->text, section, key);
    assert_non_null(found);
    return found;
}

static void test_a_cell_becomes_a_scenario(void **state)
{
    (void)state;
    struct error error;
    struct cells *cells = read_text(CELL("one", GUEST("random"),
                                         ",\"xbzrle-cache-size\":8388608,"
                                         "\"capabilities\":{\"xbzrle\":true}") FINAL("400", "3"),
                                    &error);
    assert_non_null(cells);
    assert_int_equal(cells->count, 1);
    const struct cell *cell = &cells->cells[0];
    assert_null(cell->problem);
    assert_string_equal(entry(cell, "workload load", "pattern")->value, "random");
    assert_string_equal(entry(cell, "workload load", "rate")->value, "500");
    assert_string_equal(entry(cell, "migration", "xbzrle-cache-size")->value, "8388608B");
    struct scenario *scenario = scenario_create(cell->text, &error);
    assert_non_null(scenario);
    scenario_destroy(scenario);
    assert_int_equal(cell->measured->total_time_ns, 400000000);
    assert_int_equal(cell->measured->counters.normal, 1200);
    assert_int_equal(cell->measured->iterations[1].dirty_pages, 50);
    cells_free(cells);
}

static void test_what_is_unknown_is_named_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct error error;
    struct cells *cells = read_text(
        CELL("kind", GUEST("quantum"), "") FINAL("400", "3")
            CELL("parameter", GUEST("idle"), ",\"x-warp\":9") FINAL("400", "3")
                CELL("capability", GUEST("idle"), ",\"capabilities\":{\"x-colo\":true}")
                    FINAL("400", "3") CELL("type", GUEST("idle"),
                                           ",\"xbzrle-cache-size\":\"big\","
                                           "\"capabilities\":{\"xbzrle\":true}") FINAL("400", "3")
                        CELL("good", GUEST("idle"), "") FINAL("400", "3"),
        &error);
    static const char *const problems[] = {"quantum", "x-warp", "x-colo", "xbzrle-cache-size"};
    assert_non_null(cells);
    assert_int_equal(cells->count, 5);
    for (size_t i = 0; i < 4; i++)
        assert_non_null(strstr(cells->cells[i].problem, problems[i]));
    struct validations validations;
    const struct validate_options options = {.workers = 2, .seeds = 1};
    assert_true(validate(cells, &options, &validations, &error));
    struct validation_summary summary = validate_summary(&validations);
    assert_int_equal(summary.cells, 1);
    assert_int_equal(summary.not_predicted, 4);
    assert_non_null(validations.rows[4].predicted);
    assert_true(validations.rows[4].predicted->verified);
    validations_release(&validations);
    cells_free(cells);
}

static void test_files_that_are_no_cells(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"", "no cells in it"},
                                           {"{\"a\":1", ":1: no cell"},
                                           {"\n[1,2]\n", ":2: no cell: no object"}};
    struct error error;
    for (size_t i = 0; i < 3; i++) {
        assert_null(read_text(wrong[i][0], &error));
        assert_non_null(strstr(error.text, wrong[i][1]));
    }
    assert_null(cells_read("/no/such/cells", NULL, &error));
}

/* Three repeats measured 400, 420 and 440 ms; a prediction far off is marked, one inside is not. */
static void test_noise_verdicts_and_errors(void **state)
{
    (void)state;
    char id[] = "c";
    struct record measured[3], predicted[3];
    struct cell cell[3];
    struct validation rows[3];
    for (unsigned i = 0; i < 3; i++) {
        measured[i] = (struct record){.outcome = OUTCOME_CONVERGED,
                                      .total_time_ns = (400 + 20 * i) * 1000000ll};
        predicted[i] = measured[i];
        predicted[i].total_time_ns = 441000000;
        cell[i] = (struct cell){.id = id, .repeat = i, .measured = &measured[i]};
        rows[i] = (struct validation){.cell = &cell[i], .predicted = &predicted[i]};
    }
    struct validations validations = {rows, 3};
    assert_false(validate_is_outside_noise(&validations, 0, METRIC_TOTAL_TIME));
    predicted[1].total_time_ns = 480000000;
    assert_true(validate_is_outside_noise(&validations, 1, METRIC_TOTAL_TIME));
    struct validation_summary summary = validate_summary(&validations);
    assert_int_equal(summary.wrong_verdicts, 0);
    assert_true(summary.total_time.median > 0.10249 && summary.total_time.median < 0.10251);
    predicted[2].outcome = OUTCOME_NOT_CONVERGED;
    assert_int_equal(validate_summary(&validations).wrong_verdicts, 1);
    rows[2].luck = true;
    assert_int_equal(validate_summary(&validations).wrong_verdicts, 0);
    assert_int_equal(validate_summary(&validations).luck, 1);
    rows[0].calibrated = true;
    assert_int_equal(validate_summary(&validations).total_time.count, 1);
}

#define RACE_RUN(repeat, ms, cpu_s)                                                                \
    "{\"cell\":{\"id\":\"race\",\"group\":\"e\",\"guest\":{\"memory_mib\":64,\"kind\":\"stride\"," \
    "\"region_mib\":16,\"fill\":\"random\",\"step\":1024,\"rate_per_s\":0},\"migration\":"         \
    "{\"max-bandwidth\":33554432,\"downtime-limit\":300,\"xbzrle-cache-size\":67108864,"           \
    "\"capabilities\":{\"xbzrle\":true}},\"time_limit_s\":4},\"host\":{\"cores\":2},"              \
    "\"repeat\":" repeat ",\"outcome\":\"completed\",\"host_load\":{\"other_cpu_s\":" cpu_s "},"   \
    "\"guest_rate\":{\"seconds_at_migrate\":2,\"source\":[[1,10000000,0],[2,30000000,0]]},"        \
    "\"final\":{\"total-time\":" ms ",\"downtime\":5,\"ram\":{\"normal\":1}}}\n"

/* An unpaced guest's speed and its stalls are read off the cell; its repeats are compared as a
 * distribution, and leave the errors of the others alone. */
static void test_a_race_is_a_matter_of_luck(void **state)
{
    (void)state;
    struct error error;
    struct cells *cells = read_text(RACE_RUN("0", "1000", "0.02") RACE_RUN("1", "3000", "0.06")
                                        RACE_RUN("2", "9000", "0.18"),
                                    &error);
    assert_non_null(cells);
    const struct cell *cell = &cells->cells[0];
    assert_null(cell->problem);
    assert_string_equal(entry(cell, "workload load", "write-time")->value, "50ns"); /* the best */
    /* 2 % of a CPU: of three that want two, a third of it; 2 ms at each poll, but a slice at most.
     */
    assert_string_equal(entry(cell, "host", "stall-time")->value, "1400000ns");
    assert_string_equal(entry(cell, "host", "stall-interval")->value, "208600000ns");
    const struct validate_options options = {.workers = 2, .seeds = 2};
    struct validations validations;
    assert_true(validate(cells, &options, &validations, &error));
    struct validation_summary summary = validate_summary(&validations);
    struct validation_luck luck = validate_luck(&validations, 1);
    assert_int_equal(summary.luck, 3);
    assert_int_equal(summary.wrong_verdicts, 0);
    assert_int_equal(summary.total_time.count, 0);
    assert_int_equal(luck.measured_converged, 3);
    assert_int_equal(luck.predicted, 6);
    assert_true(luck.measured_low == 1000 && luck.measured_median == 3000 &&
                luck.measured_high == 9000);
    assert_true(luck.predicted_low < luck.predicted_high);
    validations_release(&validations);
    cells_free(cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cell_becomes_a_scenario),
        cmocka_unit_test(test_what_is_unknown_is_named_and_the_rest_goes_on),
        cmocka_unit_test(test_files_that_are_no_cells),
        cmocka_unit_test(test_noise_verdicts_and_errors),
        cmocka_unit_test(test_a_race_is_a_matter_of_luck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
