/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/plot_script.h"

#include <math.h>

/*
 * Predicted against measured, a point a migration, on logarithmic axes: total time above, downtime
 * below, with the diagonal and a band of 5 % around it.
 */

static size_t outside_band(const struct plot_input *input)
{
    size_t count = 0;
    for (size_t i = 0; i < input->pair_count; i++) {
        const struct plot_pair *pair = &input->pairs[i];
        count +=
            fabs(pair->predicted_total_s - pair->measured_total_s) > 0.05 * pair->measured_total_s;
    }
    return count;
}

static void put_pairs(const struct plot_input *input, FILE *script)
{
    fputs("$pairs << EOD\n", script);
    for (size_t i = 0; i < input->pair_count; i++) {
        const struct plot_pair *pair = &input->pairs[i];
        fprintf(script, "%.9g %.9g %.9g %.9g\n", pair->measured_total_s, pair->predicted_total_s,
                pair->measured_downtime_ms, pair->predicted_downtime_ms);
    }
    fputs("EOD\n", script);
}

/* One square of the two; each has an x axis of its own. */
static void put_square(FILE *script, const char *what, const char *unit, const char *columns,
                       double left, double right)
{
    fprintf(script,
            "set lmargin at screen %.3f\nset rmargin at screen %.3f\n"
            "set tmargin at screen 0.82\nset bmargin at screen 0.13\n"
            "set xlabel 'measured %s [%s]'\nset ylabel 'predicted %s [%s]'\n"
            "set logscale xy\nset format xy '%%g'\nset xtics auto\nunset key\n"
            "stats $pairs using %s nooutput\n"
            "low = 0.8 * (STATS_min_x < STATS_min_y ? STATS_min_x : STATS_min_y)\n"
            "high = 1.25 * (STATS_max_x > STATS_max_y ? STATS_max_x : STATS_max_y)\n"
            "set xrange [low:high]\nset yrange [low:high]\nset samples 2\n"
            "plot '+' using 1:($1*0.95):($1*1.05) with filledcurves "
            "fillcolor rgb '#DDDDDD' notitle, "
            "x with lines linecolor rgb '%s' notitle, "
            "$pairs using %s with points pointtype 6 pointsize 1 linecolor rgb '%s' notitle\n",
            left, right, what, unit, what, unit, columns, PLOT_GREY, columns, plot_colours[0]);
}

static bool write_validation(const struct plot_input *input, FILE *script, struct error *error)
{
    char message[96], basis[160];
    if (!input->pair_count)
        return error_set(error, "no migration that converged was predicted");
    snprintf(message, sizeof message, "%zu of %zu total times within 5 %% of real QEMU",
             input->pair_count - outside_band(input), input->pair_count);
    snprintf(basis, sizeof basis,
             "each point a measured migration and its prediction; grey: 5 %% around equality");
    plot_put_begin(input, script, message, basis);
    put_pairs(input, script);
    put_square(script, "total time", "s", "1:2", 0.09, 0.49);
    put_square(script, "downtime", "ms", "3:4", 0.59, 0.99);
    plot_put_end(script);
    return true;
}

const struct plot_kind plot_validation = {
    .name = "validation",
    .help = "predicted against measured total time and downtime",
    .write = write_validation,
};
