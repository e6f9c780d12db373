/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/cycle.h"
#include "workloads/kinds.h"

#include <stdlib.h>

/*
 * The load generator of the XBZRLE v5 cover letter (qemu-devel, January 2012): for ever, add 1 to
 * one byte every `stride` bytes of the region.
 */
struct stride_options {
    struct workload_region region;
    uint64_t stride;
    struct pace pace;
};

static const struct option STRIDE_OPTIONS[] = {
    {"stride", OPTION_SIZE, offsetof(struct stride_options, stride), "1K",
     .help = "distance between the bytes that are incremented", .min = 1},
    PACE_OPTIONS(struct stride_options, pace),
    {0},
};

struct workload {
    struct cycle cycle;
    struct page_store *memory;
};

static bool stride_check(void *options, struct error *error)
{
    const struct stride_options *o = options;
    return cycle_check(&o->region, "stride", o->stride, error);
}

static struct workload *stride_create(const void *options, const struct workload_env *env,
                                      struct error *error)
{
    (void)error;
    const struct stride_options *o = options;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    cycle_init(&workload->cycle, &o->region, &o->pace, o->stride, env->first_page);
    workload->memory = env->memory;
    return workload;
}

static void stride_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    cycle_touch(&workload->cycle, guest_time, dirty);
}

static void stride_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    struct cycle *cycle = &workload->cycle;
    uint64_t page = page_no - cycle->first_page, done = pace_writes(&cycle->pace, guest_time);
    uint64_t start = page * PAGE_SIZE, before = cycle->page_done[page];
    cycle->page_done[page] = done;
    uint8_t *bytes = NULL;
    for (uint64_t cell = (start + cycle->cell_bytes - 1) / cycle->cell_bytes;
         cell * cycle->cell_bytes < start + PAGE_SIZE; cell++) {
        uint64_t visits = cycle_visits(cycle, cell, done) - cycle_visits(cycle, cell, before);
        if (visits == 0)
            continue;
        if (!bytes)
            bytes = page_store_write(workload->memory, page_no);
        bytes[cell * cycle->cell_bytes - start] += (uint8_t)visits;
    }
}

static void stride_destroy(struct workload *workload)
{
    cycle_release(&workload->cycle);
    free(workload);
}

const struct workload_ops workload_stride = {
    .name = "stride",
    .help = "increments one byte every `stride` bytes, round and round: sparse counters, the load "
            "generator of the XBZRLE cover letter",
    .options = STRIDE_OPTIONS,
    .options_size = sizeof(struct stride_options),
    .check = stride_check,
    .create = stride_create,
    .touch = stride_touch,
    .materialise = stride_materialise,
    .destroy = stride_destroy,
};
