/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/html.h"
#include "results/plot_script.h"
#include "results/report_parts.h"
#include "results/summary_cells.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_SHOWN = 1000, GROUPS_SHOWN = 1000 };

static const char *short_key(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

static void put_title(FILE *out, const char *title, const char *unit, bool number)
{
    fputs(number ? "<th class=\"n\">" : "<th>", out);
    html_put(out, title);
    if (*unit)
        fprintf(out, "<br>[%s]", unit);
    fputs("</th>", out);
}

static const enum quantity_id COLUMNS[] = {
    QUANTITY_TOTAL_TIME, QUANTITY_DOWNTIME, QUANTITY_TRANSFERRED,
    QUANTITY_MISS_RATIO, QUANTITY_OVERFLOW, QUANTITY_SENDER_CPU,
};
enum { COLUMN_COUNT = sizeof COLUMNS / sizeof *COLUMNS };

static void put_group(FILE *out, const struct study_groups *groups, size_t index,
                      const struct study_group *chosen)
{
    const struct study_group *group = &groups->groups[index];
    const struct record *record = group->runs[0];
    char text[CELL_SIZE], size[PLOT_LABEL_SIZE];
    fputs(group == chosen ? "<tr class=\"chosen\">" : "<tr>", out);
    for (size_t i = 0; i < groups->varying_count; i++) {
        char *value = study_value_text(record_find_setting(record, groups->varying[i]));
        html_put_cell(out, value, false);
        free(value);
    }
    if (groups->source_varies)
        html_put_cell(out, record_source_name(record->source), false);
    html_put_cell(out, record->xbzrle ? plot_size_label(record->xbzrle_cache_size, size) : "off",
                  true);
    fprintf(out, cache_lines_converged(group) ? "<td class=\"n\">" : "<td class=\"n no\">");
    html_put(out, cell_converged(group->runs, group->run_count, true, text));
    fputs("</td>", out);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        html_put_cell(out, cell_quantity(COLUMNS[i], group->runs, group->run_count, true, text),
                      true);
    fputs("</tr>\n", out);
    const char *why = cell_why(group->runs, group->run_count);
    if (!*why)
        return;
    fprintf(out, "<tr class=\"why\"><td colspan=\"%zu\"><bdi>",
            groups->varying_count + groups->source_varies + 2 + COLUMN_COUNT);
    html_put(out, why);
    fputs("</bdi></td></tr>\n", out);
}

void report_put_groups(FILE *out, const struct study_groups *groups,
                       const struct study_group *chosen)
{
    size_t shown = groups->group_count < GROUPS_SHOWN ? groups->group_count : GROUPS_SHOWN;
    fputs("<h2>All combinations</h2>\n<div class=\"wide\"><table>\n<tr>", out);
    for (size_t i = 0; i < groups->varying_count; i++)
        put_title(out, short_key(groups->varying[i]), "", false);
    if (groups->source_varies)
        put_title(out, "source", "", false);
    put_title(out, "cache", "", true);
    put_title(out, "converged", "", true);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        put_title(out, quantities[COLUMNS[i]].name, quantities[COLUMNS[i]].unit, true);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < shown; i++)
        put_group(out, groups, i, chosen);
    fputs("</table></div>\n", out);
    if (shown < groups->group_count)
        fprintf(out, "<p class=\"muted\">The first %zu of %zu.</p>\n", shown, groups->group_count);
    if (groups->seeds > 1)
        fprintf(out,
                "<p class=\"muted\">Medians over up to %zu seeds; times are those of the converged "
                "runs. In parentheses the interval of the median, of 95 %% by bootstrap, or from "
                "least to most where fewer than %d runs have the quantity; after the share that "
                "converged, its interval of 95 %% after Wilson.</p>\n",
                groups->seeds, SPREAD_LEAST_COUNT);
}

static void put_run(FILE *out, const struct study_run *run)
{
    const struct record *const record = run->record;
    char text[CELL_SIZE], size[PLOT_LABEL_SIZE];
    snprintf(text, sizeof text, "%" PRId64, run->id);
    fputs("<tr>", out);
    html_put_cell(out, text, true);
    snprintf(text, sizeof text, "%.12s", run->digest);
    html_put_cell(out, text, false);
    snprintf(text, sizeof text, "%" PRIu64, record->seed);
    html_put_cell(out, text, true);
    html_put_cell(out, record->xbzrle ? plot_size_label(record->xbzrle_cache_size, size) : "off",
                  true);
    html_put_cell(out, record_outcome_name(record->outcome), false);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        html_put_cell(out, cell_quantity(COLUMNS[i], &record, 1, false, text), true);
    fputs("</tr>\n", out);
}

void report_put_runs(FILE *out, const struct study *study)
{
    size_t shown = study->run_count < RUNS_SHOWN ? study->run_count : RUNS_SHOWN;
    fprintf(
        out,
        "<details><summary>Every run (%zu)</summary>\n<div class=\"wide\"><table class=\"tight\">\n"
        "<tr><th class=\"n\">run</th><th>digest</th><th class=\"n\">seed</th>"
        "<th class=\"n\">cache</th><th>outcome</th>",
        study->run_count);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        put_title(out, quantities[COLUMNS[i]].name, quantities[COLUMNS[i]].unit, true);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < shown; i++)
        put_run(out, &study->runs[i]);
    fputs("</table></div>\n", out);
    if (shown < study->run_count)
        fprintf(out, "<p class=\"muted\">The first %zu.</p>\n", shown);
    fputs("</details>\n", out);
}
