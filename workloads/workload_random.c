/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/kinds.h"
#include "workloads/pace.h"
#include "workloads/scatter.h"

struct random_options {
    struct workload_region region;
    uint64_t write_size;
    struct pace pace;
};

static const struct option RANDOM_OPTIONS[] = {
    SCATTER_WRITE_SIZE(struct random_options, write_size),
    PACE_OPTIONS(struct random_options, pace),
    {0},
};

static bool random_check(void *options, struct error *error)
{
    const struct random_options *o = options;
    return scatter_check(&o->region, o->write_size, error);
}

static struct workload *random_create(const void *options, const struct workload_env *env,
                                      struct error *error)
{
    (void)error;
    const struct random_options *o = options;
    uint64_t page_count = o->region.bytes / PAGE_SIZE;
    struct poisson_group all = {page_count, pace_writes_per_ns(&o->pace) / (double)page_count};
    return scatter_create(env, &all, 1, o->write_size);
}

const struct workload_ops workload_random = {
    .name = "random",
    .help = "writes new bytes to uniformly random places: hash tables, in-memory key-value stores",
    .options = RANDOM_OPTIONS,
    .options_size = sizeof(struct random_options),
    .check = random_check,
    .create = random_create,
    .touch = scatter_touch,
    .materialise = scatter_materialise,
    .destroy = scatter_destroy,
};
