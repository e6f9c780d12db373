/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/idle.h"

#include "workloads/kinds.h"

#include <stdlib.h>

struct workload *idle_create(const void *options, const struct workload_env *env,
                             struct error *error)
{
    (void)options, (void)env, (void)error;
    return must_alloc(1, 1, "an idle workload");
}

void idle_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    (void)workload, (void)guest_time, (void)dirty;
}

void idle_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    (void)workload, (void)page_no, (void)guest_time;
}

void idle_destroy(struct workload *workload)
{
    free(workload);
}

static const struct option IDLE_OPTIONS[] = {{0}};

const struct workload_ops workload_idle = {
    .name = "idle",
    .help = "writes nothing; its region has a fill of its own, as memory in use but at rest",
    .options = IDLE_OPTIONS,
    .options_size = sizeof(struct workload_region),
    .create = idle_create,
    .touch = idle_touch,
    .materialise = idle_materialise,
    .destroy = idle_destroy,
};
