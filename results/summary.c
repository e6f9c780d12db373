/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/summary.h"

#include "base/error.h"
#include "base/units.h"
#include "results/apart.h"
#include "results/summary_cells.h"
#include "results/table.h"
#include "results/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The settings that vary come first; how many columns may follow them. */
enum { MORE_COLUMNS = 12 };

static const enum quantity_id STUDY_QUANTITIES[] = {
    QUANTITY_TOTAL_TIME, QUANTITY_DOWNTIME, QUANTITY_TRANSFERRED,
    QUANTITY_HITS,       QUANTITY_MISSES,   QUANTITY_OVERFLOW,
};
static const struct table_column STUDY_COLUMNS[] = {
    {"total\ntime\n[s]", false, false},   {"downtime\n[ms]", false, false},
    {"transferred\n[MiB]", false, false}, {"hits\n[pages]", false, false},
    {"misses\n[pages]", false, false},    {"overflow\n[pages]", false, false},
};
enum { STUDY_QUANTITY_COUNT = sizeof STUDY_QUANTITIES / sizeof *STUDY_QUANTITIES };

static struct table *study_table(const struct study_groups *groups)
{
    size_t count = 0;
    struct table_column *columns =
        must_alloc(groups->varying_count + MORE_COLUMNS, sizeof *columns, "a table's columns");
    for (size_t i = 0; i < groups->varying_count; i++) {
        const char *dot = strrchr(groups->varying[i], '.');
        columns[count++].title = dot ? dot + 1 : groups->varying[i];
    }
    if (groups->source_varies)
        columns[count++] = (struct table_column){"source", true, false};
    columns[count++].title = "cache\nsize";
    columns[count++].title = "converged";
    for (size_t i = 0; i < STUDY_QUANTITY_COUNT; i++)
        columns[count++] = STUDY_COLUMNS[i];
    columns[count++] = (struct table_column){"why", true, true};
    struct table *table = table_create(columns, count);
    free(columns);
    return table;
}

/* How much stands in a cell, as the width allows. */
enum detail { DETAIL_MEDIANS, DETAIL_RANGES, DETAIL_SHARES };

static void add_group(struct table *table, const struct study_groups *groups, size_t index,
                      enum detail detail)
{
    const struct study_group *group = &groups->groups[index];
    const struct record *record = group->runs[0];
    size_t varying = groups->varying_count, count = 0;
    char texts[MORE_COLUMNS][CELL_SIZE];
    const char **cells = must_alloc(varying + MORE_COLUMNS, sizeof *cells, "a table's row");
    char **values = must_alloc(varying, sizeof *values, "a table's row");
    for (size_t i = 0; i < varying; i++)
        cells[count++] = values[i] =
            study_value_text(record_find_setting(record, groups->varying[i]));
    if (groups->source_varies)
        cells[count++] = record_source_name(record->source);
    cells[count++] =
        record->xbzrle ? units_format_size(record->xbzrle_cache_size, texts[0]) : "off";
    cells[count++] =
        cell_converged(group->runs, group->run_count, detail == DETAIL_SHARES, texts[1]);
    for (size_t i = 0; i < STUDY_QUANTITY_COUNT; i++)
        cells[count++] = cell_quantity(STUDY_QUANTITIES[i], group->runs, group->run_count,
                                       detail >= DETAIL_RANGES, texts[2 + i]);
    cells[count++] = cell_why(group->runs, group->run_count);
    table_add(table, cells);
    for (size_t i = 0; i < varying; i++)
        free(values[i]);
    free(values);
    free(cells);
}

static struct table *fill_study_table(const struct study_groups *groups, enum detail detail)
{
    struct table *table = study_table(groups);
    for (size_t i = 0; i < groups->group_count; i++)
        add_group(table, groups, i, detail);
    return table;
}

/* Lines of at most `width` columns, broken at blanks. */
static void put_wrapped(FILE *out, const char *text, size_t width)
{
    while (*text) {
        size_t length = text_cut(text, width), end = length;
        while (text[length] && end > 0 && text[end] != ' ')
            end--;
        length = end ? end : length;
        fprintf(out, "%.*s\n", (int)length, text);
        text += length + (text[length] == ' ');
    }
}

static void put_seeds(FILE *out, size_t seeds, enum detail detail, const char *note, size_t width)
{
    if (seeds < 2)
        return;
    char *text;
    size_t size;
    FILE *line = text_stream(&text, &size);
    fprintf(line, "Medians over up to %zu seeds; times are those of the converged runs", seeds);
    if (detail >= DETAIL_RANGES && seeds >= SPREAD_LEAST_COUNT)
        fprintf(line,
                ", with the median's interval of 95 %% (from least to most where fewer than "
                "%d converged)",
                SPREAD_LEAST_COUNT);
    else if (detail >= DETAIL_RANGES)
        fputs(", with (min..max)", line);
    fputc('.', line);
    if (detail == DETAIL_SHARES)
        fputs(" Of the share that converges: the interval of 95 %.", line);
    fclose(line);
    put_wrapped(out, text, width);
    free(text);
    if (!*note)
        return;
    line = text_stream(&text, &size);
    fprintf(line, "%s.", note);
    fclose(line);
    char *clean = text_printable(text);
    put_wrapped(out, clean, width);
    free(clean);
    free(text);
}

char *summary_study(const struct study *study, size_t width)
{
    struct study_groups *groups = study_group(study);
    if (!groups->group_count) {
        study_groups_free(groups);
        return must_copy("The study holds no runs yet.\n", "a summary");
    }
    enum detail detail = DETAIL_SHARES;
    struct table *table = fill_study_table(groups, detail);
    while (detail > DETAIL_MEDIANS && table_width(table) > width) {
        table_free(table);
        table = fill_study_table(groups, --detail);
    }
    char *rows = table_text(table, width), *note = apart_note(study), *text;
    size_t size;
    FILE *out = text_stream(&text, &size);
    fputs(rows, out);
    put_seeds(out, groups->seeds, detail, note, width);
    fclose(out);
    free(note);
    free(rows);
    table_free(table);
    study_groups_free(groups);
    return text;
}

static const enum quantity_id COMPARE_QUANTITIES[] = {
    QUANTITY_TOTAL_TIME, QUANTITY_DOWNTIME,     QUANTITY_TRANSFERRED, QUANTITY_STREAM,
    QUANTITY_NORMAL,     QUANTITY_DUPLICATE,    QUANTITY_HITS,        QUANTITY_MISSES,
    QUANTITY_OVERFLOW,   QUANTITY_MISS_RATIO,   QUANTITY_DELTA_BYTES, QUANTITY_SYNCS,
    QUANTITY_SENDER_CPU, QUANTITY_CACHE_MEMORY,
};

/* A label as a title: broken at blanks into lines of some 16 columns. */
static char *label_title(const char *label)
{
    char *title = text_printable(label);
    size_t length = 0;
    for (char *p = title; *p; p++, length++)
        if (*p == ' ' && length + strcspn(p + 1, " ") >= 16) {
            *p = '\n';
            length = 0;
        }
    return title;
}

static void add_quantity_row(struct table *table, enum quantity_id id,
                             const struct summary_technique *techniques, size_t count)
{
    const struct quantity *quantity = &quantities[id];
    char name[CELL_SIZE], (*texts)[CELL_SIZE] = must_alloc(count, CELL_SIZE, "a table's row");
    const char **cells = must_alloc(count + 1, sizeof *cells, "a table's row");
    snprintf(name, sizeof name, *quantity->unit ? "%s [%s]" : "%s", quantity->name, quantity->unit);
    cells[0] = name;
    for (size_t i = 0; i < count; i++)
        cells[i + 1] =
            cell_quantity(id, techniques[i].runs, techniques[i].run_count, true, texts[i]);
    table_add(table, cells);
    free(cells);
    free(texts);
}

static void add_converged_row(struct table *table, const struct summary_technique *techniques,
                              size_t count)
{
    char(*texts)[CELL_SIZE] = must_alloc(count, CELL_SIZE, "a table's row");
    const char **cells = must_alloc(count + 1, sizeof *cells, "a table's row");
    cells[0] = "converged";
    for (size_t i = 0; i < count; i++)
        cells[i + 1] = cell_converged(techniques[i].runs, techniques[i].run_count, true, texts[i]);
    table_add(table, cells);
    free(cells);
    free(texts);
}

static struct table *compare_table(const struct summary_technique *techniques, size_t count)
{
    struct table_column *columns = must_alloc(count + 1, sizeof *columns, "a table's columns");
    char **titles = must_alloc(count, sizeof *titles, "a table's titles");
    columns[0] = (struct table_column){"", true, false};
    for (size_t i = 0; i < count; i++)
        columns[i + 1].title = titles[i] = label_title(techniques[i].label);
    struct table *table = table_create(columns, count + 1);
    for (size_t i = 0; i < count; i++)
        free(titles[i]);
    free(titles);
    free(columns);
    add_converged_row(table, techniques, count);
    for (size_t i = 0; i < sizeof COMPARE_QUANTITIES / sizeof *COMPARE_QUANTITIES; i++)
        add_quantity_row(table, COMPARE_QUANTITIES[i], techniques, count);
    return table;
}

/* As many techniques as fit the width, one at least; the rest go into a table below. */
static size_t put_compare_block(FILE *out, const struct summary_technique *techniques, size_t count,
                                size_t width)
{
    for (size_t shown = count;; shown--) {
        struct table *table = compare_table(techniques, shown);
        bool fits = shown == 1 || table_width(table) <= width;
        if (fits) {
            char *text = table_text(table, width);
            fputs(text, out);
            free(text);
        }
        table_free(table);
        if (fits)
            return shown;
    }
}

static void put_reasons(FILE *out, const struct summary_technique *techniques, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *why = cell_why(techniques[i].runs, techniques[i].run_count);
        if (!*why)
            continue;
        char *label = text_printable(techniques[i].label), *clean = text_printable(why);
        fprintf(out, "%s: %s\n", label, clean);
        free(label);
        free(clean);
    }
}

char *summary_compare(const struct summary_technique *techniques, size_t count, size_t width)
{
    char *text;
    size_t size, most = 0;
    FILE *out = text_stream(&text, &size);
    for (size_t done = 0; done < count;) {
        if (done)
            fputc('\n', out);
        done += put_compare_block(out, techniques + done, count - done, width);
    }
    put_reasons(out, techniques, count);
    for (size_t i = 0; i < count; i++)
        most = techniques[i].run_count > most ? techniques[i].run_count : most;
    put_seeds(out, most, DETAIL_SHARES, "", width);
    fclose(out);
    return text;
}
