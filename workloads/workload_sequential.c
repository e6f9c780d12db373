/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "workloads/cycle.h"
#include "workloads/kinds.h"

#include <stdlib.h>

struct sequential_options {
    struct workload_region region;
    uint64_t write_size;
    struct pace pace;
};

static const struct option SEQUENTIAL_OPTIONS[] = {
    {"write-size", OPTION_SIZE, offsetof(struct sequential_options, write_size), "4096B",
     .help = "bytes of one write, all new; divides a page", .min = 4, .max = PAGE_SIZE},
    PACE_OPTIONS(struct sequential_options, pace),
    {0},
};

struct workload {
    struct cycle cycle;
    struct page_store *memory;
    uint64_t seed;
};

static bool sequential_check(void *options, struct error *error)
{
    const struct sequential_options *o = options;
    return cycle_check(&o->region, "write-size", o->write_size, error);
}

static struct workload *sequential_create(const void *options, const struct workload_env *env,
                                          struct error *error)
{
    (void)error;
    const struct sequential_options *o = options;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    cycle_init(&workload->cycle, &o->region, &o->pace, o->write_size, env->first_page);
    workload->memory = env->memory;
    workload->seed = random_derive(env->seed, env->label);
    return workload;
}

static void sequential_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    cycle_touch(&workload->cycle, guest_time, dirty);
}

/* Only the last visit to a cell shows, and its bytes are a function of cell and visit. */
static void sequential_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    struct cycle *cycle = &workload->cycle;
    uint64_t page = page_no - cycle->first_page, done = pace_writes(&cycle->pace, guest_time);
    uint64_t before = cycle->page_done[page], per_page = PAGE_SIZE / cycle->cell_bytes;
    cycle->page_done[page] = done;
    uint8_t *bytes = NULL;
    for (uint64_t i = 0; i < per_page; i++) {
        uint64_t cell = page * per_page + i, visits = cycle_visits(cycle, cell, done);
        if (visits == cycle_visits(cycle, cell, before))
            continue;
        if (!bytes)
            bytes = page_store_write(workload->memory, page_no);
        random_bytes(random_mix(workload->seed, cell, visits), bytes + i * cycle->cell_bytes,
                     cycle->cell_bytes);
    }
}

static void sequential_destroy(struct workload *workload)
{
    cycle_release(&workload->cycle);
    free(workload);
}

const struct workload_ops workload_sequential = {
    .name = "sequential",
    .help = "overwrites the region in order with new bytes, round and round: buffers, streaming, "
            "a log; no delta helps",
    .options = SEQUENTIAL_OPTIONS,
    .options_size = sizeof(struct sequential_options),
    .check = sequential_check,
    .create = sequential_create,
    .touch = sequential_touch,
    .materialise = sequential_materialise,
    .destroy = sequential_destroy,
};
