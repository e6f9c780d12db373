/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/study/calibrate.h"

#include "models/host_cost.h"
#include "sim/scenario.h"
#include "sim/simulate.h"
#include "sim/study/cell_scenario.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_statistics_double.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GIB ((double)(1u << 30))

/* Which baseline cells serve a fit. */
enum choice { LIMITED_PREALLOCATED, LIMITED_UNTOUCHED };

static bool has_setting(const struct cell *cell, const char *section, const char *key)
{
    return scenario_text_find(cell->text, section, key) != NULL;
}

static bool is_usable(const struct cell *cell)
{
    return cell->baseline && cell->text && cell->measured->outcome == OUTCOME_CONVERGED;
}

/* A cell that the rate limit rules, on loopback: its end hangs on the zero pages alone. */
static bool is_chosen(const struct cell *cell, enum choice choice)
{
    if (!is_usable(cell) || cell->measured->sample_count < 5)
        return false;
    const struct scenario_entry *link = scenario_text_find(cell->text, "link", "bandwidth");
    if (strcmp(link->value, CELL_LOOPBACK) != 0)
        return false;
    return has_setting(cell, "guest", "preallocated") == (choice == LIMITED_UNTOUCHED);
}

static double median_of(const struct cells *cells, double (*value)(const struct cell *))
{
    double *values = must_alloc(cells->count, sizeof *values, "a median");
    size_t count = 0;
    for (size_t i = 0; i < cells->count; i++)
        if (is_usable(&cells->cells[i]))
            values[count++] = value(&cells->cells[i]);
    double median = count ? gsl_stats_median(values, 1, count) : 0;
    free(values);
    return median;
}

static double connect_s(const struct cell *cell)
{
    return cell->marks.setup - cell->marks.command;
}

static double setup_s(const struct cell *cell)
{
    return cell->marks.active - cell->marks.setup;
}

static double sync_s_per_gib(const struct cell *cell)
{
    return cell->marks.sync_s / ((double)cell->measured->ram_total / GIB);
}

static double stop_s(const struct cell *cell)
{
    return cell->marks.stopped - cell->marks.decided;
}

static double device_s(const struct cell *cell)
{
    return cell->marks.completed - cell->marks.completing - cell->marks.sync_s;
}

static double load_s(const struct cell *cell)
{
    const struct record *measured = cell->measured;
    return (double)(measured->cost.guest_stopped_ns - measured->downtime_ns) / 1e9;
}

/* How much later than asked the thread wakes: windows of limited cells, less their 100 ms. */
static double wake_s(const struct cells *cells)
{
    double *late = NULL;
    size_t count = 0;
    for (size_t i = 0; i < cells->count; i++) {
        const struct record *measured = cells->cells[i].measured;
        if (!is_chosen(&cells->cells[i], LIMITED_PREALLOCATED))
            continue;
        late = must_grow(late, count + measured->sample_count, sizeof *late, "windows");
        for (size_t k = 1; k < measured->sample_count; k++)
            late[count++] =
                (double)(measured->samples[k].end_ns - measured->samples[k - 1].end_ns) / 1e9 - 0.1;
    }
    double median = count ? gsl_stats_median(late, 1, count) : 0;
    free(late);
    return median > 0 ? median : 0;
}

struct fit {
    const struct cells *cells;
    enum choice choice;
    struct scenario_text *host; /* what is known so far */
    const char *key;            /* what is solved for */
    bool failed;
};

static void set_ns(struct scenario_text *text, const char *key, double ns)
{
    char value[32];
    snprintf(value, sizeof value, "%.0fns", ns < 0 ? 0 : ns);
    scenario_text_set(text, "host", key, value, 0);
}

/* Predicted less measured total time of one cell, in ms, with the host as it is now. */
static double residual_ms(const struct cell *cell, const struct scenario_text *host, bool *failed)
{
    struct error error;
    struct scenario_text *text = scenario_text_copy(cell->text);
    for (size_t i = 0; i < host->count; i++)
        scenario_text_set(text, "host", host->entries[i].key, host->entries[i].value, 0);
    struct scenario *scenario = scenario_create(text, &error);
    struct record *record = scenario ? simulate(scenario, NULL, &error) : NULL;
    double residual = 0;
    if (record)
        residual = (double)(record->total_time_ns - cell->measured->total_time_ns) / 1e6;
    else
        *failed = true;
    free(record);
    scenario_destroy(scenario);
    scenario_text_destroy(text);
    return residual;
}

static double median_residual(double ns, void *context)
{
    struct fit *fit = context;
    double *residuals = must_alloc(fit->cells->count, sizeof *residuals, "a fit");
    size_t count = 0;
    set_ns(fit->host, fit->key, ns);
    for (size_t i = 0; i < fit->cells->count; i++)
        if (is_chosen(&fit->cells->cells[i], fit->choice))
            residuals[count++] = residual_ms(&fit->cells->cells[i], fit->host, &fit->failed);
    double median = count ? gsl_stats_median(residuals, 1, count) : 0;
    free(residuals);
    return median;
}

/* The value in low..high at which the median residual is 0; the nearer end if there is none. */
static double solve(struct fit *fit, double low, double high)
{
    gsl_function function = {median_residual, fit};
    if (median_residual(low, fit) >= 0)
        return low;
    if (median_residual(high, fit) <= 0)
        return high;
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    gsl_root_fsolver_set(solver, &function, low, high);
    for (int i = 0; i < 40; i++) {
        if (gsl_root_fsolver_iterate(solver) != GSL_SUCCESS)
            break;
        if (gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                   gsl_root_fsolver_x_upper(solver), 1, 0.005) == GSL_SUCCESS)
            break;
    }
    double root = gsl_root_fsolver_root(solver);
    gsl_root_fsolver_free(solver);
    set_ns(fit->host, fit->key, root);
    return root;
}

static size_t count_chosen(const struct cells *cells, enum choice choice)
{
    size_t count = 0;
    for (size_t i = 0; i < cells->count; i++)
        count += is_chosen(&cells->cells[i], choice);
    return count;
}

static void put_residuals(const struct cells *cells, struct fit *fit, FILE *out)
{
    fprintf(out, "; predicted less measured total time, in ms:\n");
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cells[i];
        if (!is_usable(cell))
            continue;
        double residual = residual_ms(cell, fit->host, &fit->failed);
        fprintf(out, ";   %s/%u: %+.0f of %.0f\n", cell->id, cell->repeat, residual,
                (double)cell->measured->total_time_ns / 1e6);
    }
}

static void put_cells(const struct cells *cells, FILE *out)
{
    fprintf(out, "\n[calibration]\ncells =");
    for (size_t i = 0; i < cells->count; i++)
        if (is_usable(&cells->cells[i]) &&
            (i == 0 || strcmp(cells->cells[i].id, cells->cells[i - 1].id) != 0))
            fprintf(out, "\n    %s", cells->cells[i].id);
    fprintf(out, "\n");
}

bool calibrate_from_cells(const struct cells *cells, FILE *out, struct error *error)
{
    struct fit fit = {.cells = cells, .choice = LIMITED_PREALLOCATED, .key = "zero-page-time"};
    if (!count_chosen(cells, LIMITED_PREALLOCATED))
        return error_set(error, "no cell of an idle guest under a rate limit is among them");
    fit.host = must_alloc(1, sizeof *fit.host, "the host's constants");
    fit.host->file = must_copy("calibration", "a name");
    set_ns(fit.host, "connect-time", median_of(cells, connect_s) * 1e9);
    set_ns(fit.host, "sync-time", median_of(cells, sync_s_per_gib) * 1e9);
    set_ns(fit.host, "setup-time", median_of(cells, setup_s) * 1e9);
    set_ns(fit.host, "stop-time", median_of(cells, stop_s) * 1e9);
    set_ns(fit.host, "device-time", median_of(cells, device_s) * 1e9);
    set_ns(fit.host, "load-time", median_of(cells, load_s) * 1e9);
    set_ns(fit.host, "wake-time", wake_s(cells) * 1e9);
    solve(&fit, 20, 20000);
    if (count_chosen(cells, LIMITED_UNTOUCHED)) {
        fit.choice = LIMITED_UNTOUCHED;
        fit.key = "untouched-page-time";
        solve(&fit, 20, 100000);
    }
    fprintf(out, "; from measured migrations of idle guests, by migsim calibrate --cells\n");
    put_residuals(cells, &fit, out);
    fprintf(out, "[host]\n");
    for (size_t i = 0; i < fit.host->count; i++)
        fprintf(out, "%s = %s\n", fit.host->entries[i].key, fit.host->entries[i].value);
    put_cells(cells, out);
    scenario_text_destroy(fit.host);
    return !fit.failed || error_set(error, "a cell could not be predicted");
}
