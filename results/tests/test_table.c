/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/table.h"

#include "results/statistics.h"
#include "results/summary.h"
#include "results/summary_cells.h"
#include "results/tests/twin_records.h"
#include "results/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

static void expect(char *text, const char *wanted)
{
    if (strcmp(text, wanted) != 0)
        fail_msg("\n%s\nwanted:\n%s", text, wanted);
    free(text);
}

static const struct table_column columns[] = {
    {"name", true, false}, {"total\ntime\n[s]", false, false}, {"why", true, true}};

static struct table *example(void)
{
    struct table *table = table_create(columns, 3);
    table_add(table, (const char *const[]){"a", "1.5", ""});
    table_add(table, (const char *const[]){"gr\xc3\xbc\xc3\x9f", NULL,
                                           "one two three four five six seven eight nine ten"});
    return table;
}

static void columns_are_aligned(void **state)
{
    (void)state;
    struct table *table = example();
    expect(table_text(table, 80), "      total\n"
                                  "       time\n"
                                  "name    [s]  why\n"
                                  "----  -----  ---\n"
                                  "a       1.5\n"
                                  "gr\xc3\xbc\xc3\x9f         one two three four five six seven "
                                  "eight nine ten\n");
    assert_int_equal(table_width(table), 11);
    table_free(table);
}

static void notes_break_at_blanks(void **state)
{
    (void)state;
    struct table *table = example();
    expect(table_text(table, 45), "      total\n"
                                  "       time\n"
                                  "name    [s]  why\n"
                                  "----  -----  ---\n"
                                  "a       1.5\n"
                                  "gr\xc3\xbc\xc3\x9f         one two three four five six\n"
                                  "             seven eight nine ten\n");
    table_free(table);
}

static void notes_go_below_if_there_is_no_room(void **state)
{
    (void)state;
    struct table *table = example();
    expect(table_text(table, 40), "      total\n"
                                  "       time\n"
                                  "name    [s]\n"
                                  "----  -----\n"
                                  "a       1.5\n"
                                  "gr\xc3\xbc\xc3\x9f\n"
                                  "    one two three four five six seven\n"
                                  "    eight nine ten\n");
    char *tiny = table_text(table, 0);
    assert_non_null(strstr(tiny, "eight nine ten"));
    free(tiny);
    table_free(table);
}

static void long_words_are_cut_into_lines(void **state)
{
    (void)state;
    struct table *table = table_create((const struct table_column[]){{"n", false, true}}, 1);
    char word[101];
    memset(word, 'x', 100);
    word[100] = 0;
    table_add(table, (const char *const[]){word});
    char *text = table_text(table, 40);
    size_t count = 0;
    for (const char *p = text; *p; p++)
        count += *p == 'x';
    assert_int_equal(count, 100);
    free(text);
    table_free(table);
}

static void no_escape_sequence_comes_out(void **state)
{
    (void)state;
    struct table *table = table_create(columns, 3);
    table_add(table, (const char *const[]){"a\x1b[31m", "\n\xff", "\r\xc2\x9bx"});
    char *text = table_text(table, 80);
    assert_null(strchr(text, 0x1b));
    assert_null(strchr(text, '\r'));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "a [31m"));
    free(text);
    table_free(table);
}

static void a_table_without_rows_has_a_head(void **state)
{
    (void)state;
    struct table *table = table_create(columns, 2);
    expect(table_text(table, 80), "      total\n       time\nname    [s]\n----  -----\n");
    table_free(table);
    table_free(NULL);
}

static void numbers_have_three_digits(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},          {0.12345, "0.123"}, {1, "1.00"},       {9.994, "9.99"},
                 {9.996, "10.0"},   {12.34, "12.3"},    {99.96, "100"},    {123456.7, "123457"},
                 {-12.34, "-12.3"}, {0.9999, "1.00"},   {0.00001, "0.000"}};
    char text[CELL_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cell_number(cases[i].value, text), cases[i].text);
}

static void spreads(void **state)
{
    (void)state;
    double values[] = {3, 9, 1, 4};
    struct spread spread = spread_of(values, 4);
    assert_true(spread.median == 3.5 && spread.min == 1 && spread.max == 9 && spread.count == 4);
    spread = spread_of((double[]){7}, 1);
    assert_true(spread.median == 7 && spread.min == 7 && spread.max == 7);
    assert_int_equal(spread_of(NULL, 0).count, 0);
}

static struct study *sweep(uint64_t seeds)
{
    struct study *study = study_create("s", NULL, 0);
    for (uint64_t seed = 1; seed <= seeds; seed++)
        for (uint64_t cache = 0; cache <= 64; cache = cache ? 2 * cache : 8) {
            struct record *record = made_up_record(cache * MIB, seed);
            record->total_time_ns = (int64_t)(cache * seed) * 500000000 + 1000000000;
            if (!cache)
                record->total_time_ns = 60000000000;
            record->downtime_ns = (int64_t)(cache * seed) * 1000000;
            study_add(study, record);
            free(record);
        }
    return study;
}

static void a_study_of_one_seed(void **state)
{
    (void)state;
    struct study *study = sweep(1);
    char *text = summary_study(study, 80);
    assert_non_null(strstr(text, "\n  off         no    >60         -         6688        -"));
    assert_non_null(strstr(text, "\n 8MiB         no     >5         -"));
    assert_non_null(strstr(text, "\n16MiB        yes   9.00      16.0"));
    assert_non_null(strstr(text, "\n    the guest wrote faster than the link carries\n"));
    assert_null(strstr(text, "Medians"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
    study_free(study);
}

static void a_study_of_many_seeds(void **state)
{
    (void)state;
    struct study *study = sweep(3);
    char *text = summary_study(study, 100);
    assert_non_null(strstr(text, "\n64MiB     3 of 3  65.0 (33.0..97.0)"));
    assert_non_null(strstr(text, "Medians over up to 3 seeds"));
    free(text);
    text = summary_study(study, 80);
    assert_non_null(strstr(text, "\n64MiB     3 of 3   65.0"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
    study_free(study);
}

static void seeds_that_disagree(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct record *record = made_up_record(16 * MIB, seed);
        record->total_time_ns = (int64_t)seed * 10000000000;
        if (seed == 4) {
            record->outcome = OUTCOME_NOT_CONVERGED;
            record->why = "it was too slow";
        }
        study_add(study, record);
        free(record);
    }
    char *text = summary_study(study, 120);
    assert_non_null(strstr(text, "3 of 4 (30..95 %)  20.0 (10.0..30.0)"));
    assert_non_null(strstr(text, "it was too slow"));
    free(text);
    study->runs[1].record->outcome = OUTCOME_FAILED;
    study->runs[1].record->why = "page 7 differs";
    text = summary_study(study, 120);
    assert_non_null(strstr(text, "1 failed"));
    assert_non_null(strstr(text, "page 7 differs"));
    free(text);
    study_free(study);
}

static void an_empty_study_says_so(void **state)
{
    (void)state;
    struct study *study = study_create("s", NULL, 0);
    expect(summary_study(study, 80), "The study holds no runs yet.\n");
    study_free(study);
}

static void a_run_with_its_iterations(void **state)
{
    (void)state;
    struct record *record = made_up_record(64 * MIB, 1);
    char *text = summary_run(record, 80);
    assert_non_null(strstr(text, "Converged: total time "));
    assert_non_null(strstr(text, " (limit 300ms), setup "));
    assert_non_null(strstr(text, "\n12 "));
    assert_null(strstr(text, "..."));
    free(text);
    record->verified = false;
    text = summary_run(record, 80);
    assert_non_null(strstr(text, "verified         NO\n"));
    free(text);
    free(record);
    record = made_up_record(0, 1);
    text = summary_run(record, 80);
    assert_non_null(
        strstr(text, "Did not converge: the guest wrote faster than the link carries.\n"));
    assert_non_null(strstr(text, "\n  8 "));
    assert_non_null(strstr(text, "\n...\n 37 "));
    assert_non_null(strstr(text, "40 iterations, the first 8 and the last 4 shown.\n"));
    assert_null(strstr(text, "hits"));
    free(text);
    record->iteration_count = 13;
    text = summary_run(record, 80);
    assert_null(strstr(text, "...\n"));
    free(text);
    record->outcome = OUTCOME_FAILED;
    record->why = "page 7\x1b[1m differs";
    text = summary_run(record, 80);
    assert_non_null(strstr(text, "Failed after 60s: page 7 [1m differs.\n"));
    free(text);
    free(record);
}

static void techniques_side_by_side(void **state)
{
    (void)state;
    struct record *none = made_up_record(0, 1), *delta = made_up_record(64 * MIB, 1);
    const struct record *const runs[] = {none, delta};
    struct summary_technique techniques[12];
    for (size_t i = 0; i < 12; i++)
        techniques[i] = (struct summary_technique){i % 2 ? "XBZRLE with a cache of 64MiB" : "none",
                                                   &runs[i % 2], 1};
    char *text = summary_compare(techniques, 2, 80);
    assert_non_null(strstr(text, "\n                       none  cache of 64MiB\n"));
    assert_non_null(strstr(text, "\nconverged                no             yes\n"));
    assert_non_null(strstr(text, "\nnone: the guest wrote faster than the link carries\n"));
    free(text);
    /* More than fit go into a second block. */
    text = summary_compare(techniques, 12, 80);
    size_t blocks = 0;
    for (const char *p = text; (p = strstr(p, "\nconverged")); p++)
        blocks++;
    assert_true(blocks > 1);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
    text = summary_compare(techniques, 1, 10);
    assert_non_null(strstr(text, "total time"));
    free(text);
    free(none);
    free(delta);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(notes_break_at_blanks),
        cmocka_unit_test(notes_go_below_if_there_is_no_room),
        cmocka_unit_test(long_words_are_cut_into_lines),
        cmocka_unit_test(no_escape_sequence_comes_out),
        cmocka_unit_test(a_table_without_rows_has_a_head),
        cmocka_unit_test(numbers_have_three_digits),
        cmocka_unit_test(spreads),
        cmocka_unit_test(a_study_of_one_seed),
        cmocka_unit_test(a_study_of_many_seeds),
        cmocka_unit_test(seeds_that_disagree),
        cmocka_unit_test(an_empty_study_says_so),
        cmocka_unit_test(a_run_with_its_iterations),
        cmocka_unit_test(techniques_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
