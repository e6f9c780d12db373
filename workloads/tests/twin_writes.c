/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_writes.h"

#include "base/random.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

void twin_memory_init(struct twin_memory *memory, const struct twin_guest *guest)
{
    memory->pages = guest->pages;
    memory->bytes = must_alloc(guest->pages, PAGE_SIZE, "a twin");
    memory->dirty = must_alloc(guest->pages, sizeof *memory->dirty, "a twin");
    for (uint64_t page = 0; page < guest->pages; page++)
        content_page(guest->content, guest->first_page + page, memory->bytes + page * PAGE_SIZE);
}

void twin_memory_release(struct twin_memory *memory)
{
    free(memory->bytes);
    free(memory->dirty);
}

uint64_t twin_memory_sync(struct twin_memory *memory)
{
    uint64_t count = 0;
    for (uint64_t page = 0; page < memory->pages; page++) {
        count += memory->dirty[page];
        memory->dirty[page] = false;
    }
    return count;
}

static bool cycle_is_due(const struct twin_cycle *twin, uint64_t n, int64_t time)
{
    if (twin->rate)
        return (wide)n * 1000000000 <= (wide)time * twin->rate;
    return (wide)n * (uint64_t)twin->write_ns <= (wide)time;
}

void twin_cycle_advance(struct twin_cycle *twin, int64_t time)
{
    uint64_t cells = twin->memory.pages * PAGE_SIZE / twin->cell_bytes;
    while (cycle_is_due(twin, twin->done + 1, time)) {
        uint64_t cell = twin->done % cells, round = twin->done / cells + 1;
        uint8_t *bytes = twin->memory.bytes + cell * twin->cell_bytes;
        if (twin->increments)
            bytes[0]++;
        else
            random_bytes(random_mix(twin->seed, cell, round), bytes, twin->cell_bytes);
        twin->memory.dirty[cell * twin->cell_bytes / PAGE_SIZE] = true;
        twin->done++;
    }
}

static void scatter_write(struct twin_scatter *twin)
{
    bool hot = gsl_rng_uniform(twin->rng) < twin->hot_writes;
    uint64_t page = hot ? gsl_rng_uniform_int(twin->rng, twin->hot_pages)
                        : twin->hot_pages +
                              gsl_rng_uniform_int(twin->rng, twin->memory.pages - twin->hot_pages);
    uint64_t place = gsl_rng_uniform_int(twin->rng, PAGE_SIZE / twin->write_size);
    random_bytes(gsl_rng_get(twin->rng) << 32 | gsl_rng_get(twin->rng),
                 twin->memory.bytes + page * PAGE_SIZE + place * twin->write_size,
                 twin->write_size);
    twin->memory.dirty[page] = true;
}

void twin_scatter_advance(struct twin_scatter *twin, int64_t time)
{
    if (twin->next_ns <= 0)
        twin->next_ns = gsl_ran_exponential(twin->rng, 1 / twin->writes_per_ns);
    for (; twin->next_ns <= (double)time;
         twin->next_ns += gsl_ran_exponential(twin->rng, 1 / twin->writes_per_ns))
        scatter_write(twin);
}
