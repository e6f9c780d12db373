/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/field.h"
#include "results/store.h"
#include "results/store_database.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What comes from a file is believed only as far as it was checked: the type of each value, its
 * range, the digest. SQLite would otherwise turn a text into the number 0. Each table must come in
 * strict order: a hostile tree, whose pages name each other, would yield its rows for ever.
 */

/* What one run needs besides its struct record, reused from run to run. */
struct scratch {
    struct record_setting *settings;
    char **texts; /* of the settings: three each */
    size_t text_count;
    struct record_iteration *iterations;
    struct record_sample *samples;
};

/* `id` is 0 for what belongs to no run. */
static bool damaged(const struct store *store, int64_t id, const char *what, struct error *error)
{
    if (id == 0)
        return error_set(error, "%.300s: %s: the file is damaged", store->path, what);
    return error_set(error, "%.300s: run %" PRId64 ": %s: the file is damaged", store->path, id,
                     what);
}

/* A text without zeros inside; borrowed until the next step. NULL and the error if it is none. */
static const char *text_at(const struct store *store, int64_t id, sqlite3_stmt *row, int column,
                           struct error *error)
{
    char what[128];
    if (sqlite3_column_type(row, column) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_column_text(row, column);
        if (text && strlen(text) == (size_t)sqlite3_column_bytes(row, column))
            return text;
    }
    snprintf(what, sizeof what, "%.40s is no text", sqlite3_column_name(row, column));
    damaged(store, id, what, error);
    return NULL;
}

static bool read_field(const struct field *field, sqlite3_stmt *row, int column, void *object,
                       struct error *error)
{
    if (field->type == FIELD_REAL && sqlite3_column_type(row, column) == SQLITE_FLOAT)
        return field_set_real(field, object, sqlite3_column_double(row, column), error);
    if (field->type != FIELD_REAL && sqlite3_column_type(row, column) == SQLITE_INTEGER)
        return field_set_integer(field, object, sqlite3_column_int64(row, column), error);
    return error_set(error, "%s is no number", field->name);
}

static bool read_fields(const struct store *store, int64_t id, const struct field *fields,
                        sqlite3_stmt *row, int column, void *object, struct error *error)
{
    for (; fields->name; fields++, column++) {
        struct error why;
        if (!read_field(fields, row, column, object, &why))
            return damaged(store, id, why.text, error);
    }
    return true;
}

static bool word_at(const struct store *store, int64_t id, sqlite3_stmt *row, int column,
                    const char *const *words, unsigned *ret_index, struct error *error)
{
    const char *text = text_at(store, id, row, column, error);
    if (!text)
        return false;
    for (*ret_index = 0; words[*ret_index]; ++*ret_index)
        if (!strcmp(text, words[*ret_index]))
            return true;
    char what[128];
    snprintf(what, sizeof what, "unknown %.40s", sqlite3_column_name(row, column));
    return damaged(store, id, what, error);
}

static bool read_seed(const char *text, uint64_t *ret_seed)
{
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    *ret_seed = strtoull(text, NULL, 16);
    return true;
}

/* The columns of STORE_LOAD_RUN; the texts stay borrowed from the row. */
static bool read_run(const struct store *store, int64_t id, sqlite3_stmt *row,
                     struct record *record, const char **ret_digest, struct error *error)
{
    const char *const sources[] = {"simulated", "measured", NULL};
    const char *const outcomes[] = {"converged", "not-converged", "failed", NULL};
    unsigned source, outcome;
    *record = (struct record){.verified = false};
    if (!word_at(store, id, row, 1, sources, &source, error) ||
        !word_at(store, id, row, 4, outcomes, &outcome, error))
        return false;
    record->source = (enum record_source)source;
    record->outcome = (enum record_outcome)outcome;
    const char *seed = text_at(store, id, row, 3, error);
    if (!seed || !(*ret_digest = text_at(store, id, row, 2, error)) ||
        !(record->why = text_at(store, id, row, 5, error)) ||
        !(record->status = text_at(store, id, row, 6, error)))
        return false;
    if (!read_seed(seed, &record->seed))
        return damaged(store, id, "its seed is no hexadecimal number", error);
    return read_fields(store, id, run_fields, row, 7, record, error);
}

static void release(struct scratch *scratch)
{
    for (size_t i = 0; i < scratch->text_count; i++)
        free(scratch->texts[i]);
    free(scratch->texts);
    free(scratch->settings);
    free(scratch->iterations);
    free(scratch->samples);
}

/* A copy that lives as long as the scratch; there must be room for it. */
static const char *keep(struct scratch *scratch, const char *text)
{
    return scratch->texts[scratch->text_count++] = must_copy(text, "a setting");
}

/* Rows of a run: binds its id; then each step is a row until *ret_end. */
static sqlite3_stmt *begin_rows(struct store *store, enum store_statement which, int64_t id,
                                struct error *error)
{
    sqlite3_stmt *rows = store_prepare(store, which, error);
    if (rows && !store_check(store, sqlite3_bind_int64(rows, 1, id), "read a run", error))
        return NULL;
    return rows;
}

static bool next_row(struct store *store, sqlite3_stmt *rows, bool *ret_end, struct error *error)
{
    int rc = sqlite3_step(rows);
    *ret_end = rc != SQLITE_ROW;
    return store_check(store, rc, "read a run", error);
}

static bool read_settings(struct store *store, int64_t id, struct scratch *scratch,
                          struct record *record, struct error *error)
{
    sqlite3_stmt *rows = begin_rows(store, STORE_LOAD_SETTINGS, id, error);
    bool good = rows != NULL, end = false;
    size_t count = 0, room = 0;
    while (good && (good = next_row(store, rows, &end, error)) && !end) {
        const char *key = text_at(store, id, rows, 0, error);
        const char *value = key ? text_at(store, id, rows, 1, error) : NULL;
        const char *unit = value ? text_at(store, id, rows, 3, error) : NULL;
        good = unit != NULL;
        if (good && count && strcmp(scratch->settings[count - 1].key, key) >= 0)
            good = damaged(store, id, "its settings are out of order", error);
        if (!good)
            break;
        if (count == room) {
            room = room ? 2 * room : 64;
            scratch->settings =
                must_grow(scratch->settings, room, sizeof *scratch->settings, "settings");
            scratch->texts =
                must_grow(scratch->texts, 3 * room, sizeof *scratch->texts, "settings");
        }
        scratch->settings[count++] =
            (struct record_setting){.key = keep(scratch, key),
                                    .value = keep(scratch, value),
                                    .number = sqlite3_column_int(rows, 2) != 0,
                                    .unit = keep(scratch, unit)};
    }
    if (rows)
        sqlite3_reset(rows);
    record->settings = scratch->settings;
    record->setting_count = count;
    return good;
}

/* Iterations or samples, as in put_rows of store.c. */
static bool read_rows(struct store *store, enum store_statement which, int64_t id,
                      const struct field *fields, void **objects, size_t *ret_count, size_t size,
                      struct error *error)
{
    sqlite3_stmt *rows = begin_rows(store, which, id, error);
    bool good = rows != NULL, end = false;
    size_t count = 0, room = 0;
    while (good && (good = next_row(store, rows, &end, error)) && !end) {
        if (count == room) {
            room = room ? 2 * room : 64;
            *objects = must_grow(*objects, room, size, "the course of a run");
            memset((char *)*objects + count * size, 0, (room - count) * size);
        }
        good = read_fields(store, id, fields, rows, 1, (char *)*objects + count * size, error);
        count++;
        if (good && sqlite3_column_int64(rows, 0) != (int64_t)count)
            good = damaged(store, id, "its course is out of order", error);
    }
    if (rows)
        sqlite3_reset(rows);
    *ret_count = count;
    return good;
}

static bool read_course(struct store *store, int64_t id, struct scratch *scratch,
                        struct record *record, struct error *error)
{
    void *iterations = NULL, *samples = NULL;
    bool good = read_rows(store, STORE_LOAD_ITERATIONS, id, iteration_fields, &iterations,
                          &record->iteration_count, sizeof *scratch->iterations, error) &&
                read_rows(store, STORE_LOAD_SAMPLES, id, sample_fields, &samples,
                          &record->sample_count, sizeof *scratch->samples, error);
    record->iterations = scratch->iterations = iterations;
    record->samples = scratch->samples = samples;
    return good;
}

/* The run in the row; owned by the caller. */
static struct record *load_row(struct store *store, sqlite3_stmt *row, bool with_course,
                               struct error *error)
{
    int64_t id = sqlite3_column_int64(row, 0);
    struct scratch scratch = {.settings = NULL};
    struct record record;
    const char *digest = NULL;
    char own[RECORD_DIGEST_SIZE];
    bool good = read_run(store, id, row, &record, &digest, error) &&
                read_settings(store, id, &scratch, &record, error) &&
                (!with_course || read_course(store, id, &scratch, &record, error));
    if (good) {
        record_digest(record.settings, record.setting_count, own);
        good = !strcmp(own, digest) ||
               damaged(store, id, "its settings do not give its digest", error);
    }
    struct record *copy = good ? record_copy(&record) : NULL;
    release(&scratch);
    return copy;
}

/* "" if the study has none; owned by the caller. NULL and the error on failure. */
static char *load_name(struct store *store, struct error *error)
{
    sqlite3_stmt *row = store_prepare(store, STORE_LOAD_NAME, error);
    bool end;
    if (!row || !next_row(store, row, &end, error))
        return NULL;
    const char *name = end ? "" : text_at(store, 0, row, 0, error);
    char *copy = name ? must_copy(name, "a study's name") : NULL;
    sqlite3_reset(row);
    return copy;
}

/* The study's name and axes; no runs yet. */
static struct study *load_description(struct store *store, struct error *error)
{
    char *name = load_name(store, error);
    sqlite3_stmt *rows = name ? store_prepare(store, STORE_LOAD_AXES, error) : NULL;
    bool good = rows != NULL, end = false;
    char **axes = NULL;
    size_t axis_count = 0;
    int64_t last = INT64_MIN;
    while (good && (good = next_row(store, rows, &end, error)) && !end) {
        const char *text = text_at(store, 0, rows, 0, error);
        int64_t position = sqlite3_column_int64(rows, 1);
        good = text && (position > last || damaged(store, 0, "axes are out of order", error));
        last = position;
        if (good) {
            axes = must_grow(axes, axis_count + 1, sizeof *axes, "a study's axes");
            axes[axis_count++] = must_copy(text, "a study's axis");
        }
    }
    if (rows)
        sqlite3_reset(rows);
    struct study *study = good ? study_create(name, (const char *const *)axes, axis_count) : NULL;
    for (size_t i = 0; i < axis_count; i++)
        free(axes[i]);
    free(axes);
    free(name);
    return study;
}

static bool load_runs(struct store *store, struct study *study, struct error *error)
{
    sqlite3_stmt *rows = store_prepare(store, STORE_LOAD_RUNS, error);
    bool good = rows != NULL, end = false;
    int64_t last = INT64_MIN;
    while (good && (good = next_row(store, rows, &end, error)) && !end) {
        int64_t id = sqlite3_column_int64(rows, 0);
        /* The order of a damaged table cannot be relied on. */
        if (id <= last)
            good = damaged(store, id, "it is out of order", error);
        struct record *record = good ? load_row(store, rows, false, error) : NULL;
        good = record != NULL;
        if (record)
            study_take(study, id, record);
        last = id;
    }
    if (rows)
        sqlite3_reset(rows);
    return good;
}

struct study *store_load(struct store *store, struct error *error)
{
    /* One transaction, so that a sweep which goes on meanwhile does not show in part of it. */
    if (!store_execute(store, "BEGIN", "read the study", error))
        return NULL;
    struct study *study = load_description(store, error);
    if (study && !load_runs(store, study, error)) {
        study_free(study);
        study = NULL;
    }
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return study;
}

struct record *store_load_run(struct store *store, int64_t id, struct error *error)
{
    if (!store_execute(store, "BEGIN", "read the study", error))
        return NULL;
    sqlite3_stmt *row = begin_rows(store, STORE_LOAD_RUN, id, error);
    bool end = true;
    struct record *record = NULL;
    if (row && next_row(store, row, &end, error)) {
        if (end)
            error_set(error, "%.300s: there is no run %" PRId64, store->path, id);
        else
            record = load_row(store, row, true, error);
    }
    if (row)
        sqlite3_reset(row);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return record;
}
