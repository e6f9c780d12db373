/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_HOST_COST_H
#define MODELS_HOST_COST_H

#include "base/option.h"

#include <stdint.h>

/*
 * What the source's and destination's CPUs take for the steps of a migration. The defaults were
 * read off the trace events of migrations with QEMU 7.2 under TCG, on two cores of an AMD EPYC
 * (family 26): docs/model.md says how.
 */
struct host_cost {
    int64_t connect_ns; /* migrate command to the start of the migration thread */
    int64_t setup_ns;   /* thread start to the first sync: cache, bitmaps, dirty log */
    int64_t sync_ns_per_gib;
    int64_t sync_page_ns;       /* under TCG, a page of a block that is read page by page; */
    int64_t sync_dirty_page_ns; /* and on top if it is dirty (sim/sync_cost.h) */
    int64_t zero_page_ns;       /* find, test and record one page of zeros */
    int64_t untouched_page_ns;  /* on top, where the host has not backed the page yet */
    int64_t page_ns;            /* find, test, copy and write one whole page */
    int64_t encode_ns;          /* find, test, look up and encode one page, whatever comes out */
    int64_t insert_ns;          /* copy a page into the cache */
    int64_t cache_page_ns;      /* on top, for the first page in a slot: the host must back it */
    int64_t wake_ns;            /* end of a timed sleep to the thread's running */
    int64_t stop_ns;            /* decision to vCPUs stopped */
    int64_t device_ns;          /* collect and write the devices' state and the description */
    int64_t load_ns;            /* last byte at the destination to the guest's running there */
};
extern const struct option host_cost_table[]; /* of the [host] section */

#endif
