/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/sync_cost.h"

#include "base/bitmap.h"

#define GIB        ((double)(1u << 30))
#define WORD_PAGES 64u

static uint64_t dirty_pages(const uint64_t *log, const struct machine_block *block, uint64_t pages)
{
    uint64_t end = block->first_page + pages, dirty = 0;
    for (uint64_t page = bitmap_next(log, block->first_page, end); page < end;
         page = bitmap_next(log, page + 1, end))
        dirty++;
    return dirty;
}

int64_t sync_cost(const struct scenario *scenario, struct guest *guest, sim_time now, bool first)
{
    const struct machine *machine = guest_machine(guest);
    const struct host_cost *host = &scenario->host;
    int64_t ns = (int64_t)((double)host->sync_ns_per_gib * ((double)machine->ram_bytes / GIB));
    if (scenario->guest.accel != ACCEL_TCG)
        return ns;
    const uint64_t *log = guest_written(guest, now);
    for (size_t i = 0; i < machine->block_count; i++) {
        const struct machine_block *block = &machine->blocks[i];
        uint64_t pages = block->bytes / PAGE_SIZE;
        if (pages % WORD_PAGES == 0)
            continue;
        uint64_t dirty = first ? pages : dirty_pages(log, block, pages);
        ns += (int64_t)pages * host->sync_page_ns + (int64_t)dirty * host->sync_dirty_page_ns;
    }
    return ns;
}
