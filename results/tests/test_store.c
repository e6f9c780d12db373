/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store.h"

#include "base/error.h"
#include "results/field.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"

#include <math.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

static const char *const axes[] = {"migration.xbzrle-cache-size", "migration.xbzrle"};
static struct error error;

static int teardown(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

static struct store *fresh(void)
{
    struct store *store = store_create(test_path("s.db"), "cover letter", axes, 2, &error);
    if (!store)
        fail_msg("%s", error.text);
    return store;
}

static void put(struct store *store, struct record *record)
{
    if (!store_put(store, record, &error))
        fail_msg("%s", error.text);
    free(record);
}

/* A number straight from the file, past our code. */
static int64_t query(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return value;
}

static void comes_back_whole(void **state)
{
    (void)state;
    struct store *store = fresh();
    struct record *records[3] = {made_up_record(0, 1), made_up_record(64 * MIB, UINT64_MAX),
                                 made_up_record(8 * MIB, 1ull << 63)};
    records[2]->source = SOURCE_MEASURED;
    records[2]->outcome = OUTCOME_FAILED;
    records[2]->verified = false;
    for (size_t i = 0; i < 3; i++)
        assert_true(store_put(store, records[i], &error));
    store_close(store);
    assert_int_equal(test_folder_files(), 1); /* no log is left beside it */

    store = store_open(test_path("s.db"), &error);
    assert_non_null(store);
    struct study *study = store_load(store, &error);
    assert_non_null(study);
    assert_string_equal(study->name, "cover letter");
    assert_int_equal(study->axis_count, 2);
    assert_string_equal(study->axes[0], axes[0]);
    assert_string_equal(study->axes[1], axes[1]);
    assert_int_equal(study->run_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(study->runs[i].id, i + 1);
        assert_true(same_records(study->runs[i].record, records[i], false));
        assert_int_equal(study->runs[i].record->iteration_count, 0);
        assert_int_equal(study->runs[i].record->sample_count, 0);
        struct record *whole = store_load_run(store, (int64_t)i + 1, &error);
        assert_non_null(whole);
        assert_true(whole->iteration_count > 0 && whole->sample_count > 0);
        assert_true(same_records(whole, records[i], true));
        free(whole);
        free(records[i]);
    }
    assert_null(store_load_run(store, 4, &error));
    assert_non_null(strstr(error.text, "there is no run 4"));
    study_free(study);
    store_close(store);
}

static void a_run_is_there_once(void **state)
{
    (void)state;
    struct store *store = fresh();
    struct record *record = made_up_record(16 * MIB, 3);
    char digest[RECORD_DIGEST_SIZE];
    record_digest(record->settings, record->setting_count, digest);
    bool has = true;
    assert_true(store_has(store, SOURCE_SIMULATED, digest, 3, &has, &error));
    assert_false(has);
    assert_true(store_put(store, record, &error));
    assert_true(store_has(store, SOURCE_SIMULATED, digest, 3, &has, &error));
    assert_true(has);
    assert_true(store_has(store, SOURCE_SIMULATED, digest, 4, &has, &error));
    assert_false(has);
    assert_true(store_has(store, SOURCE_MEASURED, digest, 3, &has, &error));
    assert_false(has);

    /* The same run with other results: what was there first stays. */
    int64_t first = record->total_time_ns;
    record->total_time_ns = 1;
    assert_true(store_put(store, record, &error));
    struct study *study = store_load(store, &error);
    assert_int_equal(study->run_count, 1);
    assert_int_equal(study->runs[0].record->total_time_ns, first);
    study_free(study);
    /* Another source, or another seed, is another run. */
    record->source = SOURCE_MEASURED;
    assert_true(store_put(store, record, &error));
    record->seed = 4;
    assert_true(store_put(store, record, &error));
    study = store_load(store, &error);
    assert_int_equal(study->run_count, 3);
    study_free(study);
    free(record);
    store_close(store);
}

static void opening_again_keeps_the_runs(void **state)
{
    (void)state;
    struct store *store = fresh();
    put(store, made_up_record(16 * MIB, 1));
    store_close(store);
    const char *const other[] = {"link.bandwidth"};
    store = store_create(test_path("s.db"), "second", other, 1, &error);
    assert_non_null(store);
    put(store, made_up_record(16 * MIB, 1));
    put(store, made_up_record(16 * MIB, 2));
    store_close(store);
    store = store_create(test_path("s.db"), NULL, NULL, 0, &error);
    struct study *study = store_load(store, &error);
    assert_string_equal(study->name, "second");
    assert_int_equal(study->axis_count, 1);
    assert_string_equal(study->axes[0], "link.bandwidth");
    assert_int_equal(study->run_count, 2);
    study_free(study);
    store_close(store);
}

static void an_empty_file_becomes_a_study(void **state)
{
    (void)state;
    test_write(test_path("s.db"), "", 0);
    assert_null(store_open(test_path("s.db"), &error));
    assert_non_null(strstr(error.text, "is empty, no study of migsim"));
    struct store *store = store_create(test_path("s.db"), NULL, NULL, 0, &error);
    assert_non_null(store);
    struct study *study = store_load(store, &error);
    assert_string_equal(study->name, "");
    assert_int_equal(study->run_count, 0);
    study_free(study);
    store_close(store);
}

static void impossible_numbers_are_refused(void **state)
{
    (void)state;
    struct store *store = fresh();
    struct record *record = made_up_record(16 * MIB, 1);
    struct record_iteration iterations[2] = {record->iterations[0], record->iterations[1]};
    struct record_sample sample = record->samples[0];
    record->counters.transferred = 1ull << 63;
    assert_false(store_put(store, record, &error));
    assert_non_null(strstr(error.text, "s.db: cannot store a run: transferred is"));
    record->counters.transferred = 0;
    record->mbps = (double)NAN;
    assert_false(store_put(store, record, &error));
    assert_non_null(strstr(error.text, "mbps is not a finite number"));
    record->mbps = 0;
    record->downtime_ns = -1;
    assert_false(store_put(store, record, &error));
    assert_non_null(strstr(error.text, "downtime_ns is -1"));
    record->downtime_ns = 0;
    iterations[1].bandwidth_bytes_per_s = (double)INFINITY;
    record->iterations = iterations, record->iteration_count = 2;
    assert_false(store_put(store, record, &error));
    assert_non_null(strstr(error.text, "bandwidth_bytes_per_s"));
    iterations[1].bandwidth_bytes_per_s = 0;
    sample.window_ns = UINT64_MAX;
    record->samples = &sample, record->sample_count = 1;
    assert_false(store_put(store, record, &error));
    assert_non_null(strstr(error.text, "window_ns"));
    sample.window_ns = 1;
    assert_true(store_put(store, record, &error));
    free(record);
    store_close(store);
    assert_int_equal(query(test_path("s.db"), "SELECT count(*) FROM run"), 1);
    assert_int_equal(query(test_path("s.db"), "SELECT count(*) FROM iteration"), 2);
}

/* Every column of the schema belongs to a field or is filled by name, and the other way round. */
static void schema_and_fields_agree(void **state)
{
    (void)state;
    store_close(fresh());
    const struct {
        const char *sql;
        const struct field *fields;
        int64_t more;
    } tables[] = {
        {"SELECT count(*) FROM pragma_table_info('run')", run_fields, 7},
        {"SELECT count(*) FROM pragma_table_info('iteration')", iteration_fields, 2},
        {"SELECT count(*) FROM pragma_table_info('timeline')", sample_fields, 2},
    };
    for (size_t i = 0; i < 3; i++) {
        int64_t count = tables[i].more;
        for (const struct field *field = tables[i].fields; field->name; field++)
            count++;
        assert_int_equal(query(test_path("s.db"), tables[i].sql), count);
    }
    const char *path = test_path("s.db");
    assert_int_equal(query(path, "PRAGMA application_id"), 0x6d67736d);
    assert_int_equal(query(path, "PRAGMA user_version"), 3);
    assert_int_equal(query(path, "PRAGMA journal_mode = DELETE; "), 0);
}

static void views_say_what_the_tables_hold(void **state)
{
    (void)state;
    struct store *store = fresh();
    const int64_t downtimes[4] = {10, 20, 50, 40}; /* in no order that times have */
    int64_t times[5] = {50, 10, 40, 20, 30}; /* the median is 30, of the first four 30 as well */
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct record *record = made_up_record(16 * MIB, seed);
        record->total_time_ns = times[seed] * 1000000000;
        record->downtime_ns = (100 - times[seed]) * 1000000; /* ordered the other way round */
        put(store, record);
        if (seed == 4)
            continue;
        record = made_up_record(64 * MIB, seed); /* four: the median lies between two */
        record->total_time_ns = times[seed] * 1000000000;
        record->downtime_ns = downtimes[seed] * 1000000;
        put(store, record);
    }
    put(store, made_up_record(0, 1));
    struct record *failed = made_up_record(8 * MIB, 1);
    put(store, failed);
    store_close(store);
    const char *path = test_path("s.db");
    assert_int_equal(query(path, "SELECT count(*) FROM v_run"), 11);
    assert_int_equal(query(path, "SELECT total_time_s FROM v_run WHERE seed = '0000000000000001'"
                                 " AND xbzrle_cache_mib = 16"),
                     10);
    assert_int_equal(query(path, "SELECT count(*) FROM v_run WHERE downtime_ms IS NULL"), 2);
    assert_int_equal(query(path, "SELECT count(*) FROM v_run WHERE xbzrle_pages IS NULL"), 1);
    assert_int_equal(query(path, "SELECT count(*) FROM v_cache_size"), 4);
    assert_int_equal(query(path, "SELECT total_time_s FROM v_cache_size"
                                 " WHERE xbzrle_cache_mib = 16"),
                     30);
    assert_int_equal(query(path, "SELECT downtime_ms * 1000 + converged * 10 + runs"
                                 " FROM v_cache_size WHERE xbzrle_cache_mib = 16"),
                     70055);
    assert_int_equal(query(path, "SELECT total_time_s * 10000 + downtime_ms FROM v_cache_size"
                                 " WHERE xbzrle_cache_mib = 64"),
                     300000 + (20 + 40) / 2);
    assert_int_equal(query(path, "SELECT converged = 0 AND total_time_s IS NULL"
                                 " FROM v_cache_size WHERE xbzrle_cache_mib IS NULL"),
                     1);
    assert_int_equal(query(path, "SELECT count(*) FROM run JOIN setting ON run_id = id"
                                 " WHERE key = 'migration.xbzrle' AND value = 'off'"),
                     1);
}

static void two_writers_take_turns(void **state)
{
    (void)state;
    struct store *one = fresh(), *two = fresh();
    for (uint64_t seed = 0; seed < 10; seed++) {
        put(seed % 2 ? one : two, made_up_record(16 * MIB, seed));
        put(seed % 2 ? two : one, made_up_record(16 * MIB, seed));
    }
    struct store *reader = store_open(test_path("s.db"), &error);
    struct study *study = store_load(reader, &error);
    assert_int_equal(study->run_count, 10);
    study_free(study);
    store_close(reader);
    store_close(one);
    store_close(two);
}

static void odd_names_are_names(void **state)
{
    (void)state;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", test_folder(), "a?b#c%20 d'e;f.db");
    struct store *store = store_create(path, "'); DROP TABLE run; --", NULL, 0, &error);
    assert_non_null(store);
    put(store, made_up_record_with(16 * MIB, 1, "x.y", "'\"\n\t\xff\xfe \x1b[2J"));
    store_close(store);
    store = store_open(path, &error);
    assert_non_null(store);
    struct study *study = store_load(store, &error);
    assert_string_equal(study->name, "'); DROP TABLE run; --");
    assert_string_equal(record_setting(study->runs[0].record, "x.y"), "'\"\n\t\xff\xfe \x1b[2J");
    study_free(study);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(comes_back_whole, teardown),
        cmocka_unit_test_teardown(a_run_is_there_once, teardown),
        cmocka_unit_test_teardown(opening_again_keeps_the_runs, teardown),
        cmocka_unit_test_teardown(an_empty_file_becomes_a_study, teardown),
        cmocka_unit_test_teardown(impossible_numbers_are_refused, teardown),
        cmocka_unit_test_teardown(schema_and_fields_agree, teardown),
        cmocka_unit_test_teardown(views_say_what_the_tables_hold, teardown),
        cmocka_unit_test_teardown(two_writers_take_turns, teardown),
        cmocka_unit_test_teardown(odd_names_are_names, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
