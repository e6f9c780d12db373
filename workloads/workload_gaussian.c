/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/kinds.h"
#include "workloads/visitor.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

/*
 * A hot spot: visits lie about a centre by the normal law, and the centre moves on.
 *
 *     |......:::||||:::............|  -->  |.............:::||||:::.....|
 *            width: standard deviation      drift bytes a second further
 *
 * It starts in the middle of the region; what passes an end comes in at the other.
 */
struct gaussian_options {
    struct workload_region region;
    uint64_t width, drift;
    struct visitor_options visitor;
};

static const struct option GAUSSIAN_OPTIONS[] = {
    {"width", OPTION_SIZE, offsetof(struct gaussian_options, width), "1M",
     .help = "standard deviation of a visit's distance from the centre", .min = 1},
    {"drift", OPTION_RATE, offsetof(struct gaussian_options, drift), "1MiB/s",
     .help = "how fast the centre moves up through the region, round and round; 0: it stays",
     .max = 1ull << 40},
    VISITOR_RATE(struct gaussian_options, visitor.rate),
    PAGE_CHANGE_OPTIONS(struct gaussian_options, visitor.change, "64B", "1", "random", "random"),
    {0},
};

struct path {
    const struct gaussian_options *options;
    gsl_rng *rng;
};

static uint64_t path_next(void *object, uint64_t number)
{
    const struct path *path = object;
    const struct gaussian_options *o = path->options;
    double size = (double)o->region.bytes;
    double moved = (double)number / (double)o->visitor.rate * (double)o->drift;
    double place = size / 2 + moved + gsl_ran_gaussian_ziggurat(path->rng, (double)o->width);
    place -= floor(place / size) * size;
    uint64_t page = (uint64_t)(place / PAGE_SIZE), pages = o->region.bytes / PAGE_SIZE;
    return page < pages ? page : 0; /* rounding may reach the very end */
}

static void path_release(void *object)
{
    struct path *path = object;
    gsl_rng_free(path->rng);
    free(path);
}

static bool gaussian_check(void *options, struct error *error)
{
    const struct gaussian_options *o = options;
    return page_change_check(&o->visitor.change, error);
}

static struct workload *gaussian_create(const void *options, const struct workload_env *env,
                                        struct error *error)
{
    (void)error;
    const struct gaussian_options *o = options;
    struct path *path = must_alloc(1, sizeof *path, "a workload");
    path->options = o;
    path->rng = visitor_stream(env);
    return visitor_create(env, &o->region, &o->visitor,
                          &(struct visitor_path){path_next, path_release, path});
}

const struct workload_ops workload_gaussian = {
    .name = "gaussian",
    .help = "visits pages about a hot spot that drifts: a solver's grid, a scan with a window, a "
            "working set that moves",
    .options = GAUSSIAN_OPTIONS,
    .options_size = sizeof(struct gaussian_options),
    .check = gaussian_check,
    .create = gaussian_create,
    .touch = visitor_touch,
    .materialise = visitor_materialise,
    .destroy = visitor_destroy,
};
