/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* asprintf, mkdtemp */
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

/* migsim query as a user meets it; MIGSIM names the program. One study serves all tests. */
static char program[4096], root[4096], folder[64], output[1 << 20];

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

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/migsim-query-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    write_file("tiny.ini", "[guest]\nmemory = 32M\n[workload w]\nkind = stride\nregion = 2M\n"
                           "offset = 4M\nfill = random\nrate = 200k\n[migration]\n"
                           "max-bandwidth = 8MiB/s\nxbzrle-cache-size = 2M\n[run]\n"
                           "time-limit = 10s\n[sweep]\nmigration.xbzrle = off on\n"
                           "migration.xbzrle-cache-size = 1M 2M 4M\n");
    return run("$M sweep --db s.db tiny.ini") == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && run(command) == 0 ? 0 : -1;
}

/* Each query of the page, taken from it, with rows for an answer. */
static void test_the_queries_of_the_schema_page(void **state)
{
    (void)state;
    char name[4200], page[1 << 16];
    snprintf(name, sizeof name, "%s/docs/schema.md", root);
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = 0;
    fclose(file);
    unsigned count = 0;
    for (char *start = page; (start = strstr(start, "```sql\n")); count++) {
        start += 7;
        char *end = strstr(start, "```");
        assert_non_null(end);
        *end = 0;
        write_file("query.sql", start);
        if (run("$M query --csv s.db \"$(cat query.sql)\" > out && sed -n 2p out") != 0 || !*output)
            fail_msg("%s\nsays: %.300s", start, output);
        start = end + 3;
    }
    assert_int_equal(count, 8);
}

static void test_three_formats(void **state)
{
    (void)state;
    assert_int_equal(run("$M query s.db"), 0);
    assert_non_null(strstr(output, "v_cache_size"));
    assert_int_equal(run("$M query --csv s.db v_cache_size | wc -l"), 0);
    assert_int_equal(atoi(output), 5);
    assert_int_equal(run("$M query --json s.db v_run | grep -c '\"id\": '"), 0);
    assert_int_equal(atoi(output), 4);
    assert_int_equal(run("$M query s.db 'SELECT id, outcome FROM run WHERE id = 1'"), 0);
    assert_string_equal(output, "id  outcome\n--  ---------\n 1  converged\n");
}

static void test_wrong_queries(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *message;
    } cases[] = {
        {"", 2, "no study is given"},
        {"s.db v_run more", 2, "'more' is one too many"},
        {"nowhere.db", 1, "nowhere.db: cannot open the study: No such file"},
        {"nowhere.db v_run", 1, "nowhere.db: cannot open the study: No such file"},
        {"tiny.ini v_run", 1, "tiny.ini"},
        {"foreign.db v_run", 1, "foreign.db: is an SQLite database, but no study of migsim"},
        {". v_run", 1, "."},
        {"s.db v_runs", 2, "did you mean v_run?"},
        {"s.db 'SELECT missing FROM v_run'", 2, "no such column: missing"},
        {"s.db 'DELETE FROM run'", 2, "may only read"},
        {"--limit 2 s.db v_run", 1, "more than 2 rows"},
        {"--limit 0 s.db v_run", 2, "--limit: '0'"},
        {"--time-limit x s.db v_run", 2, "--time-limit: 'x'"},
        {"s.db v_run > /dev/full", 1, "No space left"},
    };
    assert_int_equal(run("sqlite3 foreign.db 'CREATE TABLE run (a)'; cp s.db before.db"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[200];
        snprintf(command, sizeof command, "$M query %s", cases[i].arguments);
        int status = run(command);
        if (status != cases[i].status || !strstr(output, cases[i].message))
            fail_msg("%s: status %d, says %.300s", command, status, output);
    }
    assert_int_equal(run("cmp s.db before.db"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_queries_of_the_schema_page),
        cmocka_unit_test(test_three_formats),
        cmocka_unit_test(test_wrong_queries),
    };
    const char *name = getenv("MIGSIM");
    if (!realpath(name ? name : "build/migsim", program) || !realpath(".", root)) {
        fprintf(stderr, "no program to test: set MIGSIM, and start in the source tree\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
