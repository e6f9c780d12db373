/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TESTS_TWIN_STATISTICS_H
#define WORKLOADS_TESTS_TWIN_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Tests of distributions. Seeds are fixed, so a test always ends the same way; a right law fails at
 * a given seed once in ten thousand times.
 *
 * A sample keeps its moments and a histogram of the integers 0..SAMPLE_BINS-1, the last for all
 * above; negative values are in the moments only.
 */
#define SAMPLE_BINS 512u

struct sample {
    uint64_t count, bins[SAMPLE_BINS];
    double sum[4]; /* of the first to fourth power of value - origin */
    double origin; /* the first value, for exact sums */
};

void sample_add(struct sample *sample, double value);
double sample_mean(const struct sample *sample);
double sample_variance(const struct sample *sample);

/* Mean and variance of the population are these; `what` names it on failure. */
void expect_moments(const char *what, const struct sample *sample, double mean, double variance);

/* Values are 0..bins-1 with these probabilities, and above with what is left: chi-square. */
void expect_law(const char *what, const struct sample *sample, const double *probability,
                size_t bins);

/* Both come from one population: mean, variance and, by chi-square, histogram. */
void expect_same_law(const char *what, const struct sample *a, const struct sample *b);

#endif
