/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/kinds.h"
#include "workloads/pace.h"
#include "workloads/scatter.h"

struct hotcold_options {
    struct workload_region region;
    double hot_share, hot_writes;
    uint64_t write_size;
    struct pace pace;
};

static const struct option HOTCOLD_OPTIONS[] = {
    {"hot-share", OPTION_SHARE, offsetof(struct hotcold_options, hot_share), "10%",
     .help = "share of the region's pages that are hot: the first ones"},
    {"hot-writes", OPTION_SHARE, offsetof(struct hotcold_options, hot_writes), "90%",
     .help = "share of the writes that go to hot pages"},
    SCATTER_WRITE_SIZE(struct hotcold_options, write_size),
    PACE_OPTIONS(struct hotcold_options, pace),
    {0},
};

static uint64_t hot_pages(const struct hotcold_options *o)
{
    return (uint64_t)((double)(o->region.bytes / PAGE_SIZE) * o->hot_share);
}

static bool hotcold_check(void *options, struct error *error)
{
    const struct hotcold_options *o = options;
    uint64_t hot = hot_pages(o), all = o->region.bytes / PAGE_SIZE;
    if (hot < 1 || hot >= all)
        return error_set(error,
                         "hot-share: %.4g of the region is %s: at least one page must be "
                         "hot and one cold",
                         o->hot_share, hot < 1 ? "less than a page" : "all of it");
    return scatter_check(&o->region, o->write_size, error);
}

static struct workload *hotcold_create(const void *options, const struct workload_env *env,
                                       struct error *error)
{
    (void)error;
    const struct hotcold_options *o = options;
    uint64_t hot = hot_pages(o), cold = o->region.bytes / PAGE_SIZE - hot;
    double writes = pace_writes_per_ns(&o->pace);
    struct poisson_group groups[] = {
        {hot, writes * o->hot_writes / (double)hot},
        {cold, writes * (1 - o->hot_writes) / (double)cold},
    };
    return scatter_create(env, groups, 2, o->write_size);
}

const struct workload_ops workload_hotcold = {
    .name = "hotcold",
    .help = "as random, but most writes go to a small hot part: heaps, databases with an index",
    .options = HOTCOLD_OPTIONS,
    .options_size = sizeof(struct hotcold_options),
    .check = hotcold_check,
    .create = hotcold_create,
    .touch = scatter_touch,
    .materialise = scatter_materialise,
    .destroy = scatter_destroy,
};
