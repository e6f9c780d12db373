/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* getline */
#include "sim/study/cells.h"

#include "sim/study/cell_scenario.h"

#include <errno.h>
#include <gsl/gsl_statistics_double.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t count(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

/* The place of a column in a {"columns", "rows"} table; SIZE_MAX if there is none. */
static size_t column(const json_t *table, const char *name)
{
    const json_t *columns = json_object_get(table, "columns");
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const char *text = json_string_value(json_array_get(columns, i));
        if (text && !strcmp(text, name))
            return i;
    }
    return SIZE_MAX;
}

static double real_at(const json_t *row, size_t column_no)
{
    return column_no == SIZE_MAX ? 0 : json_number_value(json_array_get(row, column_no));
}

static struct record_iteration *read_iterations(const json_t *table, double end_s,
                                                size_t *ret_count)
{
    const json_t *rows = json_object_get(table, "rows");
    size_t n = json_array_size(rows), at = column(table, "t_s"),
           dirty = column(table, "dirty_pages");
    size_t left = column(table, "remaining_bytes_after"), limit = column(table, "threshold_bytes");
    size_t sent = column(table, "transferred_at_sync_interpolated");
    struct record_iteration *iterations = must_alloc(n, sizeof *iterations, "iterations");
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i), *next = json_array_get(rows, i + 1);
        double end = next ? real_at(next, at) : end_s,
               moved = real_at(next, sent) - real_at(row, sent);
        iterations[i] = (struct record_iteration){
            .start_ns = (int64_t)(real_at(row, at) * 1e9),
            .end_ns = (int64_t)(end * 1e9),
            .dirty_pages = (uint64_t)real_at(row, dirty),
            .remaining_bytes = (uint64_t)real_at(row, left),
            .threshold_bytes = (uint64_t)real_at(row, limit),
            .sent = {.transferred = moved > 0 ? (uint64_t)moved : 0, .dirty_sync_count = 1},
        };
    }
    *ret_count = n;
    return iterations;
}

static struct record_sample *read_windows(const json_t *table, size_t *ret_count)
{
    const json_t *rows = json_object_get(table, "rows");
    size_t n = json_array_size(rows), at = column(table, "t_s"), bytes = column(table, "bytes");
    size_t ms = column(table, "time_ms"), limit = column(table, "threshold_bytes");
    struct record_sample *samples = must_alloc(n, sizeof *samples, "windows");
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        samples[i] = (struct record_sample){
            .end_ns = (int64_t)(real_at(row, at) * 1e9),
            .window_bytes = (uint64_t)real_at(row, bytes),
            .window_ns = (uint64_t)(real_at(row, ms) * 1e6),
            .threshold_bytes = (uint64_t)real_at(row, limit),
        };
    }
    *ret_count = n;
    return samples;
}

static void read_counters(const json_t *final, struct record *record)
{
    const json_t *ram = json_object_get(final, "ram"),
                 *cache = json_object_get(final, "xbzrle-cache");
    record->counters = (struct record_counters){
        .transferred = count(ram, "transferred"),
        .normal = count(ram, "normal"),
        .duplicate = count(ram, "duplicate"),
        .dirty_sync_count = count(ram, "dirty-sync-count"),
        .xbzrle_pages = count(cache, "pages"),
        .xbzrle_bytes = count(cache, "bytes"),
        .xbzrle_cache_miss = count(cache, "cache-miss"),
        .xbzrle_overflow = count(cache, "overflow"),
    };
    record->xbzrle = cache != NULL;
    record->xbzrle_cache_size = count(cache, "cache-size");
    record->ram_total = count(ram, "total");
    record->precopy_bytes = count(ram, "precopy-bytes");
    record->downtime_bytes = count(ram, "downtime-bytes");
}

/* The highest throttle; while the migration ran QEMU said it, later only the number of its steps
 * tells. */
static uint64_t read_throttle(const json_t *run)
{
    const json_t *final = json_object_get(run, "final");
    const json_t *parameters = json_object_get(json_object_get(run, "cell"), "migration");
    uint64_t told = count(final, "cpu-throttle-percentage");
    size_t steps = json_array_size(json_object_get(run, "throttle_t_s"));
    if (told || !steps)
        return told;
    uint64_t initial = count(parameters, "cpu-throttle-initial"),
             increment = count(parameters, "cpu-throttle-increment"),
             most = count(parameters, "max-cpu-throttle");
    uint64_t percent = (initial ? initial : 20) + (steps - 1) * (increment ? increment : 10);
    return percent < (most ? most : 99) ? percent : (most ? most : 99);
}

static struct record *read_measured(const json_t *run)
{
    const json_t *final = json_object_get(run, "final");
    const char *outcome = json_string_value(json_object_get(run, "outcome"));
    bool completed = outcome && !strcmp(outcome, "completed");
    struct record record = {
        .source = SOURCE_MEASURED,
        .outcome = completed ? OUTCOME_CONVERGED : OUTCOME_NOT_CONVERGED,
        .why = "",
        .status = completed ? "completed" : "cancelled",
        .seed = count(run, "repeat"),
        .total_time_ns = (int64_t)count(final, "total-time") * 1000000,
        .downtime_ns = (int64_t)count(final, "downtime") * 1000000,
        .setup_time_ns = (int64_t)count(final, "setup-time") * 1000000,
    };
    read_counters(final, &record);
    record.cpu_throttle_percentage = read_throttle(run);
    record.cost.guest_stopped_ns =
        (int64_t)(json_number_value(json_object_get(json_object_get(run, "guest_stopped"), "ms")) *
                  1e6);
    struct record_iteration *iterations =
        read_iterations(json_object_get(run, "iterations"), (double)record.total_time_ns / 1e9,
                        &record.iteration_count);
    struct record_sample *samples =
        read_windows(json_object_get(run, "rate_windows"), &record.sample_count);
    record.iterations = iterations;
    record.samples = samples;
    struct record *copy = record_copy(&record);
    free(iterations);
    free(samples);
    return copy;
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return must_copy(text ? text : "", "a cell");
}

static void add_host(struct scenario_text *text, const struct scenario_text *host)
{
    for (size_t i = 0; host && i < host->count; i++)
        if (!strcmp(host->entries[i].section, "host"))
            scenario_text_set(text, host->entries[i].section, host->entries[i].key,
                              host->entries[i].value, 0);
}

/* The first event of that name whose arguments are `args` (any if NULL). */
static double mark(const json_t *stages, const char *event, const char *args)
{
    const json_t *rows = json_object_get(stages, "rows");
    size_t at = column(stages, "t_s"), name = column(stages, "event"),
           what = column(stages, "args");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *is = json_string_value(json_array_get(row, name));
        const char *with = json_string_value(json_array_get(row, what));
        if (is && !strcmp(is, event) && (!args || (with && !strcmp(with, args))))
            return real_at(row, at);
    }
    return 0;
}

static double median_sync(const json_t *table)
{
    const json_t *rows = json_object_get(table, "rows");
    size_t n = json_array_size(rows), took = column(table, "took_s");
    if (n < 2)
        return 0;
    double *times = must_alloc(n, sizeof *times, "syncs"), median;
    for (size_t i = 1; i < n; i++)
        times[i - 1] = real_at(json_array_get(rows, i), took);
    median = gsl_stats_median(times, 1, n - 1);
    free(times);
    return median;
}

static void read_marks(struct cell_marks *marks, const json_t *run)
{
    const json_t *stages = json_object_get(run, "stages");
    const char *state = "migrate_set_state";
    *marks = (struct cell_marks){
        .command = mark(stages, state, "new state setup"),
        .setup = mark(stages, "savevm_state_setup", NULL),
        .active = mark(stages, state, "new state active"),
        .decided = mark(stages, "migration_thread_low_pending", NULL),
        .stopped = mark(stages, "migration_completion_vm_stop", NULL),
        .completing = mark(stages, "savevm_state_complete_precopy", NULL),
        .completed = mark(stages, state, "new state completed"),
        .sync_s = median_sync(json_object_get(run, "iterations")),
    };
}

static void read_cell(struct cell *cell, const json_t *run, const struct scenario_text *host)
{
    struct error error;
    const json_t *what = json_object_get(run, "cell");
    const char *kind = json_string_value(json_object_get(json_object_get(what, "guest"), "kind"));
    cell->id = text_of(what, "id");
    cell->group = text_of(what, "group");
    cell->repeat = (unsigned)count(run, "repeat");
    cell->baseline = kind && !strcmp(kind, "idle");
    cell->measured = read_measured(run);
    read_marks(&cell->marks, run);
    cell->text = cell_scenario(cell->id, run, &error);
    if (cell->text)
        add_host(cell->text, host);
    else
        cell->problem = must_copy(error.text, "a message");
}

static bool read_lines(struct cells *cells, FILE *file, const char *path,
                       const struct scenario_text *host, struct error *error)
{
    char *line = NULL;
    size_t room = 0;
    unsigned line_no = 0;
    bool ok = true;
    while (ok && getline(&line, &room, file) >= 0) {
        json_error_t what;
        line_no++;
        if (!line[strspn(line, " \t\r\n")])
            continue;
        json_t *run = json_loads(line, JSON_REJECT_DUPLICATES, &what);
        if (!json_is_object(run)) {
            ok = error_at(error, path, line_no, "no cell: %s", run ? "no object" : what.text);
        } else {
            cells->cells = must_grow(cells->cells, cells->count + 1, sizeof *cells->cells, "cells");
            cells->cells[cells->count] = (struct cell){.line = line_no};
            read_cell(&cells->cells[cells->count++], run, host);
        }
        json_decref(run);
    }
    if (ok && ferror(file))
        ok = error_at(error, path, 0, "%s", strerror(errno));
    if (ok && !cells->count)
        ok = error_at(error, path, 0, "no cells in it");
    free(line);
    return ok;
}

struct cells *cells_read(const char *path, const struct scenario_text *host, struct error *error)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        error_at(error, path, 0, "%s", strerror(errno));
        return NULL;
    }
    struct cells *cells = must_alloc(1, sizeof *cells, "cells");
    bool ok = read_lines(cells, file, path, host, error);
    fclose(file);
    cells->shown = cells->count;
    if (ok)
        return cells;
    cells_free(cells);
    return NULL;
}

void cells_keep(struct cells *cells, const char *name)
{
    cells->shown = 0;
    for (size_t i = 0; i < cells->count && !cells->shown; i++) {
        char full[160];
        struct cell *cell = &cells->cells[i];
        snprintf(full, sizeof full, "%.120s/%u", cell->id, cell->repeat);
        if (strcmp(full, name) != 0 && strcmp(cell->id, name) != 0)
            continue;
        struct cell swap = *cell;
        *cell = cells->cells[0];
        cells->cells[0] = swap;
        cells->shown = 1;
    }
}

void cells_free(struct cells *cells)
{
    if (!cells)
        return;
    for (size_t i = 0; i < cells->count; i++) {
        free(cells->cells[i].id);
        free(cells->cells[i].group);
        free(cells->cells[i].problem);
        free(cells->cells[i].measured);
        scenario_text_destroy(cells->cells[i].text);
    }
    free(cells->cells);
    free(cells);
}
