/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/query.h"

#include "results/store.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"

#include <jansson.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

static struct error error;

static int setup(void **state)
{
    (void)state;
    struct store *store = store_create(test_path("s.db"), "s", NULL, 0, &error);
    assert_non_null(store);
    for (uint64_t size = 0; size <= 64; size += 32) {
        struct record *record = made_up_record(size << 20, 1);
        assert_true(store_put(store, record, &error));
        free(record);
    }
    store_close(store);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

static char *ask_within(const char *what, enum query_format format, uint64_t rows, bool *ret_wrong)
{
    const struct query query = {what, format, 200, false, rows, 1};
    return query_text(test_path("s.db"), &query, ret_wrong, &error);
}

static void expect(const char *what, enum query_format format, const char *wanted)
{
    bool wrong;
    char *text = ask_within(what, format, 1000, &wrong);
    if (!text)
        fail_msg("%s: %s", what, error.text);
    assert_string_equal(text, wanted);
    free(text);
}

static void expect_error(const char *what, bool wanted_wrong, const char *message)
{
    bool wrong;
    char *text = ask_within(what, QUERY_CSV, 1000, &wrong);
    if (text || wrong != wanted_wrong || !strstr(error.text, message))
        fail_msg("%s: %s, %s", what, text ? text : "NULL", text ? "" : error.text);
}

static const char ODD[] = "SELECT 1 AS a, 2.5 AS a, NULL AS b, 'x,\"y\"' AS c, x'00ff' AS d, "
                          "9e999 AS e";

static void three_formats(void **state)
{
    (void)state;
    expect(ODD, QUERY_CSV, "a,a:2,b,c,d,e\n1,2.5,,\"x,\"\"y\"\"\",00ff,\n");
    expect(ODD, QUERY_JSON,
           "{\n  \"schema_version\": 1,\n  \"columns\": [\"a\", \"a:2\", \"b\", \"c\", \"d\", "
           "\"e\"],\n  \"rows\": [\n    {\"a\": 1, \"a:2\": 2.5, \"b\": null, "
           "\"c\": \"x,\\\"y\\\"\", \"d\": \"00ff\", \"e\": null}\n  ]\n}\n");
    expect(ODD, QUERY_TABLE,
           "a  a:2  b  c      d       e\n-  ---  -  -----  ----  ---\n1  2.5     x,\"y\"  00ff  "
           "inf\n");
    expect("SELECT id FROM run WHERE id > 9", QUERY_JSON,
           "{\n  \"schema_version\": 1,\n  \"columns\": [\"id\"],\n  \"rows\": []\n}\n");
    expect("SELECT id FROM run WHERE id > 9", QUERY_CSV, "id\n");
    expect("SELECT count(*) AS n FROM v_run; -- and a comment", QUERY_CSV, "n\n3\n");
}

static void views_by_name(void **state)
{
    (void)state;
    bool wrong;
    for (const struct query_view *view = query_views; view->name; view++) {
        char *text = ask_within(view->name, QUERY_JSON, 10000, &wrong);
        assert_non_null(text);
        json_t *value = json_loads(text, 0, NULL);
        assert_true(json_array_size(json_object_get(value, "rows")) >= 3);
        json_decref(value);
        free(text);
    }
    char *list = ask_within(NULL, QUERY_TABLE, 10, &wrong);
    assert_non_null(strstr(list, "v_cache_size"));
    free(list);
    expect_error("v_rum", true, "has no view or table 'v_rum': did you mean v_run?");
    expect_error("nonsense", true, "has no view or table 'nonsense'");
}

static void only_reading_is_possible(void **state)
{
    (void)state;
    static const char *const writers[] = {
        "DELETE FROM run",
        "UPDATE run SET why = 'x'",
        "INSERT INTO axis VALUES (9, 'x')",
        "INSERT INTO axis VALUES (9, 'x') RETURNING key",
        "DROP TABLE timeline",
        "CREATE TEMP TABLE t (a)",
        "CREATE VIRTUAL TABLE t USING fts5(a)",
        "ATTACH 'other.db' AS o",
        "DETACH main",
        "VACUUM INTO 'copy.db'",
        "BEGIN",
        "SAVEPOINT s",
        "PRAGMA journal_mode = delete",
        "PRAGMA query_only = off",
        "PRAGMA user_version = 7",
        "PRAGMA writable_schema = on",
        "PRAGMA temp_store_directory = '/tmp'",
        "REINDEX",
        "ANALYZE",
        "ALTER TABLE run ADD x",
        "SELECT load_extension('x')",
        "SELECT writefile('x', 'y')",
        "SELECT 1; DELETE FROM run",
        "WITH x AS (SELECT 1) DELETE FROM run",
        "",
        "  -- nothing",
        "SELECT",
        "SELECT * FROM no_such_table WHERE 1",
    };
    size_t size, later;
    unsigned char *before = test_read(test_path("s.db"), &size);
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        expect_error(writers[i], true, "");
    unsigned char *after = test_read(test_path("s.db"), &later);
    assert_int_equal(size, later);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
    assert_null(test_read(test_path("other.db"), &size));
}

static void what_a_query_takes_is_bounded(void **state)
{
    (void)state;
    bool wrong;
    expect_error("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                 "SELECT count(*) FROM c",
                 false, "not done after 1 s");
    expect_error("SELECT zeroblob(100000000)", false, "too big");
    expect_error("SELECT count(*) FROM (SELECT randomblob(8000000) AS b, x FROM "
                 "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 500) "
                 "SELECT x FROM c) ORDER BY b)",
                 false, "");
    assert_null(ask_within("SELECT id FROM run", QUERY_CSV, 2, &wrong));
    assert_non_null(strstr(error.text, "more than 2 rows: --limit raises that"));
    char *text = ask_within("SELECT id FROM run", QUERY_CSV, 3, &wrong);
    assert_non_null(text);
    free(text);
    expect_error("SELECT hex(zeroblob(8000000)) FROM timeline", false, "");
}

extern const char results_schema_sql[];

static void execute(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

/* The runs of s.db in a file as version 1 made it, in its place. */
static void make_older(void)
{
    sqlite3 *db;
    sqlite3_stmt *columns;
    char sql[8000];
    assert_int_equal(sqlite3_open(test_path("old.db"), &db), SQLITE_OK);
    execute(db, results_schema_sql);
    execute(db, "PRAGMA application_id = 1835496301; PRAGMA user_version = 1");
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT group_concat(name, ', ') FROM pragma_table_info('run')", -1,
                           &columns, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(columns), SQLITE_ROW);
    const char *names = (const char *)sqlite3_column_text(columns, 0);
    snprintf(sql, sizeof sql,
             "ATTACH '%s' AS s; INSERT INTO study SELECT * FROM s.study; "
             "INSERT INTO run (%s) SELECT %s FROM s.run; "
             "INSERT INTO setting SELECT * FROM s.setting; "
             "INSERT INTO iteration SELECT * FROM s.iteration; "
             "INSERT INTO timeline SELECT * FROM s.timeline",
             test_path("s.db"), names, names);
    sqlite3_finalize(columns);
    execute(db, sql);
    sqlite3_close(db);
    assert_int_equal(rename(test_path("old.db"), test_path("s.db")), 0);
}

static void expect_version(const char *path, int version)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(row, 0), version);
    sqlite3_finalize(row);
    sqlite3_close(db);
}

/* Reading one shows all columns and views and leaves the file; writing brings it up to date. */
static void an_older_study_is_read_as_a_new_one(void **state)
{
    (void)state;
    make_older();
    expect("SELECT count(*) > 9 AS many FROM v_iteration", QUERY_CSV, "many\n1\n");
    expect("SELECT sum(throttled_ns) AS ns FROM run", QUERY_CSV, "ns\n0\n");
    expect_error("DELETE FROM run", true, "may only read");
    expect_version(test_path("s.db"), 1);
    struct store *store = store_open(test_path("s.db"), &error);
    struct study *study = store_load(store, &error);
    assert_int_equal(study->run_count, 3);
    study_free(study);
    store_close(store);
    expect_version(test_path("s.db"), 1);
    store = store_create(test_path("s.db"), NULL, NULL, 0, &error);
    assert_non_null(store);
    store_close(store);
    expect_version(test_path("s.db"), 3);
    expect("SELECT count(*) AS n FROM run", QUERY_CSV, "n\n3\n");
}

static void a_terminal_gets_no_escapes(void **state)
{
    (void)state;
    bool wrong;
    const struct query query = {"SELECT char(27) || '[2J' AS x", QUERY_CSV, 80, true, 10, 1};
    char *text = query_text(test_path("s.db"), &query, &wrong, &error);
    assert_string_equal(text, "x\n [2J\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(three_formats, setup, teardown),
        cmocka_unit_test_setup_teardown(views_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(only_reading_is_possible, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_query_takes_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(an_older_study_is_read_as_a_new_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_terminal_gets_no_escapes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
