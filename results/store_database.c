/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store_database.h"

#include "results/field.h"
#include "results/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT_BYTES = 1 << 24 };

/* SQLite's own words, except where they would leave a user puzzled. */
static const char *reason(const struct store *store, int result)
{
    int code = result & 0xff, system = sqlite3_system_errno(store->db);
    if (code == SQLITE_FULL)
        return "the disk is full";
    if (code == SQLITE_BUSY)
        return "another process holds the file (waited 10 s)";
    if (code == SQLITE_NOTADB)
        return "it is no SQLite database";
    if (code == SQLITE_CORRUPT)
        return "the file is damaged";
    if (code == SQLITE_READONLY)
        return "it may not be written to";
    if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && system)
        return strerror(system);
    return sqlite3_errmsg(store->db);
}

bool store_check(const struct store *store, int result, const char *doing, struct error *error)
{
    if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE)
        return true;
    return error_set(error, "%.300s: cannot %s: %s", store->path, doing, reason(store, result));
}

/*
 * A file may come from anybody: no triggers, no functions with side effects from views or indexes,
 * nothing longer than any text of ours, and pages are looked at before they are trusted.
 */
static bool configure(struct store *store, struct error *error)
{
    sqlite3_busy_timeout(store->db, STORE_BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(store->db, 0);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, TEXT_LIMIT_BYTES);
    int rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return store_check(store, rc, "configure the database", error) &&
           store_execute(store, "PRAGMA foreign_keys = on; PRAGMA cell_size_check = on",
                         "open the study", error);
}

struct store *store_connect(const char *path, int flags, struct error *error)
{
    struct store *store = must_alloc(1, sizeof *store, "a store");
    store->path = must_copy(path, "a file name");
    /* SQLite would take a leading ':' for a database in memory. */
    char *name = must_alloc(strlen(path) + 3, 1, "a file name");
    sprintf(name, "%s%s", path[0] == ':' ? "./" : "", path);
    int rc = sqlite3_open_v2(name, &store->db, flags, NULL);
    free(name);
    if (store_check(store, rc, "open the study", error) && configure(store, error))
        return store;
    sqlite3_close(store->db);
    free(store->path);
    free(store);
    return NULL;
}

bool store_copy_to_memory(struct store *store, struct error *error)
{
    struct store copy = {.path = store->path};
    int rc =
        sqlite3_open_v2(":memory:", &copy.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
    bool good = store_check(&copy, rc, "copy the study", error);
    if (good) {
        sqlite3_backup *backup = sqlite3_backup_init(copy.db, "main", store->db, "main");
        if (backup)
            sqlite3_backup_step(backup, -1);
        rc = backup ? sqlite3_backup_finish(backup) : sqlite3_errcode(copy.db);
        good = store_check(&copy, rc, "copy the study", error) && configure(&copy, error);
    }
    if (!good) {
        sqlite3_close(copy.db);
        return false;
    }
    sqlite3_close(store->db);
    store->db = copy.db;
    return true;
}

bool store_execute(struct store *store, const char *sql, const char *doing, struct error *error)
{
    return store_check(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), doing, error);
}

bool store_query_integer(struct store *store, const char *sql, const char *doing,
                         int64_t *ret_value, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    bool good = store_check(store, rc, doing, error);
    *ret_value = good && rc == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return good;
}

static void write_names(FILE *out, const struct field *fields)
{
    for (; fields->name; fields++)
        fprintf(out, ", %s", fields->name);
}

static void write_insert(FILE *out, const char *table, const char *first, unsigned first_count,
                         const struct field *fields)
{
    fprintf(out, "INSERT INTO %s (%s", table, first);
    write_names(out, fields);
    fprintf(out, ") VALUES (?");
    for (unsigned i = 1; i < first_count; i++)
        fprintf(out, ", ?");
    for (; fields->name; fields++)
        fprintf(out, ", ?");
    fprintf(out, ")");
}

static void write_sql(FILE *out, enum store_statement which)
{
    static const char run_first[] = "source, digest, seed, outcome, why, status";
    static const struct field none[] = {{NULL, FIELD_FLAG, 0}};
    switch (which) {
    case STORE_HAS:
        fprintf(out, "SELECT 1 FROM run WHERE source = ? AND digest = ? AND seed = ?");
        break;
    case STORE_PUT_RUN:
        write_insert(out, "run", run_first, 6, run_fields);
        fprintf(out, " ON CONFLICT (source, digest, seed) DO NOTHING");
        break;
    case STORE_PUT_SETTING:
        write_insert(out, "setting", "run_id, key, value, is_number, unit", 5, none);
        break;
    case STORE_PUT_ITERATION:
        write_insert(out, "iteration", "run_id, number", 2, iteration_fields);
        break;
    case STORE_PUT_SAMPLE:
        write_insert(out, "timeline", "run_id, number", 2, sample_fields);
        break;
    case STORE_LOAD_NAME:
        fprintf(out, "SELECT name FROM study WHERE id = 1");
        break;
    case STORE_LOAD_AXES:
        fprintf(out, "SELECT key, position FROM axis ORDER BY position");
        break;
    case STORE_LOAD_RUNS:
    case STORE_LOAD_RUN:
        fprintf(out, "SELECT id, %s", run_first);
        write_names(out, run_fields);
        fprintf(out, " FROM run %s", which == STORE_LOAD_RUN ? "WHERE id = ?" : "ORDER BY id");
        break;
    case STORE_LOAD_SETTINGS:
        fprintf(out,
                "SELECT key, value, is_number, unit FROM setting WHERE run_id = ? ORDER BY key");
        break;
    case STORE_LOAD_ITERATIONS:
        fprintf(out, "SELECT number");
        write_names(out, iteration_fields);
        fprintf(out, " FROM iteration WHERE run_id = ? ORDER BY number");
        break;
    case STORE_LOAD_SAMPLES:
        fprintf(out, "SELECT number");
        write_names(out, sample_fields);
        fprintf(out, " FROM timeline WHERE run_id = ? ORDER BY number");
        break;
    case STORE_STATEMENTS:
        break;
    }
}

sqlite3_stmt *store_prepare(struct store *store, enum store_statement which, struct error *error)
{
    assert(which < STORE_STATEMENTS);
    if (!store->statements[which]) {
        char *sql = NULL;
        size_t size;
        FILE *out = text_stream(&sql, &size);
        write_sql(out, which);
        fclose(out);
        int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    &store->statements[which], NULL);
        free(sql);
        if (!store_check(store, rc, "prepare a statement", error))
            return NULL;
    }
    sqlite3_reset(store->statements[which]);
    return store->statements[which];
}

bool store_finish(struct store *store, sqlite3_stmt *statement, const char *doing,
                  struct error *error)
{
    int rc = sqlite3_step(statement);
    bool good = store_check(store, rc, doing, error);
    if (good && rc == SQLITE_ROW)
        good = error_set(error, "%.300s: cannot %s: more than was expected", store->path, doing);
    sqlite3_reset(statement);
    return good;
}
