/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_STATISTICS_H
#define RESULTS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a few repeated runs can say. All intervals are of 95 %, all numbers a function of the values
 * alone: the same runs give the same interval on every machine.
 */

/*
 * From so few values on an interval of 95 % for a median exists: the median of n lies outside of
 * least..most in 2 of 2^n cases, and no bootstrap knows more than the values show. The signed-rank
 * test below reaches 95 % from the same number on.
 */
enum { SPREAD_LEAST_COUNT = 6 };

/* How values lie. With an even count the median is the mean of the two in the middle. */
struct spread {
    size_t count; /* 0: the others mean nothing */
    double median, min, max;
    /*
     * The interval of the median, by percentile bootstrap (Efron 1979) with 2000 samples. With
     * fewer than SPREAD_LEAST_COUNT values these are min and max: all that is known.
     */
    double low, high;
};

/* Sorts the values. */
struct spread spread_of(double *values, size_t count);

/* Do low and high hold 95 %? */
bool spread_is_interval(const struct spread *spread);

/* The interval of a share, "converged in 7 of 10", after Wilson (1927); from 0 to 1. */
struct share_interval {
    double low, high;
};
struct share_interval share_interval_of(size_t successes, size_t trials); /* 0..1 for no trials */

/*
 * The probability that values of two equal things differ as much as these pairs do, in either
 * direction: Wilcoxon's signed-rank test (1945), exact up to 50 pairs, pairs without difference
 * left out. INFINITY is allowed, and equal to itself: what did not converge. 1 without pairs.
 */
double signed_rank_test(const double *a, const double *b, size_t count);

/* The same for two shares: Fisher's exact test. 1 if either has no trials. */
double share_test(size_t successes, size_t trials, size_t other_successes, size_t other_trials);

#endif
