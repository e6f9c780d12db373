/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/kinds.h"
#include "workloads/visitor.h"

#include <stdlib.h>

/* Sparse updates, for which XBZRLE was made: a few words in each of many pages. */
struct counter_options {
    struct workload_region region;
    unsigned order;
    struct visitor_options visitor;
};

static const struct option COUNTER_OPTIONS[] = {
    {"order", OPTION_WORD, offsetof(struct counter_options, order), "random",
     .help = "any page next, or one after another, round and round", .words = visit_order_names},
    VISITOR_RATE(struct counter_options, visitor.rate),
    PAGE_CHANGE_OPTIONS(struct counter_options, visitor.change, "8B", "2", "own", "increment"),
    {0},
};

struct path {
    gsl_rng *rng; /* NULL: sequential */
    uint64_t pages;
};

static uint64_t path_next(void *object, uint64_t number)
{
    const struct path *path = object;
    if (!path->rng)
        return (number - 1) % path->pages;
    return (uint64_t)(gsl_rng_uniform(path->rng) * (double)path->pages);
}

static void path_release(void *object)
{
    struct path *path = object;
    if (path->rng)
        gsl_rng_free(path->rng);
    free(path);
}

static bool counter_check(void *options, struct error *error)
{
    const struct counter_options *o = options;
    return page_change_check(&o->visitor.change, error);
}

static struct workload *counter_create(const void *options, const struct workload_env *env,
                                       struct error *error)
{
    (void)error;
    const struct counter_options *o = options;
    struct path *path = must_alloc(1, sizeof *path, "a workload");
    path->pages = o->region.bytes / PAGE_SIZE;
    if (o->order == ORDER_RANDOM)
        path->rng = visitor_stream(env);
    return visitor_create(env, &o->region, &o->visitor,
                          &(struct visitor_path){path_next, path_release, path});
}

const struct workload_ops workload_counter = {
    .name = "counter",
    .help = "counts up a few words in many pages: reference counts, timestamps, statistics, page "
            "tables",
    .options = COUNTER_OPTIONS,
    .options_size = sizeof(struct counter_options),
    .check = counter_check,
    .create = counter_create,
    .touch = visitor_touch,
    .materialise = visitor_materialise,
    .destroy = visitor_destroy,
};
