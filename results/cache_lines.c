/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/cache_lines.h"

#include "base/error.h"
#include "results/plot_script.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <stdlib.h>
#include <string.h>

/* XBZRLE off belongs to the series if all that it says of the varying settings is the same. */
static bool off_belongs(const struct study_groups *groups, const struct record *off,
                        const struct record *on)
{
    for (size_t i = 0; i < groups->varying_count; i++) {
        const char *value = record_setting(off, groups->varying[i]);
        const char *other = record_setting(on, groups->varying[i]);
        if (value && (!other || strcmp(value, other) != 0))
            return false;
    }
    return off->source == on->source;
}

static const struct study_group *find_off(const struct study_groups *groups,
                                          const struct record *on)
{
    for (size_t i = 0; i < groups->group_count; i++) {
        const struct study_group *group = &groups->groups[i];
        if (!group->runs[0]->xbzrle && off_belongs(groups, group->runs[0], on))
            return group;
    }
    return NULL;
}

/* Groups are sorted by the varying settings and then by size, so a series is a stretch of them. */
static void find_series(struct cache_lines *lines)
{
    for (size_t i = 0; i < lines->groups->group_count; i++) {
        const struct record *record = lines->groups->groups[i].runs[0];
        if (!record->xbzrle)
            continue;
        char *label = study_group_label(lines->groups, i, false);
        struct cache_series *open = lines->count ? &lines->series[lines->count - 1] : NULL;
        if (open && !strcmp(open->label, label)) {
            open->last = i;
            free(label);
            continue;
        }
        lines->series = must_grow(lines->series, lines->count + 1, sizeof *lines->series,
                                  "the lines of a plot");
        lines->series[lines->count++] =
            (struct cache_series){i, i, find_off(lines->groups, record), label};
    }
}

struct cache_lines cache_lines_find(const struct study *study)
{
    struct cache_lines lines = {study_group(study), NULL, 0};
    find_series(&lines);
    return lines;
}

void cache_lines_release(struct cache_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->series[i].label);
    free(lines->series);
    study_groups_free(lines->groups);
}

bool cache_lines_converged(const struct study_group *group)
{
    return group->converged == group->run_count;
}

/* In seconds; of the converged runs. */
static double total_time(const struct study_group *group)
{
    return quantity_spread(QUANTITY_TOTAL_TIME, group->runs, group->run_count).median;
}

/* The smallest size from which on every run converges: first..last + 1, the latter if none does. */
static size_t first_converging(const struct cache_lines *lines, const struct cache_series *series)
{
    size_t first = series->last + 1;
    while (first > series->first && cache_lines_converged(&lines->groups->groups[first - 1]))
        first--;
    return first;
}

static size_t fastest(const struct cache_lines *lines, const struct cache_series *series)
{
    size_t best = series->first;
    for (size_t i = series->first; i <= series->last; i++)
        if (total_time(&lines->groups->groups[i]) < total_time(&lines->groups->groups[best]))
            best = i;
    return best;
}

/* What a reader should take away. */
static void put_message(const struct cache_lines *lines, FILE *out)
{
    const struct cache_series *series = &lines->series[0];
    if (lines->count > 1) {
        fputs("Total time and downtime by cache size", out);
        return;
    }
    char size[PLOT_LABEL_SIZE], time[CELL_SIZE], off_time[CELL_SIZE];
    size_t first = first_converging(lines, series);
    bool off_converges = series->off && cache_lines_converged(series->off);
    if (first == series->first && off_converges) {
        size_t best = fastest(lines, series);
        double off = total_time(series->off);
        double on = total_time(&lines->groups->groups[best]);
        fprintf(out, "Total time %s s with a cache of %s, %s s with XBZRLE off",
                cell_number(on, time),
                plot_size_label(lines->groups->groups[best].runs[0]->xbzrle_cache_size, size),
                cell_number(off, off_time));
        return;
    }
    if (first > series->last)
        fputs("Converges with none of these cache sizes", out);
    else if (first == series->first)
        fputs("Converges with each of these cache sizes", out);
    else
        fprintf(out, "Converges from a cache of %s on",
                plot_size_label(lines->groups->groups[first].runs[0]->xbzrle_cache_size, size));
    if (series->off && first > series->last && !series->off->converged)
        fputs(", nor with XBZRLE off", out);
    else if (series->off)
        fprintf(out, "; with XBZRLE off it %s",
                off_converges            ? "does as well"
                : series->off->converged ? "does at times"
                                         : "does not");
}

char *cache_lines_message(const struct cache_lines *lines)
{
    char *text;
    size_t size;
    FILE *out = text_stream(&text, &size);
    put_message(lines, out);
    fclose(out);
    return text;
}
