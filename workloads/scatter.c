/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/scatter.h"

#include "base/random.h"
#include "workloads/page_writer.h"

#include <inttypes.h>
#include <stdlib.h>

struct workload {
    uint64_t first_page, write_size;
    struct page_store *memory;
    gsl_rng *when, *what; /* so that where and when do not hang on what is written */
    struct poisson_pages *pages;
};

bool scatter_check(const struct workload_region *region, uint64_t write_size, struct error *error)
{
    (void)region;
    if (PAGE_SIZE % write_size)
        return error_set(error, "write-size: %" PRIu64 " bytes do not divide a page of %u bytes",
                         write_size, PAGE_SIZE);
    return true;
}

struct workload *scatter_create(const struct workload_env *env, const struct poisson_group *groups,
                                unsigned group_count, uint64_t write_size)
{
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    uint64_t seed = random_derive(env->seed, env->label);
    workload->first_page = env->first_page;
    workload->write_size = write_size;
    workload->memory = env->memory;
    workload->when = random_stream_create(seed, "when");
    workload->what = random_stream_create(seed, "what");
    workload->pages = poisson_pages_create(env->first_page, groups, group_count, workload->when);
    return workload;
}

void scatter_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    poisson_pages_touch(workload->pages, guest_time, dirty);
}

void scatter_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    uint64_t writes =
        poisson_pages_take(workload->pages, page_no - workload->first_page, guest_time);
    if (writes)
        page_writer_scatter(page_store_write(workload->memory, page_no), writes,
                            workload->write_size, workload->what);
}

void scatter_destroy(struct workload *workload)
{
    poisson_pages_destroy(workload->pages);
    gsl_rng_free(workload->when);
    gsl_rng_free(workload->what);
    free(workload);
}
