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

/* migsim plot and report as a user meets them; MIGSIM names the program. One study serves all. */
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
    strcpy(folder, "/tmp/migsim-report-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    write_file("tiny.ini", "[guest]\nmemory = 32M\n[workload w]\nkind = stride\nregion = 2M\n"
                           "offset = 4M\nfill = random\nrate = 200k\n[migration]\n"
                           "max-bandwidth = 8MiB/s\nxbzrle-cache-size = 2M\n[run]\n"
                           "time-limit = 10s\n[sweep]\nmigration.xbzrle = off on\n"
                           "migration.xbzrle-cache-size = 1M 2M 4M\nseeds = 2\n");
    return run("$M sweep --db s.db tiny.ini") == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && run(command) == 0 ? 0 : -1;
}

static void test_a_report_stands_alone_and_is_the_same_twice(void **state)
{
    (void)state;
    assert_int_equal(run("$M report s.db -o one.html && $M report s.db > two.html"), 0);
    assert_int_equal(run("cmp one.html two.html && grep -c '<svg' one.html"), 0);
    assert_true(atoi(output) >= 5);
    assert_int_equal(run("grep -q 'XBZRLE hardly shortens this migration' one.html"), 0);
    assert_int_equal(run("ls *.part"), 2);
}

/* The scenario in the report does the very same runs again, by their digests. */
static void test_the_scenario_of_a_report_does_the_study_again(void **state)
{
    (void)state;
    assert_int_equal(run("$M report s.db | sed -n '/<pre id=\"scenario\">/,/<\\/pre>/p' | "
                         "sed 's/<[^>]*>//g' > again.ini && "
                         "$M sweep --db again.db again.ini > table && "
                         "for db in s again; do $M query --csv $db.db "
                         "'SELECT digest, seed FROM run ORDER BY 1, 2' > $db.csv; done; "
                         "cmp s.csv again.csv && wc -l < s.csv"),
                     0);
    assert_int_equal(atoi(output), 9);
}

static void test_every_kind_of_plot_in_every_format(void **state)
{
    (void)state;
    static const char *const kinds[] = {"cache-size", "miss-ratio",       "techniques",
                                        "downtime",   "timeline --run 1", "iterations --run 1"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char command[200];
        snprintf(command, sizeof command,
                 "for f in png svg pdf gp; do $M plot s.db %s -o p.$f || exit 1; done; "
                 "$M plot s.db %s | grep -c .",
                 kinds[i], kinds[i]);
        assert_int_equal(run(command), 0);
        assert_true(atoi(output) > 15);
    }
}

static void test_wrong_command_lines(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *message;
    } cases[] = {
        {"report", 2, "no study is given"},
        {"report s.db more", 2, "'more' is one too many"},
        {"report nowhere.db", 1, "nowhere.db: cannot open the study: No such file"},
        {"report tiny.ini", 1, "tiny.ini"},
        {"report foreign.db", 1, "no study of migsim"},
        {"report s.db -o no/such/folder.html", 1, "no/such/folder.html: No such file"},
        {"report s.db > /dev/full", 1, "No space left"},
        {"report s.db --ouptut x", 2, "no option '--ouptut'"},
        {"plot s.db cash-size", 2, "did you mean cache-size?"},
        {"plot s.db nonsense", 2, "there are those of migsim list plots"},
        {"plot s.db heat", 1, "this study varies one"},
        {"plot s.db iterations", 2, "say which by --run"},
        {"plot s.db techniques --run 1", 2, "--run has no meaning"},
        {"plot s.db -o p.gif", 2, "ends with .png, .svg, .pdf, or .gp"},
        {"plot foreign.db", 1, "no study of migsim"},
    };
    assert_int_equal(run("sqlite3 foreign.db 'CREATE TABLE run (a)'"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[200];
        snprintf(command, sizeof command, "$M %s", cases[i].arguments);
        int status = run(command);
        if (status != cases[i].status || !strstr(output, cases[i].message))
            fail_msg("%s: status %d, says %.300s", command, status, output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_report_stands_alone_and_is_the_same_twice),
        cmocka_unit_test(test_the_scenario_of_a_report_does_the_study_again),
        cmocka_unit_test(test_every_kind_of_plot_in_every_format),
        cmocka_unit_test(test_wrong_command_lines),
    };
    const char *name = getenv("MIGSIM");
    if (!realpath(name ? name : "build/migsim", program) || !realpath(".", root)) {
        fprintf(stderr, "no program to test: set MIGSIM, and start in the source tree\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
