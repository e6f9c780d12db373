/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_PLOT_SCRIPT_H
#define RESULTS_PLOT_SCRIPT_H

#include "results/plot.h"

/* The vocabulary that the kinds of plot share, so that they look alike. */

/*
 * Colours of Okabe and Ito (2008, "Color Universal Design"), which people of every colour vision
 * can tell apart; their yellow is left out, as it does not show on white.
 */
enum { PLOT_COLOURS = 6 };
extern const char *const plot_colours[PLOT_COLOURS];
#define PLOT_BLACK "#000000"
#define PLOT_GREY  "#707070"
#define PLOT_BAND  "#F2F2F2"
#define PLOT_ALERT "#D55E00" /* vermilion: limits */

/*
 * A string constant for gnuplot, quotes included. Within single quotes gnuplot expands nothing; a
 * single quote comes out as a typographic apostrophe, control characters become blanks. Cut at
 * `columns` characters, with dots.
 */
void plot_put_text(FILE *script, const char *text, size_t columns);
/* The same as the label of a tic, which gnuplot takes for a format. */
void plot_put_tic_text(FILE *script, const char *text, size_t columns);

/*
 * Everything before the first panel: common settings, the message in large letters, and below it
 * what it is based on. Panels that stand above each other and share the x axis follow, each begun
 * by plot_put_panel, then plot_put_end.
 */
void plot_put_begin(const struct plot_input *input, FILE *script, const char *message,
                    const char *basis);
void plot_put_end(FILE *script);

/*
 * Margins of panel `index` of `count`, which share the height by their weights. Only the lowest has
 * labels on its x axis. `key_rows` lines for a key are kept free above the first.
 */
void plot_put_panel(const struct plot_input *input, FILE *script, size_t index, size_t count,
                    const double *weights, size_t key_rows);

/* A key in that space, for the panel at hand; each entry takes some `columns` characters. */
void plot_put_key(const struct plot_input *input, FILE *script, size_t entries, size_t columns,
                  size_t *ret_rows);

/* What the y axis of the panel at hand shows: beside it, or above it in characters. */
void plot_put_y_label(const struct plot_input *input, FILE *script, const char *text);

/* The parts of one plot command, joined by commas; begins with {script, 0}. Returns the script. */
struct plot_parts {
    FILE *script;
    unsigned count;
};
FILE *plot_next_part(struct plot_parts *parts);

/* " title 'text'", or " notitle" unless it is titled. */
void plot_put_title(FILE *script, const char *text, bool titled);

/* A round step for about `tics` tics from 0 to `max`; 1 if max is not positive. */
double plot_step(double max, unsigned tics);

/* A logarithmic axis ("x", "cb") with tics at 1, 2 and 5 of each decade, or at 1 alone of many. */
void plot_put_logarithmic(FILE *script, const char *axis, double from, double to);

/* "16 MiB", "300 ms": with a blank, as is good typography. Return `text`. */
enum { PLOT_LABEL_SIZE = 40 };
char *plot_size_label(uint64_t bytes, char text[static PLOT_LABEL_SIZE]);
char *plot_time_label(int64_t ns, char text[static PLOT_LABEL_SIZE]);
char *plot_rate_label(uint64_t bytes_per_s, char text[static PLOT_LABEL_SIZE]);

/* The setting's value as a whole number; false if it is missing or none. */
bool plot_setting_number(const struct record *record, const char *key, uint64_t *ret_value);

/* What the study is called: the name without folders; "study" if it has none. Borrowed. */
const char *plot_study_name(const struct study *study);

#endif
