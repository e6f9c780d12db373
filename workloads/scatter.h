/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_SCATTER_H
#define WORKLOADS_SCATTER_H

#include "workloads/poisson_pages.h"
#include "workloads/workload.h"

/*
 * A workload of memoryless kind: pages as poisson_pages has them, in each page writes as
 * page_writer_scatter. `random` and `hotcold` differ in their groups only.
 */
struct workload *scatter_create(const struct workload_env *env, const struct poisson_group *groups,
                                unsigned group_count, uint64_t write_size);
void scatter_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty);
void scatter_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time);
void scatter_destroy(struct workload *workload);

/* The option both have; `write_size` must divide a page. */
#define SCATTER_WRITE_SIZE(type, member)                                                           \
    {                                                                                              \
        "write-size", OPTION_SIZE, offsetof(type, member), "64B",                                  \
            .help = "bytes of one write, all new, at an aligned place; divides a page", .min = 4,  \
            .max = PAGE_SIZE                                                                       \
    }
bool scatter_check(const struct workload_region *region, uint64_t write_size, struct error *error);

#endif
