/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/statistics.h"

#include "base/random.h"
#include "results/apart.h"
#include "results/json.h"
#include "results/summary.h"
#include "results/tests/twin_records.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

static void expect_near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within))
        fail_msg("%.9g, wanted %.9g", value, wanted);
}

/* Values as Brown, Cai and DasGupta (2001) and any textbook have them. */
static void wilson_intervals(void **state)
{
    (void)state;
    static const struct {
        size_t successes, trials;
        double low, high;
    } cases[] = {{7, 10, 0.3968, 0.8922}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1},
                 {1, 1, 0.2065, 1},       {0, 0, 0, 1},       {50, 100, 0.4038, 0.5962}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct share_interval share = share_interval_of(cases[i].successes, cases[i].trials);
        expect_near(share.low, cases[i].low, 5e-5);
        expect_near(share.high, cases[i].high, 5e-5);
    }
}

static void few_values_give_their_range(void **state)
{
    (void)state;
    double five[] = {5, 1, 4, 2, 3}, equal[] = {2, 2, 2, 2, 2, 2, 2};
    struct spread spread = spread_of(five, 5);
    assert_true(spread.low == 1 && spread.high == 5 && !spread_is_interval(&spread));
    spread = spread_of(equal, 7);
    assert_true(spread.low == 2 && spread.high == 2 && spread_is_interval(&spread));
}

/* The interval holds the true median in about 95 of 100 cases, and is the same each time. */
static void the_bootstrap_covers_the_median(void **state)
{
    (void)state;
    enum { CASES = 400, SIZE = 21 };
    unsigned held = 0;
    gsl_rng *random = random_stream_create(7, "values");
    for (unsigned i = 0; i < CASES; i++) {
        double values[SIZE], again[SIZE];
        for (size_t k = 0; k < SIZE; k++)
            values[k] = again[SIZE - 1 - k] = -log(gsl_rng_uniform_pos(random));
        struct spread spread = spread_of(values, SIZE), same = spread_of(again, SIZE);
        assert_memory_equal(&spread, &same, sizeof spread);
        assert_true(spread.min <= spread.low && spread.low <= spread.median &&
                    spread.median <= spread.high && spread.high <= spread.max);
        held += spread.low <= log(2) && log(2) <= spread.high;
    }
    gsl_rng_free(random);
    if (held < CASES * 91 / 100 || held > CASES * 98 / 100)
        fail_msg("the interval held the median in %u of %d cases", held, CASES);
}

/* All 2^count choices of signs, one by one. */
static double signed_rank_by_hand(const double *a, const double *b, size_t count)
{
    double ranks[12], positive = 0, all = 0;
    unsigned as_far = 0;
    for (size_t i = 0; i < count; i++) {
        double below = 0, same = 0;
        for (size_t k = 0; k < count; k++) {
            below += fabs(a[k] - b[k]) < fabs(a[i] - b[i]);
            same += fabs(a[k] - b[k]) == fabs(a[i] - b[i]);
        }
        ranks[i] = below + (same + 1) / 2;
        all += ranks[i];
        positive += a[i] > b[i] ? ranks[i] : 0;
    }
    for (unsigned signs = 0; signs < 1u << count; signs++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += signs >> i & 1 ? ranks[i] : 0;
        as_far += fabs(sum - all / 2) >= fabs(positive - all / 2) - 1e-9;
    }
    return as_far / (double)(1u << count);
}

static void signed_ranks(void **state)
{
    (void)state;
    gsl_rng *random = random_stream_create(3, "pairs");
    for (unsigned i = 0; i < 300; i++) {
        double a[12], b[12];
        size_t count = 1 + i % 12;
        for (size_t k = 0; k < count; k++) {
            b[k] = 0; /* small whole differences, so that many are tied */
            a[k] = (double)(gsl_rng_uniform_int(random, 9) + 1) - 4;
            a[k] += a[k] >= 0;
        }
        expect_near(signed_rank_test(a, b, count), signed_rank_by_hand(a, b, count), 1e-12);
    }
    double up[60], down[60], many[60];
    for (size_t k = 0; k < 60; k++)
        up[k] = (double)k + 1, down[k] = 0, many[k] = k % 2 ? (double)k : -(double)k;
    expect_near(signed_rank_test(up, down, 5), 2.0 / 32, 1e-12);
    expect_near(signed_rank_test(up, down, 6), 2.0 / 64, 1e-12);
    assert_true(signed_rank_test(up, down, 60) < 1e-9);
    assert_true(signed_rank_test(many, down, 60) > 0.8);
    /* The exact count and its approximation agree where they meet. */
    expect_near(signed_rank_test(many, down, 50), signed_rank_test(many, down, 52), 0.05);
    const double never[] = {INFINITY, INFINITY, INFINITY}, once[] = {1, INFINITY, INFINITY};
    assert_true(signed_rank_test(never, once, 3) == 1 && signed_rank_test(never, never, 3) == 1);
    assert_true(signed_rank_test(NULL, NULL, 0) == 1);
    gsl_rng_free(random);
}

static void fishers_test(void **state)
{
    (void)state;
    expect_near(share_test(3, 4, 1, 4), 0.4857, 5e-5); /* the lady tasting tea, both sides */
    expect_near(share_test(0, 4, 4, 4), 2.0 / 70, 1e-9);
    expect_near(share_test(10, 10, 10, 10), 1, 1e-9);
    assert_true(share_test(0, 0, 1, 1) == 1);
}

/* `seeds` runs at 16, 32 and 64 MiB; the second a little slower for each seed, the third at random.
 */
static struct study *close_sizes(uint64_t seeds)
{
    struct study *study = study_create("s", NULL, 0);
    for (uint64_t seed = 1; seed <= seeds; seed++)
        for (uint64_t size = 16; size <= 64; size *= 2) {
            struct record *record = made_up_record(size * MIB, seed);
            int64_t scatter = (int64_t)(seed * 7919 % 1000) * 1000000;
            record->total_time_ns = 10000000000 + scatter + (size > 16 ? 50000000 : 0);
            if (size == 64)
                record->total_time_ns += seed % 2 ? 30000000 : -31000000;
            study_add(study, record);
            free(record);
        }
    return study;
}

static void expect_note(uint64_t seeds, const char *wanted)
{
    struct study *study = close_sizes(seeds);
    char *note = apart_note(study);
    assert_string_equal(note, wanted);
    char *text = summary_study(study, 100);
    assert_true((strstr(text, "at 95 %") != NULL) == (*wanted != 0));
    free(text);
    free(note);
    study_free(study);
}

/* The scatter over seeds is far larger than the difference, which seeds in pairs still show. */
static void too_few_seeds_are_noted(void **state)
{
    (void)state;
    expect_note(1, "");
    expect_note(2, "2 seeds are too few to tell neighbouring cache sizes apart at 95 %: "
                   "take 6 or more");
    expect_note(8, "8 seeds do not tell apart, at 95 %: 32MiB and 64MiB");
    struct study *study = close_sizes(8);
    for (size_t i = 0; i < study->run_count; i++) /* none converges: nothing to tell apart */
        study->runs[i].record->outcome = OUTCOME_NOT_CONVERGED;
    char *note = apart_note(study);
    assert_string_equal(note, "");
    free(note);
    study_free(study);
}

static void groups_in_json(void **state)
{
    (void)state;
    struct study *study = close_sizes(8);
    study->runs[0].record->outcome = OUTCOME_NOT_CONVERGED;
    json_t *value = json_of_study(study), *groups = json_object_get(value, "groups");
    assert_int_equal(json_array_size(groups), 3);
    json_t *first = json_array_get(groups, 0), *share = json_object_get(first, "converged");
    json_t *time = json_object_get(first, "total-time-s");
    assert_int_equal(json_integer_value(json_object_get(first, "xbzrle-cache-size")), 16 * MIB);
    assert_int_equal(json_integer_value(json_object_get(share, "count")), 7);
    expect_near(json_real_value(json_object_get(share, "low")), 0.5291, 5e-5);
    assert_int_equal(json_integer_value(json_object_get(time, "count")), 7);
    assert_true(json_is_real(json_object_get(time, "low")));
    assert_true(strstr(json_string_value(json_object_get(value, "note")), "do not tell apart"));
    json_decref(value);
    study_free(study);
    study = close_sizes(3);
    value = json_of_study(study);
    time = json_object_get(json_array_get(json_object_get(value, "groups"), 0), "total-time-s");
    assert_true(json_is_null(json_object_get(time, "low")) &&
                json_is_real(json_object_get(time, "median")));
    json_decref(value);
    study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_intervals),
        cmocka_unit_test(few_values_give_their_range),
        cmocka_unit_test(the_bootstrap_covers_the_median),
        cmocka_unit_test(signed_ranks),
        cmocka_unit_test(fishers_test),
        cmocka_unit_test(too_few_seeds_are_noted),
        cmocka_unit_test(groups_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
