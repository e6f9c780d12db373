/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/plot_script.h"
#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The course of one migration in three panels over one time axis: what remains to be sent, against
 * the threshold under which it switches over; the pages found dirty by each sync; throughput. The
 * guest's standstill is shaded.
 */

#define MIB 1048576.0

struct drawing {
    const struct plot_input *input;
    const struct record *record;
    FILE *script;
    bool characters;
};

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static bool converged(const struct record *record)
{
    return record->outcome == OUTCOME_CONVERGED;
}

/* What is small against the axis is lifted to its foot, as a logarithm has no place for 0. */
static double on_axis(double value, double foot)
{
    return value > foot ? value : foot;
}

/* Samples and syncs in one line, by time: a sync lifts what remains, a window's end shows it sink.
 */
static void put_remaining(const struct drawing *d, double foot)
{
    const struct record *record = d->record;
    size_t sync = 0;
    fputs("$remaining << EOD\n", d->script);
    for (size_t i = 0; i <= record->sample_count; i++) {
        int64_t until = i < record->sample_count ? record->samples[i].end_ns : INT64_MAX;
        for (; sync < record->iteration_count && record->iterations[sync].start_ns <= until; sync++)
            fprintf(d->script, "%.9g %.9g\n", seconds(record->iterations[sync].start_ns),
                    on_axis((double)record->iterations[sync].remaining_bytes / MIB, foot));
        if (i < record->sample_count)
            fprintf(d->script, "%.9g %.9g\n", seconds(until),
                    on_axis((double)record->samples[i].remaining_bytes / MIB, foot));
    }
    if (converged(record))
        fprintf(d->script, "%.9g %.9g\n", seconds(record->total_time_ns), foot);
    fputs("EOD\n", d->script);
}

/* Returns whether any is above 0. */
static bool put_threshold(const struct drawing *d, double foot)
{
    bool any = false;
    fputs("$threshold << EOD\n", d->script);
    for (size_t i = 0; i < d->record->sample_count; i++) {
        const struct record_sample *sample = &d->record->samples[i];
        fprintf(d->script, "%.9g %.9g\n", seconds(sample->end_ns),
                on_axis((double)sample->threshold_bytes / MIB, foot));
        any |= sample->threshold_bytes > 0;
    }
    fputs("EOD\n", d->script);
    return any;
}

static void put_standstill(const struct drawing *d, bool labelled)
{
    const struct record *record = d->record;
    char time[PLOT_LABEL_SIZE];
    if (!converged(record))
        return;
    double end = seconds(record->total_time_ns);
    double stop = seconds(record->total_time_ns - record->downtime_ns);
    if (!d->characters)
        fprintf(d->script,
                "set object 1 rectangle from first %.9g, graph 0 to first %.9g, graph 1 "
                "fillcolor rgb '#FBE3D4' fillstyle solid noborder behind\n",
                stop, end);
    fprintf(d->script, "set arrow 1 from first %.9g, graph 0 to first %.9g, graph 1 nohead%s\n",
            stop, stop, d->characters ? "" : " linewidth 1.5 linecolor rgb '" PLOT_ALERT "'");
    if (labelled)
        fprintf(d->script,
                "set label 3 'guest stopped %s' at first %.9g, graph 0.94 right offset -1, 0%s\n",
                plot_time_label(record->downtime_ns, time), stop,
                d->characters ? "" : " font ',11' textcolor rgb '" PLOT_ALERT "'");
}

static void put_remaining_panel(const struct drawing *d)
{
    double max = 0, least = INFINITY;
    for (size_t i = 0; i < d->record->sample_count; i++) {
        double value = (double)d->record->samples[i].remaining_bytes / MIB;
        max = fmax(max, value);
        least = value > 0 ? fmin(least, value) : least;
    }
    for (size_t i = 0; i < d->record->iteration_count; i++)
        max = fmax(max, (double)d->record->iterations[i].remaining_bytes / MIB);
    max = max > 0 ? max : 1;
    double foot = fmax(fmin(least, max) / 2, max / 4096);
    fprintf(d->script, "set logscale y\nset yrange [%.9g:%.9g]\nset ytics 10\nset format y '%%g'\n",
            foot, max * 1.6);
    plot_put_y_label(d->input, d->script, "remaining [MiB]");
    put_remaining(d, foot);
    bool threshold = put_threshold(d, foot);
    put_standstill(d, true);
    if (d->characters)
        fputs("plot $remaining using 1:2 with points pointtype '*' title 'remaining'", d->script);
    else
        fprintf(d->script,
                "plot $remaining using 1:2 with lines linewidth 2 linecolor rgb '%s' "
                "title 'remaining'",
                plot_colours[0]);
    if (threshold && d->characters)
        fputs(", $threshold using 1:2 with points pointtype '-' title 'threshold'", d->script);
    else if (threshold)
        fputs(", $threshold using 1:2 with steps dashtype 2 linewidth 2 linecolor rgb '" PLOT_BLACK
              "' title 'threshold of the switchover'",
              d->script);
    fputs("\nunset logscale y\n", d->script);
}

/* The first sync finds every page dirty: that is no writing of the guest, and left out. */
static void put_dirty_panel(const struct drawing *d)
{
    const struct record *record = d->record;
    double max = 0;
    fputs("$dirty << EOD\n", d->script);
    for (size_t i = 1; i < record->iteration_count; i++) {
        fprintf(d->script, "%.9g %.9g\n", seconds(record->iterations[i].start_ns),
                (double)record->iterations[i].dirty_pages);
        max = fmax(max, (double)record->iterations[i].dirty_pages);
    }
    fputs("EOD\n", d->script);
    double step = plot_step(max, d->characters ? 2 : 3);
    fprintf(d->script, "set yrange [0:%.9g]\nset ytics 0, %.9g\nset format y '%%.0f'\n",
            max > 0 ? ceil(max / step - 1e-9) * step * 1.06 : 1, step);
    plot_put_y_label(d->input, d->script, "dirty [pages]");
    put_standstill(d, false);
    if (record->iteration_count < 2)
        fputs("plot NaN notitle\n", d->script);
    else if (d->characters)
        fputs("plot $dirty using 1:2 with points pointtype '*' notitle\n", d->script);
    else
        fprintf(d->script,
                "plot $dirty using 1:2 with impulses linewidth 2.5 linecolor rgb '%s' notitle\n",
                plot_colours[2]);
}

/* Is that setting changed while the migration runs, by an [at TIME] section? */
static bool changes(const struct record *record, const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < record->setting_count; i++) {
        const char *own = record->settings[i].key;
        size_t own_length = strlen(own);
        if (!strncmp(own, "at.", 3) && own_length > length &&
            !strcmp(own + own_length - length, key))
            return true;
    }
    return false;
}

/* What bounds the throughput all the time, if it is near enough to what was sent to be drawn. */
static const char *find_bound(const struct record *record, double max_mbit,
                              uint64_t *ret_bytes_per_s)
{
    static const char link_key[] = "link.bandwidth", limit_key[] = "migration.max-bandwidth";
    uint64_t link = UINT64_MAX, limit = UINT64_MAX;
    if (changes(record, link_key) || changes(record, limit_key))
        return NULL;
    plot_setting_number(record, link_key, &link);
    /* QEMU divides by ten for its windows, so less than ten is no limit (as 0 is). */
    if (plot_setting_number(record, limit_key, &limit) && limit < 10)
        limit = UINT64_MAX;
    *ret_bytes_per_s = link < limit ? link : limit;
    bool near = (double)*ret_bytes_per_s * 8e-6 < 2 * max_mbit;
    return !near ? NULL : link < limit ? "link" : "max-bandwidth";
}

static void put_throughput_panel(const struct drawing *d)
{
    const struct record *record = d->record;
    char label[PLOT_LABEL_SIZE];
    double max = 0;
    fputs("$throughput << EOD\n", d->script);
    for (size_t i = 0; i < record->sample_count; i++) {
        const struct record_sample *sample = &record->samples[i];
        double mbit = (double)sample->window_bytes * 8e3 / fmax((double)sample->window_ns, 1);
        if (i == 0)
            fprintf(d->script, "%.9g %.9g\n", seconds(sample->end_ns - (int64_t)sample->window_ns),
                    mbit);
        fprintf(d->script, "%.9g %.9g\n", seconds(sample->end_ns), mbit);
        max = fmax(max, mbit);
    }
    fputs("EOD\n", d->script);
    uint64_t bound = 0;
    const char *bound_name = find_bound(record, max, &bound);
    double bound_mbit = (double)bound * 8e-6, top = bound_name ? fmax(max, bound_mbit) : max;
    double step = plot_step(top, d->characters ? 2 : 3);
    fprintf(d->script,
            "set yrange [0:%.9g]\nset ytics 0, %.9g\nset format y '%%.0f'\n"
            "set xlabel 'time since the migrate command [s]'\n",
            top > 0 ? ceil(top / step - 1e-9) * step * (bound_name ? 1.2 : 1.06) : 1, step);
    plot_put_y_label(d->input, d->script, "sent [Mbit/s]");
    put_standstill(d, false);
    if (bound_name && !d->characters)
        fprintf(d->script,
                "set label 4 '%s %s' at graph 0.005, first %.9g left offset 0, 0.6 "
                "font ',11' textcolor rgb '" PLOT_GREY "'\n",
                bound_name, plot_rate_label(bound, label), bound_mbit);
    fputs("plot ", d->script);
    if (bound_name && !d->characters)
        fprintf(d->script,
                "%.9g with lines dashtype 3 linewidth 1.5 linecolor rgb '" PLOT_GREY "' notitle, ",
                bound_mbit);
    if (d->characters)
        fputs("$throughput using 1:2 with points pointtype '*' notitle\n", d->script);
    else
        fprintf(d->script,
                "$throughput using 1:2 with fsteps linewidth 1.5 linecolor rgb '%s' notitle\n",
                plot_colours[0]);
}

static void put_technique(const struct record *record, FILE *out)
{
    char text[PLOT_LABEL_SIZE];
    if (record->xbzrle)
        fprintf(out, "XBZRLE cache %s", plot_size_label(record->xbzrle_cache_size, text));
    else
        fputs("XBZRLE off", out);
}

/* What became of it. */
static void put_message(const struct drawing *d, FILE *out)
{
    const struct record *record = d->record;
    char total[PLOT_LABEL_SIZE], down[PLOT_LABEL_SIZE];
    plot_time_label(record->total_time_ns, total);
    if (converged(record)) {
        fprintf(out, "Converged after %s; the guest stood still for %s", total,
                plot_time_label(record->downtime_ns, down));
        return;
    }
    fprintf(out, "%s, ", plot_study_name(d->input->study));
    put_technique(record, out);
    fprintf(out, ": %s after %s", record->outcome == OUTCOME_FAILED ? "failed" : "not converged",
            total);
}

/* What it ran with, or why it did not converge. */
static void put_basis(const struct drawing *d, FILE *out)
{
    const struct record *record = d->record;
    char text[PLOT_LABEL_SIZE];
    uint64_t limit;
    if (!converged(record) && *record->why) {
        fputs(record->why, out);
        return;
    }
    fprintf(out, "%s, seed %" PRIu64 ": ", plot_study_name(d->input->study), record->seed);
    put_technique(record, out);
    if (plot_setting_number(record, "migration.downtime-limit", &limit))
        fprintf(out, ", downtime-limit %s", plot_time_label((int64_t)limit, text));
}

static void draw(const struct drawing *d)
{
    static const double weights[] = {1.5, 1, 1};
    char *message, *basis;
    size_t size, rows;
    FILE *out = text_stream(&message, &size);
    put_message(d, out);
    fclose(out);
    out = text_stream(&basis, &size);
    put_basis(d, out);
    fclose(out);
    plot_put_begin(d->input, d->script, message, basis);
    plot_put_key(d->input, d->script, 2, 28, &rows);
    fprintf(d->script, "set xrange [0:%.9g]\n", fmax(seconds(d->record->total_time_ns), 1e-3));
    plot_put_panel(d->input, d->script, 0, 3, weights, rows);
    put_remaining_panel(d);
    plot_put_panel(d->input, d->script, 1, 3, weights, rows);
    put_dirty_panel(d);
    plot_put_panel(d->input, d->script, 2, 3, weights, rows);
    put_throughput_panel(d);
    plot_put_end(d->script);
    free(message);
    free(basis);
}

static bool write_timeline(const struct plot_input *input, FILE *script, struct error *error)
{
    const struct drawing d = {.input = input,
                              .record = input->run,
                              .script = script,
                              .characters = input->format == PLOT_TERMINAL};
    if (!input->run->sample_count)
        return error_set(error, "the run has no timeline: it ended within its first window, or was "
                                "stored without one");
    draw(&d);
    return true;
}

const struct plot_kind plot_timeline = {
    .name = "timeline",
    .help = "the course of one migration: remaining, dirty pages, throughput, switchover",
    .needs_run = true,
    .write = write_timeline,
};
