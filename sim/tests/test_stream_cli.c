/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* asprintf, mkdtemp */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * `migsim stream`, as a user meets it, on a stream that `migsim run` wrote; MIGSIM names the
 * program. One folder holds the stream and what was printed of the run.
 */
static char program[4096], folder[64], output[1 << 20];

static const char SCENARIO[] = "[guest]\nmemory = 32M\n[workload w]\nkind = stride\nregion = 2M\n"
                               "offset = 4M\nfill = random\nrate = 200k\n[migration]\n"
                               "max-bandwidth = 8MiB/s\nxbzrle = on\nxbzrle-cache-size = 2M\n";

/* Runs a shell command in which $M is the program; what it prints on stdout, and on stderr behind.
 */
static int run(const char *command)
{
    char *line;
    assert_true(asprintf(&line, "M='%s'; { %s ; } 2>error; s=$?; cat error; exit $s", program,
                         command) > 0);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = 0;
    int status = pclose(pipe);
    free(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void expect(const char *command, int status, const char *text)
{
    int got = run(command);
    if (got != status || !strstr(output, text))
        fail_msg("%s: status %d, not %d with '%s': %s", command, got, status, text, output);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/migsim-stream-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    FILE *file = fopen("s.ini", "w");
    if (!file || fputs(SCENARIO, file) < 0 || fclose(file) != 0)
        return -1;
    return run("$M run --json --stream a.stream s.ini >run.json");
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static json_t *load(const char *text, const char *path)
{
    json_error_t error;
    json_t *value = text ? json_loads(text, 0, &error) : json_load_file(path, 0, &error);
    if (!value)
        fail_msg("%s: %s", path, error.text);
    return value;
}

static json_int_t count(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void test_dump_finds_what_the_run_counted(void **state)
{
    (void)state;
    static const char *const keys[] = {"total",         "transferred", "normal",
                                       "normal-bytes",  "duplicate",   "precopy-bytes",
                                       "downtime-bytes"};
    json_t *ran = load(NULL, "run.json"), *section;
    assert_int_equal(run("$M stream dump --json a.stream"), 0);
    json_t *dumped = load(output, "dump");
    assert_true(json_equal(json_object_get(dumped, "stream"), json_object_get(ran, "stream")));
    const json_t *migration = json_object_get(ran, "migration");
    const json_t *ours = json_object_get(dumped, "ram"),
                 *theirs = json_object_get(migration, "ram");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(count(ours, keys[i]), count(theirs, keys[i]));
    json_int_t bytes = 0, records = count(json_object_get(dumped, "xbzrle-cache"), "records");
    assert_true(records > 0);
    assert_int_equal(count(json_object_get(dumped, "xbzrle-cache"), "bytes"),
                     count(json_object_get(migration, "xbzrle-cache"), "bytes"));
    size_t i;
    json_array_foreach(json_object_get(dumped, "sections"), i, section)
    {
        bytes += count(section, "bytes");
        records -= count(section, "xbzrle");
    }
    const json_t *stream = json_object_get(dumped, "stream");
    assert_int_equal(bytes, count(stream, "total") - count(stream, "file-header") -
                                count(stream, "device"));
    assert_int_equal(records, 0);
    json_decref(ran);
    json_decref(dumped);
}

static void test_dump_lists_every_record(void **state)
{
    (void)state;
    json_t *ran = load(NULL, "run.json");
    const json_t *ram = json_object_get(json_object_get(ran, "migration"), "ram");
    expect("$M stream dump --records a.stream >records", 0, "");
    expect("grep '^ \\{16\\}normal ' records | wc -l", 0, "");
    assert_int_equal(atoll(output), count(ram, "normal"));
    expect("grep '^ \\{16\\}zero ' records | wc -l", 0, "");
    assert_int_equal(atoll(output), count(ram, "duplicate"));
    json_decref(ran);
}

static void test_verify_compares(void **state)
{
    (void)state;
    expect("$M stream verify --image a.raw a.stream", 0, "of them byte for byte");
    expect("wc -c <a.raw", 0, "33554432");
    expect("$M stream verify --memory a.raw a.stream", 0, "equal, 8192 pages");
    expect("$M stream verify a.stream a.stream", 0, "pc.bios and a.stream: equal, 64 pages");
    expect("tail -c +5242881 a.raw >part; $M stream verify --memory part --offset 5M a.stream", 0,
           "equal, 6912 pages");
    expect("printf '\\377\\0' | dd of=a.raw bs=1 seek=8192000 conv=notrunc 2>error;"
           "$M stream verify --memory a.raw a.stream",
           1, "1 of 8192 pages differ; the first is page 2000");
    expect("$M run --seed 2 --stream b.stream s.ini >b; $M stream verify a.stream b.stream", 1,
           "pages differ; the first is page");
    expect("$M stream verify --json a.stream b.stream", 1, "\"equal\": false");
    expect("$M stream verify --block pc.bios a.stream a.stream", 0, "equal, 64 pages");
    assert_null(strstr(output, "pc.rom"));
}

static void test_what_is_damaged(void **state)
{
    (void)state;
    expect("head -c 3000000 a.stream >cut; $M stream verify cut", 1, "ends before all of RAM");
    expect("$M stream dump cut", 1, "transferred");
    expect("$M stream dump --json cut 2>error.txt", 1, "\"complete\": false");
    json_decref(load(output, "dump of a cut stream"));
    expect("$M stream verify s.ini", 1, "no migration stream");
    expect("$M stream dump s.ini", 1, "no migration stream");
    expect("$M stream verify none", 1, "none: No such file");
    expect("$M stream dump /dev/null", 1, "ends before all of RAM");
    expect("$M stream verify --memory s.ini a.stream", 1, "but 'pc.ram' has 33554432");
    expect("$M stream verify --image /none/x a.stream", 1, "/none/x: ");
    expect("$M stream dump a.stream >/dev/full", 1, "cannot write");
}

static void test_wrong_command_lines(void **state)
{
    (void)state;
    expect("$M stream", 2, "no action ''");
    expect("$M stream verfy a.stream", 2, "did you mean verify?");
    expect("$M stream dump", 2, "wants one stream");
    expect("$M stream dump a.stream a.stream", 2, "wants one stream");
    expect("$M stream dump --memory s.ini a.stream", 2, "go with verify");
    expect("$M stream verify --records a.stream", 2, "goes with dump");
    expect("$M stream verify --offset 1M a.stream", 2, "goes with --memory");
    expect("$M stream verify --offset 1 --memory s.ini a.stream", 2, "--offset");
    expect("$M stream verify --block vga a.stream", 2, "takes one of: pc.ram, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dump_finds_what_the_run_counted),
        cmocka_unit_test(test_dump_lists_every_record),
        cmocka_unit_test(test_verify_compares),
        cmocka_unit_test(test_what_is_damaged),
        cmocka_unit_test(test_wrong_command_lines),
    };
    const char *name = getenv("MIGSIM");
    if (!realpath(name ? name : "build/migsim", program)) {
        fprintf(stderr, "no program to test: set MIGSIM, and start in the source tree\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
