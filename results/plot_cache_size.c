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
 * Total time above downtime, against the cache size. What did not converge has no place on these
 * axes: it goes into a band above them, with XBZRLE off as a line across.
 *
 *     >60 |::o::o::::::::::::::::|  the band
 *      20 |        *             |
 *      10 |- - - - - -*- -*- - - |  XBZRLE off, if it converged
 *       0 +----------------------+
 *            4  8  16 32  64 MiB
 */

struct drawing {
    const struct plot_input *input;
    FILE *script;
    const struct study_groups *groups;
    const struct cache_series *series;
    size_t shown; /* as many as there are colours */
    struct cache_lines lines;
    bool characters, band;
};

static const struct study_group *group_of(const struct drawing *d, size_t index)
{
    return &d->groups->groups[index];
}

/* Does anything shown belong into the band? */
static void find_band(struct drawing *d)
{
    for (size_t s = 0; s < d->shown; s++) {
        const struct cache_series *series = &d->series[s];
        d->band |= series->off && !series->off->converged;
        for (size_t i = series->first; i <= series->last; i++)
            d->band |= !cache_lines_converged(group_of(d, i));
    }
}

static struct spread spread_in(enum quantity_id id, const struct study_group *group)
{
    return quantity_spread(id, group->runs, group->run_count);
}

static double max_of(const struct drawing *d, enum quantity_id id)
{
    double max = 0;
    for (size_t s = 0; s < d->shown; s++) {
        const struct cache_series *series = &d->series[s];
        for (size_t i = series->first; i <= series->last; i++)
            max = fmax(max, spread_in(id, group_of(d, i)).max);
        if (series->off)
            max = fmax(max, spread_in(id, series->off).max);
    }
    return max;
}

/* "$c0": size, median, its interval, of what converged; "$n0": size and how many did, of the
 * others. */
static void put_data(const struct drawing *d, enum quantity_id id, size_t s, bool *ret_lines,
                     bool *ret_open)
{
    const struct cache_series *series = &d->series[s];
    *ret_lines = *ret_open = false;
    fprintf(d->script, "$c%zu << EOD\n", s);
    for (size_t i = series->first; i <= series->last; i++) {
        struct spread spread = spread_in(id, group_of(d, i));
        if (spread.count) {
            fprintf(d->script, "%.9g %.9g %.9g %.9g\n", plot_cache_x(&d->lines, d->shown, s, i),
                    spread.median, spread.low, spread.high);
            *ret_lines = true;
        }
    }
    fprintf(d->script, "EOD\n$n%zu << EOD\n", s);
    for (size_t i = series->first; i <= series->last; i++) {
        const struct study_group *group = group_of(d, i);
        if (!cache_lines_converged(group)) {
            fprintf(d->script, "%.9g \"", plot_cache_x(&d->lines, d->shown, s, i));
            if (group->converged)
                fprintf(d->script, "%zu of %zu", group->run_count - group->converged,
                        group->run_count);
            fputs("\"\n", d->script);
            *ret_open = true;
        }
    }
    fputs("EOD\n", d->script);
}

/* One panel's scale: its top, and where the band's middle lies. */
struct scale {
    double top, end, band;
};

static void put_band(const struct drawing *d, enum quantity_id id, const struct scale *scale)
{
    const struct record *record = d->groups->groups[0].runs[0];
    char why[96] = "not converged in time", limit_text[PLOT_LABEL_SIZE];
    uint64_t limit;
    if (plot_setting_number(record, "run.time-limit", &limit))
        snprintf(why, sizeof why, "not converged within %s",
                 plot_time_label((int64_t)limit, limit_text));
    for (size_t i = 0; i < d->groups->varying_count; i++)
        if (!strcmp(d->groups->varying[i], "run.time-limit"))
            strcpy(why, "not converged in time");
    fprintf(d->script,
            "set object 1 rectangle from graph 0, first %.9g to graph 1, graph 1 "
            "fillcolor rgb '" PLOT_BAND "' fillstyle solid noborder behind\n"
            "set label 1 '%s' at graph 0.995, first %.9g right%s\n",
            scale->top * 1.06, id == QUANTITY_TOTAL_TIME ? why : "not converged", scale->top * 1.31,
            d->characters ? "" : " font ',11' textcolor rgb '" PLOT_GREY "'");
}

/* Tics up to the band and none within it. */
static void put_scale(const struct drawing *d, enum quantity_id id, double max,
                      struct scale *ret_scale)
{
    double step = plot_step(max, d->characters ? 3 : 5), top = ceil(max / step - 1e-9) * step;
    if (!(max > 0))
        top = 1;
    *ret_scale = (struct scale){top, d->band ? top * 1.38 : top * 1.12, top * 1.19};
    fprintf(d->script, "set yrange [0:%.9g]\nset ytics 0, %.9g, %.9g\n", ret_scale->end, step, top);
    if (!(max > 0))
        fputs("unset ytics\n", d->script);
    char label[64];
    snprintf(label, sizeof label, "%s [%s]", quantities[id].name, quantities[id].unit);
    plot_put_y_label(d->input, d->script, label);
    if (d->band)
        put_band(d, id, ret_scale);
}

static void put_line(const struct drawing *d, struct plot_parts *parts, double y,
                     const char *colour)
{
    fprintf(plot_next_part(parts), "%.9g with lines", y);
    if (!d->characters)
        fprintf(d->script, " dashtype 2 linewidth 2 linecolor rgb '%s'", colour);
}

/* XBZRLE off: a line for each series that has one of its own, and one in the band for all others.
 */
static void put_off(const struct drawing *d, struct plot_parts *parts, enum quantity_id id,
                    const struct scale *scale, bool titled)
{
    const struct study_group *first = d->series[0].off, *drawn = NULL;
    bool own = false, in_band = false;
    for (size_t s = 1; s < d->shown; s++)
        own |= d->series[s].off != first;
    for (size_t s = 0; s < d->shown; s++) {
        const struct study_group *off = d->series[s].off;
        struct spread spread = off ? spread_in(id, off) : (struct spread){.count = 0};
        if (!off || off == drawn || (!spread.count && in_band))
            continue;
        put_line(d, parts, spread.count ? spread.median : scale->band,
                 own && spread.count ? plot_colours[s] : PLOT_BLACK);
        plot_put_title(d->script, "XBZRLE off", titled && !drawn);
        drawn = off;
        in_band |= !spread.count;
    }
}

static void put_series(const struct drawing *d, struct plot_parts *parts, const struct scale *scale,
                       size_t s, bool lines, bool open, bool first_open, bool titled)
{
    static const char letters[] = "*+#@%&";
    static const unsigned filled[] = {7, 5, 9, 13, 11, 15}, hollow[] = {6, 4, 8, 12, 10, 14};
    const char *name = *d->series[s].label ? d->series[s].label : "XBZRLE on";
    const char *colour = plot_colours[s];
    if (lines && d->characters) {
        fprintf(plot_next_part(parts), "$c%zu using 1:2 with points pointtype '%c'", s, letters[s]);
        plot_put_title(d->script, name, titled);
    } else if (lines) {
        fprintf(plot_next_part(parts),
                "$c%zu using 1:2 with lines linewidth 2.5 linecolor rgb '%s' notitle", s, colour);
        fprintf(plot_next_part(parts),
                "$c%zu using 1:2:3:4 with yerrorbars pointtype %u linewidth 2 "
                "linecolor rgb '%s'",
                s, filled[s], colour);
        plot_put_title(d->script, name, titled);
    }
    if (open && d->characters) {
        fprintf(plot_next_part(parts), "$n%zu using 1:(%.9g) with points pointtype 'o'", s,
                scale->band);
        plot_put_title(d->script, "not converged", titled && first_open);
    } else if (open) {
        fprintf(plot_next_part(parts),
                "$n%zu using 1:(%.9g) with points pointtype %u linewidth 2 "
                "linecolor rgb '%s'",
                s, scale->band, hollow[s], colour);
        plot_put_title(d->script, lines ? "" : name, titled && !lines);
        fprintf(plot_next_part(parts),
                "$n%zu using 1:(%.9g):2 with labels center offset 0, 0.9 font ',11' "
                "textcolor rgb '%s' notitle",
                s, scale->band, colour);
    }
}

static void put_limit(const struct drawing *d, struct plot_parts *parts, uint64_t limit_ns,
                      double limit)
{
    char label[PLOT_LABEL_SIZE];
    fprintf(d->script, "set label 2 'downtime-limit %s' at graph 0.995, first %.9g right%s\n",
            plot_time_label((int64_t)limit_ns, label), limit,
            d->characters ? ""
            : d->band     ? " offset 0, -0.6 font ',11' textcolor rgb '" PLOT_ALERT "'"
                          : " offset 0, 0.6 font ',11' textcolor rgb '" PLOT_ALERT "'");
    if (!d->characters)
        fprintf(plot_next_part(parts),
                "%.9g with lines dashtype 3 linewidth 1.5 linecolor rgb '" PLOT_ALERT "' notitle",
                limit);
}

/* The one downtime-limit of all groups, if it is near enough to the data to be drawn with it. */
static bool find_limit(const struct drawing *d, double max, uint64_t *ret_ns)
{
    static const char key[] = "migration.downtime-limit";
    for (size_t i = 0; i < d->groups->varying_count; i++)
        if (!strcmp(d->groups->varying[i], key))
            return false;
    return plot_setting_number(d->groups->groups[0].runs[0], key, ret_ns) && *ret_ns &&
           (double)*ret_ns / 1e6 < 3 * max;
}

static void put_panel(const struct drawing *d, enum quantity_id id, bool titled)
{
    struct plot_parts parts = {d->script, 0};
    struct scale scale;
    double max = max_of(d, id);
    uint64_t limit_ns = 0;
    bool limited = id == QUANTITY_DOWNTIME && find_limit(d, max, &limit_ns), open_anywhere = false;
    double limit = (double)limit_ns / 1e6;
    put_scale(d, id, limited ? fmax(max, limit) : max, &scale);
    bool lines[PLOT_COLOURS], open[PLOT_COLOURS];
    for (size_t s = 0; s < d->shown; s++)
        put_data(d, id, s, &lines[s], &open[s]);
    if (limited)
        put_limit(d, &parts, limit_ns, limit);
    put_off(d, &parts, id, &scale, titled);
    for (size_t s = 0; s < d->shown; s++) {
        put_series(d, &parts, &scale, s, lines[s], open[s], !open_anywhere, titled);
        open_anywhere |= open[s];
    }
    if (open_anywhere && titled && !d->characters)
        fputs(", NaN with points pointtype 6 linewidth 2 linecolor rgb '" PLOT_GREY
              "' title 'not converged'",
              d->script);
    fputc('\n', d->script);
}

/* What the plot is based on. Owned by the caller. */
static char *basis_of(const struct drawing *d)
{
    char *text;
    size_t size, failed = 0;
    FILE *out = text_stream(&text, &size);
    fprintf(out, "%s: ", plot_study_name(d->input->study));
    if (d->groups->seeds > 1)
        fprintf(out, "medians over %zu seeds, bars: %s", d->groups->seeds,
                d->groups->seeds >= SPREAD_LEAST_COUNT ? "intervals of 95 %"
                                                       : "from least to most");
    else
        fputs("one seed", out);
    if (d->lines.count > d->shown)
        fprintf(out, "; the first %zu of %zu combinations", d->shown, d->lines.count);
    for (size_t i = 0; i < d->groups->group_count; i++)
        failed += d->groups->groups[i].failed;
    if (failed)
        fprintf(out, "; %zu runs FAILED", failed);
    fclose(out);
    return text;
}

/* How wide an entry of the key may get, in characters. */
static size_t key_columns(const struct drawing *d)
{
    size_t columns = strlen("not converged");
    for (size_t s = 0; s < d->shown; s++) {
        size_t own = text_columns(d->series[s].label);
        columns = own > columns ? own : columns;
    }
    return columns < 60 ? columns : 60;
}

static void draw(struct drawing *d)
{
    static const double weights[] = {1, 1};
    char *message = cache_lines_message(&d->lines), *basis = basis_of(d);
    size_t rows;
    plot_put_begin(d->input, d->script, message, basis);
    plot_put_key(d->input, d->script, d->shown + 2, key_columns(d), &rows);
    plot_put_panel(d->input, d->script, 0, 2, weights, rows);
    plot_put_cache_axis(d->input, d->script, &d->lines, d->shown, false);
    put_panel(d, QUANTITY_TOTAL_TIME, true);
    plot_put_panel(d->input, d->script, 1, 2, weights, rows);
    plot_put_cache_axis(d->input, d->script, &d->lines, d->shown, true);
    put_panel(d, QUANTITY_DOWNTIME, false);
    plot_put_end(d->script);
    free(message);
    free(basis);
}

static bool write_cache_size(const struct plot_input *input, FILE *script, struct error *error)
{
    struct drawing d = {.input = input,
                        .script = script,
                        .lines = cache_lines_find(input->study),
                        .characters = input->format == PLOT_TERMINAL};
    d.groups = d.lines.groups;
    d.series = d.lines.series;
    d.shown = d.lines.count < PLOT_COLOURS ? d.lines.count : PLOT_COLOURS;
    find_band(&d);
    bool good = d.shown > 0 || error_set(error, "the study has no run with XBZRLE on, so there is "
                                                "no cache size to draw against");
    if (good)
        draw(&d);
    cache_lines_release(&d.lines);
    return good;
}

const struct plot_kind plot_cache_size = {
    .name = "cache-size",
    .help = "total time and downtime against the cache size, XBZRLE off as reference",
    .write = write_cache_size,
};
