/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_STORE_H
#define RESULTS_STORE_H

#include "base/error.h"
#include "results/record.h"
#include "results/study.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A study in an SQLite file, as docs/schema.md describes it. A run is unique by source, digest of
 * its settings, and seed: so a sweep that was killed goes on where it stopped and repeats nothing.
 * One run is one transaction: whatever was put is there after a crash of the program, whole, once.
 *
 * Several processes may have the file open; who writes waits up to ten seconds for his turn. Not on
 * a network file system. One store belongs to one thread, and not to a fork()ed child.
 *
 * Errors start with the file's name.
 */
struct store;

/*
 * Opens the study for writing, and creates it if the file is missing or empty. `name` and `axes`
 * (keys of the settings that vary, in order) replace those in the file; with a NULL name what is
 * there stays. Fails for a file that is something else, and leaves that as it is. Owned by the
 * caller, to store_close.
 */
struct store *store_create(const char *path, const char *name, const char *const *axes,
                           size_t axis_count, struct error *error);

/* Opens an existing study for reading. Owned by the caller, to store_close. */
struct store *store_open(const char *path, struct error *error);

void store_close(struct store *store); /* NULL is fine */

/* Is that run there? */
bool store_has(struct store *store, enum record_source source,
               const char digest[static RECORD_DIGEST_SIZE], uint64_t seed, bool *ret_has,
               struct error *error);

/*
 * Adds the run with its settings, iterations and samples; does nothing if it is there already. On
 * failure nothing of it is in the file. A counter above INT64_MAX or a number that is not finite is
 * refused.
 */
bool store_put(struct store *store, const struct record *record, struct error *error);

/* All runs, with their settings, without iterations and samples. Owned, to study_free. */
struct study *store_load(struct store *store, struct error *error);

/* One run by its id, with everything. Owned by the caller, to free(). */
struct record *store_load_run(struct store *store, int64_t id, struct error *error);

#endif
