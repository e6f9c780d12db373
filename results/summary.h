/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_SUMMARY_H
#define RESULTS_SUMMARY_H

#include "results/study.h"

#include <stddef.h>

/*
 * What runs say, as text for a terminal of `width` columns (80 is the least that looks well). All
 * texts end with a newline and belong to the caller.
 */

/*
 * One migration: the outcome and the counters, then its iterations (of many, the first eight and
 * the last four).
 */
char *summary_run(const struct record *record, size_t width);

/*
 * A study, one row for each scenario in it: the settings that vary, then cache size, outcome, total
 * time, downtime, transferred, hits, misses, overflow and why. Over several seeds: medians; times
 * are those of the converged runs, with intervals if the width allows it, and a note if the seeds
 * do not tell neighbouring cache sizes apart.
 */
char *summary_study(const struct study *study, size_t width);

/* The same guest under several techniques, side by side; over several seeds as above. */
struct summary_technique {
    const char *label;
    const struct record *const *runs;
    size_t run_count;
};
char *summary_compare(const struct summary_technique *techniques, size_t count, size_t width);

#endif
