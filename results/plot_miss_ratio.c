/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/cache_lines.h"
#include "results/plot_cache_axis.h"
#include "results/plot_script.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The share of cache lookups that miss, against the cache size: a line for each combination of the
 * other settings. If there is one combination and its misses were counted by cause, their causes
 * are stacked as boxes instead: a larger cache helps against the misses by capacity alone.
 */

struct drawing {
    const struct plot_input *input;
    FILE *script;
    struct cache_lines lines;
    size_t shown;
    bool characters, causes;
};

enum { CAUSES = 3 };
static const char *const cause_names[CAUSES] = {
    "first touch: no cache helps", "conflict: places collide", "capacity: the cache is too small"};
static const unsigned cause_colours[CAUSES] = {4, 1, 0};

static const struct study_group *group_of(const struct drawing *d, size_t index)
{
    return &d->lines.groups->groups[index];
}

static struct spread ratio_of(const struct study_group *group)
{
    return quantity_spread(QUANTITY_MISS_RATIO, group->runs, group->run_count);
}

/* Misses of each cause in percent of all lookups of the group's runs; false if none was counted. */
static bool causes_of(const struct study_group *group, double percent[static CAUSES])
{
    double sums[CAUSES] = {0}, lookups = 0, all = 0;
    for (size_t i = 0; i < group->run_count; i++) {
        const struct record *record = group->runs[i];
        sums[0] += (double)record->cost.miss_first_touch;
        sums[1] += (double)record->cost.miss_conflict;
        sums[2] += (double)record->cost.miss_capacity;
        lookups += (double)record->counters.xbzrle_pages;
        lookups += (double)record->counters.xbzrle_cache_miss;
    }
    for (size_t i = 0; i < CAUSES; i++) {
        percent[i] = lookups > 0 ? fmin(100 * sums[i] / lookups, 100) : 0;
        all += sums[i];
    }
    return all > 0;
}

static void find_causes(struct drawing *d)
{
    double percent[CAUSES];
    for (size_t i = d->lines.series[0].first; i <= d->lines.series[0].last; i++)
        d->causes |= causes_of(group_of(d, i), percent);
    d->causes &= d->lines.count == 1;
}

/* From this group on, misses for want of room or place are below one lookup in a hundred. */
static size_t first_without_want(const struct drawing *d)
{
    const struct cache_series *series = &d->lines.series[0];
    size_t first = series->last + 1;
    double percent[CAUSES];
    while (first > series->first) {
        causes_of(group_of(d, first - 1), percent);
        if (percent[1] + percent[2] >= 1)
            break;
        first--;
    }
    return first;
}

static char *message_of(const struct drawing *d)
{
    char *text, size_text[PLOT_LABEL_SIZE], low[CELL_SIZE], high[CELL_SIZE];
    size_t size;
    FILE *out = text_stream(&text, &size);
    const struct cache_series *series = &d->lines.series[0];
    const struct study_group *first = group_of(d, series->first), *last = group_of(d, series->last);
    size_t enough = d->causes ? first_without_want(d) : 0;
    if (d->lines.count > 1)
        fputs("Cache misses by cache size", out);
    else if (d->causes && enough <= series->last)
        fprintf(out, "%s %s%s only the first touch of a page misses: more cache gains nothing",
                enough == series->last ? "With" : "From",
                plot_size_label(group_of(d, enough)->runs[0]->xbzrle_cache_size, size_text),
                enough == series->last ? "," : " on,");
    else if (d->causes)
        fprintf(out, "Even %s leaves misses that a larger cache would save",
                plot_size_label(last->runs[0]->xbzrle_cache_size, size_text));
    else {
        fprintf(out, "%s %% of lookups miss with a cache of %s, ",
                cell_number(ratio_of(first).median, high),
                plot_size_label(first->runs[0]->xbzrle_cache_size, size_text));
        fprintf(out, "%s %% with %s", cell_number(ratio_of(last).median, low),
                plot_size_label(last->runs[0]->xbzrle_cache_size, size_text));
    }
    fclose(out);
    return text;
}

static char *basis_of(const struct drawing *d)
{
    char *text;
    size_t size;
    FILE *out = text_stream(&text, &size);
    size_t seeds = d->lines.groups->seeds;
    fprintf(out, "%s: ", plot_study_name(d->input->study));
    if (d->causes)
        fprintf(out,
                seeds > 1 ? "all lookups of %zu seeds, misses by cause"
                          : "one seed, misses by cause",
                seeds);
    else if (seeds > 1)
        fprintf(out, "medians over %zu seeds, bars: %s", seeds,
                seeds >= SPREAD_LEAST_COUNT ? "intervals of 95 %" : "from least to most");
    else
        fputs("one seed", out);
    if (!d->causes)
        fputs("; hollow: not every run converged", out);
    if (d->lines.count > d->shown)
        fprintf(out, "; the first %zu of %zu combinations", d->shown, d->lines.count);
    fclose(out);
    return text;
}

static void put_causes(const struct drawing *d)
{
    struct plot_parts parts = {d->script, 0};
    const struct cache_series *series = &d->lines.series[0];
    fputs("$causes << EOD\n", d->script);
    for (size_t i = series->first; i <= series->last; i++) {
        double percent[CAUSES], top = 0;
        const struct study_group *group = group_of(d, i);
        causes_of(group, percent);
        fprintf(d->script, "%.9g", plot_cache_x(&d->lines, 1, 0, i));
        for (size_t k = 0; k < CAUSES; k++)
            fprintf(d->script, " %.9g %.9g", top, top + percent[k]), top += percent[k];
        fprintf(d->script, " \"%s\"\n", cache_lines_converged(group) ? "" : "not converged");
    }
    fputs("EOD\n", d->script);
    for (size_t k = CAUSES; k-- > 0;) {
        FILE *out = plot_next_part(&parts);
        if (d->characters)
            fprintf(out, "$causes using 1:%zu with points pointtype '%c'", 3 + 2 * k, "fxc"[k]);
        else
            fprintf(out,
                    "$causes using 1:%zu:($1-0.3):($1+0.3):%zu:%zu with boxxyerror "
                    "fillstyle solid noborder linecolor rgb '%s'",
                    2 + 2 * k, 2 + 2 * k, 3 + 2 * k, plot_colours[cause_colours[k]]);
        plot_put_title(out, cause_names[k], true);
    }
    if (!d->characters)
        fputs(", $causes using 1:7:8 with labels center offset 0, 0.7 font ',11' "
              "textcolor rgb '" PLOT_GREY "' notitle",
              d->script);
    fputc('\n', d->script);
}

/* Solid points where all runs converged, hollow ones elsewhere, on one line. */
static void put_series(const struct drawing *d, struct plot_parts *parts, size_t s)
{
    static const char letters[] = "*+#@%&";
    static const unsigned filled[] = {7, 5, 9, 13, 11, 15}, hollow[] = {6, 4, 8, 12, 10, 14};
    const char *name = *d->lines.series[s].label ? d->lines.series[s].label : "misses";
    FILE *out = plot_next_part(parts);
    if (d->characters) {
        fprintf(out, "$m%zu using 1:2 with points pointtype '%c'", s, letters[s]);
        plot_put_title(out, name, true);
        return;
    }
    fprintf(out, "$m%zu using 1:2 with lines linewidth 2.5 linecolor rgb '%s' notitle", s,
            plot_colours[s]);
    out = plot_next_part(parts);
    fprintf(out,
            "$m%zu using 1:($5 == 1 ? $2 : NaN):3:4 with yerrorbars pointtype %u linewidth 2 "
            "linecolor rgb '%s'",
            s, filled[s], plot_colours[s]);
    plot_put_title(out, name, true);
    fprintf(plot_next_part(parts),
            "$m%zu using 1:($5 == 1 ? NaN : $2):3:4 with yerrorbars pointtype %u linewidth 2 "
            "linecolor rgb '%s' notitle",
            s, hollow[s], plot_colours[s]);
}

static void put_lines(const struct drawing *d)
{
    struct plot_parts parts = {d->script, 0};
    for (size_t s = 0; s < d->shown; s++) {
        fprintf(d->script, "$m%zu << EOD\n", s);
        for (size_t i = d->lines.series[s].first; i <= d->lines.series[s].last; i++) {
            struct spread ratio = ratio_of(group_of(d, i));
            fprintf(d->script, "%.9g %.9g %.9g %.9g %d\n", plot_cache_x(&d->lines, d->shown, s, i),
                    ratio.median, ratio.low, ratio.high, cache_lines_converged(group_of(d, i)));
        }
        fputs("EOD\n", d->script);
    }
    for (size_t s = 0; s < d->shown; s++)
        put_series(d, &parts, s);
    fputc('\n', d->script);
}

static void draw(const struct drawing *d)
{
    static const double weights[] = {1};
    char *message = message_of(d), *basis = basis_of(d);
    size_t rows, columns = d->causes ? 32 : 8;
    for (size_t s = 0; !d->causes && s < d->shown; s++) {
        size_t own = text_columns(d->lines.series[s].label);
        columns = own > columns ? own : columns;
    }
    plot_put_begin(d->input, d->script, message, basis);
    plot_put_key(d->input, d->script, d->causes ? CAUSES : d->shown, columns < 60 ? columns : 60,
                 &rows);
    plot_put_panel(d->input, d->script, 0, 1, weights, rows);
    plot_put_cache_axis(d->input, d->script, &d->lines, d->shown, true);
    fputs("set yrange [0:106]\nset ytics 0, 20, 100\n", d->script);
    plot_put_y_label(d->input, d->script, "misses [% of lookups]");
    if (d->causes)
        put_causes(d);
    else
        put_lines(d);
    plot_put_end(d->script);
    free(message);
    free(basis);
}

static bool write_miss_ratio(const struct plot_input *input, FILE *script, struct error *error)
{
    struct drawing d = {.input = input,
                        .script = script,
                        .lines = cache_lines_find(input->study),
                        .characters = input->format == PLOT_TERMINAL};
    d.shown = d.lines.count < PLOT_COLOURS ? d.lines.count : PLOT_COLOURS;
    bool good = d.shown > 0 || error_set(error, "the study has no run with XBZRLE on, so there are "
                                                "no cache misses to draw");
    if (good) {
        find_causes(&d);
        draw(&d);
    }
    cache_lines_release(&d.lines);
    return good;
}

const struct plot_kind plot_miss_ratio = {
    .name = "miss-ratio",
    .help = "cache misses against the cache size, by cause if they were classified",
    .write = write_miss_ratio,
};
