/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/plot_script.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Total time over two parameters that vary, a cell for each combination: the darker, the longer.
 * Where not every run converges the cell is hatched, and a thick line, the frontier, parts it from
 * its neighbours. The cache size, if it varies, goes to the right; XBZRLE off is its first column.
 */

enum { SIDE = 40 };

struct cell {
    const struct study_group *group; /* NULL: not simulated */
    struct spread time;
};

struct heat {
    const struct plot_input *input;
    FILE *script;
    const struct study_groups *groups;
    const char *x_key, *y_key; /* x_key NULL: the cache */
    const struct record *base; /* its other settings are those of all cells */
    const struct record *columns[SIDE], *rows[SIDE];
    size_t column_count, row_count, left_out;
    struct cell cells[SIDE][SIDE]; /* [row][column] */
    double least, most;
    bool characters;
};

static const char *value_of(const struct record *record, const char *key)
{
    const char *value = record_setting(record, key);
    return value ? value : "";
}

static bool same_column(const struct heat *h, const struct record *a, const struct record *b)
{
    if (h->x_key)
        return !strcmp(value_of(a, h->x_key), value_of(b, h->x_key));
    return a->xbzrle == b->xbzrle && (!a->xbzrle || a->xbzrle_cache_size == b->xbzrle_cache_size);
}

static bool same_row(const struct heat *h, const struct record *a, const struct record *b)
{
    return !strcmp(value_of(a, h->y_key), value_of(b, h->y_key));
}

static double order_of(const struct heat *h, const struct record *record)
{
    if (!h->x_key)
        return record->xbzrle ? (double)record->xbzrle_cache_size : -1;
    const struct record_setting *setting = record_find_setting(record, h->x_key);
    return setting && setting->number ? strtod(setting->value, NULL) : 0;
}

/* The other settings are as those of the first group; one that does not matter may be missing. */
static bool belongs(const struct heat *h, const struct record *record)
{
    if (record->source != h->base->source)
        return false;
    for (size_t i = 0; i < h->groups->varying_count; i++) {
        const char *key = h->groups->varying[i];
        const char *own = record_setting(record, key), *base = record_setting(h->base, key);
        if (strcmp(key, h->y_key) != 0 && (!h->x_key || strcmp(key, h->x_key) != 0) && own &&
            base && strcmp(own, base) != 0)
            return false;
    }
    return true;
}

/* Its place among the columns, in their order, or among the rows, as they come; SIDE if full. */
static size_t column_of(struct heat *h, const struct record *record)
{
    size_t place = 0;
    while (place < h->column_count && !same_column(h, h->columns[place], record))
        place++;
    if (place < h->column_count || h->column_count == SIDE)
        return place;
    place = h->column_count++;
    for (; place > 0 && order_of(h, h->columns[place - 1]) > order_of(h, record); place--) {
        h->columns[place] = h->columns[place - 1];
        for (size_t r = 0; r < h->row_count; r++)
            h->cells[r][place] = h->cells[r][place - 1];
    }
    h->columns[place] = record;
    for (size_t r = 0; r < h->row_count; r++)
        h->cells[r][place] = (struct cell){.group = NULL};
    return place;
}

static size_t row_of(struct heat *h, const struct record *record)
{
    size_t place = 0;
    while (place < h->row_count && !same_row(h, h->rows[place], record))
        place++;
    if (place == h->row_count && place < SIDE)
        h->rows[h->row_count++] = record;
    return place;
}

static void fill(struct heat *h)
{
    h->least = INFINITY;
    for (size_t i = 0; i < h->groups->group_count; i++) {
        const struct study_group *group = &h->groups->groups[i];
        const struct record *record = group->runs[0];
        size_t row = belongs(h, record) ? row_of(h, record) : SIDE;
        size_t column = row < SIDE ? column_of(h, record) : SIDE;
        if (column == SIDE) {
            h->left_out++;
            continue;
        }
        struct spread time = quantity_spread(QUANTITY_TOTAL_TIME, group->runs, group->run_count);
        h->cells[row][column] = (struct cell){group, time};
        if (time.count) {
            h->least = fmin(h->least, time.median);
            h->most = fmax(h->most, time.median);
        }
    }
}

static bool converges(const struct cell *cell)
{
    return cell->group && cell->group->converged == cell->group->run_count;
}

static const char *short_key(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

static char *message_of(const struct heat *h)
{
    char *text, number[CELL_SIZE];
    size_t size, good = 0, all = 0;
    const struct cell *best = NULL;
    FILE *out = text_stream(&text, &size);
    for (size_t r = 0; r < h->row_count; r++)
        for (size_t c = 0; c < h->column_count; c++) {
            const struct cell *cell = &h->cells[r][c];
            all += cell->group != NULL;
            good += converges(cell);
            if (converges(cell) && (!best || cell->time.median < best->time.median))
                best = cell;
        }
    fprintf(out, "%zu of %zu combinations converge", good, all);
    if (best)
        fprintf(out, "; the fastest in %s s", cell_number(best->time.median, number));
    fclose(out);
    return text;
}

static char *basis_of(const struct heat *h)
{
    char *text;
    size_t size, seeds = h->groups->seeds;
    FILE *out = text_stream(&text, &size);
    fprintf(out, "%s: ", plot_study_name(h->input->study));
    if (seeds > 1)
        fprintf(out, "medians over %zu seeds; ", seeds);
    fputs(h->characters ? "total time [s]; x: not converged" : "hatched: not every run converges",
          out);
    for (size_t i = 0; i < h->groups->varying_count; i++) {
        const char *key = h->groups->varying[i];
        const struct record_setting *setting = record_find_setting(h->base, key);
        if (!strcmp(key, h->y_key) || (h->x_key && !strcmp(key, h->x_key)) || !setting)
            continue;
        char *value = study_value_text(setting);
        fprintf(out, "; %s %s", short_key(key), value);
        free(value);
    }
    if (h->left_out)
        fprintf(out, " (%zu others not shown)", h->left_out);
    fclose(out);
    return text;
}

static void put_tics(const struct heat *h, bool x)
{
    size_t count = x ? h->column_count : h->row_count, step = count > 14 ? (count + 13) / 14 : 1;
    fprintf(h->script, "set %stics scale 0 (", x ? "x" : "y");
    for (size_t i = 0; i < count; i += step) {
        char label[PLOT_LABEL_SIZE], *value = NULL;
        const struct record *record = x ? h->columns[i] : h->rows[i];
        if (x && !h->x_key)
            value = must_copy(record->xbzrle ? plot_size_label(record->xbzrle_cache_size, label)
                                             : "off",
                              "a label");
        else
            value = study_value_text(record_find_setting(record, x ? h->x_key : h->y_key));
        fputs(i ? ", " : "", h->script);
        plot_put_tic_text(h->script, value, 16);
        fprintf(h->script, " %zu", i);
        free(value);
    }
    fputs(")\n", h->script);
}

/* What stands in a cell: the time, or how many runs converged. */
static void cell_text(const struct heat *h, const struct cell *cell, char text[static CELL_SIZE])
{
    if (converges(cell))
        cell_number(cell->time.median, text);
    else if (cell->group->failed)
        snprintf(text, CELL_SIZE, "failed");
    else if (cell->group->converged)
        snprintf(text, CELL_SIZE, "%zu of %zu", cell->group->converged, cell->group->run_count);
    else
        snprintf(text, CELL_SIZE, h->characters ? "x" : "no");
}

/* 0: on no colour; 1: on a light one; 2: on a dark one. */
static int text_class(const struct heat *h, const struct cell *cell)
{
    if (!converges(cell))
        return 0;
    return cell->time.median > sqrt(h->least * h->most) * 1.3 ? 2 : 1;
}

static void put_cells(const struct heat *h)
{
    fputs("$timed << EOD\n", h->script);
    for (size_t r = 0; r < h->row_count; r++)
        for (size_t c = 0; c < h->column_count; c++)
            if (converges(&h->cells[r][c]))
                fprintf(h->script, "%zu %zu %.9g\n", c, r, h->cells[r][c].time.median);
    fputs("EOD\n$open << EOD\n", h->script);
    for (size_t r = 0; r < h->row_count; r++)
        for (size_t c = 0; c < h->column_count; c++)
            if (h->cells[r][c].group && !converges(&h->cells[r][c]))
                fprintf(h->script, "%zu %zu\n", c, r);
    fputs("EOD\n$texts << EOD\n", h->script);
    for (size_t r = 0; r < h->row_count; r++)
        for (size_t c = 0; c < h->column_count; c++)
            if (h->cells[r][c].group) {
                char text[CELL_SIZE];
                cell_text(h, &h->cells[r][c], text);
                fprintf(h->script, "%zu %zu \"%s\" %d\n", c, r, text,
                        text_class(h, &h->cells[r][c]));
            }
    fputs("EOD\n", h->script);
}

/* A line on the border of two cells of which one converges. */
static void put_frontier(const struct heat *h)
{
    fputs("$frontier << EOD\n", h->script);
    for (size_t r = 0; r < h->row_count; r++)
        for (size_t c = 0; c < h->column_count; c++) {
            const struct cell *cell = &h->cells[r][c];
            const struct cell *right = c + 1 < h->column_count ? &h->cells[r][c + 1] : NULL;
            const struct cell *above = r + 1 < h->row_count ? &h->cells[r + 1][c] : NULL;
            double x = (double)c, y = (double)r;
            if (right && cell->group && right->group && converges(cell) != converges(right))
                fprintf(h->script, "%.1f %.1f\n%.1f %.1f\n\n", x + 0.5, y - 0.5, x + 0.5, y + 0.5);
            if (above && cell->group && above->group && converges(cell) != converges(above))
                fprintf(h->script, "%.1f %.1f\n%.1f %.1f\n\n", x - 0.5, y + 0.5, x + 0.5, y + 0.5);
        }
    fputs("EOD\n", h->script);
}

static void put_plot(const struct heat *h)
{
    bool small = h->column_count <= 14 && h->row_count <= 20;
    struct plot_parts parts = {h->script, 0};
    if (h->characters) {
        fputs("plot $texts using 1:2:3 with labels center notitle\n", h->script);
        return;
    }
    if (h->most > 0) {
        fprintf(h->script,
                "set palette defined (0 '#E8F1FA', 0.5 '#6BAED6', 1 '#08306B')\n"
                "set cbrange [%.9g:%.9g]\nset cblabel 'total time [s]'\nset cbtics scale 0.5\n"
                "set colorbox user origin 0.9, 0.12 size 0.018, 0.7\n",
                fmax(h->least, 1e-9), fmax(h->most, fmax(h->least, 1e-9) * 1.01));
        plot_put_logarithmic(h->script, "cb", fmax(h->least, 1e-9), fmax(h->most, 1e-9));
        fputs("$timed using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
              "linecolor palette fillstyle solid noborder notitle",
              plot_next_part(&parts));
    }
    fputs("$open using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5) with boxxyerror "
          "linecolor rgb '#C8C8C8' fillstyle pattern 4 border linecolor rgb '#C8C8C8' notitle",
          plot_next_part(&parts));
    fputs("$frontier using 1:2 with lines linewidth 4 linecolor rgb '" PLOT_ALERT
          "' title 'frontier of convergence'",
          plot_next_part(&parts));
    if (small) {
        /* A report turns black into white by night; not where the ground stays light. */
        static const char *const inks[] = {PLOT_BLACK, "#010101", "#FFFFFF"};
        for (int ink = 0; ink < 3; ink++)
            fprintf(plot_next_part(&parts),
                    "$texts using 1:($4 == %d ? $2 : NaN):3 with labels center font ',13' "
                    "textcolor rgb '%s' notitle",
                    ink, inks[ink]);
    }
    fputc('\n', h->script);
}

static void draw(const struct heat *h)
{
    static const double weights[] = {1};
    char *message = message_of(h), *basis = basis_of(h);
    size_t rows;
    plot_put_begin(h->input, h->script, message, basis);
    plot_put_key(h->input, h->script, 1, 30, &rows);
    plot_put_panel(h->input, h->script, 0, 1, weights, h->characters ? 0 : rows);
    fprintf(h->script,
            "unset grid\nset border 0\nset xrange [-0.5:%.1f]\nset yrange [-0.5:%.1f]\n"
            "set lmargin at screen %s\nset rmargin at screen %s\n",
            (double)h->column_count - 0.5, (double)h->row_count - 0.5,
            h->characters ? "0.2" : "0.13", h->characters ? "0.97" : "0.87");
    put_tics(h, true);
    put_tics(h, false);
    fputs("set xlabel ", h->script);
    plot_put_text(h->script, h->x_key ? short_key(h->x_key) : "XBZRLE cache size", 60);
    fputc('\n', h->script);
    plot_put_y_label(h->input, h->script, short_key(h->y_key));
    put_cells(h);
    put_frontier(h);
    put_plot(h);
    plot_put_end(h->script);
    free(message);
    free(basis);
}

static bool write_heat(const struct plot_input *input, FILE *script, struct error *error)
{
    struct heat *h = must_alloc(1, sizeof *h, "a plot");
    struct study_groups *groups = study_group(input->study);
    size_t wanted = groups->cache_varies ? 1 : 2;
    bool good = groups->varying_count >= wanted ||
                error_set(error,
                          "a heat map needs two settings that vary, and this study varies "
                          "%s: add a line to [sweep]",
                          groups->varying_count > 0 || groups->cache_varies ? "one" : "none");
    if (good) {
        *h = (struct heat){.input = input,
                           .script = script,
                           .groups = groups,
                           .x_key = groups->cache_varies ? NULL : groups->varying[1],
                           .y_key = groups->varying[0],
                           .base = groups->groups[groups->group_count - 1].runs[0],
                           .characters = input->format == PLOT_TERMINAL};
        fill(h);
        draw(h);
    }
    study_groups_free(groups);
    free(h);
    return good;
}

const struct plot_kind plot_heat = {
    .name = "heat",
    .help = "total time over two settings that vary, with the frontier of convergence",
    .write = write_heat,
};
