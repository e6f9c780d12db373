/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TESTS_TWIN_PAIR_H
#define WORKLOADS_TESTS_TWIN_PAIR_H

#include "workloads/tests/twin_writes.h"

/*
 * A lazy workload beside a twin that makes every write in its turn into a plain array: dirty pages
 * and bytes must be the same at every look, whatever is looked at, when and how often.
 */
struct twin_pair {
    struct twin_guest guest;
    struct twin_memory memory; /* the twin's */
    /* Makes every write up to `time` that is not made yet. */
    void (*advance)(struct twin_pair *pair, int64_t time);
    void *twin; /* of the test */
    int64_t now;
    uint64_t dirty_seen; /* over all looks: that something happened */
};

/* Settings as for twin_guest_init. Set `advance` and `twin` afterwards. */
void twin_pair_init(struct twin_pair *pair, const char *kind, const char *settings, uint64_t seed);
void twin_pair_release(struct twin_pair *pair);

/* `looks` at random: some at the dirty log, some at one page, some at all; 0 to step_ns apart. */
void twin_pair_look(struct twin_pair *pair, unsigned looks, int64_t step_ns, uint64_t seed);

/* Sets the twin's byte and its page's dirty flag; `at` is counted from the region's begin. */
void twin_pair_put(struct twin_pair *pair, uint64_t at, uint8_t value);
uint8_t twin_pair_get(const struct twin_pair *pair, uint64_t at);
/* Dirty without a new byte. */
void twin_pair_mark(struct twin_pair *pair, uint64_t page);

#endif
