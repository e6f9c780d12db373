/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/statistics.h"

#include "base/error.h"
#include "base/random.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOOTSTRAP_SAMPLES = 2000, EXACT_PAIRS = 50 };

/* The quantile of the normal distribution for 95 % between its negative and itself. */
static const double NORMAL_95 = 1.959963984540054;

/*
 * The value at a place of a sample drawn with replacement, whose sorted order follows from how
 * often each value was drawn: no sample is ever sorted.
 */
static double value_at(const double *sorted, const unsigned *drawn, size_t place)
{
    size_t i = 0;
    for (size_t passed = drawn[0]; passed <= place; passed += drawn[i])
        i++;
    return sorted[i];
}

static double median_of_sample(const double *sorted, unsigned *drawn, size_t count, gsl_rng *random)
{
    memset(drawn, 0, count * sizeof *drawn);
    for (size_t i = 0; i < count; i++)
        drawn[gsl_rng_uniform_int(random, count)]++;
    double upper = value_at(sorted, drawn, count / 2);
    return count % 2 ? upper : (value_at(sorted, drawn, count / 2 - 1) + upper) / 2;
}

static void bootstrap_median(const double *sorted, size_t count, struct spread *spread)
{
    double *medians = must_alloc(BOOTSTRAP_SAMPLES, sizeof *medians, "a bootstrap");
    unsigned *drawn = must_alloc(count, sizeof *drawn, "a bootstrap");
    gsl_rng *random = random_stream_create(1, "bootstrap");
    for (size_t i = 0; i < BOOTSTRAP_SAMPLES; i++)
        medians[i] = median_of_sample(sorted, drawn, count, random);
    gsl_sort(medians, 1, BOOTSTRAP_SAMPLES);
    spread->low = gsl_stats_quantile_from_sorted_data(medians, 1, BOOTSTRAP_SAMPLES, 0.025);
    spread->high = gsl_stats_quantile_from_sorted_data(medians, 1, BOOTSTRAP_SAMPLES, 0.975);
    gsl_rng_free(random);
    free(drawn);
    free(medians);
}

struct spread spread_of(double *values, size_t count)
{
    if (count == 0)
        return (struct spread){.count = 0};
    gsl_sort(values, 1, count);
    double min = values[0], max = values[count - 1];
    struct spread spread = {.count = count,
                            .median = gsl_stats_median_from_sorted_data(values, 1, count),
                            .min = min,
                            .max = max,
                            .low = min,
                            .high = max};
    if (spread_is_interval(&spread) && min < max)
        bootstrap_median(values, count, &spread);
    return spread;
}

bool spread_is_interval(const struct spread *spread)
{
    return spread->count >= SPREAD_LEAST_COUNT;
}

struct share_interval share_interval_of(size_t successes, size_t trials)
{
    assert(successes <= trials);
    if (trials == 0)
        return (struct share_interval){0, 1};
    double n = (double)trials, share = (double)successes / n, z2 = NORMAL_95 * NORMAL_95;
    double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
    double half = NORMAL_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    /* Rounding must not leave a hair between the bound and a certain 0 or 1. */
    return (struct share_interval){successes == 0 ? 0 : middle - half,
                                   successes == trials ? 1 : middle + half};
}

struct difference {
    double size;
    bool positive;
};

static int compare_sizes(const void *left, const void *right)
{
    const struct difference *a = left, *b = right;
    return a->size < b->size ? -1 : a->size > b->size;
}

static size_t find_differences(const double *a, const double *b, size_t count,
                               struct difference *differences)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (a[i] < b[i] || a[i] > b[i])
            differences[used++] = (struct difference){fabs(a[i] - b[i]), a[i] > b[i]};
    qsort(differences, used, sizeof *differences, compare_sizes);
    return used;
}

/*
 * Twice the rank of each (ties share the mean of theirs, and twice that is whole); returns twice
 * the sum of the positive ones.
 */
static size_t rank_twice(const struct difference *differences, size_t count, size_t *ranks)
{
    size_t positive = 0;
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && differences[end].size <= differences[first].size;)
            end++;
        for (size_t i = first; i < end; i++) {
            ranks[i] = first + 1 + end;
            positive += differences[i].positive ? ranks[i] : 0;
        }
    }
    return positive;
}

/* P(sum of ranks with random signs <= least), by counting all 2^count choices of signs. */
static double exact_tail(const size_t *ranks, size_t count, size_t least)
{
    double *share = must_alloc(least + 1, sizeof *share, "a test"), tail = 0;
    share[0] = 1;
    for (size_t i = 0; i < count; i++)
        for (size_t sum = least + 1; sum-- > 0;)
            share[sum] = (share[sum] + (sum >= ranks[i] ? share[sum - ranks[i]] : 0)) / 2;
    for (size_t sum = 0; sum <= least; sum++)
        tail += share[sum];
    free(share);
    return tail;
}

static double normal_tail(const size_t *ranks, size_t count, size_t least)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < count; i++) {
        mean += (double)ranks[i] / 2;
        variance += (double)ranks[i] * (double)ranks[i] / 4;
    }
    return gsl_cdf_ugaussian_P(((double)least + 1 - mean) / sqrt(variance));
}

double signed_rank_test(const double *a, const double *b, size_t count)
{
    struct difference *differences = must_alloc(count, sizeof *differences, "a test");
    size_t *ranks = must_alloc(count, sizeof *ranks, "a test");
    size_t used = find_differences(a, b, count, differences);
    double tail = 0.5;
    if (used) {
        size_t positive = rank_twice(differences, used, ranks);
        size_t all = used * (used + 1), least = positive < all / 2 ? positive : all - positive;
        tail =
            used <= EXACT_PAIRS ? exact_tail(ranks, used, least) : normal_tail(ranks, used, least);
    }
    free(ranks);
    free(differences);
    return fmin(1, 2 * tail);
}

double share_test(size_t successes, size_t trials, size_t other_successes, size_t other_trials)
{
    assert(successes <= trials && other_successes <= other_trials);
    if (trials == 0 || other_trials == 0)
        return 1;
    unsigned all = (unsigned)(successes + other_successes), drawn = (unsigned)trials;
    unsigned none = (unsigned)(trials + other_trials) - all;
    double own = gsl_ran_hypergeometric_pdf((unsigned)successes, all, none, drawn), sum = 0;
    for (unsigned k = 0; k <= drawn && k <= all; k++) {
        double probability = gsl_ran_hypergeometric_pdf(k, all, none, drawn);
        sum += probability <= own * (1 + 1e-9) ? probability : 0;
    }
    return fmin(1, sum);
}
