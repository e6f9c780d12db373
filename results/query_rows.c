/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/query_rows.h"

#include "base/error.h"
#include "results/json.h"
#include "results/table.h"
#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct query_rows {
    const struct query *query;
    char **names; /* of the columns; different from each other */
    size_t column_count, row_count, size;
    char ***cells; /* of a table, row by row: it needs all of them to know its widths */
    size_t room;
    bool *words; /* columns of a table that hold a text */
    FILE *out;   /* of CSV and JSON */
    char *text;
    size_t text_size;
};

static bool is_taken(const struct query_rows *rows, size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++)
        if (!strcmp(rows->names[i], name))
            return true;
    return false;
}

/* Two columns of one name would be one key in JSON: the later becomes "name:2". */
static void name_columns(struct query_rows *rows, sqlite3_stmt *statement)
{
    for (size_t i = 0; i < rows->column_count; i++) {
        const char *given = sqlite3_column_name(statement, (int)i);
        char *name = text_printable(given ? given : "");
        size_t size = strlen(name) + 24;
        char *unique = must_alloc(size, 1, "a column's name");
        snprintf(unique, size, "%s", name);
        for (unsigned k = 2; is_taken(rows, i, unique); k++)
            snprintf(unique, size, "%s:%u", name, k);
        free(name);
        rows->names[i] = unique;
    }
}

static void put_csv_text(struct query_rows *rows, const char *text)
{
    char *clean = rows->query->plain ? text_printable(text) : text_utf8(text);
    if (!strpbrk(clean, ",\"\r\n")) {
        fputs(clean, rows->out);
    } else {
        fputc('"', rows->out);
        for (const char *p = clean; *p; p++)
            fprintf(rows->out, *p == '"' ? "\"\"" : "%c", *p);
        fputc('"', rows->out);
    }
    free(clean);
}

static void put_json(struct query_rows *rows, json_t *value)
{
    if (!value || json_dumpf(value, rows->out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) != 0)
        must_alloc(1, SIZE_MAX / 2, "JSON");
    json_decref(value);
}

static void put_head(struct query_rows *rows)
{
    for (size_t i = 0; rows->query->format == QUERY_CSV && i < rows->column_count; i++) {
        fputs(i ? "," : "", rows->out);
        put_csv_text(rows, rows->names[i]);
    }
    if (rows->query->format == QUERY_CSV) {
        fputc('\n', rows->out);
        return;
    }
    fprintf(rows->out, "{\n  \"schema_version\": %d,\n  \"columns\": [", JSON_SCHEMA_VERSION);
    for (size_t i = 0; i < rows->column_count; i++) {
        fputs(i ? ", " : "", rows->out);
        put_json(rows, json_string(rows->names[i]));
    }
    fputs("],\n  \"rows\": [", rows->out);
}

struct query_rows *query_rows_create(const struct query *query, sqlite3_stmt *statement)
{
    struct query_rows *rows = must_alloc(1, sizeof *rows, "a query's rows");
    rows->query = query;
    rows->column_count = (size_t)sqlite3_column_count(statement);
    rows->names = must_alloc(rows->column_count, sizeof *rows->names, "a query's columns");
    rows->words = must_alloc(rows->column_count, sizeof *rows->words, "a query's columns");
    name_columns(rows, statement);
    if (query->format != QUERY_TABLE) {
        rows->out = text_stream(&rows->text, &rows->text_size);
        put_head(rows);
    }
    return rows;
}

/* A value as text up to its first zero byte; a blob in hexadecimal. Owned by the caller. */
static char *value_text(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB) {
        const char *text = (const char *)sqlite3_column_text(statement, column);
        return must_copy(text ? text : "", "a value");
    }
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    size_t count = (size_t)sqlite3_column_bytes(statement, column);
    char *hex = must_alloc(2 * count + 1, 1, "a value");
    for (size_t i = 0; i < count; i++)
        sprintf(hex + 2 * i, "%02x", bytes[i]);
    return hex;
}

static void put_real(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.17g", value);
}

static void add_csv(struct query_rows *rows, sqlite3_stmt *statement)
{
    for (int i = 0; i < (int)rows->column_count; i++) {
        int type = sqlite3_column_type(statement, i);
        fputs(i ? "," : "", rows->out);
        if (type == SQLITE_INTEGER) {
            fprintf(rows->out, "%" PRId64, (int64_t)sqlite3_column_int64(statement, i));
        } else if (type == SQLITE_FLOAT) {
            put_real(rows->out, sqlite3_column_double(statement, i));
        } else if (type != SQLITE_NULL) {
            char *text = value_text(statement, i);
            put_csv_text(rows, text);
            free(text);
        }
    }
    fputc('\n', rows->out);
}

static json_t *json_value(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    double real = sqlite3_column_double(statement, column);
    if (type == SQLITE_NULL || (type == SQLITE_FLOAT && !isfinite(real)))
        return json_null();
    if (type == SQLITE_INTEGER)
        return json_integer(sqlite3_column_int64(statement, column));
    if (type == SQLITE_FLOAT)
        return json_real(real);
    char *text = value_text(statement, column), *clean = text_utf8(text);
    json_t *value = json_string(clean);
    free(clean);
    free(text);
    return value;
}

static void add_json(struct query_rows *rows, sqlite3_stmt *statement)
{
    fputs(rows->row_count ? ",\n    {" : "\n    {", rows->out);
    for (size_t i = 0; i < rows->column_count; i++) {
        fputs(i ? ", " : "", rows->out);
        put_json(rows, json_string(rows->names[i]));
        fputs(": ", rows->out);
        put_json(rows, json_value(statement, (int)i));
    }
    fputc('}', rows->out);
}

/* Seven digits, as many as a person compares. */
static char *table_cell(sqlite3_stmt *statement, int column)
{
    char number[64];
    if (sqlite3_column_type(statement, column) != SQLITE_FLOAT)
        return value_text(statement, column);
    double real = sqlite3_column_double(statement, column);
    snprintf(number, sizeof number, fabs(real) < 1e7 || fabs(real) >= 1e15 ? "%.7g" : "%.0f", real);
    return must_copy(number, "a value");
}

static void add_table_row(struct query_rows *rows, sqlite3_stmt *statement)
{
    if (rows->row_count == rows->room) {
        rows->room = rows->room ? 2 * rows->room : 64;
        rows->cells = must_grow(rows->cells, rows->room, sizeof *rows->cells, "a query's rows");
    }
    char **cells = rows->cells[rows->row_count] =
        must_alloc(rows->column_count, sizeof *cells, "a query's row");
    for (size_t i = 0; i < rows->column_count; i++) {
        int type = sqlite3_column_type(statement, (int)i);
        rows->words[i] |= type == SQLITE_TEXT || type == SQLITE_BLOB;
        cells[i] = table_cell(statement, (int)i);
        rows->size += strlen(cells[i]);
    }
}

void query_rows_add(struct query_rows *rows, sqlite3_stmt *statement)
{
    if (rows->query->format == QUERY_TABLE)
        add_table_row(rows, statement);
    else if (rows->query->format == QUERY_CSV)
        add_csv(rows, statement);
    else
        add_json(rows, statement);
    rows->row_count++;
    if (rows->out) {
        fflush(rows->out);
        rows->size = rows->text_size;
    }
}

size_t query_rows_size(const struct query_rows *rows)
{
    return rows->size;
}

static char *finish_table(struct query_rows *rows)
{
    struct table_column *columns =
        must_alloc(rows->column_count, sizeof *columns, "a table's columns");
    for (size_t i = 0; i < rows->column_count; i++)
        columns[i] = (struct table_column){rows->names[i], rows->words[i], false};
    struct table *table = table_create(columns, rows->column_count);
    for (size_t r = 0; r < rows->row_count; r++) {
        table_add(table, (const char *const *)rows->cells[r]);
        for (size_t i = 0; i < rows->column_count; i++)
            free(rows->cells[r][i]);
        free(rows->cells[r]);
    }
    char *text = table_text(table, rows->query->width);
    table_free(table);
    free(columns);
    free(rows->cells);
    return text;
}

char *query_rows_finish(struct query_rows *rows)
{
    if (rows->query->format == QUERY_TABLE) {
        rows->text = finish_table(rows);
    } else {
        if (rows->query->format == QUERY_JSON)
            fputs(rows->row_count ? "\n  ]\n}\n" : "]\n}\n", rows->out);
        fclose(rows->out);
    }
    for (size_t i = 0; i < rows->column_count; i++)
        free(rows->names[i]);
    free(rows->names);
    free(rows->words);
    char *text = rows->text;
    free(rows);
    return text;
}
