/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/table.h"

#include "base/error.h"
#include "results/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NOTE_MINIMUM = 30, NOTE_INDENT = 4 };

struct table {
    struct table_column *columns;
    char **titles; /* of the columns */
    char **cells;  /* row after row */
    size_t column_count, row_count, row_room;
    bool has_note;
};

struct table *table_create(const struct table_column *columns, size_t count)
{
    assert(count > 0);
    struct table *table = must_alloc(1, sizeof *table, "a table");
    table->columns = must_alloc(count, sizeof *table->columns, "a table's columns");
    table->titles = must_alloc(count, sizeof *table->titles, "a table's titles");
    table->column_count = count;
    for (size_t i = 0; i < count; i++) {
        assert(!columns[i].note || i + 1 == count);
        table->columns[i] = columns[i];
        table->columns[i].title = table->titles[i] = must_copy(columns[i].title, "a title");
        table->has_note |= columns[i].note;
    }
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->row_count * table->column_count; i++)
        free(table->cells[i]);
    for (size_t i = 0; i < table->column_count; i++)
        free(table->titles[i]);
    free(table->cells);
    free(table->titles);
    free(table->columns);
    free(table);
}

void table_add(struct table *table, const char *const *cells)
{
    if (table->row_count == table->row_room) {
        table->row_room = table->row_room ? 2 * table->row_room : 16;
        table->cells = must_grow(table->cells, table->row_room * table->column_count,
                                 sizeof *table->cells, "a table's cells");
    }
    char **row = &table->cells[table->row_count++ * table->column_count];
    for (size_t i = 0; i < table->column_count; i++)
        row[i] = text_printable(cells[i] ? cells[i] : "");
}

/* Line `line` of a title, in `text`; false if it has no such line. */
static bool title_line(const char *title, size_t line, char *text, size_t size)
{
    for (; line > 0; line--) {
        title = strchr(title, '\n');
        if (!title)
            return false;
        title++;
    }
    snprintf(text, size, "%.*s", (int)strcspn(title, "\n"), title);
    return true;
}

static size_t title_lines(const char *title)
{
    size_t lines = 1;
    for (; *title; title++)
        lines += *title == '\n';
    return lines;
}

static size_t column_width(const struct table *table, size_t column)
{
    char line[80];
    size_t width = 0;
    for (size_t i = 0; title_line(table->columns[column].title, i, line, sizeof line); i++)
        width = text_columns(line) > width ? text_columns(line) : width;
    for (size_t i = 0; i < table->row_count; i++) {
        size_t cell = text_columns(table->cells[i * table->column_count + column]);
        width = cell > width ? cell : width;
    }
    return width;
}

/* Columns that are not the note. */
static size_t plain_columns(const struct table *table)
{
    return table->column_count - table->has_note;
}

size_t table_width(const struct table *table)
{
    size_t width = 0;
    for (size_t i = 0; i < plain_columns(table); i++)
        width += column_width(table, i) + (i ? GAP : 0);
    return width;
}

/* A line in the making: blanks are owed until something follows them. */
struct line {
    FILE *out;
    size_t owed;
};

static void put(struct line *line, const char *text, size_t length)
{
    if (length) {
        fprintf(line->out, "%*s%.*s", (int)line->owed, "", (int)length, text);
        line->owed = 0;
    }
}

static void put_cell(struct line *line, const char *text, size_t width, bool left)
{
    size_t blanks = width - text_columns(text);
    if (!left)
        line->owed += blanks;
    put(line, text, strlen(text));
    if (left)
        line->owed += blanks;
}

static void end_line(struct line *line)
{
    fputc('\n', line->out);
    line->owed = 0;
}

/* The bytes of `text` that fit `width`, broken at a blank if there is one. */
static size_t fitting(const char *text, size_t width)
{
    size_t length = text_cut(text, width);
    if (!text[length])
        return length;
    for (size_t i = length; i > 0; i--)
        if (text[i] == ' ')
            return i;
    return length;
}

/* The note's lines after the first are indented to where it began. */
static void put_note(struct line *line, const char *text, size_t indent, size_t width)
{
    while (*text == ' ')
        text++;
    while (*text) {
        size_t length = fitting(text, width);
        put(line, text, length);
        text += length;
        while (*text == ' ')
            text++;
        if (*text) {
            end_line(line);
            line->owed = indent;
        }
    }
}

/* Titles stand on the rule, so that all units are in one line. */
static void put_head(struct line *line, const struct table *table, const size_t *widths,
                     size_t shown)
{
    size_t lines = 1;
    for (size_t i = 0; i < shown; i++) {
        size_t own = title_lines(table->columns[i].title);
        lines = own > lines ? own : lines;
    }
    char text[80];
    for (size_t k = 0; k < lines; k++, end_line(line))
        for (size_t i = 0; i < shown; i++) {
            size_t above = lines - title_lines(table->columns[i].title);
            *text = 0;
            if (k >= above)
                title_line(table->columns[i].title, k - above, text, sizeof text);
            put_cell(line, text, widths[i], table->columns[i].left);
            line->owed += GAP;
        }
    for (size_t i = 0; i < shown; i++) {
        for (size_t k = 0; k < widths[i]; k++)
            put(line, "-", 1);
        line->owed += GAP;
    }
    end_line(line);
}

static void put_row(struct line *line, const struct table *table, size_t row, const size_t *widths,
                    size_t width)
{
    size_t plain = plain_columns(table), used = 0;
    char *const *cells = &table->cells[row * table->column_count];
    for (size_t i = 0; i < plain; i++) {
        put_cell(line, cells[i], widths[i], table->columns[i].left);
        line->owed += GAP;
        used += widths[i] + GAP;
    }
    if (table->has_note && *cells[plain]) {
        bool beside = used + NOTE_MINIMUM <= width;
        if (!beside) {
            end_line(line);
            line->owed = used = NOTE_INDENT;
        }
        put_note(line, cells[plain], used,
                 width > used + NOTE_MINIMUM ? width - used : NOTE_MINIMUM);
    }
    end_line(line);
}

char *table_text(const struct table *table, size_t width)
{
    char *text;
    size_t size, *widths = must_alloc(table->column_count, sizeof *widths, "a table");
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = column_width(table, i);
    struct line line = {text_stream(&text, &size), 0};
    /* The note's title and rule are as wide as its title alone. */
    bool beside = table->has_note && table_width(table) + GAP + NOTE_MINIMUM <= width;
    if (table->has_note) {
        char title[80];
        title_line(table->columns[plain_columns(table)].title, 0, title, sizeof title);
        widths[plain_columns(table)] = text_columns(title);
    }
    put_head(&line, table, widths, plain_columns(table) + beside);
    for (size_t i = 0; i < table->row_count; i++)
        put_row(&line, table, i, widths, width);
    fclose(line.out);
    free(widths);
    return text;
}
