/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/summary_cells.h"

#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB 1048576.0

static double total_time(const struct record *r)
{
    return (double)r->total_time_ns / 1e9;
}
static double downtime(const struct record *r)
{
    return (double)r->downtime_ns / 1e6;
}
static double transferred(const struct record *r)
{
    return (double)r->counters.transferred / MIB;
}
static double stream(const struct record *r)
{
    return (double)record_stream_total(&r->stream) / MIB;
}
static double normal(const struct record *r)
{
    return (double)r->counters.normal;
}
static double duplicate(const struct record *r)
{
    return (double)r->counters.duplicate;
}
static double hits(const struct record *r)
{
    return (double)r->counters.xbzrle_pages;
}
static double misses(const struct record *r)
{
    return (double)r->counters.xbzrle_cache_miss;
}
static double overflow(const struct record *r)
{
    return (double)r->counters.xbzrle_overflow;
}
static double miss_ratio(const struct record *r)
{
    double lookups = hits(r) + misses(r);
    return lookups > 0 ? 100 * misses(r) / lookups : 0;
}
static double delta_bytes(const struct record *r)
{
    return (double)r->counters.xbzrle_bytes / MIB;
}
static double syncs(const struct record *r)
{
    return (double)r->counters.dirty_sync_count;
}
static double sender_cpu(const struct record *r)
{
    return (double)r->cost.sender_cpu_ns / 1e9;
}
static double cache_memory(const struct record *r)
{
    return (double)r->cost.cache_bytes / MIB;
}

const struct quantity quantities[QUANTITIES] = {
    [QUANTITY_TOTAL_TIME] = {"total time", "s", total_time, true, false, true, false},
    [QUANTITY_DOWNTIME] = {"downtime", "ms", downtime, true, false, true, false},
    [QUANTITY_TRANSFERRED] = {"transferred", "MiB", transferred, false, false, false, false},
    [QUANTITY_STREAM] = {"stream", "MiB", stream, false, false, false, false},
    [QUANTITY_NORMAL] = {"normal", "pages", normal, false, false, false, true},
    [QUANTITY_DUPLICATE] = {"duplicate", "pages", duplicate, false, false, false, true},
    [QUANTITY_HITS] = {"hits", "pages", hits, false, true, false, true},
    [QUANTITY_MISSES] = {"misses", "pages", misses, false, true, false, true},
    [QUANTITY_OVERFLOW] = {"overflow", "pages", overflow, false, true, false, true},
    [QUANTITY_MISS_RATIO] = {"miss ratio", "%", miss_ratio, false, true, false, false},
    [QUANTITY_DELTA_BYTES] = {"deltas", "MiB", delta_bytes, false, true, false, false},
    [QUANTITY_SYNCS] = {"dirty syncs", "", syncs, false, false, false, true},
    [QUANTITY_SENDER_CPU] = {"sender CPU", "s", sender_cpu, false, false, false, false},
    [QUANTITY_CACHE_MEMORY] = {"cache memory", "MiB", cache_memory, false, true, false, false},
};

struct spread quantity_spread(enum quantity_id id, const struct record *const *runs, size_t count)
{
    assert(id < QUANTITIES);
    const struct quantity *quantity = &quantities[id];
    double *values = must_alloc(count, sizeof *values, "values of runs");
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if ((!quantity->needs_convergence || runs[i]->outcome == OUTCOME_CONVERGED) &&
            (!quantity->needs_xbzrle || runs[i]->xbzrle))
            values[used++] = quantity->of(runs[i]);
    struct spread spread = spread_of(values, used);
    free(values);
    return spread;
}

char *cell_number(double value, char text[static CELL_SIZE])
{
    double size = value < 0 ? -value : value;
    int places = size == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
    snprintf(text, CELL_SIZE, "%.*f", places, value);
    return text;
}

char *cell_quantity(enum quantity_id id, const struct record *const *runs, size_t count,
                    bool ranges, char text[static CELL_SIZE])
{
    struct spread spread = quantity_spread(id, runs, count);
    char median[CELL_SIZE], low[CELL_SIZE], high[CELL_SIZE];
    if (spread.count) {
        if (quantities[id].count)
            snprintf(median, sizeof median, "%.0f", spread.median);
        else
            cell_number(spread.median, median);
        if (ranges && quantities[id].range && count > 1)
            snprintf(text, CELL_SIZE, "%.18s (%.18s..%.18s)", median, cell_number(spread.low, low),
                     cell_number(spread.high, high));
        else
            snprintf(text, CELL_SIZE, "%s", median);
    } else if (id == QUANTITY_TOTAL_TIME && count) {
        snprintf(text, CELL_SIZE, ">%.4g", total_time(runs[0]));
    } else {
        snprintf(text, CELL_SIZE, "-");
    }
    return text;
}

char *cell_converged(const struct record *const *runs, size_t count, bool ranges,
                     char text[static CELL_SIZE])
{
    size_t converged = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        converged += runs[i]->outcome == OUTCOME_CONVERGED;
        failed += runs[i]->outcome == OUTCOME_FAILED;
    }
    if (failed)
        snprintf(text, CELL_SIZE, count > 1 ? "%zu failed" : "failed", failed);
    else if (count > 1 && ranges) {
        struct share_interval share = share_interval_of(converged, count);
        snprintf(text, CELL_SIZE, "%zu of %zu (%.0f..%.0f %%)", converged, count, 100 * share.low,
                 100 * share.high);
    } else if (count > 1)
        snprintf(text, CELL_SIZE, "%zu of %zu", converged, count);
    else
        snprintf(text, CELL_SIZE, "%s", converged ? "yes" : "no");
    return text;
}

const char *cell_why(const struct record *const *runs, size_t count)
{
    const char *why = "";
    for (size_t i = 0; i < count; i++) {
        if (runs[i]->outcome == OUTCOME_FAILED)
            return runs[i]->why; /* the worst news first */
        if (runs[i]->outcome == OUTCOME_NOT_CONVERGED && !*why)
            why = runs[i]->why;
    }
    return why;
}
