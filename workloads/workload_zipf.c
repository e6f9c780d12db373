/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/kinds.h"
#include "workloads/visitor.h"
#include "workloads/zipf.h"

#include <stdlib.h>

enum layout { LAYOUT_SCATTERED, LAYOUT_ORDERED };
static const char *const LAYOUT_NAMES[] = {"scattered", "ordered", NULL};

struct zipf_options {
    struct workload_region region;
    uint64_t exponent;
    unsigned layout;
    struct visitor_options visitor;
};

static const struct option ZIPF_OPTIONS[] = {
    ZIPF_EXPONENT(struct zipf_options, exponent),
    {"layout", OPTION_WORD, offsetof(struct zipf_options, layout), "scattered",
     .help = "popular pages lie anywhere, or first, in the order of their popularity",
     .words = LAYOUT_NAMES},
    VISITOR_RATE(struct zipf_options, visitor.rate),
    PAGE_CHANGE_OPTIONS(struct zipf_options, visitor.change, "64B", "1", "random", "random"),
    {0},
};

struct path {
    struct zipf *zipf;
    gsl_rng *rng;
};

static uint64_t path_next(void *object, uint64_t number)
{
    struct path *path = object;
    (void)number;
    return zipf_draw(path->zipf, path->rng);
}

static void path_release(void *object)
{
    struct path *path = object;
    zipf_destroy(path->zipf);
    gsl_rng_free(path->rng);
    free(path);
}

static bool zipf_check(void *options, struct error *error)
{
    const struct zipf_options *o = options;
    return page_change_check(&o->visitor.change, error);
}

static struct workload *zipf_workload_create(const void *options, const struct workload_env *env,
                                             struct error *error)
{
    (void)error;
    const struct zipf_options *o = options;
    struct path *path = must_alloc(1, sizeof *path, "a workload");
    path->rng = visitor_stream(env);
    path->zipf = zipf_create(o->region.bytes / PAGE_SIZE, o->exponent,
                             o->layout == LAYOUT_SCATTERED, path->rng);
    return visitor_create(env, &o->region, &o->visitor,
                          &(struct visitor_path){path_next, path_release, path});
}

const struct workload_ops workload_zipf = {
    .name = "zipf",
    .help = "visits pages by Zipf's law, few of them most often: caches, web and object stores, "
            "databases",
    .options = ZIPF_OPTIONS,
    .options_size = sizeof(struct zipf_options),
    .check = zipf_check,
    .create = zipf_workload_create,
    .touch = visitor_touch,
    .materialise = visitor_materialise,
    .destroy = visitor_destroy,
};
