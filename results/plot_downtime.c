/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/plot_script.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The share of seeds with which the guest stands still for no longer than so many milliseconds: a
 * curve for each combination of settings. Runs that did not converge never get there, so that a
 * curve which ends below 100 % says how many.
 */

struct drawing {
    const struct plot_input *input;
    FILE *script;
    struct study_groups *groups;
    size_t shown[PLOT_COLOURS]; /* groups of which a run converged: spread evenly over them */
    size_t count, some, never;  /* shown; with a run that converged; with none */
    double least, most;         /* ms */
    bool characters;
};

static const struct study_group *group_of(const struct drawing *d, size_t curve)
{
    return &d->groups->groups[d->shown[curve]];
}

/* Sorted downtimes of the group's converged runs; owned by the caller. */
static double *downtimes_of(const struct study_group *group)
{
    double *values = must_alloc(group->run_count, sizeof *values, "downtimes");
    size_t used = 0;
    for (size_t i = 0; i < group->run_count; i++)
        if (group->runs[i]->outcome == OUTCOME_CONVERGED)
            values[used++] = (double)group->runs[i]->downtime_ns / 1e6;
    gsl_sort(values, 1, used);
    return values;
}

static void choose(struct drawing *d)
{
    d->least = INFINITY;
    for (size_t i = 0; i < d->groups->group_count; i++) {
        d->some += d->groups->groups[i].converged > 0;
        d->never += d->groups->groups[i].converged == 0;
    }
    size_t wanted = d->some < PLOT_COLOURS ? d->some : PLOT_COLOURS, place = 0;
    for (size_t i = 0; i < d->groups->group_count && d->count < wanted; i++) {
        if (!d->groups->groups[i].converged)
            continue;
        size_t next = wanted > 1 ? d->count * (d->some - 1) / (wanted - 1) : 0;
        if (place++ != next)
            continue;
        d->shown[d->count++] = i;
        double *values = downtimes_of(&d->groups->groups[i]);
        d->least = fmin(d->least, values[0]);
        d->most = fmax(d->most, values[d->groups->groups[i].converged - 1]);
        free(values);
    }
}

/* The downtime-limit, if all groups have the same. */
static bool find_limit(const struct drawing *d, uint64_t *ret_ns)
{
    static const char key[] = "migration.downtime-limit";
    for (size_t i = 0; i < d->groups->varying_count; i++)
        if (!strcmp(d->groups->varying[i], key))
            return false;
    return plot_setting_number(d->groups->groups[0].runs[0], key, ret_ns) && *ret_ns;
}

/* The group whose longest downtime is the shortest, of those that always converge; NULL. */
static const struct study_group *find_best(const struct drawing *d, double *ret_ms, size_t *ret)
{
    const struct study_group *best = NULL;
    for (size_t i = 0; i < d->groups->group_count; i++) {
        const struct study_group *group = &d->groups->groups[i];
        double worst = quantity_spread(QUANTITY_DOWNTIME, group->runs, group->run_count).max;
        if (group->converged == group->run_count && (!best || worst < *ret_ms))
            best = group, *ret_ms = worst, *ret = i;
    }
    return best;
}

static char *message_of(const struct drawing *d)
{
    char *text, number[CELL_SIZE];
    size_t size, index = 0;
    double ms = 0;
    FILE *out = text_stream(&text, &size);
    const struct study_group *best = find_best(d, &ms, &index);
    if (best) {
        char *label = study_group_label(d->groups, index, true);
        fprintf(out, "%s%sdowntime %s ms at most, over %zu seeds", label, *label ? ": " : "",
                cell_number(ms, number), best->run_count);
        free(label);
    } else {
        fputs("Nothing here converges with every seed", out);
    }
    fclose(out);
    return text;
}

static char *basis_of(const struct drawing *d)
{
    char *text;
    size_t size;
    FILE *out = text_stream(&text, &size);
    fprintf(out, "%s: downtime over %zu seeds", plot_study_name(d->input->study), d->groups->seeds);
    if (d->some > d->count)
        fprintf(out, "; %zu of %zu combinations shown", d->count, d->some);
    if (d->never)
        fprintf(out, "; %zu other combination%s never converge%s", d->never,
                d->never == 1 ? "" : "s", d->never == 1 ? "s" : "");
    fclose(out);
    return text;
}

/* A step for each seed. Runs that did not converge keep the curve below 100 % to the right edge. */
static void put_curve(const struct drawing *d, size_t curve, double end)
{
    const struct study_group *group = group_of(d, curve);
    double *values = downtimes_of(group), share = 0;
    fprintf(d->script, "$d%zu << EOD\n%.9g 0\n", curve, values[0]);
    for (size_t i = 0; i < group->converged; i++) {
        share = 100 * (double)(i + 1) / (double)group->run_count;
        fprintf(d->script, "%.9g %.9g\n", values[i], share);
    }
    if (group->converged < group->run_count)
        fprintf(d->script, "%.9g %.9g\n", end, share);
    fputs("EOD\n", d->script);
    free(values);
}

static void put_curves(const struct drawing *d)
{
    static const unsigned points[] = {7, 5, 9, 13, 11, 15};
    static const unsigned dashes[] = {1, 2, 4, 1, 2, 4};
    struct plot_parts parts = {d->script, 0};
    for (size_t i = 0; i < d->count; i++) {
        char *label = study_group_label(d->groups, d->shown[i], true);
        FILE *out = plot_next_part(&parts);
        if (d->characters)
            fprintf(out, "$d%zu using 1:2 with points pointtype '%c'", i, "*+#@%&"[i]);
        else
            fprintf(out,
                    "$d%zu using 1:2 with steps dashtype %u linewidth 2.5 linecolor rgb '%s' "
                    "notitle, $d%zu using 1:2 every ::1::%zu with points pointtype %u "
                    "linecolor rgb '%s'",
                    i, dashes[i], plot_colours[i], i, group_of(d, i)->converged, points[i],
                    plot_colours[i]);
        plot_put_title(out, *label ? label : "downtime", true);
        free(label);
    }
    fputc('\n', d->script);
}

static void put_limit(const struct drawing *d, double from, double to)
{
    uint64_t ns;
    char label[PLOT_LABEL_SIZE];
    if (!find_limit(d, &ns))
        return;
    double limit = (double)ns / 1e6;
    if (limit < from || limit > to)
        return;
    fprintf(d->script, "set arrow 1 from first %.9g, graph 0 to first %.9g, graph 1 nohead%s\n",
            limit, limit,
            d->characters ? "" : " dashtype 3 linewidth 2 linecolor rgb '" PLOT_ALERT "'");
    fprintf(d->script, "set label 2 'downtime-limit %s' at first %.9g, graph %s\n",
            plot_time_label((int64_t)ns, label), limit,
            d->characters ? "0.06 right offset -1, 0"
                          : "0.03 left rotate by 90 offset -1.2, 0 font ',12' "
                            "textcolor rgb '" PLOT_ALERT "'");
}

static void draw(const struct drawing *d)
{
    static const double weights[] = {1};
    char *message = message_of(d), *basis = basis_of(d);
    size_t rows, columns = 8;
    uint64_t limit = 0;
    double from = d->least / 1.3, to = d->most * 1.15;
    if (find_limit(d, &limit) && (double)limit / 1e6 > d->most &&
        (double)limit / 1e6 < 50 * d->most)
        to = (double)limit / 1e6 * 1.15;
    bool logarithmic = from > 0 && to > 10 * from;
    from = logarithmic ? from : 0;
    for (size_t i = 0; i < d->count; i++) {
        char *label = study_group_label(d->groups, d->shown[i], true);
        columns = text_columns(label) > columns ? text_columns(label) : columns;
        free(label);
    }
    plot_put_begin(d->input, d->script, message, basis);
    plot_put_key(d->input, d->script, d->count, columns < 60 ? columns : 60, &rows);
    plot_put_panel(d->input, d->script, 0, 1, weights, rows);
    fprintf(d->script,
            "set xrange [%.9g:%.9g]\nset yrange [0:104]\nset ytics 0, 20, 100\n"
            "set format x '%%g'\nset xlabel 'downtime [ms]'\n",
            from, to > from ? to : from + 1);
    plot_put_y_label(d->input, d->script, "seeds that stand still no longer [%]");
    if (logarithmic)
        plot_put_logarithmic(d->script, "x", from, to);
    put_limit(d, from, to);
    for (size_t i = 0; i < d->count; i++)
        put_curve(d, i, to);
    put_curves(d);
    plot_put_end(d->script);
    free(message);
    free(basis);
}

static bool write_downtime(const struct plot_input *input, FILE *script, struct error *error)
{
    struct drawing d = {.input = input,
                        .script = script,
                        .groups = study_group(input->study),
                        .characters = input->format == PLOT_TERMINAL};
    choose(&d);
    bool good =
        d.count > 0 || error_set(error, "no run converged, so there is no downtime to draw");
    if (good)
        draw(&d);
    study_groups_free(d.groups);
    return good;
}

const struct plot_kind plot_downtime = {
    .name = "downtime",
    .help = "distribution of the downtime over the seeds",
    .write = write_downtime,
};
