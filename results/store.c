/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store.h"

#include "results/field.h"
#include "results/store_database.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SQLite's message for all of these would be "unable to open database file". */
static bool check_path(const char *path, bool must_exist, struct error *error)
{
    struct stat status;
    if (!*path)
        return error_set(error, "the name of the study's file is empty");
    if (stat(path, &status) != 0) {
        if (errno == ENOENT && !must_exist)
            return true;
        return error_set(error, "%.300s: cannot open the study: %s", path, strerror(errno));
    }
    if (S_ISDIR(status.st_mode))
        return error_set(error, "%.300s: is a directory, not a study's file", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%.300s: is no regular file", path);
    return true;
}

static bool put_description(struct store *store, const char *name, const char *const *axes,
                            size_t axis_count, struct error *error)
{
    static const char *const sql[] = {
        "INSERT INTO study (id, name) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET name = ?1",
        "INSERT INTO axis (position, key) VALUES (?2, ?1)",
    };
    bool good =
        store_execute(store, "BEGIN IMMEDIATE; DELETE FROM axis", "write to the study", error);
    for (size_t i = 0; good && i <= axis_count; i++) {
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(store->db, sql[i > 0], -1, &statement, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_text(statement, 1, i ? axes[i - 1] : name, -1, SQLITE_STATIC);
        if (rc == SQLITE_OK && i)
            rc = sqlite3_bind_int64(statement, 2, (int64_t)i);
        good = store_check(store, rc, "describe the study", error) &&
               store_finish(store, statement, "describe the study", error);
        sqlite3_finalize(statement);
    }
    if (good && store_execute(store, "COMMIT", "describe the study", error))
        return true;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

struct store *store_create(const char *path, const char *name, const char *const *axes,
                           size_t axis_count, struct error *error)
{
    if (!check_path(path, false, error))
        return NULL;
    struct store *store = store_connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
    if (store && store_upgrade_schema(store, error) && store_check_schema(store, error) &&
        (!name || put_description(store, name, axes, axis_count, error)))
        return store;
    store_close(store);
    return NULL;
}

/*
 * For a study on a medium that cannot be written to: SQLite needs a place for its shared memory
 * beside the file, unless it is told that nobody writes. If a log lies beside it, somebody did.
 */
static struct store *connect_immutable(const char *path, struct error *error)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    size_t length = strlen(path);
    char *uri = must_alloc(3 * length + 32, 1, "a file name"), *end = uri;
    end += sprintf(end, "file:%s", path[0] == '/' ? "" : "./");
    for (size_t i = 0; i < length; i++)
        end += sprintf(end, strchr(safe, path[i]) ? "%c" : "%%%02x", (unsigned char)path[i]);
    sprintf(end, "?immutable=1");
    struct store *store = store_connect(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error);
    if (store) {
        free(store->path);
        store->path = must_copy(path, "a file name");
    }
    free(uri);
    return store;
}

static bool has_log(const char *path)
{
    char *name = must_alloc(strlen(path) + 5, 1, "a file name");
    sprintf(name, "%s-wal", path);
    bool there = access(name, F_OK) == 0;
    free(name);
    return there;
}

struct store *store_open(const char *path, struct error *error)
{
    if (!check_path(path, true, error))
        return NULL;
    struct store *store = store_connect(path, SQLITE_OPEN_READONLY, error);
    if (!store)
        return NULL;
    int rc = sqlite3_exec(store->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if ((rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) && !has_log(path)) {
        store_close(store);
        store = connect_immutable(path, error);
    }
    if (store && store_check_schema(store, error) && store_renew_copy(store, error))
        return store;
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store->path);
    free(store);
}

static void seed_text(uint64_t seed, char text[static 17])
{
    snprintf(text, 17, "%016" PRIx64, seed);
}

static int bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    return sqlite3_bind_text(statement, place, text ? text : "", -1, SQLITE_STATIC);
}

bool store_has(struct store *store, enum record_source source,
               const char digest[static RECORD_DIGEST_SIZE], uint64_t seed, bool *ret_has,
               struct error *error)
{
    char hex[17];
    seed_text(seed, hex);
    sqlite3_stmt *statement = store_prepare(store, STORE_HAS, error);
    if (!statement)
        return false;
    int rc = bind_text(statement, 1, record_source_name(source));
    if (rc == SQLITE_OK)
        rc = bind_text(statement, 2, digest);
    if (rc == SQLITE_OK)
        rc = bind_text(statement, 3, hex);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    *ret_has = rc == SQLITE_ROW;
    bool good = store_check(store, rc, "look for a run", error);
    sqlite3_reset(statement);
    return good;
}

static int bind_fields(sqlite3_stmt *statement, int place, const struct field *fields,
                       const void *object)
{
    int rc = SQLITE_OK;
    for (; rc == SQLITE_OK && fields->name; fields++, place++)
        rc = fields->type == FIELD_REAL
                 ? sqlite3_bind_double(statement, place, field_real(fields, object))
                 : sqlite3_bind_int64(statement, place, field_integer(fields, object));
    return rc;
}

static bool put_run(struct store *store, const struct record *record, struct error *error)
{
    char digest[RECORD_DIGEST_SIZE], seed[17];
    record_digest(record->settings, record->setting_count, digest);
    seed_text(record->seed, seed);
    const char *const texts[] = {record_source_name(record->source),   digest,      seed,
                                 record_outcome_name(record->outcome), record->why, record->status};
    sqlite3_stmt *statement = store_prepare(store, STORE_PUT_RUN, error);
    if (!statement)
        return false;
    int rc = SQLITE_OK, count = sizeof texts / sizeof *texts;
    for (int i = 0; rc == SQLITE_OK && i < count; i++)
        rc = bind_text(statement, i + 1, texts[i]);
    if (rc == SQLITE_OK)
        rc = bind_fields(statement, count + 1, run_fields, record);
    bool good = store_check(store, rc, "store a run", error) &&
                store_finish(store, statement, "store a run", error);
    sqlite3_clear_bindings(statement);
    return good;
}

static bool put_settings(struct store *store, int64_t run, const struct record *record,
                         struct error *error)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_PUT_SETTING, error);
    bool good = statement != NULL;
    for (size_t i = 0; good && i < record->setting_count; i++) {
        const struct record_setting *setting = &record->settings[i];
        int rc = sqlite3_bind_int64(statement, 1, run);
        if (rc == SQLITE_OK)
            rc = bind_text(statement, 2, setting->key);
        if (rc == SQLITE_OK)
            rc = bind_text(statement, 3, setting->value);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int(statement, 4, setting->number);
        if (rc == SQLITE_OK)
            rc = bind_text(statement, 5, setting->unit);
        good = store_check(store, rc, "store a run's settings", error) &&
               store_finish(store, statement, "store a run's settings", error);
    }
    return good;
}

/* Iterations or samples: `count` objects of `size` bytes each, numbered from 1. */
static bool put_rows(struct store *store, enum store_statement which, int64_t run,
                     const struct field *fields, const void *objects, size_t count, size_t size,
                     struct error *error)
{
    sqlite3_stmt *statement = store_prepare(store, which, error);
    bool good = statement != NULL;
    for (size_t i = 0; good && i < count; i++) {
        int rc = sqlite3_bind_int64(statement, 1, run);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int64(statement, 2, (int64_t)i + 1);
        if (rc == SQLITE_OK)
            rc = bind_fields(statement, 3, fields, (const char *)objects + i * size);
        good = store_check(store, rc, "store a run's course", error) &&
               store_finish(store, statement, "store a run's course", error);
    }
    return good;
}

static bool check_fields(const struct field *fields, const void *objects, size_t count, size_t size,
                         struct error *error)
{
    for (size_t i = 0; i < count; i++)
        for (const struct field *field = fields; field->name; field++)
            if (!field_check(field, (const char *)objects + i * size, error))
                return false;
    return true;
}

static bool put_all(struct store *store, const struct record *record, struct error *error)
{
    if (!put_run(store, record, error))
        return false;
    if (sqlite3_changes(store->db) == 0)
        return true; /* it is there already */
    int64_t run = sqlite3_last_insert_rowid(store->db);
    return put_settings(store, run, record, error) &&
           put_rows(store, STORE_PUT_ITERATION, run, iteration_fields, record->iterations,
                    record->iteration_count, sizeof *record->iterations, error) &&
           put_rows(store, STORE_PUT_SAMPLE, run, sample_fields, record->samples,
                    record->sample_count, sizeof *record->samples, error);
}

bool store_put(struct store *store, const struct record *record, struct error *error)
{
    if (!check_fields(run_fields, record, 1, sizeof *record, error) ||
        !check_fields(iteration_fields, record->iterations, record->iteration_count,
                      sizeof *record->iterations, error) ||
        !check_fields(sample_fields, record->samples, record->sample_count, sizeof *record->samples,
                      error))
        return error_prefix(error, "%.200s: cannot store a run: ", store->path);
    if (!store_execute(store, "BEGIN IMMEDIATE", "write to the study", error))
        return false;
    if (put_all(store, record, error) && store_execute(store, "COMMIT", "store a run", error))
        return true;
    /* A full disk may have ended the transaction by itself; then this says so, and that is fine. */
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
