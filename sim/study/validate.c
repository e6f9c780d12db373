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
    [METRIC_OVERFLOW] = "xbzrle-overflow",  [METRIC_THROTTLE] = "cpu-throttle-percentage",
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
    case METRIC_THROTTLE:
        return (double)record->cpu_throttle_percentage;
    case METRIC_COUNT:
        break;
    }
    return 0;
}

/* One side of a cell's luck: all its runs so far, and the total times of those that converged. */
struct side {
    double *ms;
    size_t runs, converged;
};

static void add_run(struct side *side, const struct record *record)
{
    side->runs++;
    if (record->outcome != OUTCOME_CONVERGED)
        return;
    side->ms = must_grow(side->ms, side->converged + 1, sizeof *side->ms, "times");
    side->ms[side->converged++] = (double)record->total_time_ns / 1e6;
}

static void range_of(struct side *side, double *ret_median, double *ret_low, double *ret_high)
{
    *ret_median = *ret_low = *ret_high = 0;
    if (side->converged) {
        gsl_sort(side->ms, 1, side->converged);
        *ret_median = gsl_stats_median_from_sorted_data(side->ms, 1, side->converged);
        *ret_low = side->ms[0];
        *ret_high = side->ms[side->converged - 1];
    }
    free(side->ms);
}

struct validation_luck validate_luck(const struct validations *validations, size_t row)
{
    struct side measured = {0}, predicted = {0};
    for (size_t i = 0; i < validations->count; i++) {
        const struct validation *other = &validations->rows[i];
        if (strcmp(other->cell->id, validations->rows[row].cell->id) != 0)
            continue;
        add_run(&measured, other->cell->measured);
        for (size_t k = 0; k < other->run_count; k++)
            add_run(&predicted, other->runs[k]);
    }
    struct validation_luck luck = {.measured = measured.runs,
                                   .predicted = predicted.runs,
                                   .measured_converged = measured.converged,
                                   .predicted_converged = predicted.converged};
    range_of(&measured, &luck.measured_median, &luck.measured_low, &luck.measured_high);
    range_of(&predicted, &luck.predicted_median, &luck.predicted_low, &luck.predicted_high);
    return luck;
}

static bool is_luck(const struct validations *validations, size_t row)
{
    struct validation_luck luck = validate_luck(validations, row);
    bool mixed = (luck.measured_converged && luck.measured_converged < luck.measured) ||
                 (luck.predicted_converged && luck.predicted_converged < luck.predicted);
    const struct cell *cell = validations->rows[row].cell;
    bool stalls = cell->text && scenario_text_find(cell->text, "host", "stall-interval");
    return stalls || mixed || luck.measured_high > LUCK_RATIO * luck.measured_low ||
           luck.predicted_high > LUCK_RATIO * luck.predicted_low;
}

#define SEED_STEP   1000u /* between the seeds of one cell: repeats number the rest */
#define EXTRA_SEEDS 8u

/* The rows that are predicted in one go, `seeds` times each. */
struct job {
    struct validations *validations;
    const size_t *rows;
    unsigned seeds, first_seed;
};

static struct record *predict(void *context, size_t index, struct error *error)
{
    const struct job *job = context;
    const struct cell *cell = job->validations->rows[job->rows[index / job->seeds]].cell;
    unsigned turn = job->first_seed + (unsigned)(index % job->seeds);
    char seed[24];
    if (!cell->text) {
        error_set(error, "%s", cell->problem);
        return NULL;
    }
    struct scenario_text *text = scenario_text_copy(cell->text);
    snprintf(seed, sizeof seed, "%u", cell->repeat + 1 + turn * SEED_STEP);
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
    const struct job *job = context;
    struct validation *row = &job->validations->rows[job->rows[index / job->seeds]];
    if (record) {
        row->runs = must_grow(row->runs, row->run_count + 1, sizeof *row->runs, "predictions");
        row->runs[row->run_count++] = record;
    } else if (!row->why_not) {
        row->why_not = must_copy(why, "a message");
    }
    return true;
}

static bool has_converged(const struct record *record)
{
    return record->outcome == OUTCOME_CONVERGED;
}

/* Converged ones first, then by total time. */
static int by_speed(const void *a, const void *b)
{
    const struct record *left = *(struct record *const *)a, *right = *(struct record *const *)b;
    if (has_converged(left) != has_converged(right))
        return has_converged(left) ? -1 : 1;
    return (left->total_time_ns > right->total_time_ns) -
           (left->total_time_ns < right->total_time_ns);
}

static void settle(struct validation *row)
{
    row->predicted = NULL;
    row->converged = 0;
    if (row->why_not || !row->run_count)
        return;
    qsort(row->runs, row->run_count, sizeof *row->runs, by_speed);
    for (size_t i = 0; i < row->run_count; i++)
        row->converged += has_converged(row->runs[i]);
    row->predicted = row->runs[(row->run_count - 1) / 2];
}

static bool predict_rows(struct validations *validations, const size_t *rows, size_t count,
                         unsigned first_seed, unsigned seeds,
                         const struct validate_options *options, struct error *error)
{
    struct job job = {validations, rows, seeds, first_seed};
    struct workers_task task = {count * seeds, options->workers,    &job, predict,
                                take,          options->interrupted};
    bool ok = workers_run(&task, error);
    for (size_t i = 0; i < count; i++)
        settle(&validations->rows[rows[i]]);
    return ok;
}

static bool is_among(const char *id, const char *const *ids)
{
    for (; ids && *ids; ids++)
        if (!strcmp(id, *ids))
            return true;
    return false;
}

static bool verdict_is_wrong(const struct validation *row)
{
    return row->predicted && row->predicted->outcome != row->cell->measured->outcome;
}

bool validate(const struct cells *cells, const struct validate_options *options,
              struct validations *ret, struct error *error)
{
    ret->count = cells->shown;
    ret->rows = must_alloc(cells->shown, sizeof *ret->rows, "validations");
    size_t *rows = must_alloc(cells->shown, sizeof *rows, "validations"), wrong = 0;
    for (size_t i = 0; i < cells->shown; i++) {
        ret->rows[i].cell = &cells->cells[i];
        ret->rows[i].calibrated = is_among(cells->cells[i].id, options->calibrated);
        rows[i] = i;
    }
    bool ok = predict_rows(ret, rows, cells->shown, 0, options->seeds, options, error);
    for (size_t i = 0; ok && i < ret->count; i++)
        if (verdict_is_wrong(&ret->rows[i]) && !is_luck(ret, i))
            rows[wrong++] = i;
    ok = ok && predict_rows(ret, rows, wrong, options->seeds, EXTRA_SEEDS, options, error);
    for (size_t i = 0; ok && i < ret->count; i++)
        ret->rows[i].luck = is_luck(ret, i);
    free(rows);
    return ok;
}

void validations_release(struct validations *validations)
{
    for (size_t i = 0; i < validations->count; i++) {
        for (size_t k = 0; k < validations->rows[i].run_count; k++)
            free(validations->rows[i].runs[k]);
        free(validations->rows[i].runs);
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
        if (!row->predicted || row->calibrated || row->luck ||
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
        else if (row->luck)
            summary.luck++;
        else
            summary.wrong_verdicts += verdict_is_wrong(row);
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
