/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/plot.h"

#include "results/cache_lines.h"
#include "results/gnuplot.h"
#include "results/plot_script.h"
#include "results/tests/twin_folder.h"
#include "results/tests/twin_records.h"
#include "results/text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

extern const struct plot_kind plot_skeleton;

static struct error error;

static int teardown(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

/* Sizes 0 (off), 4M .. 64M; converging from 16M on. In reverse order if asked. */
static struct study *sweep(const char *name, uint64_t seeds, bool reverse)
{
    struct study *study = study_create(name, NULL, 0);
    for (uint64_t i = 0; i < 6 * seeds; i++) {
        uint64_t k = reverse ? 6 * seeds - 1 - i : i, step = k % 6;
        struct record *record = made_up_record(step ? MIB << (step + 1) : 0, k / 6 + 1);
        study_add(study, record);
        free(record);
    }
    return study;
}

/* The same with another setting that varies, as a heat map wants it. */
static struct study *sweep_of_two(uint64_t seeds, bool reverse)
{
    static const char *const values[] = {"a", "b", "c"};
    struct study *study = study_create("s", NULL, 0);
    uint64_t count = 18 * seeds;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t k = reverse ? count - 1 - i : i, step = k % 6;
        struct record *record = made_up_record_with(step ? MIB << (step + 1) : 0, k / 18 + 1,
                                                    "workload.x", values[k / 6 % 3]);
        if (k / 6 % 3 == 0 && step == 3 && k < 18) /* one seed of several: converges at times */
            record->outcome = OUTCOME_NOT_CONVERGED;
        study_add(study, record);
        free(record);
    }
    return study;
}

/* What gnuplot is given for that file; owned by the caller. */
static char *script_of(const struct plot_kind *kind, const struct plot_input *input)
{
    size_t size;
    const char *path = test_path("script.gp");
    if (!plot_write(kind, input, path, &error))
        fail_msg("%s", error.text);
    return (char *)test_read(path, &size);
}

static void kinds_are_found(void **state)
{
    (void)state;
    assert_string_equal(plot_find("cache-size")->name, "cache-size");
    assert_string_equal(plot_find("timeline")->name, "timeline");
    assert_null(plot_find("skeleton"));
    assert_null(plot_find(""));
    struct study *one = study_create("s", NULL, 0), *many = sweep("s", 1, false);
    struct record *record = made_up_record(0, 1);
    study_add(one, record);
    assert_string_equal(plot_default(one)->name, "timeline");
    assert_string_equal(plot_default(many)->name, "cache-size");
    free(record);
    study_free(one);
    study_free(many);
}

static void formats_follow_from_the_name(void **state)
{
    (void)state;
    enum plot_format format;
    assert_true(plot_format_of("a/b.png", &format, &error) && format == PLOT_PNG);
    assert_true(plot_format_of("x.y.svg", &format, &error) && format == PLOT_SVG);
    assert_true(plot_format_of("x.pdf", &format, &error) && format == PLOT_PDF);
    assert_true(plot_format_of("x.gp", &format, &error) && format == PLOT_SCRIPT);
    const char *const wrong[] = {"", ".png", "a/.png", "png", "a.PNG", "a.gif", "a.png/", "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(plot_format_of(wrong[i], &format, &error));
        assert_non_null(strstr(error.text, "ends with .png, .svg, .pdf, or .gp"));
    }
}

/* The same bytes from both, in a format. */
static void expect_same_bytes(const struct plot_kind *kind, const struct plot_input *one,
                              const struct plot_input *other, const char *suffix)
{
    const struct plot_input *const inputs[] = {one, other};
    unsigned char *bytes[2];
    size_t size[2];
    for (size_t i = 0; i < 2; i++) {
        char name[32];
        /* A script names the PNG that it draws. */
        snprintf(name, sizeof name, "p%zu.%s", strcmp(suffix, "gp") ? i : 0, suffix);
        if (!plot_write(kind, inputs[i], test_path(name), &error))
            fail_msg("%s: %s", kind->name, error.text);
        bytes[i] = test_read(test_path(name), &size[i]);
    }
    assert_true(size[0] > 500);
    if (size[0] != size[1] || memcmp(bytes[0], bytes[1], size[0]) != 0)
        fail_msg("%s differs as %s", kind->name, suffix);
    free(bytes[0]);
    free(bytes[1]);
}

static void expect_characters(const struct plot_kind *kind, const struct plot_input *input)
{
    char *text = plot_characters(kind, input, 100, 36, &error);
    assert_non_null(text);
    size_t lines = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1, lines++) {
        char copy[1000];
        snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
        assert_true(text_columns(copy) <= 100);
    }
    assert_true(lines > 25 && lines <= 36);
    free(text);
}

/* Contract of every kind, in every format: it draws, and the same bytes each time. */
static void every_kind_draws_the_same_bytes(void **state)
{
    (void)state;
    struct study *one = sweep_of_two(3, false), *turned = sweep_of_two(3, true);
    struct record *run = made_up_record(64 * MIB, 1);
    static const char *const suffixes[] = {"png", "svg", "pdf", "gp"};
    const struct plot_input input = {.study = one, .run = run},
                            other = {.study = turned, .run = run};
    for (size_t k = 0; plot_kinds[k]; k++) {
        for (size_t f = 0; f < 4; f++)
            expect_same_bytes(plot_kinds[k], &input, &other, suffixes[f]);
        expect_characters(plot_kinds[k], &input);
    }
    expect_same_bytes(&plot_skeleton, &input, &input, "png");
    expect_characters(&plot_skeleton, &input);
    assert_int_equal(test_folder_files(), 7); /* nothing beside them */
    free(run);
    study_free(one);
    study_free(turned);
}

static void a_script_draws_what_the_png_shows(void **state)
{
    (void)state;
    struct study *study = sweep("s", 2, false);
    const struct plot_input input = {.study = study};
    assert_true(plot_write(&plot_skeleton, &input, test_path("a.png"), &error));
    assert_true(plot_write(&plot_skeleton, &input, test_path("b.gp"), &error));
    pid_t child = fork();
    if (child == 0)
        _exit(chdir(test_folder()) || execlp("gnuplot", "gnuplot", "-d", "b.gp", (char *)NULL));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    size_t size[2];
    unsigned char *a = test_read(test_path("a.png"), &size[0]),
                  *b = test_read(test_path("b.png"), &size[1]);
    assert_non_null(b);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(a, b, size[0]);
    free(a);
    free(b);
    study_free(study);
}

/* Names come from files of anybody. None may end a string, a block, or run a command. */
static void hostile_names_are_only_text(void **state)
{
    (void)state;
    static const char *const names[] = {
        "'; system('touch /tmp/migsim-pwned'); '",
        "`touch /tmp/migsim-pwned`",
        "a\nEOD\nquit\n",
        "\"\\\"\\",
        "@macro %s %n $0 {/=99 x} ^2 _3",
        "\xff\xfe\x1b[2J",
        "it's \\",
        "'a'",
        "''",
        "' . system(\"touch /tmp/migsim-pwned\") . '",
        "",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct study *study = study_create(names[i], NULL, 0);
        for (unsigned k = 0; k < 4; k++) {
            struct record *record = made_up_record_with(k % 2 ? 64 * MIB : 8 * MIB, 1, "workload.x",
                                                        k < 2 ? names[i] : "plain");
            record->why = names[i];
            study_add(study, record);
            free(record);
        }
        struct record *run = made_up_record(8 * MIB, 1);
        run->why = names[i];
        const struct plot_input input = {.study = study, .run = run};
        for (size_t k = 0; plot_kinds[k]; k++) {
            if (!plot_write(plot_kinds[k], &input, test_path("a.png"), &error))
                fail_msg("%s with %s: %s", plot_kinds[k]->name, names[i], error.text);
            char *text = plot_characters(plot_kinds[k], &input, 80, 30, &error);
            assert_non_null(text);
            assert_null(strchr(text, 0x1b));
            free(text);
        }
        free(run);
        study_free(study);
    }
    assert_int_equal(access("/tmp/migsim-pwned", F_OK), -1);
}

static void texts_are_quoted(void **state)
{
    (void)state;
    const struct {
        const char *text, *quoted;
        size_t columns;
    } cases[] = {{"plain", "'plain'", 80},
                 {"it's", "'it\xe2\x80\x99s'", 80},
                 {"''", "'\xe2\x80\x99\xe2\x80\x99'", 80},
                 {"a\nb`c`", "'a b`c`'", 80},
                 {"abcdefgh", "'abc...'", 6},
                 {"abcdef", "'abcdef'", 6},
                 {"abcdef", "'...'", 2},
                 {"gr\xc3\xbc\xc3\x9f", "'gr\xc3\xbc\xc3\x9f'", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text;
        size_t size;
        FILE *out = text_stream(&text, &size);
        plot_put_text(out, cases[i].text, cases[i].columns);
        fclose(out);
        assert_string_equal(text, cases[i].quoted);
        free(text);
    }
}

/* Any mixture of what gnuplot could take for more than text is a string to it. */
static void mixtures_of_special_characters_are_strings(void **state)
{
    (void)state;
    static const char *const pieces[] = {"'", "\"", "`", "\\", "@", "$", ";", "#",    "\n",    "{",
                                         "}", "%",  ",", "a",  " ", ".", "!", "\xff", "system"};
    uint64_t random = 7;
    size_t size;
    char *script;
    FILE *out = text_stream(&script, &size);
    fputs("set terminal dumb noenhanced\n", out);
    for (unsigned i = 0; i < 2000; i++) {
        char text[80] = "";
        for (unsigned k = 0; k < 1 + i % 8; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            strcat(text, pieces[(random >> 33) % (sizeof pieces / sizeof *pieces)]);
        }
        fprintf(out, "set label %u ", i + 1);
        plot_put_text(out, text, 40);
        fputs(" at 1, 1\n", out);
    }
    fputs("plot x title 'end'\n", out);
    fclose(out);
    FILE *drawn = tmpfile();
    assert_non_null(drawn);
    if (!gnuplot_run(script, fileno(drawn), &error))
        fail_msg("%s", error.text);
    fclose(drawn);
    free(script);
}

static void steps_are_round(void **state)
{
    (void)state;
    const double cases[][2] = {{20, 5}, {16.4, 5}, {300, 100}, {0.7, 0.2}, {1, 0.2}, {1e9, 2e8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double step = plot_step(cases[i][0], 5);
        assert_true(step > 0 && cases[i][0] / step >= 2 && cases[i][0] / step <= 5.001);
    }
    assert_true(plot_step(0, 5) == 1 && plot_step(-3, 5) == 1);
}

static char *message(struct study *study)
{
    struct cache_lines lines = cache_lines_find(study);
    char *text = cache_lines_message(&lines);
    cache_lines_release(&lines);
    return text;
}

static void expect_message(struct study *study, const char *wanted)
{
    char *text = message(study);
    assert_string_equal(text, wanted);
    free(text);
}

static void the_title_says_the_message(void **state)
{
    (void)state;
    struct study *study = sweep("s", 2, false);
    expect_message(study, "Converges from a cache of 16 MiB on; with XBZRLE off it does not");
    for (size_t i = 0; i < study->run_count; i++) { /* all converge, the smallest fastest */
        struct record *record = study->runs[i].record;
        record->outcome = OUTCOME_CONVERGED;
        record->total_time_ns = 20000000000 + (int64_t)record->xbzrle_cache_size;
    }
    expect_message(study, "Total time 20.0 s with a cache of 4 MiB, 20.0 s with XBZRLE off");
    study->runs[0].record->outcome = OUTCOME_NOT_CONVERGED;
    expect_message(study,
                   "Converges with each of these cache sizes; with XBZRLE off it does at times");
    study->runs[11].record->outcome = OUTCOME_NOT_CONVERGED; /* the largest, second seed */
    expect_message(study,
                   "Converges with none of these cache sizes; with XBZRLE off it does at times");
    study->runs[6].record->outcome = OUTCOME_NOT_CONVERGED;
    expect_message(study, "Converges with none of these cache sizes, nor with XBZRLE off");
    study_free(study);
}

static void what_did_not_converge_is_marked(void **state)
{
    (void)state;
    struct study *study = sweep("dir/of/cover.ini", 3, false);
    study->runs[3].record->outcome = OUTCOME_NOT_CONVERGED; /* 16 MiB, seed 1 */
    const struct plot_input input = {.study = study};
    char *script = script_of(plot_find("cache-size"), &input);
    assert_non_null(strstr(script, "'not converged within 60 s'"));
    assert_non_null(strstr(script, "\n22 \"\"\n23 \"\"\n24 \"1 of 3\"\nEOD"));
    assert_non_null(strstr(script, "\n24 "));
    assert_non_null(strstr(script, "'4 MiB' 22, '8 MiB' 23, '16 MiB' 24"));
    assert_non_null(strstr(script, "'cover.ini: medians over 3 seeds, bars: from least to most'"));
    assert_non_null(strstr(script, "title 'XBZRLE off'"));
    assert_non_null(strstr(script, "'downtime-limit 300 ms'"));
    free(script);
    study->runs[4].record->outcome = OUTCOME_FAILED;
    script = script_of(plot_find("cache-size"), &input);
    assert_non_null(strstr(script, "; 1 runs FAILED'"));
    free(script);
    study_free(study);
}

static void a_sweep_of_two_axes_has_a_line_for_each(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    static const char *const values[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t v = 0; v < 8; v++)
        for (uint64_t k = 0; k < 3; k++) {
            struct record *record = made_up_record_with(k * 16 * MIB, 1, "workload.x", values[v]);
            study_add(study, record);
            free(record);
        }
    const struct plot_input input = {.study = study};
    char *script = script_of(plot_find("cache-size"), &input);
    assert_non_null(strstr(script, "title 'x a'"));
    assert_non_null(strstr(script, "title 'x f'"));
    assert_null(strstr(script, "title 'x g'"));
    assert_non_null(strstr(script, "; the first 6 of 8 combinations"));
    free(script);
    study_free(study);
}

static void nothing_to_draw_is_an_error(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    struct record *off = made_up_record(0, 1);
    const struct plot_input input = {.study = study, .run = off};
    assert_false(plot_write(plot_find("cache-size"), &input, test_path("a.png"), &error));
    assert_non_null(strstr(error.text, "no run with XBZRLE on"));
    study_add(study, off);
    assert_false(plot_write(plot_find("cache-size"), &input, test_path("a.png"), &error));
    off->sample_count = 0;
    assert_false(plot_write(plot_find("timeline"), &input, test_path("a.png"), &error));
    assert_non_null(strstr(error.text, "the run has no timeline"));
    assert_null(plot_characters(plot_find("timeline"), &input, 80, 30, &error));
    assert_int_equal(test_folder_files(), 0);
    free(off);
    study_free(study);
}

static void expect_script(const char *kind, const struct plot_input *input, const char *wanted)
{
    char *script = script_of(plot_find(kind), input);
    if (!strstr(script, wanted))
        fail_msg("%s has no \"%s\": %.3000s", kind, wanted, script);
    free(script);
}

/* Each kind's title says what to take home, and what did not converge shows. */
static void the_other_kinds_say_their_message(void **state)
{
    (void)state;
    struct study *two = sweep_of_two(2, false), *one = sweep("s", 7, false);
    struct record *run = made_up_record(8 * MIB, 1);
    const struct plot_input input = {.study = two, .run = run}, single = {.study = one};
    expect_script("heat", &input, "'8 of 18 combinations converge; the fastest in 11.");
    expect_script("heat", &input, "\n3 0 \"1 of 2\" 0\n");
    expect_script("heat", &input, "'off' 0, '4 MiB' 1");
    expect_script("heat", &input, "$frontier << EOD\n3.5 -0.5\n3.5 0.5\n");
    expect_script("techniques", &input, "'Fastest: x a, cache 64MiB, 11.");
    expect_script("techniques", &input, "'x c, cache 64MiB' 17");
    expect_script("techniques", &single, "medians over 7 seeds, bars: intervals of 95 %");
    expect_script("downtime", &single, "'cache 64MiB: downtime ");
    expect_script("downtime", &single, "; 3 other combinations never converge'");
    expect_script("downtime", &single, "'downtime-limit 300 ms'");
    expect_script("miss-ratio", &single, " % of lookups miss with a cache of 4 MiB, ");
    expect_script("iterations", &input, "; not converged'");
    expect_script("iterations", &input, "'1st iteration: ");
    for (size_t i = 0; i < one->run_count; i++) { /* misses by cause: first touch alone from 32M */
        struct record *record = one->runs[i].record;
        record->cost.miss_capacity = record->xbzrle_cache_size < 32 * MIB ? 9000 : 0;
        record->cost.miss_first_touch = record->xbzrle ? 100 : 0;
    }
    expect_script("miss-ratio", &single, "'From 32 MiB on, only the first touch of a page misses");
    struct study *never = study_create("s", NULL, 0);
    struct record *off = made_up_record(0, 1);
    study_add(never, off);
    const struct plot_input nothing = {.study = never, .run = off};
    static const char *const kinds[] = {"downtime", "miss-ratio", "heat"},
                             *const why[] = {"no run converged", "no run with XBZRLE on",
                                             "varies none"};
    for (size_t i = 0; i < 3; i++) {
        assert_false(plot_write(plot_find(kinds[i]), &nothing, test_path("a.png"), &error));
        assert_non_null(strstr(error.text, why[i]));
    }
    expect_script("techniques", &nothing, "'None of these converges with every seed'");
    off->iteration_count = 0;
    assert_false(plot_write(plot_find("iterations"), &nothing, test_path("a.png"), &error));
    free(off);
    free(run);
    study_free(never);
    study_free(two);
    study_free(one);
}

/* Runs that a file may hold and no simulation makes: any numbers at all give a plot. */
static void odd_numbers_give_a_plot(void **state)
{
    (void)state;
    static const int64_t odd[] = {0, 1, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        struct study *study = sweep_of_two(1, false);
        struct record *run = made_up_record(64 * MIB, 1);
        struct record_sample samples[2] = {run->samples[0], run->samples[1]};
        struct record_iteration iteration = run->iterations[0];
        for (size_t k = 0; k < study->run_count; k++) {
            struct record *record = study->runs[k].record;
            record->total_time_ns = record->downtime_ns = odd[i];
            record->xbzrle_cache_size = (uint64_t)odd[i] + k;
            record->outcome = OUTCOME_CONVERGED;
        }
        run->total_time_ns = run->downtime_ns = odd[i];
        samples[0].window_bytes = samples[0].remaining_bytes = (uint64_t)odd[i];
        samples[1].window_ns = samples[1].threshold_bytes = (uint64_t)odd[i];
        iteration.dirty_pages = iteration.remaining_bytes = (uint64_t)odd[i];
        run->samples = samples, run->sample_count = 2;
        run->iterations = &iteration, run->iteration_count = 1;
        const struct plot_input input = {.study = study, .run = run};
        for (size_t k = 0; plot_kinds[k]; k++)
            if (!plot_write(plot_kinds[k], &input, test_path("a.png"), &error))
                fail_msg("%s, case %zu: %s", plot_kinds[k]->name, i, error.text);
        run->sample_count = 1, run->iteration_count = 0;
        if (!plot_write(plot_find("timeline"), &input, test_path("a.png"), &error))
            fail_msg("timeline, case %zu: %s", i, error.text);
        free(run);
        study_free(study);
    }
}

static void outputs_that_cannot_be_written(void **state)
{
    (void)state;
    struct study *study = sweep("s", 1, false);
    const struct plot_input input = {.study = study};
    char name[600];
    snprintf(name, sizeof name, "%s/none/a.png", test_folder());
    assert_false(plot_write(&plot_skeleton, &input, name, &error));
    assert_non_null(strstr(error.text, "none/a.png: cannot write: No such file or directory"));
    snprintf(name, sizeof name, "%s/d.png", test_folder());
    assert_int_equal(mkdir(name, 0755), 0);
    assert_false(plot_write(&plot_skeleton, &input, name, &error));
    assert_non_null(strstr(error.text, "d.png: is no regular file"));
    assert_false(plot_write(&plot_skeleton, &input, "/proc/a.svg", &error));
    assert_false(plot_write(&plot_skeleton, &input, test_path("a.gif"), &error));
    rmdir(name);
    assert_int_equal(test_folder_files(), 0);
    study_free(study);
}

/* A limit on file size stands for the full disk; what was there before stays. */
static void a_full_disk_leaves_the_old_plot(void **state)
{
    (void)state;
    struct study *study = sweep("s", 1, false);
    const struct plot_input input = {.study = study};
    static const char *const names[] = {"a.png", "a.svg", "a.pdf", "a.gp"};
    for (size_t i = 0; i < 4; i++) {
        test_write(test_path(names[i]), "old", 3);
        pid_t child = fork();
        if (child == 0) {
            struct rlimit limit = {i == 3 ? 600 : 4000, i == 3 ? 600 : 4000};
            signal(SIGXFSZ, SIG_IGN);
            bool failed = !setrlimit(RLIMIT_FSIZE, &limit) &&
                          !plot_write(plot_find("cache-size"), &input, test_path(names[i]), &error);
            _exit(!failed);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        size_t size;
        unsigned char *bytes = test_read(test_path(names[i]), &size);
        assert_string_equal((char *)bytes, "old");
        free(bytes);
    }
    assert_int_equal(test_folder_files(), 4);
    study_free(study);
}

static void gnuplot_that_complains_or_is_missing(void **state)
{
    (void)state;
    test_write(test_path("out"), "", 0);
    FILE *out = fopen(test_path("out"), "wb");
    assert_non_null(out);
    assert_true(gnuplot_run("set term dumb\nplot x\n", fileno(out), &error));
    assert_false(gnuplot_run("set term dumb\nplot nonsense(\n", fileno(out), &error));
    assert_non_null(strstr(error.text, "gnuplot failed: invalid expression"));
    assert_false(gnuplot_run("exit status 3\n", fileno(out), &error));
    assert_non_null(strstr(error.text, "gnuplot failed: it said nothing"));
    pid_t child = fork();
    if (child == 0) {
        setenv("PATH", test_folder(), 1);
        bool missing = !gnuplot_run("plot x\n", fileno(out), &error) &&
                       strstr(error.text, "gnuplot is not there: install it (Debian: gnuplot-nox)");
        _exit(!missing);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(kinds_are_found, teardown),
        cmocka_unit_test_teardown(formats_follow_from_the_name, teardown),
        cmocka_unit_test_teardown(every_kind_draws_the_same_bytes, teardown),
        cmocka_unit_test_teardown(a_script_draws_what_the_png_shows, teardown),
        cmocka_unit_test_teardown(hostile_names_are_only_text, teardown),
        cmocka_unit_test_teardown(texts_are_quoted, teardown),
        cmocka_unit_test_teardown(mixtures_of_special_characters_are_strings, teardown),
        cmocka_unit_test_teardown(steps_are_round, teardown),
        cmocka_unit_test_teardown(the_title_says_the_message, teardown),
        cmocka_unit_test_teardown(what_did_not_converge_is_marked, teardown),
        cmocka_unit_test_teardown(a_sweep_of_two_axes_has_a_line_for_each, teardown),
        cmocka_unit_test_teardown(nothing_to_draw_is_an_error, teardown),
        cmocka_unit_test_teardown(the_other_kinds_say_their_message, teardown),
        cmocka_unit_test_teardown(odd_numbers_give_a_plot, teardown),
        cmocka_unit_test_teardown(outputs_that_cannot_be_written, teardown),
        cmocka_unit_test_teardown(a_full_disk_leaves_the_old_plot, teardown),
        cmocka_unit_test_teardown(gnuplot_that_complains_or_is_missing, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
