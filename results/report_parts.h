/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_REPORT_PARTS_H
#define RESULTS_REPORT_PARTS_H

#include "results/cache_lines.h"
#include "results/study.h"

#include <stdio.h>

/* The parts of a report's page; for report.c alone. */

/* How much longer than the best a total time may be for a smaller cache to be preferred. */
#define REPORT_TOLERANCE 0.10

/*
 * The smallest cache of the series with which every run converges, in a median total time within
 * the tolerance of the best; NULL if none converges.
 */
const struct study_group *report_choose(const struct cache_lines *lines,
                                        const struct cache_series *series);

/* The group that the study speaks for: the first series' choice, or else its fastest; or NULL. */
const struct study_group *report_best(const struct study_groups *groups,
                                      const struct cache_lines *lines);

/* The question, the answer in words, its figures, and what stands against it. */
void report_put_answer(FILE *out, const struct study *study, const struct cache_lines *lines);

/* All combinations; every run; every setting. */
void report_put_groups(FILE *out, const struct study_groups *groups,
                       const struct study_group *chosen);
void report_put_runs(FILE *out, const struct study *study);
void report_put_settings(FILE *out, const struct study_groups *groups);

/* A scenario that does the study again, and the commands for it. */
void report_put_again(FILE *out, const struct study *study, const struct study_groups *groups);

/* That scenario as text; owned by the caller. */
char *report_scenario(const struct study *study, const struct study_groups *groups);

#endif
