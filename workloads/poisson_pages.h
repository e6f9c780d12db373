/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_POISSON_PAGES_H
#define WORKLOADS_POISSON_PAGES_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/*
 * When the pages of a region are written, if writes to each page are a Poisson process: the lazy
 * part that all memoryless kinds share. A group is a run of pages with one rate.
 *
 *     pages  | hot: 0.9 of the writes | cold: 0.1 of the writes ..................... |
 *            group 0                  group 1
 *
 * A touch costs the pages that it finds and those materialised since the last one, not the pages of
 * the region: it jumps from one written page to the next (the gaps are geometric). The numbers of
 * writes are drawn page by page from increments that do not overlap, so both calls always agree.
 */
struct poisson_group {
    uint64_t page_count;
    double writes_per_page_ns;
};

struct poisson_pages;

/* Owned by the caller, to poisson_pages_destroy. `rng` is borrowed and outlives it. */
struct poisson_pages *poisson_pages_create(uint64_t first_page, const struct poisson_group *groups,
                                           unsigned group_count, gsl_rng *rng);
void poisson_pages_destroy(struct poisson_pages *pages);

/* As workload_ops.touch. */
void poisson_pages_touch(struct poisson_pages *pages, int64_t guest_time, uint64_t *dirty);

/*
 * How many writes fell on the page since the last call for it; they count as seen from now on.
 * `page` is counted from the region's first. Above 10^9 between two looks the number is only large.
 */
uint64_t poisson_pages_take(struct poisson_pages *pages, uint64_t page, int64_t guest_time);

#endif
