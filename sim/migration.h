/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_MIGRATION_H
#define SIM_MIGRATION_H

#include "models/link.h"
#include "results/record.h"
#include "sim/engine.h"
#include "sim/receiver.h"
#include "sim/scenario.h"
#include "sim/sender.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * One migration on an engine: the state machine of QEMU's migration thread (migration/migration.c;
 * QEMU.md 1.1 to 1.4), with its own clock, which its CPU time and its blocking writes move forward.
 *
 *     connect ──> setup ──> iterate <──────────────── sleep
 *                             │  │ remaining >=          ^ limited
 *                             │  │ threshold             │
 *                             │  └──> section ──> account┘
 *                             │ remaining < threshold after a sync
 *                             v
 *                           stop ──> last pages ──> devices ──> completed
 *
 * Each step is an event. A section yields to any event that is due before its next page.
 */
struct migration;

/* Called at each window's end, for progress. */
typedef void migration_watcher(void *context, const struct record_sample *sample);

struct migration_setup {
    const struct scenario *scenario; /* all borrowed, and outlive the migration */
    struct engine *engine;
    struct guest *guest;
    struct link *link;
    FILE *stream_file;          /* the bytes on the wire go here, too; or NULL */
    migration_watcher *watcher; /* or NULL */
    void *watcher_context;
};

/* Its first event is at time 0. Owned by the caller, to migration_destroy. NULL with an error. */
struct migration *migration_create(const struct migration_setup *setup, struct error *error);
void migration_destroy(struct migration *migration); /* NULL is fine */

/* The operator's hand, between events. */
void migration_set_max_bandwidth(struct migration *migration, uint64_t bytes_per_s);
void migration_set_downtime_limit(struct migration *migration, int64_t ns);
void migration_set_cache_size(struct migration *migration, uint64_t bytes);
void migration_cancel(struct migration *migration, const char *why);

/* Completed, cancelled or failed: nothing will happen any more. */
bool migration_ended(const struct migration *migration);
/* When it ended, in ns. */
sim_time migration_end(const struct migration *migration);
/* All RAM was delivered, and the guest would go on at the destination. */
bool migration_completed(const struct migration *migration);

/* What the destination has. Borrowed. */
const struct receiver *migration_receiver(const struct migration *migration);

/*
 * Fills the part of the record that the migration knows: everything but source, seed, settings and
 * verification. Its arrays and texts belong to the migration.
 */
void migration_report(const struct migration *migration, struct record *record);

#endif
