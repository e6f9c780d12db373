/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SIMULATE_H
#define SIM_SIMULATE_H

#include "results/record.h"
#include "sim/migration.h"
#include "sim/scenario.h"

#include <stdio.h>

/* Scenario in, record out: one whole run, its delivery verified. */
struct simulate_options {
    FILE *stream_file;          /* the bytes on the wire go here; or NULL */
    migration_watcher *watcher; /* progress; or NULL */
    void *watcher_context;
};

/*
 * Owned by the caller, to free() in one piece; `options` may be NULL. NULL with an error if the run
 * cannot begin (no memory for the cache, a file that cannot be read). A migration that fails on the
 * way is a record with outcome `failed`.
 */
struct record *simulate(const struct scenario *scenario, const struct simulate_options *options,
                        struct error *error);

/*
 * Compares the destination's memory with the guest's, page by page. False, with the first page that
 * differs named, if they are not equal to the byte.
 */
bool simulate_verify(struct guest *guest, const struct receiver *receiver, sim_time now,
                     struct error *error);

#endif
