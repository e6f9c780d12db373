/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/json.h"
#include "results/plot.h"
#include "results/table.h"
#include "results/text.h"
#include "sim/cli/cli.h"
#include "sim/study/validate.h"
#include "sim/study/validate_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST, JSON, PLOT, TRACE, SEEDS, JOBS };
static const struct argument TABLE[] = {
    {"host", 0, "FILE", "a [host] section, as calibrate writes it"},
    {"json", 0, NULL, "print JSON"},
    {"plot", 0, "FILE", "draw predicted against measured; .png, .svg or .gp"},
    {"trace", 0, "ID", "one cell (ID, or ID/REPEAT), iteration by iteration"},
    {"seeds", 0, "N", "predict each cell N times and show the one in the middle (default: 1)"},
    {"jobs", 'j', "N", "worker processes (default: the processors)"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "validate",
    .usage = "[OPTION...] CELLS.jsonl",
    .description =
        "Predicts migrations that a real QEMU did, as scripts/qemu-lab measures them, and prints\n"
        "measured beside predicted; a * marks what lies outside the noise between repeats. Races\n"
        "that luck ends (docs/model.md) are compared as distributions. Cells that are not\n"
        "understood are named; the exit status is then 1.",
    .example = "migsim validate scripts/qemu-lab/cells.jsonl\n"
               "migsim validate --trace a-random-6000-32M-300ms scripts/qemu-lab/cells.jsonl",
    .table = TABLE,
};

struct validate_arguments {
    const char *host, *plot, *trace;
    unsigned long jobs, seeds;
    bool json;
};

static bool take(void *context, size_t index, const char *value)
{
    struct validate_arguments *arguments = context;
    enum plot_format format;
    struct error error;
    switch (index) {
    case HOST:
        arguments->host = value;
        break;
    case JSON:
        arguments->json = true;
        break;
    case PLOT:
        arguments->plot = value;
        if (!plot_format_of(value, &format, &error)) {
            message_usage("validate", "%s", error.text);
            return false;
        }
        break;
    case TRACE:
        arguments->trace = value;
        break;
    case SEEDS:
        return cli_number("validate", "--seeds", value, 1, 1000, &arguments->seeds);
    default:
        return cli_number("validate", "--jobs", value, 1, 256, &arguments->jobs);
    }
    return true;
}

static bool draw(const struct validations *validations, const char *path, struct error *error)
{
    struct plot_pair *pairs = must_alloc(validations->count, sizeof *pairs, "a plot");
    struct plot_input input = {.pairs = pairs};
    for (size_t i = 0; i < validations->count; i++) {
        const struct validation *row = &validations->rows[i];
        if (!row->predicted || row->calibrated || row->luck ||
            row->predicted->outcome != OUTCOME_CONVERGED ||
            row->cell->measured->outcome != OUTCOME_CONVERGED)
            continue;
        pairs[input.pair_count++] = (struct plot_pair){
            (double)row->cell->measured->total_time_ns / 1e9,
            (double)row->predicted->total_time_ns / 1e9,
            (double)row->cell->measured->downtime_ns / 1e6,
            (double)row->predicted->downtime_ns / 1e6,
        };
    }
    bool ok = plot_write(&plot_validation, &input, path, error);
    free(pairs);
    return ok;
}

static int report(const struct validate_arguments *arguments, const struct validations *validations)
{
    struct error error;
    struct validation_summary summary = validate_summary(validations);
    char *text = arguments->trace  ? validate_trace_text(&validations->rows[0], cli_width())
                 : arguments->json ? json_text(validate_json(validations))
                                   : validate_table_text(validations);
    int status = cli_print("validate", text) ? STATUS_DONE : STATUS_FAILED;
    for (size_t i = 0; i < validations->count; i++)
        if (!validations->rows[i].predicted)
            message_failed("validate", "cell %s, line %u: %s", validations->rows[i].cell->id,
                           validations->rows[i].cell->line, validations->rows[i].why_not);
    if (summary.not_predicted)
        status = STATUS_FAILED;
    if (arguments->plot && !draw(validations, arguments->plot, &error))
        status = message_failed("validate", "%s", error.text);
    return status;
}

/* The cells that the host's constants were taken from, as a list ended by NULL; `list` is cut up.
 */
static const char **calibrating_cells(char *list)
{
    const char **ids = must_alloc(strlen(list) / 2 + 2, sizeof *ids, "cells");
    size_t count = 0;
    char *save = NULL;
    for (char *id = strtok_r(list, " \t\n", &save); id; id = strtok_r(NULL, " \t\n", &save))
        ids[count++] = id;
    return ids;
}

static int run(const struct validate_arguments *arguments, const char *path)
{
    struct error error;
    struct scenario_text *host = NULL;
    struct validations validations = {0};
    if (arguments->host && !(host = scenario_text_read(arguments->host, &error)))
        return message_wrong("validate", "%s", error.text);
    const struct scenario_entry *entry =
        host ? scenario_text_find(host, "calibration", "cells") : NULL;
    char *list = must_copy(entry ? entry->value : "", "cells");
    struct cells *cells = cells_read(path, host, &error);
    scenario_text_destroy(host);
    if (!cells) {
        free(list);
        return message_wrong("validate", "%s", error.text);
    }
    const char **calibrated = calibrating_cells(list);
    if (arguments->trace)
        cells_keep(cells, arguments->trace);
    struct validate_options options = {(unsigned)arguments->jobs, (unsigned)arguments->seeds,
                                       calibrated, cli_interrupts()};
    int status;
    if (arguments->trace && !cells->shown)
        status = message_wrong("validate", "%s: no cell '%s' in it", path, arguments->trace);
    else if (validate(cells, &options, &validations, &error))
        status = report(arguments, &validations);
    else
        status = error.text[0] ? message_failed("validate", "%s", error.text) : STATUS_INTERRUPTED;
    validations_release(&validations);
    cells_free(cells);
    free(calibrated);
    free(list);
    return status;
}

int cmd_validate(int argc, char **argv)
{
    struct validate_arguments arguments = {.jobs = cli_processors(), .seeds = 1};
    int rest;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &arguments, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (rest + 1 != argc)
        return message_usage("validate", "one file of cells is wanted");
    return run(&arguments, argv[rest]);
}
