/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store_database.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

extern const char results_schema_sql[], results_schema_2_sql[], results_schema_3_sql[];

/*
 * The steps from one version to the next; migrations[0] makes version 1 out of an empty file. A new
 * version adds a line and its file, and edits none.
 */
static const char *const migrations[] = {results_schema_sql, results_schema_2_sql,
                                         results_schema_3_sql};
enum { SCHEMA_VERSION = sizeof migrations / sizeof *migrations };
static const int64_t COPY_LIMIT = (int64_t)1 << 30; /* bytes of a study that is read in memory */

static bool version_of(struct store *store, int64_t *ret_version, struct error *error)
{
    int64_t application, objects;
    if (!store_query_integer(store, "PRAGMA application_id", "open the study", &application,
                             error) ||
        !store_query_integer(store, "PRAGMA user_version", "open the study", ret_version, error) ||
        !store_query_integer(store, "SELECT count(*) FROM sqlite_schema", "open the study",
                             &objects, error))
        return false;
    if (application == 0 && *ret_version == 0 && objects == 0)
        return true;
    if (application != STORE_APPLICATION_ID)
        return error_set(error, "%.300s: is an SQLite database, but no study of migsim",
                         store->path);
    if (*ret_version < 1 || *ret_version > SCHEMA_VERSION)
        return error_set(error,
                         "%.300s: has schema version %" PRId64
                         ", this migsim knows 1 to %d: use a newer migsim",
                         store->path, *ret_version, SCHEMA_VERSION);
    return true;
}

/* The same, all of one moment: another process may be making the tables. */
static bool version_at_once(struct store *store, int64_t *ret_version, struct error *error)
{
    if (!store_execute(store, "BEGIN", "open the study", error))
        return false;
    bool good = version_of(store, ret_version, error);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return good;
}

static bool migrate(struct store *store, int64_t from, int64_t to, struct error *error)
{
    for (int64_t version = from; version < to; version++) {
        char pragmas[96];
        snprintf(pragmas, sizeof pragmas,
                 "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64, STORE_APPLICATION_ID,
                 version + 1);
        if (!store_execute(store, migrations[version], "make the tables", error) ||
            !store_execute(store, pragmas, "make the tables", error))
            return false;
    }
    return true;
}

/* SQLite's own waiting does not cover this one, when others open the new study at the same time. */
static bool use_write_ahead_log(struct store *store, struct error *error)
{
    enum { STEP_MS = 10 };
    int rc, waited = 0;
    while ((rc = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) ==
               SQLITE_BUSY &&
           waited < STORE_BUSY_TIMEOUT_MS) {
        sqlite3_sleep(STEP_MS);
        waited += STEP_MS;
    }
    return store_check(store, rc, "open the study", error);
}

bool store_upgrade_schema(struct store *store, struct error *error)
{
    int64_t version;
    /* Looked at before the lock as well: not a byte of a foreign database may change. */
    if (!version_at_once(store, &version, error) || !use_write_ahead_log(store, error) ||
        !store_execute(store, "BEGIN IMMEDIATE", "write to the study", error))
        return false;
    /* Again: another process may have made the tables while we waited for the lock. */
    if (version_of(store, &version, error) && migrate(store, version, SCHEMA_VERSION, error) &&
        store_execute(store, "COMMIT", "make the tables", error))
        return true;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* True if the file has this table or view, made by the same words. */
static bool has_object(struct store *store, sqlite3_stmt *wanted, struct error *error)
{
    static const char sql[] = "SELECT sql FROM sqlite_schema WHERE type = ? AND name = ?";
    const char *type = (const char *)sqlite3_column_text(wanted, 0);
    const char *name = (const char *)sqlite3_column_text(wanted, 1);
    const char *text = (const char *)sqlite3_column_text(wanted, 2);
    sqlite3_stmt *found = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &found, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(found, 1, type, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(found, 2, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(found);
    bool good = store_check(store, rc, "open the study", error);
    if (good) {
        const char *other = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(found, 0) : NULL;
        good = other && !strcmp(other, text);
        if (!good)
            error_set(error, "%.300s: its %s '%s' is not as migsim makes it", store->path, type,
                      name);
    }
    sqlite3_finalize(found);
    return good;
}

/* A study of that version in memory. To close fresh->db, also on failure. */
static bool make_fresh(const struct store *store, int64_t version, struct store *fresh,
                       struct error *error)
{
    *fresh = (struct store){.path = store->path};
    int rc =
        sqlite3_open_v2(":memory:", &fresh->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
    return store_check(fresh, rc, "make the tables", error) && migrate(fresh, 0, version, error);
}

/* Calls `take` for each row of type, name and sql, until it returns false. */
static bool for_each_object(struct store *store, const char *sql,
                            bool (*take)(struct store *context, sqlite3_stmt *row,
                                         struct error *error),
                            struct store *context, struct error *error)
{
    sqlite3_stmt *rows = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &rows, NULL);
    bool good = store_check(store, rc, "make the tables", error);
    while (good && (rc = sqlite3_step(rows)) == SQLITE_ROW)
        good = take(context, rows, error);
    if (good)
        good = store_check(store, rc, "make the tables", error);
    sqlite3_finalize(rows);
    return good;
}

/*
 * Compares with a fresh study in memory. Otherwise somebody's endless view could stand where a
 * table was, and a column could hold anything. Tables, views and indexes on top are welcome.
 */
bool store_check_schema(struct store *store, struct error *error)
{
    int64_t version;
    if (!version_at_once(store, &version, error))
        return false;
    if (version == 0)
        return error_set(error, "%.300s: is empty, no study of migsim", store->path);
    struct store fresh;
    bool good = make_fresh(store, version, &fresh, error) &&
                for_each_object(&fresh, "SELECT type, name, sql FROM sqlite_schema WHERE sql <> ''",
                                has_object, store, error);
    sqlite3_close(fresh.db);
    return good;
}

bool store_renew_copy(struct store *store, struct error *error)
{
    int64_t version, pages, page_size;
    if (!version_at_once(store, &version, error))
        return false;
    if (version == SCHEMA_VERSION)
        return true;
    if (!store_query_integer(store, "PRAGMA page_count", "read the study", &pages, error) ||
        !store_query_integer(store, "PRAGMA page_size", "read the study", &page_size, error))
        return false;
    if (pages * page_size > COPY_LIMIT)
        return error_set(error,
                         "%.300s: has the older schema version %" PRId64
                         " and is too large to be read so: migsim sweep or run with --db brings "
                         "it up to date",
                         store->path, version);
    return store_copy_to_memory(store, error) && migrate(store, version, SCHEMA_VERSION, error);
}
