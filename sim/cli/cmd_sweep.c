/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/summary.h"
#include "sim/cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum { DB = CLI_SCENARIO_COUNT, JOBS, SHARD, JSON };
static const struct argument TABLE[] = {
    CLI_SCENARIO_ARGUMENTS,
    {"db", 0, "FILE",
     "the study: each run is stored as it ends, and none that is\nthere already is done again"},
    {"jobs", 'j', "N", "worker processes (default: the processors)"},
    {"shard", 0, "K/N", "only the K-th of N parts of the runs; each needs its own FILE"},
    {"json", 0, NULL, "print all runs as JSON"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "sweep",
    .usage = "[OPTION...] SCENARIO",
    .description =
        "Simulates the cross product of what the scenario's [sweep] section lists, and prints a\n"
        "table. Killed or interrupted, the same command with the same --db goes on where it was.",
    .example = "migsim sweep --db cover-letter.db workloads/scenarios/cover-letter.ini\n"
               "migsim plot cover-letter.db cache-size -o cover-letter.png",
    .table = TABLE,
};

struct sweep_arguments {
    struct cli_scenario cli;
    const char *db;
    unsigned long jobs, shard, shards;
    bool json;
};

static bool take_shard(struct sweep_arguments *arguments, const char *value)
{
    char *end;
    unsigned long of = 0, shard = strtoul(value, &end, 10);
    if (*end == '/')
        of = strtoul(end + 1, &end, 10);
    if (*end || shard < 1 || shard > of || of > 100000) {
        message_usage("sweep", "--shard: '%s' is not K/N with K from 1 to N, such as 1/4", value);
        return false;
    }
    arguments->shard = shard;
    arguments->shards = of;
    return true;
}

static bool take(void *context, size_t index, const char *value)
{
    struct sweep_arguments *arguments = context;
    if (cli_take_scenario(&arguments->cli, index, value))
        return true;
    switch (index) {
    case JOBS:
        return cli_number("sweep", "--jobs", value, 1, 256, &arguments->jobs);
    case SHARD:
        return take_shard(arguments, value);
    case DB:
        arguments->db = value;
        break;
    default:
        arguments->json = true;
        break;
    }
    return true;
}

static int sweep(void *context, const struct scenario_text *text)
{
    const struct sweep_arguments *arguments = context;
    struct error error;
    struct study *study;
    struct sweep *plan = sweep_create(text, &error);
    if (!plan)
        return message_wrong("sweep", "%s", error.text);
    if (arguments->shards)
        sweep_keep_shard(plan, arguments->shard, arguments->shards);
    int status = cli_run_sweep("sweep", plan, text->file, arguments->db, arguments->jobs, &study);
    if (study && !cli_print("sweep", arguments->json ? cli_study_json(study)
                                                     : summary_study(study, cli_width())))
        status = STATUS_FAILED;
    study_free(study);
    return status;
}

int cmd_sweep(int argc, char **argv)
{
    struct sweep_arguments arguments = {.jobs = cli_processors()};
    int status =
        cli_scenario_command(&ARGUMENTS, argc, argv, take, sweep, &arguments, &arguments.cli);
    return status;
}
