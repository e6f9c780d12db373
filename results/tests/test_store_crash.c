/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/store.h"

#include "base/error.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
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

/* A sweep as it will be: what is there is left out. Writes each stored seed to `said`, unless 0.
 */
static bool sweep(const char *path, uint64_t seeds, int said)
{
    struct store *store = store_create(path, "sweep", NULL, 0, &error);
    bool good = store != NULL;
    for (uint64_t seed = 0; good && seed < seeds; seed++) {
        struct record *record = made_up_record(16 * MIB, seed);
        char digest[RECORD_DIGEST_SIZE];
        bool has = false;
        record_digest(record->settings, record->setting_count, digest);
        good = store_has(store, record->source, digest, seed, &has, &error);
        if (good && !has)
            good = store_put(store, record, &error);
        free(record);
        if (good && said > 0)
            good = write(said, &seed, sizeof seed) == (ssize_t)sizeof seed;
    }
    store_close(store);
    return good;
}

/* Every run is whole, and there once. Returns how many there are. */
static size_t check_all(const char *path)
{
    struct store *store = store_open(path, &error);
    if (!store)
        fail_msg("%s", error.text);
    struct study *study = store_load(store, &error);
    assert_non_null(study);
    size_t count = study->run_count;
    for (size_t i = 0; i < count; i++) {
        const struct study_run *run = &study->runs[i];
        assert_int_equal(run->record->seed, i); /* in the order of the sweep, none twice */
        struct record *whole = store_load_run(store, run->id, &error);
        struct record *wanted = made_up_record(16 * MIB, run->record->seed);
        assert_non_null(whole);
        assert_true(same_records(whole, wanted, true));
        free(whole);
        free(wanted);
    }
    study_free(study);
    store_close(store);
    return count;
}

static void a_killed_sweep_goes_on(void **state)
{
    (void)state;
    const char *path = test_path("s.db");
    enum { SEEDS = 400, KILLS = 12 };
    uint64_t known = 0; /* runs that some child said it had stored */
    for (unsigned i = 0; i < KILLS; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            _exit(!sweep(path, SEEDS, ends[1]));
        }
        close(ends[1]);
        /* Kill after some more runs, at whatever point of the next that happens to be. */
        uint64_t seed, limit = known + 7 + 3 * i;
        while (seed = 0, read(ends[0], &seed, sizeof seed) == (ssize_t)sizeof seed) {
            known = seed + 1 > known ? seed + 1 : known;
            if (known >= limit) {
                nanosleep(&(struct timespec){.tv_nsec = 137000 * (long)i}, NULL);
                break;
            }
        }
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        while (read(ends[0], &seed, sizeof seed) == (ssize_t)sizeof seed)
            known = seed + 1 > known ? seed + 1 : known;
        close(ends[0]);
        size_t count = check_all(path);
        /* One more may be committed than was said. */
        assert_true(count == known || count == known + 1);
    }
    assert_true(known < SEEDS);
    assert_true(sweep(path, SEEDS, 0));
    assert_int_equal(check_all(path), SEEDS);
}

/* A limit on file size stands for the full disk: nothing of the run is left, the rest is sound. */
static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    const char *path = test_path("s.db");
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {1 << 20, 1 << 20};
        signal(SIGXFSZ, SIG_IGN);
        bool failed = !setrlimit(RLIMIT_FSIZE, &limit) && !sweep(path, 1000, 0);
        bool says = strstr(error.text, "s.db: cannot ") != NULL;
        if (!failed || !says)
            fprintf(stderr, "%s\n", error.text);
        _exit(!(failed && says));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    size_t count = check_all(path);
    assert_true(count > 3 && count < 1000);
    assert_true(sweep(path, count + 3, 0));
    assert_int_equal(check_all(path), count + 3);
}

/* SQLite's own limit gives its own code for the same. */
static void a_full_file_is_called_full(void **state)
{
    (void)state;
    const char *path = test_path("s.db");
    assert_true(sweep(path, 2, 0));
    struct store *store = store_create(path, NULL, NULL, 0, &error);
    assert_non_null(store);
    /* The first member is the connection: the test may know what others may not. */
    sqlite3 *db = *(sqlite3 **)(void *)store;
    assert_int_equal(sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL), SQLITE_OK);
    struct record *record = made_up_record(16 * MIB, 77);
    assert_false(store_put(store, record, &error));
    assert_non_null(strstr(error.text, "the disk is full"));
    assert_int_equal(sqlite3_exec(db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_true(store_put(store, record, &error)); /* the store is good for more */
    free(record);
    store_close(store);
}

static void processes_share_a_study(void **state)
{
    (void)state;
    const char *path = test_path("s.db");
    enum { PROCESSES = 4, SEEDS = 30 };
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            _exit(!sweep(path, SEEDS, 0));
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(check_all(path), SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_killed_sweep_goes_on, teardown),
        cmocka_unit_test_teardown(a_full_disk_is_an_error, teardown),
        cmocka_unit_test_teardown(a_full_file_is_called_full, teardown),
        cmocka_unit_test_teardown(processes_share_a_study, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
