/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_PLOT_H
#define RESULTS_PLOT_H

#include "base/error.h"
#include "results/study.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Plots by gnuplot. A kind of plot writes a gnuplot script that holds its data; plot.c has it
 * drawn. The same study gives the same bytes, whatever the order of its runs.
 *
 * A new kind is a file plot_<name>.c with one `const struct plot_kind` at its end, and a line in
 * the table of plot.c; plot_skeleton.c shows every part.
 */

enum plot_format {
    PLOT_PNG,
    PLOT_SVG,
    PLOT_PDF,
    PLOT_SCRIPT,  /* the gnuplot script itself, for restyling; it draws a PNG beside itself */
    PLOT_TERMINAL /* characters */
};

/* A measured migration and its prediction. */
struct plot_pair {
    double measured_total_s, predicted_total_s, measured_downtime_ms, predicted_downtime_ms;
};

/* What is drawn: all is borrowed. */
struct plot_input {
    const struct study *study;
    const struct record *run;      /* with its iterations and samples; for kinds that `needs_run` */
    const struct plot_pair *pairs; /* for plot_validation */
    size_t pair_count;
    enum plot_format format; /* characters cannot show what pixels can */
    size_t columns;          /* of the terminal; set by plot_characters */
};

struct plot_kind {
    const char *name; /* as on the command line: "cache-size" */
    const char *help; /* one line, without full stop */
    bool needs_run;   /* it draws one migration, not a study */
    /*
     * Writes the script, from after `set output` on. False and the error if the input holds nothing
     * to draw. Required.
     */
    bool (*write)(const struct plot_input *input, FILE *script, struct error *error);
};

extern const struct plot_kind *const plot_kinds[];   /* ended by NULL */
extern const struct plot_kind plot_validation;       /* draws pairs; not for studies */
const struct plot_kind *plot_find(const char *name); /* NULL if unknown */

/* What shows most of this study: one run's course, or all runs. */
const struct plot_kind *plot_default(const struct study *study);

/* By the name's end: .png, .svg, .pdf, .gp. False and the error for any other. */
bool plot_format_of(const char *path, enum plot_format *ret_format, struct error *error);

/*
 * Draws into a file: beside it first, then in its place, so that nothing half-drawn stays. The
 * format follows from the name, and input->format is not looked at.
 */
bool plot_write(const struct plot_kind *kind, const struct plot_input *input, const char *path,
                struct error *error);

/* The plot in characters, of that many columns and lines. Owned by the caller; NULL on failure. */
char *plot_characters(const struct plot_kind *kind, const struct plot_input *input, size_t columns,
                      size_t lines, struct error *error);

/*
 * The plot as an SVG element to stand inside a page: without background, XML declaration, or sizes
 * of its own, its ids made unique by `prefix` (letters and digits). Owned by the caller; NULL on
 * failure.
 */
char *plot_svg(const struct plot_kind *kind, const struct plot_input *input, const char *prefix,
               struct error *error);

#endif
