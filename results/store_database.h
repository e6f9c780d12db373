/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_STORE_DATABASE_H
#define RESULTS_STORE_DATABASE_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the files of the store share, and nobody else includes: the connection, and the one place
 * where SQLite's results are looked at.
 */

enum store_statement {
    STORE_HAS,
    STORE_PUT_RUN,
    STORE_PUT_SETTING,
    STORE_PUT_ITERATION,
    STORE_PUT_SAMPLE,
    STORE_LOAD_NAME,
    STORE_LOAD_AXES,
    STORE_LOAD_RUNS,
    STORE_LOAD_RUN,
    STORE_LOAD_SETTINGS,
    STORE_LOAD_ITERATIONS,
    STORE_LOAD_SAMPLES,
    STORE_STATEMENTS
};

enum { STORE_BUSY_TIMEOUT_MS = 10000 }; /* how long one waits for another process */

struct store {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[STORE_STATEMENTS]; /* prepared at their first use */
};

/* Opens the file with SQLite's flags; no look at what is in it yet. NULL on failure. */
struct store *store_connect(const char *path, int flags, struct error *error);

/*
 * True if `result` of the last call is SQLITE_OK, _ROW or _DONE. Else the error says what could not
 * be done, and why, in words for people.
 */
bool store_check(const struct store *store, int result, const char *doing, struct error *error);

/* Statements without results. */
bool store_execute(struct store *store, const char *sql, const char *doing, struct error *error);

/* A statement of one row with one whole number. */
bool store_query_integer(struct store *store, const char *sql, const char *doing,
                         int64_t *ret_value, struct error *error);

/* That statement, reset, to be bound; borrowed. NULL on failure. */
sqlite3_stmt *store_prepare(struct store *store, enum store_statement which, struct error *error);

/* Takes one step and expects the end; then resets the statement. */
bool store_finish(struct store *store, sqlite3_stmt *statement, const char *doing,
                  struct error *error);

/* The application_id of a study, "mgsm". */
#define STORE_APPLICATION_ID 0x6d67736d

/*
 * Brings the schema from whatever version to the newest (from nothing, if the file is empty), in
 * one transaction; fails if the file is no study or too new.
 */
bool store_upgrade_schema(struct store *store, struct error *error);

/* Fails unless the file is a study whose tables are as its version has them. */
bool store_check_schema(struct store *store, struct error *error);

/*
 * A study of an older version, open for reading, is read from a copy in memory that is brought to
 * the newest one; the file stays as it is.
 */
bool store_renew_copy(struct store *store, struct error *error);

/* Puts a copy of the database in memory in its place, and closes the file. */
bool store_copy_to_memory(struct store *store, struct error *error);

#endif
