/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/query.h"

#include "base/option.h"
#include "results/query_rows.h"
#include "results/store.h"
#include "results/store_database.h"
#include "results/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct query_view query_views[] = {
    {"v_run", "one row a run: outcome, seconds, milliseconds, MiB, hits and misses"},
    {"v_cache_size", "one row a scenario over its seeds: converged of runs, medians, miss ratio"},
    {"v_iteration", "one row an iteration: dirty rate, remaining, threshold, sent, miss ratio"},
    {"v_timeline", "one row a bandwidth window: throughput, remaining, threshold"},
    {"v_stream", "one row a run and kind of bytes on the wire"},
    {"v_cost", "one row a run: CPU time, memory of the cache, misses by cause"},
    {"v_setting", "one row a setting: how many values it has, the least and the most"},
    {NULL, NULL},
};

enum {
    MEMORY_LIMIT = 512 << 20, /* of SQLite */
    TEXT_LIMIT = 256 << 20,   /* of the answer */
    SQL_LIMIT = 100000,
    PATTERN_LIMIT = 100, /* of LIKE and GLOB, whose time grows with its wildcards */
    STEPS = 200          /* of SQLite's machine between two looks at the clock */
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int is_late(void *context)
{
    const int64_t *end = context;
    return now_ns() > *end;
}

/* Those that only describe the tables. */
static bool may_use_pragma(const char *name, const char *value)
{
    static const char *const with_name[] = {"table_info", "table_xinfo",      "index_list",
                                            "index_info", "foreign_key_list", NULL};
    static const char *const alone[] = {"table_list", "user_version", "application_id", NULL};
    for (size_t i = 0; with_name[i]; i++)
        if (!strcmp(name, with_name[i]))
            return true;
    for (size_t i = 0; !value && alone[i]; i++)
        if (!strcmp(name, alone[i]))
            return true;
    return false;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *view)
{
    (void)context, (void)database, (void)view;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return strcmp(second, "load_extension") != 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
        return may_use_pragma(first, second) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* From now on nothing but reading is possible on this connection. */
static bool lock(struct store *store, int64_t *end, struct error *error)
{
    if (!store_execute(store, "PRAGMA temp_store = memory", "read the study", error) ||
        !store_execute(store, "PRAGMA query_only = on", "read the study", error))
        return false;
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + MEMORY_LIMIT);
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(store->db, SQLITE_LIMIT_SQL_LENGTH, SQL_LIMIT);
    sqlite3_limit(store->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_LIMIT);
    sqlite3_progress_handler(store->db, STEPS, is_late, end);
    int rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_set_authorizer(store->db, authorize, NULL);
    return store_check(store, rc, "read the study", error);
}

static bool is_name(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length < 200 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               length;
}

static bool unknown_name(const struct store *store, const char *name, struct error *error)
{
    const char *names[sizeof query_views / sizeof *query_views];
    for (size_t i = 0; i < sizeof query_views / sizeof *query_views; i++)
        names[i] = query_views[i].name;
    const char *nearest = option_nearest(name, names);
    return error_set(error, "%.300s: has no view or table '%s'%s%s%s", store->path, name,
                     nearest ? ": did you mean " : "; without a query, the views are listed",
                     nearest ? nearest : "", nearest ? "?" : "");
}

/* Comments may follow the statement, a second one may not. */
static bool is_last(struct store *store, const char *rest)
{
    while (*rest) {
        sqlite3_stmt *more = NULL;
        int rc = sqlite3_prepare_v2(store->db, rest, -1, &more, &rest);
        sqlite3_finalize(more);
        if (rc != SQLITE_OK || more)
            return false;
    }
    return true;
}

/* The statement of a view's name, or of the SQL itself; NULL and the error if it is none. */
static sqlite3_stmt *prepare(struct store *store, const char *what, struct error *error)
{
    bool name = is_name(what);
    char *select = name ? sqlite3_mprintf("SELECT * FROM \"%w\"", what) : NULL;
    const char *rest = "";
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, select ? select : what, -1, &statement, &rest);
    if (rc == SQLITE_AUTH)
        error_set(error, "a query may only read: %s", sqlite3_errmsg(store->db));
    else if (rc != SQLITE_OK && name)
        unknown_name(store, what, error);
    else if (rc != SQLITE_OK)
        error_set(error, "SQL: %s", sqlite3_errmsg(store->db));
    else if (!statement)
        error_set(error, "the query is empty");
    else if (!sqlite3_stmt_readonly(statement) || !sqlite3_column_count(statement))
        error_set(error, "a query may only read: it is no SELECT");
    else if (!select && !is_last(store, rest))
        error_set(error, "one statement is wanted, and more follows the first");
    else {
        sqlite3_free(select);
        return statement;
    }
    sqlite3_free(select);
    sqlite3_finalize(statement);
    return NULL;
}

static bool fetch(struct store *store, const struct query *query, sqlite3_stmt *statement,
                  struct query_rows *rows, struct error *error)
{
    int rc;
    for (uint64_t count = 0; (rc = sqlite3_step(statement)) == SQLITE_ROW; count++) {
        if (count == query->row_limit)
            return error_set(error, "more than %" PRIu64 " rows: --limit raises that",
                             query->row_limit);
        query_rows_add(rows, statement);
        if (query_rows_size(rows) > TEXT_LIMIT)
            return error_set(error, "more than %d MiB of text: select less", TEXT_LIMIT >> 20);
    }
    if (rc == SQLITE_INTERRUPT)
        return error_set(error, "not done after %" PRIu64 " s: --time-limit raises that",
                         query->seconds);
    if (rc == SQLITE_NOMEM)
        return error_set(error, "wants more than %d MiB of memory", MEMORY_LIMIT >> 20);
    /* What is wrong with the values of an expression shows here; the file's own faults too. */
    if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_ERROR)
        return store_check(store, rc, "read the study", error);
    return rc == SQLITE_DONE || error_set(error, "SQL: %s", sqlite3_errmsg(store->db));
}

static char *run(struct store *store, const struct query *query, bool *ret_wrong,
                 struct error *error)
{
    int64_t end = now_ns() + (int64_t)query->seconds * 1000000000;
    if (!lock(store, &end, error))
        return NULL;
    sqlite3_stmt *statement = prepare(store, query->what, error);
    *ret_wrong = !statement;
    if (!statement)
        return NULL;
    struct query_rows *rows = query_rows_create(query, statement);
    bool good = fetch(store, query, statement, rows, error);
    char *text = query_rows_finish(rows);
    sqlite3_finalize(statement);
    if (good)
        return text;
    free(text);
    return NULL;
}

static char *list_views(size_t width)
{
    static const struct table_column columns[] = {{"view", true, false}, {"holds", true, true}};
    struct table *table = table_create(columns, 2);
    for (const struct query_view *view = query_views; view->name; view++) {
        const char *cells[] = {view->name, view->help};
        table_add(table, cells);
    }
    char *text = table_text(table, width);
    table_free(table);
    return text;
}

char *query_text(const char *path, const struct query *query, bool *ret_wrong, struct error *error)
{
    *ret_wrong = false;
    struct store *store = store_open(path, error);
    if (!store)
        return NULL;
    char *text = query->what ? run(store, query, ret_wrong, error) : list_views(query->width);
    store_close(store);
    return text;
}
