/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/visitor.h"

#include "base/bitmap.h"
#include "base/random.h"

#include <stdlib.h>

const char *const visit_order_names[] = {"random", "sequential", NULL};

struct workload {
    const struct visitor_options *options;
    struct visitor_path path;
    struct page_change_seeds seeds;
    struct page_store *memory;
    uint64_t first_page, pages;
    uint64_t done;          /* visits so far */
    uint64_t *seen, *shown; /* for each page: its visits so far, and those that its bytes show */
    uint64_t *written;      /* pages visited since the last touch */
};

uint64_t visitor_events(uint64_t rate, int64_t guest_time)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)(uint64_t)guest_time * rate / 1000000000u);
}

gsl_rng *visitor_stream(const struct workload_env *env)
{
    return random_stream_create(random_derive(env->seed, env->label), "path");
}

struct workload *visitor_create(const struct workload_env *env,
                                const struct workload_region *region,
                                const struct visitor_options *options,
                                const struct visitor_path *path)
{
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    workload->options = options;
    workload->path = *path;
    workload->seeds = page_change_seeds(random_derive(env->seed, env->label));
    workload->memory = env->memory;
    workload->first_page = env->first_page;
    workload->pages = region->bytes / PAGE_SIZE;
    workload->seen = must_alloc(workload->pages, sizeof *workload->seen, "visits to pages");
    workload->shown = must_alloc(workload->pages, sizeof *workload->shown, "visits to pages");
    workload->written = bitmap_alloc(workload->pages, "the pages of a workload");
    return workload;
}

static void advance(struct workload *workload, int64_t guest_time)
{
    uint64_t due = visitor_events(workload->options->rate, guest_time);
    while (workload->done < due) {
        uint64_t page = workload->path.next(workload->path.path, ++workload->done);
        workload->seen[page]++;
        bitmap_set(workload->written, page);
    }
}

void visitor_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    uint64_t pages = workload->pages;
    advance(workload, guest_time);
    for (uint64_t page = bitmap_next(workload->written, 0, pages); page < pages;
         page = bitmap_next(workload->written, page + 1, pages)) {
        bitmap_set(dirty, workload->first_page + page);
        bitmap_clear(workload->written, page);
    }
}

void visitor_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    uint64_t page = page_no - workload->first_page;
    advance(workload, guest_time);
    uint64_t first = workload->shown[page], last = workload->seen[page];
    if (first == last)
        return;
    workload->shown[page] = last;
    page_change_apply(&workload->options->change, &workload->seeds, page, first, last,
                      page_store_write(workload->memory, page_no));
}

void visitor_destroy(struct workload *workload)
{
    workload->path.release(workload->path.path);
    free(workload->seen);
    free(workload->shown);
    free(workload->written);
    free(workload);
}
