/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"
#include "results/apart.h"
#include "results/html.h"
#include "results/plot_script.h"
#include "results/report_parts.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double median_of(enum quantity_id id, const struct study_group *group)
{
    return quantity_spread(id, group->runs, group->run_count).median;
}

const struct study_group *report_choose(const struct cache_lines *lines,
                                        const struct cache_series *series)
{
    const struct study_group *groups = lines->groups->groups;
    double best = INFINITY;
    for (size_t i = series->first; i <= series->last; i++)
        if (cache_lines_converged(&groups[i]))
            best = fmin(best, median_of(QUANTITY_TOTAL_TIME, &groups[i]));
    for (size_t i = series->first; i <= series->last; i++)
        if (cache_lines_converged(&groups[i]) &&
            median_of(QUANTITY_TOTAL_TIME, &groups[i]) <= best * (1 + REPORT_TOLERANCE))
            return &groups[i];
    return NULL;
}

const struct study_group *report_best(const struct study_groups *groups,
                                      const struct cache_lines *lines)
{
    const struct study_group *best = lines->count ? report_choose(lines, &lines->series[0]) : NULL;
    if (best && lines->count == 1)
        return best;
    for (size_t i = 0; i < groups->group_count; i++) {
        const struct study_group *group = &groups->groups[i];
        if (cache_lines_converged(group) &&
            (!best || median_of(QUANTITY_TOTAL_TIME, group) < median_of(QUANTITY_TOTAL_TIME, best)))
            best = group;
    }
    return best;
}

static void put_quantity(FILE *out, enum quantity_id id, const struct study_group *group)
{
    char text[CELL_SIZE], low[CELL_SIZE], high[CELL_SIZE];
    struct spread spread = quantity_spread(id, group->runs, group->run_count);
    fprintf(out, "%s %s", cell_number(spread.median, text), quantities[id].unit);
    if (spread.count > 1 && spread.low < spread.high)
        fprintf(out, " (%s..%s)", cell_number(spread.low, low), cell_number(spread.high, high));
}

/* "+38 %", "as long" */
static void put_change(FILE *out, enum quantity_id id, const struct study_group *group,
                       const struct study_group *chosen)
{
    double own = median_of(id, group), base = median_of(id, chosen);
    double change = base > 0 ? 100 * (own / base - 1) : 0;
    if (fabs(change) < 0.5)
        fprintf(out, "%s unchanged", quantities[id].name);
    else
        fprintf(out, "%s %+.0f %%", quantities[id].name, change);
}

/* What became of a group that is not the chosen one, beside it. */
static void put_regret(FILE *out, const struct study_group *group, const struct study_group *chosen)
{
    if (!cache_lines_converged(group)) {
        if (group->failed)
            fprintf(out, "%zu of %zu runs failed", group->failed, group->run_count);
        else if (group->run_count == 1)
            fputs("does not converge", out);
        else
            fprintf(out, "does not converge in %zu of %zu runs",
                    group->run_count - group->converged, group->run_count);
        return;
    }
    put_change(out, QUANTITY_TOTAL_TIME, group, chosen);
    fputs(", ", out);
    put_change(out, QUANTITY_DOWNTIME, group, chosen);
    if (groups_apart(group, chosen) == APART_NO && group->run_count > 1)
        fputs(" (the seeds do not tell them apart)", out);
}

static void put_size(FILE *out, const struct study_group *group)
{
    char size[PLOT_LABEL_SIZE];
    fputs(plot_size_label(group->runs[0]->xbzrle_cache_size, size), out);
}

/* "Half of it ... . Twice as much ... . XBZRLE off ... ." by its neighbours in the series. */
static void put_neighbours(FILE *out, const struct cache_lines *lines,
                           const struct cache_series *series, const struct study_group *chosen)
{
    const struct study_group *groups = lines->groups->groups;
    size_t index = (size_t)(chosen - groups);
    fputs("<ul>\n", out);
    if (index > series->first) {
        fputs("<li>Smaller, ", out);
        put_size(out, &groups[index - 1]);
        fputs(": ", out);
        put_regret(out, &groups[index - 1], chosen);
        fputs(".</li>\n", out);
    }
    if (index < series->last) {
        fputs("<li>Larger, ", out);
        put_size(out, &groups[index + 1]);
        fputs(": ", out);
        put_regret(out, &groups[index + 1], chosen);
        fputs(".</li>\n", out);
    }
    if (series->off) {
        fputs("<li>Without XBZRLE: ", out);
        put_regret(out, series->off, chosen);
        fputs(".</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void put_tile(FILE *out, const char *value, const char *what, const char *more)
{
    fputs("<div class=\"tile\"><b>", out);
    html_put(out, value);
    fputs("</b>", out);
    html_put(out, what);
    fputs("<br><span>", out);
    html_put(out, more);
    fputs("</span></div>\n", out);
}

static void put_spread_tile(FILE *out, enum quantity_id id, const struct study_group *group,
                            const char *more)
{
    char value[CELL_SIZE + 16], number[CELL_SIZE], low[CELL_SIZE], high[CELL_SIZE], range[200];
    struct spread spread = quantity_spread(id, group->runs, group->run_count);
    snprintf(value, sizeof value, "%s %s", cell_number(spread.median, number), quantities[id].unit);
    if (spread.count > 1)
        snprintf(range, sizeof range, "%s: %s..%s",
                 spread_is_interval(&spread) ? "median, 95 %" : "median, from least to most",
                 cell_number(spread.low, low), cell_number(spread.high, high));
    else
        snprintf(range, sizeof range, "%s", more);
    put_tile(out, value, quantities[id].name, range);
}

static void put_tiles(FILE *out, const struct study_group *group)
{
    char value[CELL_SIZE], size[PLOT_LABEL_SIZE], share_text[64] = "";
    const struct record *record = group->runs[0];
    fputs("<div class=\"tiles\">\n", out);
    put_tile(out, record->xbzrle ? plot_size_label(record->xbzrle_cache_size, size) : "off",
             "XBZRLE cache", record->xbzrle ? "memory on the source host" : "no delta compression");
    put_spread_tile(out, QUANTITY_TOTAL_TIME, group, "one seed");
    put_spread_tile(out, QUANTITY_DOWNTIME, group, "one seed");
    struct share_interval share = share_interval_of(group->converged, group->run_count);
    if (group->run_count > 1)
        snprintf(share_text, sizeof share_text, "95 %%: %.0f..%.0f %%", 100 * share.low,
                 100 * share.high);
    put_tile(out, cell_converged(group->runs, group->run_count, false, value), "converged",
             share_text);
    put_spread_tile(out, QUANTITY_SENDER_CPU, group, "modelled");
    fputs("</div>\n", out);
}

static void put_series_answer(FILE *out, const struct cache_lines *lines,
                              const struct cache_series *series)
{
    const struct study_group *chosen = report_choose(lines, series), *off = series->off;
    if (!chosen) {
        fputs("<p class=\"answer\">None of these cache sizes lets the migration converge", out);
        if (off)
            fputs(cache_lines_converged(off) ? "; it does without XBZRLE" : ", nor does XBZRLE off",
                  out);
        fputs(".</p>\n", out);
        return;
    }
    bool pays = !off || !cache_lines_converged(off) ||
                median_of(QUANTITY_TOTAL_TIME, off) >
                    median_of(QUANTITY_TOTAL_TIME, chosen) * (1 + REPORT_TOLERANCE);
    if (!pays) {
        fputs("<p class=\"answer\"><b>XBZRLE hardly shortens this migration</b>: without it total "
              "time ",
              out);
        put_quantity(out, QUANTITY_TOTAL_TIME, off);
        fputs(" and downtime ", out);
        put_quantity(out, QUANTITY_DOWNTIME, off);
        fputs("; with a cache of ", out);
    } else {
        fputs("<p class=\"answer\">A cache of <b>", out);
    }
    put_size(out, chosen);
    fputs(pays ? "</b>: total time " : " ", out);
    put_quantity(out, QUANTITY_TOTAL_TIME, chosen);
    fputs(pays ? ", downtime " : " and ", out);
    put_quantity(out, QUANTITY_DOWNTIME, chosen);
    fputs(".</p>\n", out);
    put_neighbours(out, lines, series, chosen);
    put_tiles(out, chosen);
    fprintf(out,
            "<p class=\"muted\">The smallest cache with which every run converges and the median "
            "total time is within %.0f %% of the best.</p>\n",
            100 * REPORT_TOLERANCE);
}

/* A row for each combination of the other settings. */
static void put_many_answers(FILE *out, const struct cache_lines *lines)
{
    size_t some = 0;
    for (size_t s = 0; s < lines->count; s++)
        some += report_choose(lines, &lines->series[s]) != NULL;
    fprintf(out,
            "<p class=\"answer\">%zu of %zu combinations converge with some cache size.</p>\n"
            "<div class=\"wide\"><table class=\"tight\">\n<tr><th>combination</th><th "
            "class=\"n\">cache</th>"
            "<th class=\"n\">total time [s]</th><th class=\"n\">downtime [ms]</th>"
            "<th>without XBZRLE</th></tr>\n",
            some, lines->count);
    for (size_t s = 0; s < lines->count; s++) {
        const struct cache_series *series = &lines->series[s];
        const struct study_group *chosen = report_choose(lines, series);
        char size[PLOT_LABEL_SIZE], text[CELL_SIZE];
        fputs("<tr>", out);
        html_put_cell(out, series->label, false);
        html_put_cell(
            out, chosen ? plot_size_label(chosen->runs[0]->xbzrle_cache_size, size) : "none", true);
        for (size_t i = 0; i < 2; i++)
            html_put_cell(out,
                          chosen ? cell_quantity(i ? QUANTITY_DOWNTIME : QUANTITY_TOTAL_TIME,
                                                 chosen->runs, chosen->run_count, true, text)
                                 : "-",
                          true);
        fputs("<td>", out);
        if (series->off && chosen)
            put_regret(out, series->off, chosen);
        else if (series->off)
            fputs(cache_lines_converged(series->off) ? "converges" : "does not converge", out);
        fputs("</td></tr>\n", out);
    }
    fprintf(out,
            "</table></div>\n<p class=\"muted\">The smallest cache with which every run converges "
            "and the median total time is within %.0f %% of the best.</p>\n",
            100 * REPORT_TOLERANCE);
}

/* Nothing varies in the cache: what is fastest. */
static void put_plain_answer(FILE *out, const struct study_groups *groups,
                             const struct cache_lines *lines)
{
    const struct study_group *best = report_best(groups, lines);
    if (!best) {
        fputs("<p class=\"answer\">No: with none of these settings does every run converge.</p>\n",
              out);
        return;
    }
    char *label = study_group_label(groups, (size_t)(best - groups->groups), true);
    fputs(*label ? "<p class=\"answer\">Fastest: <bdi>" : "<p class=\"answer\">It converges: ",
          out);
    html_put(out, label);
    fputs(*label ? "</bdi>, total time " : "total time ", out);
    put_quantity(out, QUANTITY_TOTAL_TIME, best);
    fputs(", downtime ", out);
    put_quantity(out, QUANTITY_DOWNTIME, best);
    fputs(".</p>\n", out);
    free(label);
    put_tiles(out, best);
}

static void put_warning(FILE *out, const char *text)
{
    fputs("<p class=\"warn\">", out);
    html_put(out, text);
    fputs(".</p>\n", out);
}

static void put_warnings(FILE *out, const struct study *study, const struct study_groups *groups)
{
    char text[160];
    size_t failed = 0, unverified = 0;
    for (size_t i = 0; i < study->run_count; i++) {
        const struct record *record = study->runs[i].record;
        failed += record->outcome == OUTCOME_FAILED;
        unverified += record->outcome == OUTCOME_CONVERGED && !record->verified &&
                      record->source == SOURCE_SIMULATED;
    }
    snprintf(text, sizeof text, "%zu of %zu runs FAILED: their delivery was wrong", failed,
             study->run_count);
    if (failed)
        put_warning(out, text);
    snprintf(text, sizeof text, "%zu runs were not verified at the destination", unverified);
    if (unverified)
        put_warning(out, text);
    char *note = apart_note(study);
    if (*note)
        put_warning(out, note);
    free(note);
    if (groups->seeds == 1 && groups->group_count > 1)
        put_warning(out, "One seed: nothing here says how far the numbers scatter; seeds = 10 in "
                         "[sweep] gives intervals");
}

static const char *question_of(const struct study_groups *groups, const struct cache_lines *lines)
{
    if (groups->group_count == 1)
        return "Does this migration converge, how long does it take, and how long does the guest "
               "stand still?";
    if (groups->cache_varies && lines->count)
        return "How large must the XBZRLE cache be, and how bad is it to choose wrong?";
    return "How do these settings change total time, downtime, and whether the migration ends?";
}

void report_put_answer(FILE *out, const struct study *study, const struct cache_lines *lines)
{
    const struct study_groups *groups = lines->groups;
    fputs("<p class=\"lead\">", out);
    html_put(out, question_of(groups, lines));
    fputs("</p>\n<h2>The answer</h2>\n", out);
    if (groups->cache_varies && lines->count == 1)
        put_series_answer(out, lines, &lines->series[0]);
    else if (groups->cache_varies && lines->count)
        put_many_answers(out, lines);
    else
        put_plain_answer(out, groups, lines);
    put_warnings(out, study, groups);
}
