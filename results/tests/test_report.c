/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/report.h"

#include "results/report_parts.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Changes a record before it is stored. */
typedef void change(struct record *record);

/* The page of a sweep over sizes (0 is off) and seeds, with a setting workload.x of each value. */
static char *page_of(const char *name, const uint64_t *mib, size_t sizes, uint64_t seeds,
                     const char *const *values, size_t value_count, change *apply)
{
    struct store *store = store_create(test_path("s.db"), name, NULL, 0, &error);
    assert_non_null(store);
    for (size_t v = 0; v < value_count; v++)
        for (size_t i = 0; i < sizes; i++)
            for (uint64_t seed = 1; seed <= seeds; seed++) {
                struct record *record = made_up_record_with(
                    mib[i] * MIB, seed, values ? "workload.x" : NULL, values ? values[v] : NULL);
                if (apply)
                    apply(record);
                if (!store_put(store, record, &error))
                    fail_msg("%s", error.text);
                free(record);
            }
    store_close(store);
    store = store_open(test_path("s.db"), &error);
    struct study *study = store_load(store, &error);
    assert_non_null(study);
    char *page = report_html(study, store, &error);
    if (!page)
        fail_msg("%s", error.text);
    study_free(study);
    store_close(store);
    test_folder_remove();
    return page;
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    while ((text = strstr(text, what))) {
        count++;
        text += strlen(what);
    }
    return count;
}

/* Elements are closed; nothing is loaded, and nothing can run. */
static void expect_sound(const char *page)
{
    static const char *const tags[] = {"table", "tr",  "td",  "div",  "p",  "figure", "details",
                                       "pre",   "svg", "bdi", "code", "ul", "li",     "h2"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        char open[24], open_more[24], close[24];
        snprintf(open, sizeof open, "<%s>", tags[i]);
        snprintf(open_more, sizeof open_more, "<%s ", tags[i]);
        snprintf(close, sizeof close, "</%s>", tags[i]);
        if (count_of(page, open) + count_of(page, open_more) != count_of(page, close))
            fail_msg("<%s> is not closed as often as it is opened", tags[i]);
    }
    assert_int_equal(count_of(page, "://"), count_of(page, "=\"http://www.w3.org/"));
    static const char *const bad[] = {"<script", "<img",    "<link",      "<iframe",
                                      "@import", " onload", "javascript:"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strstr(page, bad[i]))
            fail_msg("the page holds %s", bad[i]);
    assert_non_null(strstr(page, "default-src 'none'"));
    assert_non_null(strstr(page, "prefers-color-scheme:dark"));
    assert_string_equal(page + strlen(page) - 16, "</body>\n</html>\n");
}

static void expect(const char *page, const char *text)
{
    if (!strstr(page, text))
        fail_msg("the page does not say \"%s\"", text);
}

static const uint64_t SIZES[] = {0, 4, 8, 16, 32, 64};

static void the_answer_to_the_cache_size(void **state)
{
    (void)state;
    char *page = page_of("dir/cover.ini", SIZES, 6, 8, NULL, 1, NULL);
    expect_sound(page);
    expect(page, "<h1><bdi>cover.ini</bdi></h1>");
    expect(page, "How large must the XBZRLE cache be, and how bad is it to choose wrong?");
    expect(page, "A cache of <b>64 MiB</b>: total time ");
    expect(page, "Smaller, 32 MiB: total time +");
    expect(page, "Without XBZRLE: does not converge in 8 of 8 runs.");
    expect(page, "8 of 8 (68..100 %)");
    expect(page, "<code>migration.downtime-limit</code></td><td><bdi>300ms");
    expect(page, "<summary>Every run (48)</summary>");
    expect(page, "\nmigration.xbzrle-cache-size = 4MiB 8MiB 16MiB 32MiB 64MiB\nseeds = 8\n");
    assert_int_equal(count_of(page, "<svg"), 8); /* four of the study, two of each of two runs */
    assert_int_equal(count_of(page, "<tr class=\"chosen\">"), 3); /* its row; two keys that vary */
    free(page);
}

/* Every id once: inline plots share one page, and patterns go by id. */
static void ids_are_unique(void **state)
{
    (void)state;
    char *page = page_of("s", SIZES, 6, 3, NULL, 1, NULL);
    size_t ids = 0;
    for (const char *p = page; (p = strstr(p, " id=")); p += 4) {
        char id[80];
        size_t length = strcspn(p + 5, "'\"");
        if (p[4] != '\'' && p[4] != '"')
            continue;
        snprintf(id, sizeof id, " id=%.*s", (int)length + 2, p + 4);
        if (count_of(page, id) != 1)
            fail_msg("%s is there %zu times", id, count_of(page, id));
        ids++;
    }
    assert_true(ids > 100);
    for (const char *p = page; (p = strstr(p, "url(#")); p += 5) {
        char id[80];
        snprintf(id, sizeof id, "id='%.*s'", (int)strcspn(p + 5, ")"), p + 5);
        expect(page, id);
    }
    free(page);
}

static void the_same_study_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const values[] = {"a", "b"};
    char *one = page_of("s", SIZES, 6, 3, values, 2, NULL);
    char *two = page_of("s", SIZES, 6, 3, values, 2, NULL);
    assert_string_equal(one, two);
    free(one);
    free(two);
}

static void studies_of_other_shapes(void **state)
{
    (void)state;
    static const char *const values[] = {"a", "b"};
    char *page = page_of("s", SIZES, 6, 2, values, 2, NULL);
    expect_sound(page);
    expect(page, "2 of 2 combinations converge with some cache size.");
    expect(page, "2 seeds are too few to tell neighbouring cache sizes apart");
    assert_non_null(strstr(page, "frontier of convergence"));
    free(page);
    page = page_of("s", SIZES + 5, 1, 1, NULL, 1, NULL);
    expect_sound(page);
    expect(page, "Does this migration converge, how long does it take");
    expect(page, "<p class=\"answer\">It converges: total time ");
    expect(page, "migsim run --db study.db study.ini");
    assert_int_equal(count_of(page, "<svg"), 2);
    free(page);
    page = page_of("s", SIZES + 5, 1, 1, values, 2, NULL);
    expect_sound(page);
    expect(page, "How do these settings change total time");
    expect(page, "Fastest: <bdi>x ");
    free(page);
    page = page_of("s", SIZES, 3, 1, NULL, 1, NULL);
    expect_sound(page);
    expect(page, "None of these cache sizes lets the migration converge, nor does XBZRLE off.");
    expect(page, "One seed: nothing here says how far the numbers scatter");
    free(page);
    page = page_of("s", SIZES, 1, 2, NULL, 1, NULL);
    expect_sound(page);
    expect(page, "No: with none of these settings does every run converge.");
    free(page);
    struct store *store = store_create(test_path("e.db"), "s", NULL, 0, &error);
    struct study *study = study_create("s", NULL, 0);
    assert_null(report_html(study, store, &error));
    assert_non_null(strstr(error.text, "holds no runs"));
    study_free(study);
    store_close(store);
}

static void fail_one(struct record *record)
{
    if (record->seed == 2 && record->xbzrle_cache_size == 32 * MIB) {
        record->outcome = OUTCOME_FAILED;
        record->why = "page 7 differs";
    }
}

static void failed_runs_are_told_first(void **state)
{
    (void)state;
    char *page = page_of("s", SIZES, 6, 3, NULL, 1, fail_one);
    expect(page, "1 of 18 runs FAILED: their delivery was wrong.");
    expect(page, "page 7 differs");
    free(page);
}

static const char NASTY[] =
    "</title></svg><script>alert('x')</script><img src=x onerror=\"y\">&amp;"
    "\x1b[2J\xff\n'#gpPat1 url(#gp";

static void be_nasty(struct record *record)
{
    record->why = record->outcome == OUTCOME_CONVERGED ? "" : NASTY;
}

/* Names from a database of anybody are only text, in the page and in its plots. */
static void hostile_names_are_only_text(void **state)
{
    (void)state;
    const char *const values[] = {NASTY, "]]>--><style>*{display:none}</style>"};
    char *page = page_of(NASTY, SIZES, 6, 3, values, 2, be_nasty);
    expect_sound(page);
    assert_null(strstr(page, "<style>*"));
    assert_null(strchr(page, '\x1b'));
    assert_null(strchr(page, '\xff'));
    assert_int_equal(count_of(page, "<title>"),
                     1 + count_of(page, "<title>gnuplot_plot") + count_of(page, "<title>Gnuplot"));
    expect(page, "&lt;img src=x onerror=&quot;y&quot;&gt;&amp;amp;");
    free(page);
}

/* Settings as a scenario has them: exact, with units, changes in flight in their own section. */
static void the_scenario_is_exact(void **state)
{
    (void)state;
    const struct record_setting settings[] = {
        {"at.5000000000.migration.downtime-limit", "400000001", true, "ns"},
        {"guest.image", "", false, ""},
        {"guest.memory", "1073741824", true, "bytes"},
        {"link.bandwidth", "12345678", true, "bytes/s"},
        {"run.time-limit", "60000000000", true, "ns"},
        {"workload.my.load.file", "a.mgt", false, ""},
        {"workload.my.load.file-digest", "00ff", false, ""},
        {"workload.my.load.kind", "trace", false, ""},
        {"workload.my.load.region", "4096", true, "bytes"},
    };
    struct record *made = made_up_record(0, 5), record = *made;
    record.settings = settings;
    record.setting_count = sizeof settings / sizeof *settings;
    struct study *study = study_create("s", NULL, 0);
    study_add(study, &record);
    struct study_groups *groups = study_group(study);
    char *text = report_scenario(study, groups);
    assert_string_equal(text, "[at 5000000000ns]\nmigration.downtime-limit = 400000001ns\n"
                              "[guest]\nmemory = 1GiB\n[link]\nbandwidth = 12345678B/s\n"
                              "[run]\nseed = 5\ntime-limit = 60s\n"
                              "[workload my.load]\nfile = a.mgt\nkind = trace\n");
    free(text);
    study_groups_free(groups);
    study_free(study);
    free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_answer_to_the_cache_size, teardown),
        cmocka_unit_test_teardown(ids_are_unique, teardown),
        cmocka_unit_test_teardown(the_same_study_gives_the_same_bytes, teardown),
        cmocka_unit_test_teardown(studies_of_other_shapes, teardown),
        cmocka_unit_test_teardown(failed_runs_are_told_first, teardown),
        cmocka_unit_test_teardown(hostile_names_are_only_text, teardown),
        cmocka_unit_test_teardown(the_scenario_is_exact, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
