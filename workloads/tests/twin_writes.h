/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TESTS_TWIN_WRITES_H
#define WORKLOADS_TESTS_TWIN_WRITES_H

#include "workloads/tests/twin_guest.h"

#include <gsl/gsl_rng.h>

/*
 * The processes that the lazy workloads stand for, made naively: each write one after another, at
 * its time, into a plain array, with a plain dirty flag for each page.
 */
struct twin_memory {
    uint64_t pages;
    uint8_t *bytes; /* pages * PAGE_SIZE */
    bool *dirty;    /* written since the last twin_memory_sync */
};

/* Starts as the guest's region is at first. Release with twin_memory_release. */
void twin_memory_init(struct twin_memory *memory, const struct twin_guest *guest);
void twin_memory_release(struct twin_memory *memory);

/* Number of dirty pages; from now on none is. */
uint64_t twin_memory_sync(struct twin_memory *memory);

/*
 * Kinds stride and sequential: write n (from 1) goes to cell (n - 1) mod cells, the first cell of
 * the next round after the last. It happens at the first whole ns that is n / rate or later; or,
 * unpaced (rate 0), at n * write_ns.
 */
struct twin_cycle {
    struct twin_memory memory;
    bool increments; /* stride: 1 is added to the cell's first byte; else all its bytes are new */
    uint64_t cell_bytes, rate;
    int64_t write_ns;
    uint64_t seed; /* of the bytes */
    uint64_t done;
};
void twin_cycle_advance(struct twin_cycle *twin, int64_t time);

/*
 * Kinds random and hotcold: writes at random times (exponential gaps), each to the hot pages with
 * probability hot_writes, else to the others; a random page of those, a random aligned place in it,
 * random bytes.
 */
struct twin_scatter {
    struct twin_memory memory;
    gsl_rng *rng; /* borrowed */
    double writes_per_ns, hot_writes;
    uint64_t hot_pages, write_size; /* all pages are hot in kind random */
    double next_ns;                 /* of the next write; 0 before the first call */
};
void twin_scatter_advance(struct twin_scatter *twin, int64_t time);

#endif
