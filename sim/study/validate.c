/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/study/validate.h"

#include "sim/simulate.h"
#include "sim/study/workers.h"

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const validation_metric_names[METRIC_COUNT] = {
    [METRIC_TOTAL_TIME] = "total-time",     [METRIC_DOWNTIME] = "downtime",
    [METRIC_SETUP_TIME] = "setup-time",     [METRIC_TRANSFERRED] = "transferred",
    [METRIC_SYNCS] = "dirty-sync-count",    [METRIC_NORMAL] = "normal",
    [METRIC_DUPLICATE] = "duplicate",       [METRIC_XBZRLE_PAGES] = "xbzrle-pages",
    [METRIC_XBZRLE_BYTES] = "xbzrle-bytes", [METRIC_CACHE_MISS] = "xbzrle-cache-miss",
    [METRIC_OVERFLOW] = "xbzrle-overflow",
};

double validation_metric(const struct record *record, enum validation_metric metric)
{
    const struct record_counters *counters = &record->counters;
    switch (metric) {
    case METRIC_TOTAL_TIME:
        return (double)(record->total_time_ns / 1000000);
    case METRIC_DOWNTIME:
        return (double)(record->downtime_ns / 1000000);
    case METRIC_SETUP_TIME:
        return (double)(record->setup_time_ns / 1000000);
    case METRIC_TRANSFERRED:
        return (double)counters->transferred;
    case METRIC_SYNCS:
        return (double)counters->dirty_sync_count;
    case METRIC_NORMAL:
        return (double)counters->normal;
    case METRIC_DUPLICATE:
        return (double)counters->duplicate;
    case METRIC_XBZRLE_PAGES:
        return (double)counters->xbzrle_pages;
    case METRIC_XBZRLE_BYTES:
        return (double)counters->xbzrle_bytes;
    case METRIC_CACHE_MISS:
        return (double)counters->xbzrle_cache_miss;
    case METRIC_OVERFLOW:
        return (double)counters->xbzrle_overflow;
    case METRIC_COUNT:
        break;
    }
    return 0;
}

struct job {
    struct validations *validations;
};

static struct record *predict(void *context, size_t index, struct error *error)
{
    const struct cell *cell = ((struct job *)context)->validations->rows[index].cell;
    char seed[24];
    if (!cell->text) {
        error_set(error, "%s", cell->problem);
        return NULL;
    }
    struct scenario_text *text = scenario_text_copy(cell->text);
    snprintf(seed, sizeof seed, "%u", cell->repeat + 1);
    scenario_text_set(text, "run", "seed", seed, 0);
    struct scenario *scenario = scenario_create(text, error);
    struct record *record = scenario ? simulate(scenario, NULL, error) : NULL;
    scenario_destroy(scenario);
    scenario_text_destroy(text);
    return record;
}

static bool take(void *context, size_t index, struct record *record, const char *why,
                 struct error *error)
{
    (void)error;
    struct validation *row = &((struct job *)context)->validations->rows[index];
    row->predicted = record;
    if (!record)
        row->why_not = must_copy(why, "a message");
    return true;
}

static bool repeats_disagree(const struct cells *cells, const char *id)
{
    bool converged = false, not = false;
    for (size_t i = 0; i < cells->count; i++) {
        if (strcmp(cells->cells[i].id, id) != 0)
            continue;
        bool did = cells->cells[i].measured->outcome == OUTCOME_CONVERGED;
        converged |= did, not |= !did;
    }
    return converged && not ;
}

static bool is_among(const char *id, const char *const *ids)
{
    for (; ids && *ids; ids++)
        if (!strcmp(id, *ids))
            return true;
    return false;
}

bool validate(const struct cells *cells, unsigned workers, const char *const *calibrated,
              const volatile sig_atomic_t *interrupted, struct validations *ret,
              struct error *error)
{
    ret->count = cells->shown;
    ret->rows = must_alloc(cells->shown, sizeof *ret->rows, "validations");
    for (size_t i = 0; i < cells->shown; i++) {
        ret->rows[i].cell = &cells->cells[i];
        ret->rows[i].calibrated = is_among(cells->cells[i].id, calibrated);
        ret->rows[i].verdict_is_noise = repeats_disagree(cells, cells->cells[i].id);
    }
    struct job job = {ret};
    struct workers_task task = {cells->shown, workers, &job, predict, take, interrupted};
    return workers_run(&task, error);
}

void validations_release(struct validations *validations)
{
    for (size_t i = 0; i < validations->count; i++) {
        free(validations->rows[i].predicted);
        free(validations->rows[i].why_not);
    }
    free(validations->rows);
}

static struct error_spread spread_of_errors(double *errors, size_t count)
{
    struct error_spread spread = {.count = count};
    if (!count)
        return spread;
    gsl_sort(errors, 1, count);
    spread.median = gsl_stats_median_from_sorted_data(errors, 1, count);
    spread.p90 = gsl_stats_quantile_from_sorted_data(errors, 1, count, 0.9);
    return spread;
}

static struct error_spread metric_errors(const struct validations *validations,
                                         enum validation_metric metric, bool relative)
{
    double *errors = must_alloc(validations->count, sizeof *errors, "errors");
    size_t count = 0;
    for (size_t i = 0; i < validations->count; i++) {
        const struct validation *row = &validations->rows[i];
        if (!row->predicted || row->calibrated ||
            row->cell->measured->outcome != OUTCOME_CONVERGED ||
            row->predicted->outcome != OUTCOME_CONVERGED)
            continue;
        double measured = validation_metric(row->cell->measured, metric);
        double off = fabs(validation_metric(row->predicted, metric) - measured);
        if (metric == METRIC_CACHE_MISS && measured <= 0)
            continue;
        errors[count++] = relative && measured > 0 ? off / measured : off;
    }
    struct error_spread spread = spread_of_errors(errors, count);
    free(errors);
    return spread;
}

struct validation_summary validate_summary(const struct validations *validations)
{
    struct validation_summary summary = {
        .total_time = metric_errors(validations, METRIC_TOTAL_TIME, true),
        .transferred = metric_errors(validations, METRIC_TRANSFERRED, true),
        .cache_miss = metric_errors(validations, METRIC_CACHE_MISS, true),
        .downtime = metric_errors(validations, METRIC_DOWNTIME, false),
    };
    for (size_t i = 0; i < validations->count; i++) {
        const struct validation *row = &validations->rows[i];
        if (!row->predicted)
            summary.not_predicted++;
        else if (row->calibrated)
            summary.calibrated++;
        else if (row->predicted->outcome != row->cell->measured->outcome)
            summary.wrong_verdicts += !row->verdict_is_noise;
        summary.cells += row->predicted && !row->calibrated;
    }
    return summary;
}

/* The range of the metric over the repeats of a cell; false if there is but one. */
static bool repeat_range(const struct validations *validations, const char *id,
                         enum validation_metric metric, double *ret_low, double *ret_high)
{
    size_t count = 0;
    for (size_t i = 0; i < validations->count; i++) {
        const struct cell *cell = validations->rows[i].cell;
        if (strcmp(cell->id, id) != 0)
            continue;
        double value = validation_metric(cell->measured, metric);
        *ret_low = count && *ret_low < value ? *ret_low : value;
        *ret_high = count && *ret_high > value ? *ret_high : value;
        count++;
    }
    return count > 1;
}

/* The median over repeated cells of half their range, relative to its middle. */
static double typical_noise(const struct validations *validations, enum validation_metric metric)
{
    double *noise = must_alloc(validations->count, sizeof *noise, "noise");
    size_t count = 0;
    for (size_t i = 0; i < validations->count; i++) {
        double low, high;
        const struct cell *cell = validations->rows[i].cell;
        if (cell->repeat == 0 && repeat_range(validations, cell->id, metric, &low, &high))
            noise[count++] = low + high > 0 ? (high - low) / (high + low) : 0;
    }
    double median = spread_of_errors(noise, count).median;
    free(noise);
    return median;
}

bool validate_is_outside_noise(const struct validations *validations, size_t index,
                               enum validation_metric metric)
{
    const struct validation *row = &validations->rows[index];
    double low, high, value = validation_metric(row->predicted, metric);
    repeat_range(validations, row->cell->id, metric, &low, &high);
    double margin = typical_noise(validations, metric) * (low + high) / 2;
    return value < low - margin || value > high + margin;
}
