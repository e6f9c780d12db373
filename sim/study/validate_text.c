/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/study/validate_text.h"

#include "results/json.h"
#include "results/table.h"
#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_WIDTH 200u

static bool is_delta_metric(enum validation_metric metric)
{
    return metric >= METRIC_XBZRLE_PAGES && metric <= METRIC_OVERFLOW;
}

static void format_metric(const struct record *record, enum validation_metric metric, bool outside,
                          char *text, size_t size)
{
    const char *mark = outside ? "*" : "";
    if (is_delta_metric(metric) && !record->xbzrle)
        snprintf(text, size, "-");
    else if (metric == METRIC_THROTTLE && !record->cpu_throttle_percentage)
        snprintf(text, size, "-");
    else if (metric == METRIC_DOWNTIME && record->outcome != OUTCOME_CONVERGED)
        snprintf(text, size, "-");
    else if (metric == METRIC_TRANSFERRED || metric == METRIC_XBZRLE_BYTES)
        snprintf(text, size, "%.2f%s", validation_metric(record, metric) / 1048576, mark);
    else
        snprintf(text, size, "%.0f%s", validation_metric(record, metric), mark);
}

static const char *verdict_of(const struct record *record)
{
    return record->outcome == OUTCOME_CONVERGED ? "yes" : "no";
}

/* Over `validations` if not NULL: marks are set. */
static void add_row(struct table *table, const char *first, const char *verdict,
                    const struct record *record, const struct validations *validations,
                    size_t index)
{
    char texts[METRIC_COUNT][32];
    const char *cells[METRIC_COUNT + 2] = {first, verdict};
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        bool outside =
            validations && validate_is_outside_noise(validations, index, (enum validation_metric)m);
        format_metric(record, (enum validation_metric)m, outside, texts[m], sizeof texts[m]);
        cells[m + 2] = texts[m];
    }
    table_add(table, cells);
}

static void put_summary(FILE *stream, const struct validation_summary *summary)
{
    fprintf(stream,
            "\n%zu cells predicted%s, %zu wrong verdicts, %zu decided by luck, %zu not predicted.\n"
            "Absolute errors of the others that converged:\n"
            "  total time    median %.2f %%, 90th percentile %.2f %%  (%zu cells)\n"
            "  transferred   median %.2f %%, 90th percentile %.2f %%\n"
            "  downtime      median %.1f ms, 90th percentile %.1f ms\n"
            "  cache misses  median %.2f %%, 90th percentile %.2f %%  (%zu cells)\n",
            summary->cells, summary->calibrated ? " that did not calibrate" : "",
            summary->wrong_verdicts, summary->luck, summary->not_predicted,
            100 * summary->total_time.median, 100 * summary->total_time.p90,
            summary->total_time.count, 100 * summary->transferred.median,
            100 * summary->transferred.p90, summary->downtime.median, summary->downtime.p90,
            100 * summary->cache_miss.median, 100 * summary->cache_miss.p90,
            summary->cache_miss.count);
}

/* The first row of a cell stands for all its repeats. */
static bool tells_luck(const struct validations *validations, size_t index)
{
    const struct validation *row = &validations->rows[index];
    for (size_t i = 0; i < index; i++)
        if (!strcmp(validations->rows[i].cell->id, row->cell->id))
            return false;
    return row->luck && row->predicted;
}

static void put_luck(FILE *stream, const struct validations *validations)
{
    bool any = false;
    for (size_t i = 0; i < validations->count; i++) {
        if (!tells_luck(validations, i))
            continue;
        struct validation_luck luck = validate_luck(validations, i);
        if (!any)
            fprintf(stream,
                    "\nDecided by luck, as repeats or seeds show; total time, median (lowest to "
                    "highest), of those that converged:\n");
        any = true;
        fprintf(stream,
                "  %-24s measured %zu of %zu: %.0f ms (%.0f to %.0f), predicted %zu of %zu: %.0f "
                "ms (%.0f to %.0f)\n",
                validations->rows[i].cell->id, luck.measured_converged, luck.measured,
                luck.measured_median, luck.measured_low, luck.measured_high,
                luck.predicted_converged, luck.predicted, luck.predicted_median, luck.predicted_low,
                luck.predicted_high);
    }
}

char *validate_table_text(const struct validations *validations)
{
    static const struct table_column columns[METRIC_COUNT + 2] = {
        {"cell", true, false},           {"conv", true, false},
        {"total\n[ms]", false, false},   {"down\n[ms]", false, false},
        {"setup\n[ms]", false, false},   {"sent\n[MiB]", false, false},
        {"syncs", false, false},         {"normal", false, false},
        {"zero", false, false},          {"hits", false, false},
        {"deltas\n[MiB]", false, false}, {"misses", false, false},
        {"over-\nflow", false, false},   {"thr.\n[%]", false, false},
    };
    struct table *table = table_create(columns, METRIC_COUNT + 2);
    for (size_t i = 0; i < validations->count; i++) {
        const struct validation *row = &validations->rows[i];
        char name[128], share[48];
        if (!row->predicted)
            continue;
        snprintf(name, sizeof name, "%.100s/%u%s", row->cell->id, row->cell->repeat,
                 row->calibrated ? " (calibrated)" : "");
        add_row(table, name, verdict_of(row->cell->measured), row->cell->measured, NULL, i);
        snprintf(share, sizeof share, "%zu/%zu", row->converged, row->run_count);
        bool mixed = row->converged && row->converged < row->run_count;
        add_row(table, row->luck ? "  predicted (luck)" : "  predicted",
                mixed ? share : verdict_of(row->predicted), row->predicted, validations, i);
    }
    char *rows = table_text(table, TABLE_WIDTH), *text;
    size_t size;
    FILE *stream = text_stream(&text, &size);
    struct validation_summary summary = validate_summary(validations);
    fputs(rows, stream);
    put_summary(stream, &summary);
    put_luck(stream, validations);
    fclose(stream);
    free(rows);
    table_free(table);
    return text;
}

/* The first window that ends after the time: its estimate is the next one. */
static const struct record_sample *window_before(const struct record *record, int64_t time_ns)
{
    const struct record_sample *last = NULL;
    for (size_t i = 0; i < record->sample_count && record->samples[i].end_ns <= time_ns; i++)
        last = &record->samples[i];
    return last;
}

static void add_iteration(struct table *table, const char *who, size_t index,
                          const struct record *record)
{
    char texts[6][32];
    const char *cells[] = {texts[0], who, texts[1], texts[2], texts[3], texts[4], texts[5]};
    if (index >= record->iteration_count)
        return;
    const struct record_iteration *iteration = &record->iterations[index];
    const struct record_sample *window = window_before(record, iteration->end_ns);
    snprintf(texts[0], sizeof texts[0], "%zu", index + 1);
    snprintf(texts[1], sizeof texts[1], "%.4f", (double)iteration->start_ns / 1e9);
    snprintf(texts[2], sizeof texts[2], "%" PRIu64, iteration->dirty_pages);
    snprintf(texts[3], sizeof texts[3], "%.3f", (double)iteration->sent.transferred / 1048576);
    double rate = window && window->window_ns
                      ? (double)window->window_bytes * 1e9 / (double)window->window_ns / 1048576
                      : 0;
    snprintf(texts[4], sizeof texts[4], "%.2f", rate);
    snprintf(texts[5], sizeof texts[5], "%.3f",
             (double)(window ? window->threshold_bytes : 0) / 1048576);
    table_add(table, cells);
}

/* The first iteration whose start or dirty pages differ by more than 2 % and a window. */
static size_t first_parting(const struct record *a, const struct record *b)
{
    size_t count =
        a->iteration_count < b->iteration_count ? a->iteration_count : b->iteration_count;
    for (size_t i = 0; i < count; i++) {
        double later = fabs((double)(a->iterations[i].start_ns - b->iterations[i].start_ns)) / 1e9;
        double pages = (double)a->iterations[i].dirty_pages;
        double off = fabs(pages - (double)b->iterations[i].dirty_pages);
        if (later > 0.05 || off > 0.02 * pages + 20)
            return i;
    }
    return count;
}

char *validate_trace_text(const struct validation *validation, size_t width)
{
    static const struct table_column columns[] = {
        {"#", false, false},
        {"", true, false},
        {"sync at\n[s]", false, false},
        {"dirty\n[pages]", false, false},
        {"sent after\n[MiB]", false, false},
        {"last window\n[MiB/s]", false, false},
        {"threshold\n[MiB]", false, false},
    };
    if (!validation->predicted)
        return must_copy("", "a text");
    const struct record *measured = validation->cell->measured, *predicted = validation->predicted;
    size_t count = measured->iteration_count > predicted->iteration_count
                       ? measured->iteration_count
                       : predicted->iteration_count;
    size_t parting = first_parting(measured, predicted);
    struct table *table = table_create(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count && i < 60; i++) {
        add_iteration(table, "measured", i, measured);
        add_iteration(table, "predicted", i, predicted);
    }
    char *rows = table_text(table, width), *text;
    size_t size;
    FILE *stream = text_stream(&text, &size);
    fputs(rows, stream);
    fprintf(stream, "\nTotal time %" PRId64 " ms measured, %" PRId64 " ms predicted. ",
            measured->total_time_ns / 1000000, predicted->total_time_ns / 1000000);
    if (parting < measured->iteration_count && parting < predicted->iteration_count)
        fprintf(stream, "They part first at sync %zu.\n", parting + 1);
    else if (measured->iteration_count != predicted->iteration_count)
        fprintf(stream, "They agree until one of them ends, after sync %zu.\n", parting);
    else
        fprintf(stream, "They agree in all %zu syncs.\n", parting);
    fclose(stream);
    free(rows);
    table_free(table);
    return text;
}

static json_t *json_of_side(const struct record *record)
{
    json_t *side = json_object();
    json_object_set_new(side, "outcome", json_string(record_outcome_name(record->outcome)));
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        if (record->xbzrle || !is_delta_metric((enum validation_metric)m))
            json_object_set_new(
                side, validation_metric_names[m],
                json_integer((json_int_t)validation_metric(record, (enum validation_metric)m)));
    return side;
}

static json_t *json_of_row(const struct validations *validations, size_t index)
{
    const struct validation *row = &validations->rows[index];
    json_t *object = json_object(), *outside = json_array();
    json_object_set_new(object, "cell", json_string(row->cell->id));
    json_object_set_new(object, "repeat", json_integer(row->cell->repeat));
    json_object_set_new(object, "measured", json_of_side(row->cell->measured));
    if (!row->predicted) {
        json_object_set_new(object, "not-predicted", json_string(row->why_not));
        json_decref(outside);
        return object;
    }
    json_object_set_new(object, "calibrated", json_boolean(row->calibrated));
    json_object_set_new(object, "seeds", json_integer((json_int_t)row->run_count));
    json_object_set_new(object, "seeds-converged", json_integer((json_int_t)row->converged));
    json_object_set_new(object, "luck", json_boolean(row->luck));
    json_object_set_new(object, "predicted", json_of_side(row->predicted));
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        if (validate_is_outside_noise(validations, index, (enum validation_metric)m))
            json_array_append_new(outside, json_string(validation_metric_names[m]));
    json_object_set_new(object, "outside-noise", outside);
    return object;
}

static json_t *json_of_spread(const struct error_spread *spread, const char *median,
                              const char *p90)
{
    json_t *object = json_object();
    json_object_set_new(object, median, json_real(spread->median));
    json_object_set_new(object, p90, json_real(spread->p90));
    return object;
}

static json_t *json_of_times(size_t runs, size_t converged, double median, double low, double high)
{
    json_t *object = json_object();
    json_object_set_new(object, "runs", json_integer((json_int_t)runs));
    json_object_set_new(object, "converged", json_integer((json_int_t)converged));
    json_object_set_new(object, "total-time-median-ms", json_real(median));
    json_object_set_new(object, "total-time-lowest-ms", json_real(low));
    json_object_set_new(object, "total-time-highest-ms", json_real(high));
    return object;
}

static json_t *json_of_luck(const struct validations *validations)
{
    json_t *array = json_array();
    for (size_t i = 0; i < validations->count; i++) {
        if (!tells_luck(validations, i))
            continue;
        struct validation_luck luck = validate_luck(validations, i);
        json_t *object = json_object();
        json_object_set_new(object, "cell", json_string(validations->rows[i].cell->id));
        json_object_set_new(object, "measured",
                            json_of_times(luck.measured, luck.measured_converged,
                                          luck.measured_median, luck.measured_low,
                                          luck.measured_high));
        json_object_set_new(object, "predicted",
                            json_of_times(luck.predicted, luck.predicted_converged,
                                          luck.predicted_median, luck.predicted_low,
                                          luck.predicted_high));
        json_array_append_new(array, object);
    }
    return array;
}

json_t *validate_json(const struct validations *validations)
{
    struct validation_summary summary = validate_summary(validations);
    json_t *object = json_object(), *cells = json_array(), *totals = json_object();
    for (size_t i = 0; i < validations->count; i++)
        json_array_append_new(cells, json_of_row(validations, i));
    const char *median = "median-abs-rel-error", *p90 = "p90-abs-rel-error";
    json_object_set_new(totals, "total-time", json_of_spread(&summary.total_time, median, p90));
    json_object_set_new(
        totals, "downtime",
        json_of_spread(&summary.downtime, "median-abs-error-ms", "p90-abs-error-ms"));
    json_object_set_new(totals, "transferred", json_of_spread(&summary.transferred, median, p90));
    json_object_set_new(totals, "xbzrle-cache-miss",
                        json_of_spread(&summary.cache_miss, median, p90));
    json_object_set_new(totals, "wrong-verdicts", json_integer((json_int_t)summary.wrong_verdicts));
    json_object_set_new(totals, "luck", json_integer((json_int_t)summary.luck));
    json_object_set_new(totals, "cells", json_integer((json_int_t)summary.cells));
    json_object_set_new(totals, "not-predicted", json_integer((json_int_t)summary.not_predicted));
    json_object_set_new(totals, "calibrated", json_integer((json_int_t)summary.calibrated));
    json_object_set_new(object, "schema_version", json_integer(JSON_SCHEMA_VERSION));
    json_object_set_new(object, "cells", cells);
    json_object_set_new(object, "luck", json_of_luck(validations));
    json_object_set_new(object, "summary", totals);
    return object;
}
