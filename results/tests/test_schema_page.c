/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store.h"

#include "results/query.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

/* docs/schema.md against the real thing. Tests run in the project's top folder. */
static const char PAGE[] = "docs/schema.md";

static int setup(void **state)
{
    struct error error;
    struct store *store = store_create(test_path("s.db"), "page", NULL, 0, &error);
    assert_non_null(store);
    for (uint64_t size = 0; size <= 64; size += 16) {
        struct record *record = made_up_record(size << 20, 1);
        assert_true(store_put(store, record, &error));
        free(record);
    }
    store_close(store);
    size_t size;
    *state = test_read(PAGE, &size);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    free(*state);
    test_folder_remove();
    return 0;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(db), sql);
    return statement;
}

static void queries_give_rows(void **state)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(test_path("s.db"), &db), SQLITE_OK);
    unsigned count = 0;
    for (char *start = *state; (start = strstr(start, "```sql\n"));) {
        start += 7;
        char *end = strstr(start, "```");
        assert_non_null(end);
        *end = 0;
        sqlite3_stmt *statement = prepare(db, start);
        if (sqlite3_step(statement) != SQLITE_ROW)
            fail_msg("no row: %s", start);
        sqlite3_finalize(statement);
        *end = '`';
        start = end + 3;
        count++;
    }
    assert_int_equal(count, 8);
    sqlite3_close(db);
}

/* What migsim query lists, what the database has, and what the page describes are the same. */
static void every_view_is_documented(void **state)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(test_path("s.db"), &db), SQLITE_OK);
    sqlite3_stmt *views = prepare(db, "SELECT name FROM sqlite_schema WHERE type = 'view'");
    unsigned count = 0;
    for (; sqlite3_step(views) == SQLITE_ROW; count++) {
        const char *name = (const char *)sqlite3_column_text(views, 0);
        char row[80], sql[120];
        unsigned i = 0;
        while (query_views[i].name && strcmp(query_views[i].name, name) != 0)
            i++;
        snprintf(row, sizeof row, "\n| `%s` | ", name);
        if (!query_views[i].name || !strstr(*state, row))
            fail_msg("%s is not listed or not in docs/schema.md", name);
        snprintf(sql, sizeof sql, "SELECT * FROM %s", name);
        sqlite3_stmt *rows = prepare(db, sql);
        assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
        sqlite3_finalize(rows);
    }
    assert_true(count == 7 && !query_views[count].name);
    sqlite3_finalize(views);
    sqlite3_close(db);
}

static void every_column_is_explained(void **state)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(test_path("s.db"), &db), SQLITE_OK);
    sqlite3_stmt *columns =
        prepare(db, "SELECT DISTINCT c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c"
                    " WHERE t.type = 'table'");
    unsigned count = 0;
    for (; sqlite3_step(columns) == SQLITE_ROW; count++) {
        const char *name = (const char *)sqlite3_column_text(columns, 0);
        char quoted[80], dotted[80];
        snprintf(quoted, sizeof quoted, "`%s`", name);
        snprintf(dotted, sizeof dotted, ".%s`", name);
        if (!strstr(*state, quoted) && !strstr(*state, dotted))
            fail_msg("docs/schema.md does not name the column %s", name);
    }
    assert_true(count > 50);
    sqlite3_finalize(columns);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_give_rows),
        cmocka_unit_test(every_view_is_documented),
        cmocka_unit_test(every_column_is_explained),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
