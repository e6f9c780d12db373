/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store.h"

#include "base/error.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

static struct error error;

static int teardown(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

/* A study of three runs, small enough to be mutilated a thousand times. */
static const char *make_study(void)
{
    static const char *const axes[] = {"migration.xbzrle-cache-size"};
    const char *path = test_path("s.db");
    struct store *store = store_create(path, "a study", axes, 1, &error);
    assert_non_null(store);
    for (unsigned i = 0; i < 3; i++) {
        struct record *record = made_up_record(i * 16 * MIB, 1);
        record->sample_count = 20;
        assert_true(store_put(store, record, &error));
        free(record);
    }
    store_close(store);
    return path;
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

/* Reads all there is to read; false as soon as something fails. */
static bool read_everything(const char *path)
{
    struct store *store = store_open(path, &error);
    if (!store)
        return false;
    struct study *study = store_load(store, &error);
    bool good = study != NULL;
    for (size_t i = 0; good && i < study->run_count; i++) {
        struct record *record = store_load_run(store, study->runs[i].id, &error);
        good = record != NULL;
        free(record);
    }
    study_free(study);
    store_close(store);
    return good;
}

static void expect_error(const char *path, const char *words)
{
    error.text[0] = 0;
    if (read_everything(path))
        fail_msg("expected an error with '%s'", words);
    if (!strstr(error.text, words))
        fail_msg("expected '%s' in '%s'", words, error.text);
}

static void files_that_are_no_study(void **state)
{
    (void)state;
    expect_error("", "is empty");
    expect_error(test_path("none.db"), "No such file or directory");
    expect_error(test_folder(), "is a directory");
    expect_error("/dev/null", "is no regular file");
    test_write(test_path("text.db"), "[guest]\nmemory = 1G\n# long enough to be looked at\n", 50);
    expect_error(test_path("text.db"), "it is no SQLite database");
    sql(test_path("other.db"), "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    expect_error(test_path("other.db"), "is an SQLite database, but no study of migsim");
}

static void files_that_are_no_study_stay_as_they_are(void **state)
{
    (void)state;
    test_write(test_path("text.db"), "[guest]\nmemory = 1G\n", 20);
    sql(test_path("other.db"), "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    sql(test_path("newer.db"), "PRAGMA application_id = 1835496301; PRAGMA user_version = 99");
    const char *const names[] = {"text.db", "other.db", "newer.db"};
    for (size_t i = 0; i < 3; i++) {
        size_t size, size_after;
        unsigned char *before = test_read(test_path(names[i]), &size);
        assert_null(store_create(test_path(names[i]), "name", NULL, 0, &error));
        unsigned char *after = test_read(test_path(names[i]), &size_after);
        assert_int_equal(size, size_after);
        assert_memory_equal(before, after, size);
        free(before);
        free(after);
    }
    assert_non_null(strstr(error.text, "has schema version 99, this migsim knows 1 to 3"));
    assert_int_equal(test_folder_files(), 3);
    assert_null(store_create("/proc/none/s.db", NULL, NULL, 0, &error));
    assert_non_null(strstr(error.text, "/proc/none/s.db: cannot open the study: No such file"));
    assert_null(store_create(test_folder(), NULL, NULL, 0, &error));
    assert_null(store_create("", NULL, NULL, 0, &error));
}

/* Tables of the right names that are not ours: what a view or a loose column could do is ruled out.
 */
static void tables_that_are_not_ours(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "DROP VIEW v_run",
        "DROP TABLE timeline",
        "DROP TABLE timeline; CREATE TABLE timeline (run_id, number, end_ns)",
        "DROP VIEW v_run; DROP VIEW v_cache_size; ALTER TABLE run RENAME TO hidden;"
        "CREATE VIEW run AS WITH RECURSIVE e (n) AS (SELECT 1 UNION ALL SELECT n FROM e)"
        " SELECT n AS id FROM e",
        "ALTER TABLE study ADD COLUMN more TEXT",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *path = make_study();
        sql(path, changes[i]);
        expect_error(path, "is not as migsim makes it");
        assert_null(store_create(path, "name", NULL, 0, &error));
        remove(path);
    }
    /* What people add for themselves is theirs. A trigger does nothing while we write. */
    const char *path = make_study();
    sql(path, "CREATE INDEX mine ON run (total_time_ns); CREATE VIEW my_view AS SELECT 1;"
              "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM setting; END");
    struct store *store = store_create(path, "name", NULL, 0, &error);
    assert_non_null(store);
    struct record *record = made_up_record(64 * MIB, 9);
    assert_true(store_put(store, record, &error));
    free(record);
    store_close(store);
    assert_true(read_everything(path));
}

static void values_that_are_not_ours(void **state)
{
    (void)state;
    static const char loose[] = "PRAGMA writable_schema = on; PRAGMA ignore_check_constraints = on;"
                                "PRAGMA foreign_keys = off;";
    static const struct {
        const char *sql, *words;
    } changes[] = {
        {"UPDATE run SET transferred = -1 WHERE id = 2", "run 2: transferred is -1"},
        {"UPDATE run SET xbzrle = 2 WHERE id = 1", "run 1: xbzrle is 2"},
        {"UPDATE run SET mbps = 9e999", "mbps is not a finite number"},
        {"UPDATE run SET seed = 'xyz'", "its seed is no hexadecimal number"},
        {"UPDATE run SET seed = '000000000000000G' WHERE id = 1", "no hexadecimal number"},
        {"UPDATE run SET outcome = 'perhaps'", "unknown outcome"},
        {"UPDATE run SET source = 'dreamt'", "unknown source"},
        {"UPDATE run SET why = 'a' || char(0) || 'b'", "why is no text"},
        {"UPDATE run SET digest = hex(zeroblob(16)) WHERE id = 2",
         "its settings do not give its digest"},
        {"UPDATE setting SET value = '1' WHERE key = 'guest.memory'", "do not give its digest"},
        {"DELETE FROM setting WHERE run_id = 3", "run 3: its settings do not give its digest"},
        {"UPDATE iteration SET number = number + 100 WHERE number > 5", "out of order"},
        {"DELETE FROM timeline WHERE number = 3", "its course is out of order"},
        {"UPDATE timeline SET window_ns = -5 WHERE number = 3", "window_ns is -5"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *path = make_study();
        char text[512];
        snprintf(text, sizeof text, "%s%s", loose, changes[i].sql);
        sql(path, text);
        expect_error(path, changes[i].words);
        remove(path);
    }
}

/* A long text is refused before it takes memory; a huge but lawful number is a number. */
static void huge_values(void **state)
{
    (void)state;
    const char *path = make_study();
    sql(path,
        "UPDATE run SET total_time_ns = 9223372036854775807, transferred = 9223372036854775807");
    assert_true(read_everything(path));
    sql(path, "UPDATE run SET why = hex(zeroblob(20000000)) WHERE id = 1");
    expect_error(path, "cannot read a run: string or blob too big");
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Whatever is done to the bytes: an error or a reading, never a crash or an endless loop. */
static void mutilated_files(void **state)
{
    (void)state;
    const char *path = make_study();
    size_t size;
    unsigned char *bytes = test_read(path, &size), *copy = malloc(size);
    assert_non_null(copy);
    uint64_t random = 2012;
    unsigned refused = 0, rounds = 1200;
    for (unsigned round = 0; round < rounds; round++) {
        memcpy(copy, bytes, size);
        size_t length = size;
        unsigned kind = round % 4;
        if (kind == 0) { /* single bytes */
            for (unsigned i = 0; i <= round % 16; i++)
                copy[next_random(&random) % size] = (unsigned char)next_random(&random);
        } else if (kind == 1) { /* page headers, where the shape of the tree is written */
            size_t page = next_random(&random) % (size / 4096) * 4096;
            copy[page + next_random(&random) % 40] = (unsigned char)next_random(&random);
        } else if (kind == 2) { /* a page in the place of another */
            size_t from = next_random(&random) % (size / 4096) * 4096;
            size_t to = next_random(&random) % (size / 4096) * 4096;
            memmove(copy + to, copy + from, 4096);
        } else { /* cut short */
            length = next_random(&random) % size;
        }
        test_write(path, copy, length);
        refused += !read_everything(path);
    }
    free(copy);
    free(bytes);
    assert_true(refused > rounds / 2 && refused < rounds);
}

/* As nobody in a folder that may not be written to: SQLite has no place for its shared memory. */
static void a_study_on_a_read_only_medium(void **state)
{
    (void)state;
    const char *path = make_study();
    chmod(path, 0444);
    chmod(test_folder(), 0555);
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && setuid(65534) != 0)
            _exit(2);
        bool good = read_everything(path);
        good = good && !store_create(path, "name", NULL, 0, &error) &&
               strstr(error.text, "cannot open the study: it may not be written to");
        if (!good)
            fprintf(stderr, "%s\n", error.text);
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    chmod(test_folder(), 0755);
    assert_int_equal(status, 0);
    assert_int_equal(test_folder_files(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(files_that_are_no_study, teardown),
        cmocka_unit_test_teardown(files_that_are_no_study_stay_as_they_are, teardown),
        cmocka_unit_test_teardown(tables_that_are_not_ours, teardown),
        cmocka_unit_test_teardown(values_that_are_not_ours, teardown),
        cmocka_unit_test_teardown(huge_values, teardown),
        cmocka_unit_test_teardown(mutilated_files, teardown),
        cmocka_unit_test_teardown(a_study_on_a_read_only_medium, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
