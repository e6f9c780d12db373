/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/plot_script.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * All combinations of a study, or all techniques of a comparison, as bars: total time, downtime,
 * what was sent, and the CPU time of the sender; the best of each in a strong colour. What did not
 * converge has a hatched bar as long as it was waited for, and no downtime.
 */

enum { BARS = 36, LINES = 16, PANELS = 4, LABEL_COLUMNS = 42, MESSAGE_COLUMNS = 78 };

static const enum quantity_id shown_quantities[PANELS] = {
    QUANTITY_TOTAL_TIME, QUANTITY_DOWNTIME, QUANTITY_TRANSFERRED, QUANTITY_SENDER_CPU};

struct drawing {
    const struct plot_input *input;
    FILE *script;
    struct study_groups *groups;
    size_t count, label_columns; /* bars; characters of their longest label */
    bool characters;
};

static bool converged(const struct study_group *group)
{
    return group->converged == group->run_count;
}

static struct spread spread_in(enum quantity_id id, const struct study_group *group)
{
    return quantity_spread(id, group->runs, group->run_count);
}

/* The bar with the least median among those that always converge; count if there is none. */
static size_t best_of(const struct drawing *d, enum quantity_id id)
{
    size_t best = d->count;
    for (size_t i = 0; i < d->count; i++) {
        const struct study_group *groups = d->groups->groups;
        if (converged(&groups[i]) && (best == d->count || spread_in(id, &groups[i]).median <
                                                              spread_in(id, &groups[best]).median))
            best = i;
    }
    return best;
}

/* The second half is left out where the line is too short for it. */
static char *message_of(const struct drawing *d)
{
    char *text, number[CELL_SIZE];
    size_t size, fastest = best_of(d, QUANTITY_TOTAL_TIME),
                 shortest = best_of(d, QUANTITY_DOWNTIME);
    FILE *out = text_stream(&text, &size);
    if (fastest == d->count) {
        fputs("None of these converges with every seed", out);
    } else {
        struct spread time = spread_in(QUANTITY_TOTAL_TIME, &d->groups->groups[fastest]);
        char *label = study_group_label(d->groups, fastest, true);
        fprintf(out, "Fastest: %s%s%s s", label, *label ? ", " : "",
                cell_number(time.median, number));
        free(label);
        struct spread down = spread_in(QUANTITY_DOWNTIME, &d->groups->groups[shortest]);
        label = study_group_label(d->groups, shortest, true);
        bool room = ftell(out) + 35 + (long)text_columns(label) < MESSAGE_COLUMNS;
        if (shortest == fastest)
            fprintf(out, "; it also has the shortest downtime, %s ms",
                    cell_number(down.median, number));
        else if (room)
            fprintf(out, "; shortest downtime: %s, %s ms", label, cell_number(down.median, number));
        free(label);
    }
    fclose(out);
    return text;
}

static char *basis_of(const struct drawing *d)
{
    char *text;
    size_t size, seeds = d->groups->seeds;
    FILE *out = text_stream(&text, &size);
    fprintf(out, "%s: ", plot_study_name(d->input->study));
    if (seeds > 1)
        fprintf(out, "medians over %zu seeds, bars: %s", seeds,
                seeds >= SPREAD_LEAST_COUNT ? "intervals of 95 %" : "from least to most");
    else
        fputs("one seed", out);
    fputs("; strong: the best; hatched: not every run converged", out);
    if (d->groups->group_count > d->count)
        fprintf(out, "; the first %zu of %zu", d->count, d->groups->group_count);
    fclose(out);
    return text;
}

/* How long was waited for a run that did not converge, in seconds. */
static double waited(const struct study_group *group)
{
    double most = 0;
    for (size_t i = 0; i < group->run_count; i++)
        most = fmax(most, (double)group->runs[i]->total_time_ns / 1e9);
    return most;
}

/* "place value low high kind": 0 a bar, 1 the best, 2 hatched. */
static double put_data(const struct drawing *d, size_t panel)
{
    enum quantity_id id = shown_quantities[panel];
    size_t best = best_of(d, id);
    double max = 0;
    fprintf(d->script, "$p%zu << EOD\n", panel);
    for (size_t i = 0; i < d->count; i++) {
        const struct study_group *group = &d->groups->groups[i];
        struct spread spread = spread_in(id, group);
        bool open = !converged(group);
        double value = spread.median, low = spread.low, high = spread.high;
        if (open && id == QUANTITY_TOTAL_TIME)
            value = low = high = waited(group);
        else if (!spread.count)
            continue;
        max = fmax(max, high);
        fprintf(d->script, "%zu %.9g %.9g %.9g %d\n", i, value, low, high,
                open        ? 2
                : i == best ? 1
                            : 0);
    }
    fputs("EOD\n", d->script);
    return max;
}

static void put_texts(const struct drawing *d, size_t panel)
{
    enum quantity_id id = shown_quantities[panel];
    fprintf(d->script, "$t%zu << EOD\n", panel);
    for (size_t i = 0; i < d->count; i++) {
        const struct study_group *group = &d->groups->groups[i];
        struct spread spread = spread_in(id, group);
        char text[CELL_SIZE];
        double at = spread.count ? spread.high : 0;
        cell_quantity(id, group->runs, group->run_count, false, text);
        if (id == QUANTITY_TOTAL_TIME && !converged(group)) {
            at = waited(group);
            cell_converged(group->runs, group->run_count, false, text);
        }
        fprintf(d->script, "%zu %.9g \"%s\"\n", i, at, text);
    }
    fputs("EOD\n", d->script);
}

/* Of a label, left of the bars. */
static size_t terminal_columns(const struct drawing *d)
{
    return d->input->columns * 36 / 100 - 1;
}

static void put_labels(const struct drawing *d, bool labelled)
{
    fputs("set ytics scale 0 (", d->script);
    for (size_t i = 0; i < d->count; i++) {
        char *label = study_group_label(d->groups, i, true);
        fputs(i ? ", " : "", d->script);
        plot_put_tic_text(d->script, labelled ? (*label ? label : "all runs") : "",
                          d->characters ? terminal_columns(d) : LABEL_COLUMNS);
        fprintf(d->script, " %zu", i);
        free(label);
    }
    fputs(")\n", d->script);
}

/* Bars are thin enough for two lines of text where there are few of them. */
static void put_panel(const struct drawing *d, size_t panel, size_t panels)
{
    static const char *const plain[] = {"#9CC3DD", "#9CC3DD", "#BBD9CF", "#D9D9D9"};
    static const char *const strong[] = {"#0072B2", "#0072B2", "#009E73", "#707070"};
    const struct quantity *quantity = &quantities[shown_quantities[panel]];
    double left = d->characters ? 0.38 : fmin(0.03 + 0.0085 * (double)d->label_columns, 0.4),
           right = 0.985, gap = 0.03;
    double width = (right - left - gap * (double)(panels - 1)) / (double)panels;
    double from = left + (width + gap) * (double)panel, max = put_data(d, panel);
    if (panel > 0)
        fputs("unset label\n", d->script); /* the message stands there already */
    put_texts(d, panel);
    put_labels(d, panel == 0);
    max = max > 0 ? max : 1;
    fprintf(d->script,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set xrange [0:%.9g]\nset xtics 0, %.9g\nset format x '%%g'\n"
            "set xlabel '%s [%s]'\n",
            from, from + width, 1.45 * max, plot_step(max, 2), quantity->name, quantity->unit);
    if (d->characters) {
        fprintf(d->script,
                "plot $p%zu using 2:1 with points pointtype '*' notitle, "
                "$t%zu using 2:1:3 with labels left offset 1, 0 notitle\n",
                panel, panel);
        return;
    }
    for (int kind = 0; kind < 3; kind++)
        fprintf(d->script,
                "%s$p%zu using (0):($5 == %d ? $1 : NaN):(0):2:($1-0.34):($1+0.34) "
                "with boxxyerror linecolor rgb '%s' fillstyle %s notitle",
                kind ? ", " : "plot ", panel, kind,
                kind == 0   ? plain[panel]
                : kind == 1 ? strong[panel]
                            : "#A0A0A0",
                kind == 2 ? "pattern 4 border linecolor rgb '#A0A0A0'" : "solid noborder");
    if (d->groups->seeds > 1)
        fprintf(
            d->script,
            ", $p%zu using 2:($4 > $3 ? $1 : NaN):3:4 with xerrorbars pointtype 0 linewidth 1.5 "
            "linecolor rgb '" PLOT_BLACK "' notitle",
            panel);
    fprintf(d->script,
            ", $t%zu using 2:1:3 with labels left offset 0.8, 0 font ',11' textcolor rgb "
            "'" PLOT_BLACK "' notitle\n",
            panel);
}

static void draw(const struct drawing *d)
{
    static const double weights[] = {1};
    char *message = message_of(d), *basis = basis_of(d);
    size_t panels = d->characters ? 2 : PANELS;
    plot_put_begin(d->input, d->script, message, basis);
    plot_put_panel(d->input, d->script, 0, 1, weights, 0);
    fprintf(d->script, "unset grid\nset yrange [%.1f:-0.7]\nunset key\n", (double)d->count - 0.3);
    for (size_t panel = 0; panel < panels; panel++)
        put_panel(d, panel, panels);
    plot_put_end(d->script);
    free(message);
    free(basis);
}

static bool write_techniques(const struct plot_input *input, FILE *script, struct error *error)
{
    struct drawing d = {.input = input,
                        .script = script,
                        .groups = study_group(input->study),
                        .characters = input->format == PLOT_TERMINAL};
    size_t room = d.characters ? LINES : BARS;
    d.count = d.groups->group_count < room ? d.groups->group_count : room;
    for (size_t i = 0; i < d.count; i++) {
        char *label = study_group_label(d.groups, i, true);
        size_t columns = text_columns(label);
        columns = columns < LABEL_COLUMNS ? columns : LABEL_COLUMNS;
        d.label_columns = columns > d.label_columns ? columns : d.label_columns;
        free(label);
    }
    bool good = d.count > 0 || error_set(error, "the study holds no runs");
    if (good)
        draw(&d);
    study_groups_free(d.groups);
    return good;
}

const struct plot_kind plot_techniques = {
    .name = "techniques",
    .help = "all combinations side by side: total time, downtime, bytes, CPU time",
    .write = write_techniques,
};
