/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/plot_script.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * One migration by its iterations: above, what each sent, stacked by kind; below, what the guest
 * had written when it began, against the threshold under which the switchover happens. The first
 * iteration sends all memory: if it would dwarf the others its box is cut, and its size written on
 * it. Of very many iterations some share a box, which shows their mean.
 */

#define MIB 1048576.0
enum { BOXES = 200, KINDS = 4 };

static const char *const kind_names[KINDS] = {"deltas", "whole pages: cache miss or overflow",
                                              "whole pages: not looked up", "zero pages, headers"};
static const char *const kind_colours[KINDS] = {"#009E73", "#D55E00", "#E69F00", "#999999"};

/* The mean of some iterations. */
struct box {
    double from, to, kinds[KINDS], remaining, threshold;
};

struct drawing {
    const struct plot_input *input;
    const struct record *record;
    FILE *script;
    struct box boxes[BOXES];
    size_t count;
    double most, first; /* MiB: the tallest box without the first, and the first */
    bool characters, cut;
};

static double total_of(const struct box *box)
{
    double sum = 0;
    for (size_t k = 0; k < KINDS; k++)
        sum += box->kinds[k];
    return sum;
}

static void add_iteration(struct box *box, const struct record_iteration *it, double share)
{
    const struct record_counters *sent = &it->sent;
    double normal = (double)sent->normal;
    double missed = fmin((double)sent->xbzrle_cache_miss + (double)sent->xbzrle_overflow, normal);
    double known = normal * RECORD_PAGE_BYTES + (double)sent->xbzrle_bytes;
    box->kinds[0] += share * (double)sent->xbzrle_bytes / MIB;
    box->kinds[1] += share * missed * RECORD_PAGE_BYTES / MIB;
    box->kinds[2] += share * (normal - missed) * RECORD_PAGE_BYTES / MIB;
    box->kinds[3] += share * fmax((double)sent->transferred - known, 0) / MIB;
    box->remaining += share * (double)it->remaining_bytes / MIB;
    box->threshold += share * (double)it->threshold_bytes / MIB;
}

static void fill_boxes(struct drawing *d)
{
    size_t count = d->record->iteration_count, width = (count - 1 + BOXES - 2) / (BOXES - 1);
    width = width ? width : 1;
    for (size_t i = 0; i < count;) {
        size_t end = i == 0 ? 1 : i + width < count ? i + width : count;
        struct box *box = &d->boxes[d->count++];
        *box = (struct box){.from = (double)i + 0.5, .to = (double)end + 0.5};
        for (size_t k = i; k < end; k++)
            add_iteration(box, &d->record->iterations[k], 1 / (double)(end - i));
        if (i > 0)
            d->most = fmax(d->most, total_of(box));
        i = end;
    }
    d->first = total_of(&d->boxes[0]);
    d->cut = d->most > 0 && d->first > 2.5 * d->most;
}

static char *message_of(const struct drawing *d)
{
    char *text, size_text[CELL_SIZE], share[CELL_SIZE];
    size_t size, count = d->record->iteration_count;
    double sent[KINDS] = {0}, all = 0;
    FILE *out = text_stream(&text, &size);
    for (size_t i = 1; i < count; i++) {
        struct box one = {.from = 0};
        add_iteration(&one, &d->record->iterations[i], 1);
        all += total_of(&one);
        for (size_t k = 0; k < KINDS; k++)
            sent[k] += one.kinds[k];
    }
    double whole = all > 0 ? 100 * (sent[1] + sent[2]) / all : 0;
    if (count < 2 || !(all > 0))
        fprintf(out, "One pass over memory sent all: %s MiB", cell_number(d->first, size_text));
    else
        fprintf(out, "After the first pass, %s MiB in an iteration; %s %% of it whole pages",
                cell_number(all / (double)(count - 1), size_text), cell_number(whole, share));
    if (d->record->outcome != OUTCOME_CONVERGED)
        fputs(d->record->outcome == OUTCOME_FAILED ? "; failed" : "; not converged", out);
    fclose(out);
    return text;
}

static char *basis_of(const struct drawing *d)
{
    char *text, cache[PLOT_LABEL_SIZE];
    size_t size, count = d->record->iteration_count;
    FILE *out = text_stream(&text, &size);
    fprintf(out, "%s, seed %" PRIu64 ": ", plot_study_name(d->input->study), d->record->seed);
    if (d->record->xbzrle)
        fprintf(out, "XBZRLE cache %s", plot_size_label(d->record->xbzrle_cache_size, cache));
    else
        fputs("XBZRLE off", out);
    fprintf(out, ", %zu iterations", count);
    if (count > d->count)
        fprintf(out, ", boxes of %zu show their mean", (size_t)(d->boxes[1].to - d->boxes[1].from));
    fclose(out);
    return text;
}

static void put_boxes(const struct drawing *d)
{
    fputs("$boxes << EOD\n", d->script);
    for (size_t i = 0; i < d->count; i++) {
        const struct box *box = &d->boxes[i];
        double top = 0;
        fprintf(d->script, "%.9g %.9g %.9g %.9g", box->from, box->to, box->remaining,
                box->threshold);
        for (size_t k = 0; k < KINDS; k++) {
            fprintf(d->script, " %.9g %.9g", top, top + box->kinds[k]);
            top += box->kinds[k];
        }
        fputc('\n', d->script);
    }
    fputs("EOD\n", d->script);
}

static bool has_kind(const struct drawing *d, size_t kind)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->boxes[i].kinds[kind] > 0)
            return true;
    return false;
}

static void put_sent_panel(const struct drawing *d)
{
    struct plot_parts parts = {d->script, 0};
    double top = d->cut ? 1.5 * d->most : fmax(d->most, d->first);
    double step = plot_step(top, d->characters ? 3 : 5);
    char text[CELL_SIZE];
    fprintf(d->script, "set yrange [0:%.9g]\nset ytics 0, %.9g\n", top > 0 ? top * 1.06 : 1, step);
    plot_put_y_label(d->input, d->script, "sent [MiB]");
    if (d->cut)
        fprintf(d->script, "set label 5 '1st iteration: %s MiB' at first 1.7, graph 0.95 left%s\n",
                cell_number(d->first, text),
                d->characters ? "" : " font ',12' textcolor rgb '" PLOT_BLACK "'");
    for (size_t k = KINDS; k-- > 0;) {
        if (!has_kind(d, k))
            continue;
        FILE *out = plot_next_part(&parts);
        if (d->characters)
            fprintf(out, "$boxes using (($1+$2)/2):%zu with points pointtype '%c'", 6 + 2 * k,
                    "dmwz"[k]);
        else
            fprintf(out,
                    "$boxes using (($1+$2)/2):%zu:($1+0.1*($2-$1)):($2-0.1*($2-$1)):%zu:%zu "
                    "with boxxyerror fillstyle solid noborder linecolor rgb '%s'",
                    5 + 2 * k, 5 + 2 * k, 6 + 2 * k, kind_colours[k]);
        plot_put_title(out, kind_names[k], true);
    }
    if (!parts.count)
        fputs("plot NaN notitle", d->script);
    fputc('\n', d->script);
}

/* On a logarithmic axis, as in the timeline; what is 0 stands on its foot. */
static void put_dirty_panel(const struct drawing *d)
{
    double max = 0, least = INFINITY;
    for (size_t i = 0; i < d->count; i++) {
        const double values[] = {d->boxes[i].remaining, d->boxes[i].threshold};
        for (size_t k = 0; k < 2; k++) {
            max = fmax(max, values[k]);
            least = values[k] > 0 ? fmin(least, values[k]) : least;
        }
    }
    max = max > 0 ? max : 1;
    double foot = fmax(fmin(least, max) / 2, max / 1e5);
    fprintf(d->script,
            "set logscale y\nset yrange [%.9g:%.9g]\nset ytics 10\nset format xy '%%g'\n"
            "set xlabel 'iteration'\n",
            foot, 2 * max);
    plot_put_y_label(d->input, d->script, "to send [MiB]");
    fprintf(d->script, "on(y) = y > %.9g ? y : %.9g\nif_any(y) = y > 0 ? y : NaN\n", foot, foot);
    if (d->characters)
        fputs("plot $boxes using (($1+$2)/2):(on($3)) with points pointtype '*' notitle, "
              "$boxes using (($1+$2)/2):(if_any($4)) with points pointtype '-' notitle\n",
              d->script);
    else
        fprintf(d->script,
                "set key at graph 0.995, graph 0.97 right top horizontal maxrows 1 samplen 2.5 "
                "font ',12'\n"
                "plot $boxes using (($1+$2)/2):(on($3)) with linespoints pointtype 7 "
                "pointsize 0.5 linewidth 2 linecolor rgb '%s' title 'after its sync', "
                "$boxes using (($1+$2)/2):(if_any($4)) with lines dashtype 2 linewidth 2 "
                "linecolor rgb '" PLOT_BLACK "' title 'threshold of the switchover'\n",
                plot_colours[0]);
}

static void draw(const struct drawing *d)
{
    static const double weights[] = {2, 1};
    char *message = message_of(d), *basis = basis_of(d);
    size_t rows;
    double end = d->boxes[d->count - 1].to;
    plot_put_begin(d->input, d->script, message, basis);
    put_boxes(d);
    plot_put_key(d->input, d->script, KINDS, 30, &rows);
    fprintf(d->script, "set xrange [0.5:%.9g]\nset xtics 0, %.9g\n", end,
            fmax(1, plot_step(end, 10)));
    plot_put_panel(d->input, d->script, 0, 2, weights, rows);
    put_sent_panel(d);
    plot_put_panel(d->input, d->script, 1, 2, weights, rows);
    put_dirty_panel(d);
    plot_put_end(d->script);
    free(message);
    free(basis);
}

static bool write_iterations(const struct plot_input *input, FILE *script, struct error *error)
{
    if (!input->run->iteration_count)
        return error_set(error, "the run was stored without its iterations");
    struct drawing *d = must_alloc(1, sizeof *d, "a plot");
    *d = (struct drawing){.input = input,
                          .record = input->run,
                          .script = script,
                          .characters = input->format == PLOT_TERMINAL};
    fill_boxes(d);
    draw(d);
    free(d);
    return true;
}

const struct plot_kind plot_iterations = {
    .name = "iterations",
    .help = "bytes by kind in each iteration of one migration, and what is left to send",
    .needs_run = true,
    .write = write_iterations,
};
