/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/cycle.h"

#include "base/bitmap.h"

#include <inttypes.h>
#include <stdlib.h>

bool cycle_check(const struct workload_region *region, const char *cell_name, uint64_t cell_bytes,
                 struct error *error)
{
    if (region->bytes % cell_bytes)
        return error_set(error,
                         "%s: %" PRIu64 " bytes do not divide the region of %" PRIu64 " bytes",
                         cell_name, cell_bytes, region->bytes);
    if (PAGE_SIZE % cell_bytes && cell_bytes % PAGE_SIZE)
        return error_set(error,
                         "%s: %" PRIu64 " bytes neither divide a page of %u bytes nor are whole "
                         "pages",
                         cell_name, cell_bytes, PAGE_SIZE);
    return true;
}

void cycle_init(struct cycle *cycle, const struct workload_region *region, const struct pace *pace,
                uint64_t cell_bytes, uint64_t first_page)
{
    cycle->pace = *pace;
    cycle->first_page = first_page;
    cycle->page_count = region->bytes / PAGE_SIZE;
    cycle->cell_bytes = cell_bytes;
    cycle->cells = region->bytes / cell_bytes;
    cycle->touched = 0;
    cycle->page_done = must_alloc(cycle->page_count, sizeof *cycle->page_done, "a workload");
}

void cycle_release(struct cycle *cycle)
{
    free(cycle->page_done);
}

uint64_t cycle_visits(const struct cycle *cycle, uint64_t cell, uint64_t writes)
{
    return writes / cycle->cells + (cell < writes % cycle->cells);
}

/* The pages of cells first..last; with cells larger than a page only the first page of each. */
static void mark_cells(const struct cycle *cycle, uint64_t first, uint64_t last, uint64_t *dirty)
{
    if (cycle->cell_bytes <= PAGE_SIZE) {
        uint64_t from = first * cycle->cell_bytes / PAGE_SIZE;
        uint64_t to = last * cycle->cell_bytes / PAGE_SIZE;
        bitmap_set_range(dirty, cycle->first_page + from, to - from + 1);
        return;
    }
    for (; first <= last; first++)
        bitmap_set(dirty, cycle->first_page + first * (cycle->cell_bytes / PAGE_SIZE));
}

void cycle_touch(struct cycle *cycle, int64_t guest_time, uint64_t *dirty)
{
    uint64_t done = pace_writes(&cycle->pace, guest_time);
    uint64_t news = done - cycle->touched, from = cycle->touched % cycle->cells;
    cycle->touched = done;
    if (news == 0)
        return;
    if (news >= cycle->cells) {
        mark_cells(cycle, 0, cycle->cells - 1, dirty);
        return;
    }
    uint64_t to = from + news - 1;
    if (to < cycle->cells) {
        mark_cells(cycle, from, to, dirty);
    } else {
        mark_cells(cycle, from, cycle->cells - 1, dirty);
        mark_cells(cycle, 0, to - cycle->cells, dirty);
    }
}
