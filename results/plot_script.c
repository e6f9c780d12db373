/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/plot_script.h"

#include "base/units.h"
#include "results/text.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const plot_colours[PLOT_COLOURS] = {"#0072B2", "#E69F00", "#009E73",
                                                "#CC79A7", "#56B4E9", "#D55E00"};

/*
 * gnuplot 5.4 writes a quote within single quotes as two, but not at the beginning: '''a' is an
 * error there. So the typographic apostrophe stands in for it, which looks better as well.
 */
static void put_string(FILE *script, const char *text, size_t columns, bool is_format)
{
    char *clean = text_printable(text);
    size_t length = strlen(clean);
    bool cut = text_columns(clean) > columns;
    if (cut)
        length = text_cut(clean, columns > 3 ? columns - 3 : 0);
    fputc('\'', script);
    for (size_t i = 0; i < length; i++) {
        if (clean[i] == '\'')
            fputs("\xe2\x80\x99", script);
        else
            fprintf(script, is_format && clean[i] == '%' ? "%%%%" : "%c", clean[i]);
    }
    fputs(cut ? "...'" : "'", script);
    free(clean);
}

void plot_put_text(FILE *script, const char *text, size_t columns)
{
    put_string(script, text, columns, false);
}

void plot_put_tic_text(FILE *script, const char *text, size_t columns)
{
    put_string(script, text, columns, true);
}

static bool is_characters(const struct plot_input *input)
{
    return input->format == PLOT_TERMINAL;
}

/* What fits between the margins of a terminal. */
static size_t characters_in_line(const struct plot_input *input)
{
    return input->columns > 24 ? input->columns - 4 : 20;
}

void plot_put_begin(const struct plot_input *input, FILE *script, const char *message,
                    const char *basis)
{
    bool characters = is_characters(input);
    size_t line = characters_in_line(input);
    fputs("set encoding utf8\n"
          "set border 3 linecolor rgb '" PLOT_GREY "'\n"
          "set tics nomirror out scale 0.5 textcolor rgb '" PLOT_BLACK "'\n",
          script);
    if (!characters)
        fprintf(script,
                "set grid ytics linecolor rgb '#E4E4E4' linetype 1 linewidth 0.8\n"
                "set bars 0.6\nset pointsize %s\n",
                input->format == PLOT_SVG ? "0.9" : "1.4");
    fprintf(script, "set label 101 at screen 0.02, screen %s left ", characters ? "0.99" : "0.955");
    plot_put_text(script, message, characters ? line : 92);
    /* gnuplot's SVG knows no bold letters. */
    fputs(characters                  ? "\n"
          : input->format == PLOT_SVG ? " font ',21' textcolor rgb '" PLOT_BLACK "'\n"
                                      : " font ':Bold,17' textcolor rgb '" PLOT_BLACK "'\n",
          script);
    fprintf(script, "set label 102 at screen 0.02, screen %s left ",
            characters ? "0.955" : "0.913");
    plot_put_text(script, basis, characters ? line : 145);
    fputs(characters ? "\n" : " font ',12' textcolor rgb '" PLOT_GREY "'\n", script);
    fputs("set multiplot\n", script);
}

void plot_put_end(FILE *script)
{
    fputs("unset multiplot\n", script);
}

void plot_put_panel(const struct plot_input *input, FILE *script, size_t index, size_t count,
                    const double *weights, size_t key_rows)
{
    bool characters = is_characters(input), lowest = index + 1 == count;
    double top = characters ? 0.91 : 0.87, bottom = characters ? 0.1 : 0.095;
    double gap = characters ? 0.05 : 0.035, sum = 0, above = 0;
    assert(index < count);
    top -= (double)key_rows * (characters ? 0.035 : 0.032);
    for (size_t i = 0; i < count; i++) {
        sum += weights[i];
        above += i < index ? weights[i] : 0;
    }
    double scale = (top - bottom - gap * (double)(count - 1)) / sum;
    double high = top - above * scale - gap * (double)index;
    if (index > 0)
        fputs("unset label\nunset object\nunset arrow\nunset key\n", script);
    fprintf(script,
            "set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
            "set lmargin at screen %s\nset rmargin at screen %s\n%s",
            high, high - weights[index] * scale, characters ? "0.13" : "0.085",
            characters ? "0.97" : "0.975", lowest ? "set format x\n" : "set format x ''\n");
}

void plot_put_key(const struct plot_input *input, FILE *script, size_t entries, size_t columns,
                  size_t *ret_rows)
{
    size_t line = is_characters(input) ? characters_in_line(input) : 150,
           a_row = line / (columns + 6);
    if (a_row == 0)
        a_row = 1;
    *ret_rows = (entries + a_row - 1) / a_row;
    fprintf(script, "set key at screen 0.975, screen %s right top horizontal maxrows %zu%s\n",
            is_characters(input) ? "0.93" : "0.89", *ret_rows,
            is_characters(input) ? "" : " samplen 2.5 font ',12'");
}

void plot_put_y_label(const struct plot_input *input, FILE *script, const char *text)
{
    fputs(is_characters(input) ? "set label 103 at graph 0, graph 1 left offset -9, 1 "
                               : "set ylabel ",
          script);
    plot_put_text(script, text, 60);
    fputc('\n', script);
}

FILE *plot_next_part(struct plot_parts *parts)
{
    fputs(parts->count++ ? ", \\\n     " : "plot ", parts->script);
    return parts->script;
}

void plot_put_title(FILE *script, const char *text, bool titled)
{
    fputs(titled ? " title " : " notitle", script);
    if (titled)
        plot_put_text(script, text, 60);
}

double plot_step(double max, unsigned tics)
{
    if (!(max > 0) || !isfinite(max))
        return 1;
    double rough = max / tics, power = pow(10, floor(log10(rough)));
    const double steps[] = {1, 2, 2.5, 5, 10};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (rough <= steps[i] * power * 1.0001)
            return steps[i] * power;
    return 10 * power;
}

void plot_put_logarithmic(FILE *script, const char *axis, double from, double to)
{
    static const double steps[] = {1, 2, 5};
    size_t count = to > 2000 * from ? 1 : 3;
    const char *comma = "";
    assert(from > 0);
    fprintf(script, "set logscale %s\nset %stics (", axis, axis);
    for (double power = pow(10, floor(log10(from))); power <= to; power *= 10)
        for (size_t i = 0; i < count; i++)
            if (steps[i] * power >= from && steps[i] * power <= to) {
                fprintf(script, "%s'%g' %.9g", comma, steps[i] * power, steps[i] * power);
                comma = ", ";
            }
    fputs(")\n", script);
}

/* "16MiB" becomes "16 MiB". */
static char *part_unit(const char *text, char *label)
{
    size_t digits = strspn(text, "0123456789.-");
    snprintf(label, PLOT_LABEL_SIZE, "%.*s %s", (int)digits, text, text + digits);
    return label;
}

char *plot_size_label(uint64_t bytes, char text[static PLOT_LABEL_SIZE])
{
    char size[UNITS_TEXT_SIZE];
    return part_unit(units_format_size(bytes, size), text);
}

char *plot_time_label(int64_t ns, char text[static PLOT_LABEL_SIZE])
{
    char time[UNITS_TEXT_SIZE];
    return part_unit(units_format_time(ns, time), text);
}

char *plot_rate_label(uint64_t bytes_per_s, char text[static PLOT_LABEL_SIZE])
{
    char rate[UNITS_TEXT_SIZE];
    return part_unit(units_format_rate(bytes_per_s, rate), text);
}

bool plot_setting_number(const struct record *record, const char *key, uint64_t *ret_value)
{
    const char *text = record_setting(record, key);
    char *rest;
    if (!text || !*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
        return false;
    *ret_value = strtoull(text, &rest, 10);
    return true;
}

const char *plot_study_name(const struct study *study)
{
    const char *slash = strrchr(study->name, '/'), *name = slash ? slash + 1 : study->name;
    return *name ? name : "study";
}
