/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/random.h"
#include "workloads/fresh_content.h"
#include "workloads/kinds.h"
#include "workloads/visitor.h"

#include <stdlib.h>
#include <string.h>

/*
 * Extents of memory that are freed and zeroed, used again, freed and zeroed, ...: the odd visits to
 * an extent leave zeros in it, the even ones new content in all of its pages.
 */
struct zerofill_options {
    struct workload_region region;
    uint64_t rate, extent;
    unsigned order, value;
};

static const struct option ZEROFILL_OPTIONS[] = {
    {"rate", OPTION_COUNT, offsetof(struct zerofill_options, rate), "100",
     .help = "extents a second that are zeroed, or filled again", .min = 1, .max = 10000000},
    {"extent", OPTION_SIZE, offsetof(struct zerofill_options, extent), "64K",
     .help = "what is freed or used at once, whole pages", .min = PAGE_SIZE},
    {"order", OPTION_WORD, offsetof(struct zerofill_options, order), "random",
     .help = "any extent next, or one after another, round and round", .words = visit_order_names},
    {"value", OPTION_WORD, offsetof(struct zerofill_options, value), "random",
     .help = "what used extents hold", .words = fresh_names},
    {0},
};

struct workload {
    const struct zerofill_options *options;
    struct page_store *memory;
    uint64_t first_page, pages, extents, extent_pages, seed;
    gsl_rng *rng;
    uint64_t done;    /* visits so far */
    uint64_t *seen;   /* for each extent: its visits so far */
    uint64_t *shown;  /* for each page: visits that its bytes show */
    uint64_t *marked; /* extents visited since the last touch */
};

static bool zerofill_check(void *options, struct error *error)
{
    const struct zerofill_options *o = options;
    if (o->extent % PAGE_SIZE)
        return error_set(error, "extent: not a whole number of pages of %u bytes", PAGE_SIZE);
    return true;
}

static struct workload *zerofill_create(const void *options, const struct workload_env *env,
                                        struct error *error)
{
    (void)error;
    const struct zerofill_options *o = options;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    workload->options = o;
    workload->memory = env->memory;
    workload->first_page = env->first_page;
    workload->pages = o->region.bytes / PAGE_SIZE;
    workload->extent_pages = o->extent / PAGE_SIZE;
    workload->extents =
        (workload->pages - 1) / workload->extent_pages + 1; /* the last may be cut */
    workload->seed = random_derive(env->seed, env->label);
    workload->rng = visitor_stream(env);
    workload->seen = must_alloc(workload->extents, sizeof *workload->seen, "extents");
    workload->shown = must_alloc(workload->pages, sizeof *workload->shown, "visits to pages");
    workload->marked = bitmap_alloc(workload->extents, "the extents of a workload");
    return workload;
}

static void advance(struct workload *workload, int64_t guest_time)
{
    uint64_t due = visitor_events(workload->options->rate, guest_time);
    for (; workload->done < due; workload->done++) {
        uint64_t extent =
            workload->options->order == ORDER_SEQUENTIAL
                ? workload->done % workload->extents
                : (uint64_t)(gsl_rng_uniform(workload->rng) * (double)workload->extents);
        workload->seen[extent]++;
        bitmap_set(workload->marked, extent);
    }
}

static void zerofill_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    uint64_t extents = workload->extents;
    advance(workload, guest_time);
    for (uint64_t extent = bitmap_next(workload->marked, 0, extents); extent < extents;
         extent = bitmap_next(workload->marked, extent + 1, extents)) {
        uint64_t first = extent * workload->extent_pages, left = workload->pages - first;
        bitmap_set_range(dirty, workload->first_page + first,
                         left < workload->extent_pages ? left : workload->extent_pages);
        bitmap_clear(workload->marked, extent);
    }
}

static void zerofill_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    uint64_t page = page_no - workload->first_page;
    advance(workload, guest_time);
    uint64_t visits = workload->seen[page / workload->extent_pages];
    if (workload->shown[page] == visits)
        return;
    workload->shown[page] = visits;
    uint8_t *bytes = page_store_replace(workload->memory, page_no);
    if (visits % 2)
        memset(bytes, 0, PAGE_SIZE);
    else
        fresh_content(workload->options->value, workload->seed, page, visits, bytes, PAGE_SIZE);
}

static void zerofill_destroy(struct workload *workload)
{
    gsl_rng_free(workload->rng);
    free(workload->seen);
    free(workload->shown);
    free(workload->marked);
    free(workload);
}

const struct workload_ops workload_zerofill = {
    .name = "zerofill",
    .help = "zeroes extents of memory and fills them again: freed memory, exiting processes, "
            "build jobs",
    .options = ZEROFILL_OPTIONS,
    .options_size = sizeof(struct zerofill_options),
    .check = zerofill_check,
    .create = zerofill_create,
    .touch = zerofill_touch,
    .materialise = zerofill_materialise,
    .destroy = zerofill_destroy,
};
