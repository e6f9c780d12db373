/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include "base/error.h"
#include "base/option.h"
#include "models/page_store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Who writes what, when: one part of what runs in the guest.
 *
 * A real guest makes 10^8 writes a second; nobody looks at a page except when the dirty log is read
 * and when the page is sent. So a workload is lazy. It stands for a definite process of writes and
 * answers just two questions about it:
 *
 *     touch(t, dirty)       which pages were written since the last touch?      (the sync)
 *     materialise(page, t)  make the page's stored bytes what they are at t     (the send)
 *
 *     touch          touch                     touch
 *       |--------------|----------x--------------|------> guest time
 *                        w     materialise   w
 *
 * The two agree: a page is dirty if and only if a write fell into the interval (the first w counts
 * for the second touch although materialise has seen it already), and its bytes show exactly the
 * writes so far. Times never go back, over both calls together.
 *
 * `guest_time`: ns that the vCPU has run since the workload began. It stands still while the VM is
 * stopped, throttled or not run by its host. Page numbers are the guest's. Regions of two workloads
 * never overlap.
 */

/* What every kind but idle has: the memory that it writes to. */
struct workload_region {
    uint64_t bytes;  /* option `region` */
    uint64_t offset; /* option `offset`: guest address of its first byte; 0 is "auto" */
    unsigned fill;   /* option `fill`: enum fill, content before the first write */
};
/* Offsets are those of struct workload_region, which every kind's options begin with. */
extern const struct option workload_region_table[];

struct workload_env {
    const char *label;         /* name of its section: its random streams are named by it */
    uint64_t seed;             /* of the run */
    uint64_t first_page;       /* where its region begins */
    struct page_store *memory; /* the guest's memory; borrowed, outlives the workload */
    /* The guest's own clock at each call, in ns: unlike guest time it runs on while the vCPU is
     * throttled or waits for its host. For a workload that makes up for what it missed. */
    const int64_t *clock_ns;
};

struct workload_clock_ops;
struct workload; /* each kind has its own */

struct workload_ops {
    const char *name;
    const char *help;             /* one line: what it writes, and what programs behave so */
    const struct option *options; /* of the kind alone, after workload_region_table; may be empty */
    size_t options_size;          /* of its struct, struct workload_region first */

    /*
     * Not required. What no single option can tell: an impossible combination, a file that cannot
     * be read. May settle what follows from the options (the region of a trace).
     */
    bool (*check)(void *options, struct error *error);

    /* Required. Owned by the caller, to destroy; `options` outlives it. NULL on error. */
    struct workload *(*create)(const void *options, const struct workload_env *env,
                               struct error *error);

    /*
     * Required. Sets the bit of each page (numbered from the guest's first page) that was written
     * since the last touch, and clears none. The first interval begins at guest time 0.
     */
    void (*touch)(struct workload *workload, int64_t guest_time, uint64_t *dirty);

    /* Required. Brings one page of its region up to date in env->memory. */
    void (*materialise)(struct workload *workload, uint64_t page_no, int64_t guest_time);

    void (*destroy)(struct workload *workload); /* Required. */

    /* Only of kinds that have no memory and drive other workloads: clock.h. */
    const struct workload_clock_ops *clock;
};

extern const struct workload_ops *const workload_kinds[];   /* ended by NULL */
const struct workload_ops *workload_find(const char *name); /* NULL if unknown */

#endif
