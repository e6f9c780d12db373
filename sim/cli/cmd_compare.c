/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"
#include "results/summary.h"
#include "sim/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZES_MAX 32u

enum { SIZES = CLI_SCENARIO_COUNT, DB, JOBS, JSON };
static const struct argument TABLE[] = {
    CLI_SCENARIO_ARGUMENTS,
    {"cache-sizes", 0, "LIST", "caches to try, such as 8M,64M (default: the scenario's)"},
    {"db", 0, "FILE", "store the runs in this study"},
    {"jobs", 'j', "N", "worker processes (default: the processors)"},
    {"json", 0, NULL, "print the runs as JSON"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "compare",
    .usage = "[OPTION...] SCENARIO",
    .description =
        "Simulates the same guest under several techniques and lays them side by side: no\n"
        "delta compression, QEMU's XBZRLE, and the XBRLE of the v5 patches of 2012.",
    .example = "migsim compare --cache-sizes 8M,16M workloads/scenarios/cover-letter.ini",
    .table = TABLE,
};

struct compare_arguments {
    struct cli_scenario cli;
    const char *sizes[SIZES_MAX];
    size_t size_count;
    char *list; /* what the sizes point into; owned */
    const char *db;
    unsigned long jobs;
    bool json;
};

static bool take_sizes(struct compare_arguments *arguments, const char *value)
{
    char *save = NULL;
    free(arguments->list);
    arguments->list = must_copy(value, "the command line");
    arguments->size_count = 0;
    for (char *word = strtok_r(arguments->list, ", ", &save); word;
         word = strtok_r(NULL, ", ", &save)) {
        if (arguments->size_count == SIZES_MAX) {
            message_usage("compare", "--cache-sizes: more than %u sizes", SIZES_MAX);
            return false;
        }
        arguments->sizes[arguments->size_count++] = word;
    }
    if (!arguments->size_count)
        message_usage("compare", "--cache-sizes: no size is given");
    return arguments->size_count > 0;
}

static bool take(void *context, size_t index, const char *value)
{
    struct compare_arguments *arguments = context;
    if (cli_take_scenario(&arguments->cli, index, value))
        return true;
    switch (index) {
    case SIZES:
        return take_sizes(arguments, value);
    case JOBS:
        return cli_number("compare", "--jobs", value, 1, 256, &arguments->jobs);
    case DB:
        arguments->db = value;
        break;
    default:
        arguments->json = true;
        break;
    }
    return true;
}

static void label_of(const struct record *record, char *label, size_t size)
{
    char text[UNITS_TEXT_SIZE];
    const char *codec = record_setting(record, "migration.codec");
    if (!record->xbzrle || !codec)
        snprintf(label, size, "none");
    else
        snprintf(label, size, "%s %s", codec, units_format_size(record->xbzrle_cache_size, text));
}

static char *side_by_side(const struct study *study)
{
    struct summary_technique *techniques =
        must_alloc(study->run_count, sizeof *techniques, "a comparison");
    const struct record **records = must_alloc(study->run_count, sizeof *records, "a comparison");
    char(*labels)[48] = must_alloc(study->run_count, sizeof *labels, "a comparison");
    for (size_t i = 0; i < study->run_count; i++) {
        records[i] = study->runs[i].record;
        label_of(records[i], labels[i], sizeof labels[i]);
        techniques[i] = (struct summary_technique){labels[i], &records[i], 1};
    }
    char *text = summary_compare(techniques, study->run_count, cli_width());
    free(techniques);
    free(records);
    free(labels);
    return text;
}

static int compare(void *context, const struct scenario_text *text)
{
    const struct compare_arguments *arguments = context;
    struct error error;
    struct study *study;
    struct sweep *plan = sweep_techniques(text, arguments->sizes, arguments->size_count, &error);
    if (!plan)
        return message_wrong("compare", "%s", error.text);
    int status = cli_run_sweep("compare", plan, text->file, arguments->db, arguments->jobs, &study);
    if (study &&
        !cli_print("compare", arguments->json ? cli_study_json(study) : side_by_side(study)))
        status = STATUS_FAILED;
    study_free(study);
    return status;
}

int cmd_compare(int argc, char **argv)
{
    struct compare_arguments arguments = {.jobs = cli_processors()};
    int status =
        cli_scenario_command(&ARGUMENTS, argc, argv, take, compare, &arguments, &arguments.cli);
    free(arguments.list);
    return status;
}
