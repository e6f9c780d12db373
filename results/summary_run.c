/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/summary.h"

#include "base/units.h"
#include "results/summary_cells.h"
#include "results/table.h"
#include "results/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576.0

/* Of more iterations than both together, the middle is left out. */
enum { FIRST_ITERATIONS = 8, LAST_ITERATIONS = 4 };

static void put_head(FILE *out, const struct record *record)
{
    char total[UNITS_TEXT_SIZE], down[UNITS_TEXT_SIZE], setup[UNITS_TEXT_SIZE];
    units_format_time(record->total_time_ns, total);
    units_format_time(record->setup_time_ns, setup);
    const struct record_setting *limit = record_find_setting(record, "migration.downtime-limit");
    if (record->outcome == OUTCOME_CONVERGED) {
        fprintf(out, "Converged: total time %s, downtime %s", total,
                units_format_time(record->downtime_ns, down));
        if (limit) {
            char *text = study_value_text(limit);
            fprintf(out, " (limit %s)", text);
            free(text);
        }
        fprintf(out, ", setup %s.\n", setup);
        return;
    }
    char *why = text_printable(*record->why ? record->why : "no reason given");
    if (record->outcome == OUTCOME_FAILED)
        fprintf(out, "Failed after %s: %s.\n", total, why);
    else
        fprintf(out, "Did not converge: %s.\n", why);
    free(why);
}

static void put_size(FILE *out, const char *name, uint64_t bytes)
{
    char text[UNITS_TEXT_SIZE];
    fprintf(out, "  %-16s %s", name, units_format_size(bytes, text));
}

static void put_pages(FILE *out, const char *name, uint64_t pages, const char *more)
{
    char text[UNITS_TEXT_SIZE];
    fprintf(out, "  %-16s %" PRIu64 " pages, %s%s\n", name, pages,
            units_format_size(pages * RECORD_PAGE_BYTES, text), more);
}

static void put_xbzrle(FILE *out, const struct record *record)
{
    const struct record_counters *counters = &record->counters;
    char text[UNITS_TEXT_SIZE], ratio[CELL_SIZE];
    struct spread misses = quantity_spread(QUANTITY_MISS_RATIO, &record, 1);
    put_size(out, "xbzrle cache", record->xbzrle_cache_size);
    fprintf(out, ": %" PRIu64 " hits, %" PRIu64 " misses (%s %%), %" PRIu64 " overflows\n",
            counters->xbzrle_pages, counters->xbzrle_cache_miss, cell_number(misses.median, ratio),
            counters->xbzrle_overflow);
    const struct record_cost *cost = &record->cost;
    if (cost->miss_first_touch + cost->miss_capacity + cost->miss_conflict)
        fprintf(
            out, "  %-16s %" PRIu64 " first touch, %" PRIu64 " capacity, %" PRIu64 " conflict\n",
            "misses by cause", cost->miss_first_touch, cost->miss_capacity, cost->miss_conflict);
    put_size(out, "deltas", counters->xbzrle_bytes);
    fprintf(out, " for %s of pages\n",
            units_format_size(counters->xbzrle_pages * RECORD_PAGE_BYTES, text));
}

static void put_counters(FILE *out, const struct record *record)
{
    char text[UNITS_TEXT_SIZE], digest[RECORD_DIGEST_SIZE];
    put_size(out, "transferred", record->counters.transferred);
    fprintf(out, " of %s of RAM", units_format_size(record->ram_total, text));
    if (record_stream_total(&record->stream))
        fprintf(out, "; whole stream %s",
                units_format_size(record_stream_total(&record->stream), text));
    fputc('\n', out);
    put_pages(out, "normal", record->counters.normal, "");
    put_pages(out, "duplicate", record->counters.duplicate, " of zeros");
    if (record->xbzrle)
        put_xbzrle(out, record);
    fprintf(out, "  %-16s %" PRIu64 "\n", "dirty syncs", record->counters.dirty_sync_count);
    if (record->cpu_throttle_percentage)
        fprintf(out, "  %-16s to %" PRIu64 " %%; each vCPU lost %s\n", "auto-converge",
                record->cpu_throttle_percentage,
                units_format_time(record->cost.throttled_ns, text));
    if (record->source == SOURCE_SIMULATED) {
        fprintf(out, "  %-16s %s of the sender\n", "CPU time",
                units_format_time((int64_t)record->cost.sender_cpu_ns, text));
        fprintf(out, "  %-16s %s\n", "verified",
                record->verified                           ? "every page equal at the destination"
                : record->outcome == OUTCOME_NOT_CONVERGED ? "nothing: it was not completed"
                                                           : "NO");
    }
    record_digest(record->settings, record->setting_count, digest);
    fprintf(out, "  %-16s %" PRIu64 ", of run %.12s\n", "seed", record->seed, digest);
}

static const struct table_column ITERATION_COLUMNS[] = {
    {"#", false, false},
    {"start\n[s]", false, false},
    {"takes\n[s]", false, false},
    {"dirty\n[pages]", false, false},
    {"remaining\n[MiB]", false, false},
    {"threshold\n[MiB]", false, false},
    {"sent\n[MiB]", false, false},
    {"normal\n[pages]", false, false},
    {"hits\n[pages]", false, false},
    {"misses\n[pages]", false, false},
};
enum { ITERATION_CELLS = sizeof ITERATION_COLUMNS / sizeof *ITERATION_COLUMNS };

static void add_iteration(struct table *table, const struct record *record, size_t index)
{
    const struct record_iteration *it = &record->iterations[index];
    char texts[ITERATION_CELLS][CELL_SIZE];
    const char *cells[ITERATION_CELLS];
    const double numbers[] = {
        (double)it->start_ns / 1e9,
        (double)(it->end_ns - it->start_ns) / 1e9,
        0,
        (double)it->remaining_bytes / MIB,
        (double)it->threshold_bytes / MIB,
        (double)it->sent.transferred / MIB,
    };
    const uint64_t counts[] = {it->sent.normal, it->sent.xbzrle_pages, it->sent.xbzrle_cache_miss};
    snprintf(texts[0], CELL_SIZE, "%zu", index + 1);
    for (size_t i = 0; i < 6; i++)
        cell_number(numbers[i], texts[i + 1]);
    snprintf(texts[3], CELL_SIZE, "%" PRIu64, it->dirty_pages);
    for (size_t i = 0; i < 3; i++)
        snprintf(texts[i + 7], CELL_SIZE, "%" PRIu64, counts[i]);
    for (size_t i = 0; i < ITERATION_CELLS; i++)
        cells[i] = texts[i];
    table_add(table, cells);
}

static void put_iterations(FILE *out, const struct record *record, size_t width)
{
    size_t count = record->iteration_count, columns = ITERATION_CELLS - (record->xbzrle ? 0 : 2);
    struct table *table = table_create(ITERATION_COLUMNS, columns);
    bool collapse = count > FIRST_ITERATIONS + LAST_ITERATIONS + 1;
    for (size_t i = 0; i < count; i++) {
        if (collapse && i == FIRST_ITERATIONS) {
            const char *dots[ITERATION_CELLS] = {"..."};
            table_add(table, dots);
            i = count - LAST_ITERATIONS;
        }
        add_iteration(table, record, i);
    }
    char *text = table_text(table, width);
    fprintf(out, "\n%s", text);
    if (collapse)
        fprintf(out, "%zu iterations, the first %d and the last %d shown.\n", count,
                FIRST_ITERATIONS, LAST_ITERATIONS);
    free(text);
    table_free(table);
}

char *summary_run(const struct record *record, size_t width)
{
    char *text;
    size_t size;
    FILE *out = text_stream(&text, &size);
    put_head(out, record);
    put_counters(out, record);
    if (record->iteration_count)
        put_iterations(out, record, width);
    fclose(out);
    return text;
}
