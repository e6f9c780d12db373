/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* asprintf, mkdtemp */
#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The program itself, as a user meets it; MIGSIM names it. Each test has an empty folder. */
static char program[4096], root[4096], folder[64], output[1 << 20];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/migsim-cli-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static void run_quietly(const char *command)
{
    if (system(command) != 0)
        fprintf(stderr, "failed: %s\n", command);
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (chdir("/") == 0)
        run_quietly(command);
    return 0;
}

/* Runs a shell command in which $M is the program and $R the source tree; stdout and stderr. */
static int run(const char *command)
{
    char *line;
    assert_true(asprintf(&line, "M='%s' R='%s'; { %s ; } 2>&1", program, root, command) > 0);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t used = fread(output, 1, sizeof output - 1, pipe);
    output[used] = 0;
    int status = pclose(pipe);
    free(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static unsigned files_here(void)
{
    unsigned count = 0;
    DIR *here = opendir(".");
    for (struct dirent *entry; (entry = readdir(here));)
        count += entry->d_name[0] != '.';
    closedir(here);
    return count;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static const char TINY[] = "[guest]\nmemory = 32M\n[workload w]\nkind = stride\nregion = 2M\n"
                           "offset = 4M\nfill = random\nrate = 200k\n[migration]\n"
                           "max-bandwidth = 8MiB/s\nxbzrle-cache-size = 2M\n[run]\n"
                           "time-limit = 10s\n[sweep]\nmigration.xbzrle = off on\n"
                           "migration.xbzrle-cache-size = 512K 1M 2M 4M\n";

/* Wrong command lines, what they exit with, and a piece of what they say. */
static const struct {
    const char *arguments;
    int status;
    const char *message;
} BAD[] = {
    {"", 2, "no command is given"},
    {"rnu", 2, "no command 'rnu': did you mean run?"},
    {"run", 2, "no scenario file is given"},
    {"run a b", 2, "'b' is one too many"},
    {"run /no/such.ini", 2, "/no/such.ini: No such file or directory"},
    {"run /", 2, "/: is a directory"},
    {"run --jsno x.ini", 2, "no option '--jsno'"},
    {"run -s", 2, "'-s' wants a value"},
    {"run -s nonsense /dev/null", 2, "no scenario"},
    {"run -s migration.xbzrle $R/workloads/scenarios/cover-letter.ini", 2, "section.key=value"},
    {"run -s migration.xbzrle-cache-size=3M $R/workloads/scenarios/cover-letter.ini", 2,
     "-s migration.xbzrle-cache-size: 3MiB is no size of the policy direct"},
    {"run -s link.bandwidth=10 $R/workloads/scenarios/cover-letter.ini", 2, "has no unit"},
    {"run --seed x $R/workloads/scenarios/cover-letter.ini", 2, "-s run.seed: 'x' is not a whole"},
    {"run --stream /no/such/file $R/workloads/scenarios/cover-letter.ini", 1,
     "/no/such/file: No such file"},
    {"sweep", 2, "no scenario file is given"},
    {"sweep --jobs 0 x.ini", 2, "--jobs: '0' is no whole number from 1 to 256"},
    {"sweep --jobs many x.ini", 2, "--jobs: 'many'"},
    {"sweep --shard 3/2 x.ini", 2, "--shard: '3/2' is not K/N"},
    {"sweep --shard 1 x.ini", 2, "--shard: '1' is not K/N"},
    {"sweep -s sweep.seeds=0 $R/workloads/scenarios/cover-letter.ini", 2, "out of range"},
    {"sweep --db / $R/workloads/scenarios/cover-letter.ini", 1, "/"},
    {"sweep --db $R/Makefile $R/workloads/scenarios/cover-letter.ini", 1, "Makefile"},
    {"compare --cache-sizes , $R/workloads/scenarios/cover-letter.ini", 2, "no size is given"},
    {"compare --cache-sizes 3M $R/workloads/scenarios/cover-letter.ini", 2, "3MiB is no size"},
    {"plot", 2, "migsim plot"},
    {"plot /no/such.db", 1, "/no/such.db"},
    {"plot $R/Makefile", 1, "Makefile"},
    {"list", 2, "say one of"},
    {"list everything", 2, "no list 'everything'"},
    {"record", 2, "migsim record"},
    {"trace", 2, "migsim trace"},
    {"trace info", 2, "migsim trace"},
    {"trace verify /no/such.mgt", 1, "/no/such.mgt"},
    {"trace verify $R/Makefile", 1, "Makefile"},
    {"trace frobnicate x", 2, "frobnicate"},
};

static void test_each_wrong_command_line_says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char command[512];
        snprintf(command, sizeof command, "$M %s </dev/null", BAD[i].arguments);
        int status = run(command);
        if (status != BAD[i].status || !strstr(output, BAD[i].message))
            fail_msg("migsim %s: exit status %d, wanted %d with '%s', says: %.300s",
                     BAD[i].arguments, status, BAD[i].status, BAD[i].message, output);
        if (files_here())
            fail_msg("migsim %s wrote a file", BAD[i].arguments);
    }
}

static void test_every_command_has_help_with_an_example(void **state)
{
    (void)state;
    static const char *const commands[] = {"run",    "sweep", "compare", "plot",
                                           "record", "trace", "list"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char command[64];
        snprintf(command, sizeof command, "$M %s --help", commands[i]);
        assert_int_equal(run(command), 0);
        assert_non_null(strstr(output, "Usage: migsim"));
        assert_non_null(strstr(output, "xample"));
    }
    assert_int_equal(run("$M --help"), 0);
    assert_int_equal(run("$M --version"), 0);
}

static void test_json_has_the_shape_of_query_migrate(void **state)
{
    (void)state;
    write_file("tiny.ini", TINY);
    assert_int_equal(run("$M run --json -s migration.xbzrle=on tiny.ini"), 0);
    json_error_t error;
    json_t *root_value = json_loads(output, 0, &error);
    assert_non_null(root_value);
    json_t *migration = json_object_get(root_value, "migration");
    assert_string_equal(json_string_value(json_object_get(migration, "status")), "completed");
    json_t *ram = json_object_get(migration, "ram");
    assert_true(json_integer_value(json_object_get(ram, "transferred")) > 2 << 20);
    assert_true(json_integer_value(
                    json_object_get(json_object_get(migration, "xbzrle-cache"), "pages")) > 0);
    assert_true(json_is_true(json_object_get(root_value, "verified")));
    json_decref(root_value);
}

static void test_files_on_request(void **state)
{
    (void)state;
    write_file("tiny.ini", TINY);
    assert_int_equal(run("$M run --json --timeline t.csv --stream s --db d.db tiny.ini"), 0);
    json_error_t error;
    json_t *value = json_loads(output, 0, &error);
    struct stat stream;
    assert_int_equal(stat("s", &stream), 0);
    assert_int_equal(stream.st_size, json_integer_value(json_object_get(
                                         json_object_get(value, "stream"), "total")));
    json_decref(value);
    assert_int_equal(run("head -n 1 t.csv | grep -q time_s && wc -l < t.csv"), 0);
    assert_true(atoi(output) > 20);
}

static void test_equal_bytes_whatever_the_number_of_workers(void **state)
{
    (void)state;
    write_file("tiny.ini", TINY);
    assert_int_equal(run("$M sweep --json --jobs 1 tiny.ini > one"), 0);
    assert_int_equal(run("$M sweep --json --jobs 2 tiny.ini > two && cmp one two"), 0);
    assert_int_equal(run("$M sweep --jobs 3 --db three.db --json tiny.ini > three"), 0);
    assert_int_equal(run("$M sweep --jobs 1 --db four.db --json tiny.ini > four; cmp three four"),
                     0);
    assert_int_equal(run("cmp one three"), 0);
}

static void test_a_stored_sweep_is_not_done_again(void **state)
{
    (void)state;
    write_file("tiny.ini", TINY);
    assert_int_equal(run("$M sweep --db d.db tiny.ini > first"), 0);
    assert_int_equal(run("chmod a-w d.db; cp d.db copy.db; $M sweep --db d.db tiny.ini > again; "
                         "cmp first again"),
                     0);
}

/* Kills the sweep in the middle, `signal`, and then lets it go on. */
static void interrupt_and_go_on(const char *signal, int wanted_status)
{
    char command[512];
    write_file("long.ini", TINY);
    snprintf(command, sizeof command,
             "$M sweep --jobs 2 --db d.db -s sweep.seeds=40 long.ini & pid=$!; n=0; "
             "until [ \"0$(sqlite3 d.db 'select count(*) from run' 2>&-)\" -gt 0 ] || "
             "[ $n -gt 900 ]; do n=$((n + 1)); sleep 0.1; done; kill -%s $pid; wait $pid",
             signal);
    assert_int_equal(run(command), wanted_status);
    assert_int_equal(run("sqlite3 d.db 'pragma integrity_check'"), 0);
    assert_string_equal(output, "ok\n");
    assert_int_equal(run("sqlite3 d.db 'select count(*) from run'"), 0);
    int done = atoi(output);
    assert_true(done > 0 && done < 200);
    assert_int_equal(run("$M sweep --jobs 2 --db d.db -s sweep.seeds=40 long.ini > table"), 0);
    assert_int_equal(run("sqlite3 d.db 'select count(*), count(distinct digest || seed) from run'"),
                     0);
    assert_string_equal(output, "200|200\n");
    assert_int_equal(run("$M sweep --jobs 2 -s sweep.seeds=40 long.ini | cmp - table"), 0);
}

static void test_kill_9_in_the_middle_loses_and_doubles_nothing(void **state)
{
    (void)state;
    interrupt_and_go_on("KILL", 137);
}

static void test_ctrl_c_ends_with_130_and_a_sound_store(void **state)
{
    (void)state;
    interrupt_and_go_on("TERM", 130);
    assert_int_equal(run("timeout -s INT 2 $M sweep -s guest.memory=1G "
                         "-s workload.w.region=512M -s sweep.seeds=200 long.ini; test $? = 124"),
                     0);
    if (!strstr(output, "interrupted"))
        fail_msg("says: %.300s", output);
}

static void test_a_full_disk_is_an_error(void **state)
{
    (void)state;
    write_file("tiny.ini", TINY);
    assert_int_equal(run("$M run tiny.ini > /dev/full"), 1);
    assert_non_null(strstr(output, "No space left"));
    assert_int_equal(run("$M run --stream /dev/full tiny.ini"), 1);
    assert_non_null(strstr(output, "No space left"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_wrong_command_line_says_what_is_wrong, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_command_has_help_with_an_example, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_json_has_the_shape_of_query_migrate, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_files_on_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_equal_bytes_whatever_the_number_of_workers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_stored_sweep_is_not_done_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kill_9_in_the_middle_loses_and_doubles_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_ctrl_c_ends_with_130_and_a_sound_store, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_an_error, set_up, tear_down),
    };
    const char *name = getenv("MIGSIM");
    if (!realpath(name ? name : "build/migsim", program) || !realpath(".", root)) {
        fprintf(stderr, "no program to test: set MIGSIM, and start in the source tree\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
