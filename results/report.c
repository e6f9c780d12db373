/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/report.h"

#include "results/html.h"
#include "results/plot.h"
#include "results/plot_script.h"
#include "results/report_parts.h"
#include "results/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct report {
    const struct study *study;
    struct store *store;
    struct cache_lines lines;
    const struct study_groups *groups;
    FILE *out;
    unsigned figures;
};

/* A plot with its caption. */
static bool put_figure(struct report *report, const char *kind, const struct record *run,
                       const char *caption, struct error *error)
{
    char prefix[16];
    const struct plot_input input = {.study = report->study, .run = run};
    snprintf(prefix, sizeof prefix, "p%u", ++report->figures);
    char *svg = plot_svg(plot_find(kind), &input, prefix, error);
    if (!svg)
        return false;
    fprintf(report->out, "<figure>\n<div class=\"wide\">%s</div>\n<figcaption>", svg);
    html_put(report->out, caption);
    fputs("</figcaption>\n</figure>\n", report->out);
    free(svg);
    return true;
}

/* Two settings or more that vary, the cache counting as one. */
static bool has_plane(const struct study_groups *groups)
{
    return groups->varying_count >= (groups->cache_varies ? 1u : 2u);
}

static bool some_converged(const struct study_groups *groups)
{
    for (size_t i = 0; i < groups->group_count; i++)
        if (groups->groups[i].converged)
            return true;
    return false;
}

static bool put_study_figures(struct report *report, struct error *error)
{
    const struct study_groups *groups = report->groups;
    bool sizes = groups->cache_varies && report->lines.count, good = true;
    if (sizes)
        good = put_figure(report, "cache-size", NULL,
                          "Total time and downtime against the cache size. What did not converge "
                          "stands in the band above.",
                          error);
    if (good && has_plane(groups))
        good = put_figure(report, "heat", NULL,
                          "Total time over two settings. Beyond the frontier not every run "
                          "converges.",
                          error);
    if (good && groups->group_count > 1)
        good = put_figure(report, "techniques", NULL,
                          "What each combination takes: time, standstill, bytes on the wire, and "
                          "CPU time of the sender.",
                          error);
    if (good && sizes)
        good =
            put_figure(report, "miss-ratio", NULL,
                       "Lookups that do not find the page in the cache: it is sent whole.", error);
    if (good && groups->seeds > 2 && some_converged(groups))
        good = put_figure(report, "downtime", NULL,
                          "How long the guest stands still, over the seeds. A curve that ends "
                          "below 100 % has runs that did not converge.",
                          error);
    return good;
}

/* The id in the store of a group's first run. */
static int64_t id_of(const struct study *study, const struct study_group *group)
{
    for (size_t i = 0; i < study->run_count; i++)
        if (study->runs[i].record == group->runs[0])
            return study->runs[i].id;
    return 0;
}

static bool put_course(struct report *report, const struct study_group *group, struct error *error)
{
    struct record *run = store_load_run(report->store, id_of(report->study, group), error);
    char *label = study_group_label(report->groups, (size_t)(group - report->groups->groups), true);
    bool good = run != NULL;
    if (good && (run->sample_count || run->iteration_count)) {
        fputs("<h3><bdi>", report->out);
        html_put(report->out, *label ? label : "The run");
        fprintf(report->out, "</bdi>, seed %" PRIu64 "</h3>\n", run->seed);
    }
    if (good && run->sample_count)
        good = put_figure(report, "timeline", run,
                          "What remains to be sent, against the threshold of the switchover; pages "
                          "found dirty; throughput.",
                          error);
    if (good && run->iteration_count)
        good = put_figure(report, "iterations", run, "What each iteration sent, by kind.", error);
    free(label);
    free(run);
    return good;
}

/* The one that should be chosen, and what is lost beside it: the next smaller cache, or none. */
static bool put_courses(struct report *report, const struct study_group *best, struct error *error)
{
    const struct study_groups *groups = report->groups;
    const struct study_group *other = NULL;
    for (size_t i = 0; i < groups->group_count; i++)
        if (&groups->groups[i] != best && !cache_lines_converged(&groups->groups[i]) &&
            (!other || &groups->groups[i] < best))
            other = &groups->groups[i];
    fputs("<h2>The course of a migration</h2>\n", report->out);
    return (!best || put_course(report, best, error)) &&
           (!other || put_course(report, other, error));
}

static void put_end(const struct report *report)
{
    size_t verified = 0, simulated = 0;
    for (size_t i = 0; i < report->study->run_count; i++) {
        const struct record *record = report->study->runs[i].record;
        simulated += record->source == SOURCE_SIMULATED;
        verified += record->verified;
    }
    fprintf(report->out,
            "<p class=\"muted\">%zu runs, %zu of them simulated by migsim; of %zu the "
            "destination's memory was compared with the source's, page by page, and equal. Times "
            "are those of the model; docs/model.md says what it holds and how far it was "
            "checked against QEMU.</p>\n",
            report->study->run_count, simulated, verified);
}

char *report_html(const struct study *study, struct store *store, struct error *error)
{
    if (!study->run_count) {
        error_set(error, "the study holds no runs yet");
        return NULL;
    }
    struct report report = {.study = study, .store = store, .lines = cache_lines_find(study)};
    report.groups = report.lines.groups;
    const struct study_group *best = report_best(report.groups, &report.lines);
    char *text, *clean = text_printable(plot_study_name(study));
    size_t size;
    report.out = text_stream(&text, &size);
    html_put_head(report.out, clean);
    fputs("<h1><bdi>", report.out);
    html_put(report.out, clean);
    fputs("</bdi></h1>\n", report.out);
    report_put_answer(report.out, study, &report.lines);
    bool single = report.groups->group_count == 1;
    if (!single || report.groups->seeds > 2)
        fputs("<h2>Plots</h2>\n", report.out);
    bool good = put_study_figures(&report, error) && put_courses(&report, best, error);
    report_put_groups(report.out, report.groups, best);
    report_put_runs(report.out, study);
    report_put_settings(report.out, report.groups);
    report_put_again(report.out, study, report.groups);
    put_end(&report);
    html_put_foot(report.out);
    fclose(report.out);
    free(clean);
    cache_lines_release(&report.lines);
    if (good)
        return text;
    free(text);
    return NULL;
}
