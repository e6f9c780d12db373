/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_CYCLE_H
#define WORKLOADS_CYCLE_H

#include "workloads/pace.h"
#include "workloads/workload.h"

#include <stdint.h>

/*
 * Writes that go through a region in order, round and round: the closed form that `stride` and
 * `sequential` share. The region is cut into cells of `cell_bytes`; write n goes to cell n mod
 * cells. Everything follows from the number of writes done, which follows from the time.
 */
struct cycle {
    struct pace pace;
    uint64_t first_page, page_count, cell_bytes, cells;
    uint64_t touched;    /* writes done at the last touch */
    uint64_t *page_done; /* for each page: writes done (over all cells) when it was last written */
};

/* Owns page_done: cycle_release frees it. A region is whole pages and whole cells. */
void cycle_init(struct cycle *cycle, const struct workload_region *region, const struct pace *pace,
                uint64_t cell_bytes, uint64_t first_page);
void cycle_release(struct cycle *cycle);

/* As workload_ops.touch. */
void cycle_touch(struct cycle *cycle, int64_t guest_time, uint64_t *dirty);

/* Visits to `cell` among the first `writes` writes. */
uint64_t cycle_visits(const struct cycle *cycle, uint64_t cell, uint64_t writes);

/* Checks shared by both kinds: whole pages, and a cell that fits pages and region. */
bool cycle_check(const struct workload_region *region, const char *cell_name, uint64_t cell_bytes,
                 struct error *error);

#endif
