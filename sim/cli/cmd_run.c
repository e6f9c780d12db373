/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"
#include "results/json.h"
#include "results/summary.h"
#include "results/timeline_csv.h"
#include "sim/cli/cli.h"
#include "sim/simulate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { JSON = CLI_SCENARIO_COUNT, DB, TIMELINE, STREAM };
static const struct argument TABLE[] = {
    CLI_SCENARIO_ARGUMENTS,
    {"json", 0, NULL, "print JSON; 'migration' has the shape of QMP's query-migrate"},
    {"db", 0, "FILE", "store the run in this study; made if it is not there"},
    {"timeline", 0, "FILE", "write a CSV file with a row for each 100 ms window"},
    {"stream", 0, "FILE", "write the bytes that went over the wire"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "run",
    .usage = "[OPTION...] SCENARIO",
    .description =
        "Simulates one migration and prints what became of it. SCENARIO is a file, or - for\n"
        "standard input; 'migsim list parameters' says what can stand in it.",
    .example = "migsim run -s migration.xbzrle-cache-size=16M workloads/scenarios/cover-letter.ini",
    .table = TABLE,
};

struct run_arguments {
    struct cli_scenario cli;
    const char *db, *timeline, *stream;
    bool json;
};

static void show(void *context, const struct record_sample *sample)
{
    (void)context;
    char text[UNITS_TEXT_SIZE];
    fprintf(stderr, "\r%8.1f s  %4" PRIu64 " syncs  %10s to send ", (double)sample->end_ns / 1e9,
            sample->dirty_sync_count, units_format_size(sample->remaining_bytes, text));
}

static bool store_record(const char *db, const char *name, const struct record *record,
                         struct error *error)
{
    struct store *store = store_create(db, name, NULL, 0, error);
    bool ok = store && store_put(store, record, error);
    store_close(store);
    return ok;
}

/* All that was asked for besides the summary. */
static bool write_files(const struct run_arguments *arguments, const char *name,
                        const struct record *record, struct error *error)
{
    if (arguments->timeline) {
        char *csv = timeline_csv(record);
        bool ok = cli_write_file(arguments->timeline, csv, error);
        free(csv);
        if (!ok)
            return false;
    }
    return !arguments->db || store_record(arguments->db, name, record, error);
}

static int finish(const struct run_arguments *arguments, const char *name, struct record *record)
{
    struct error error;
    char *text =
        arguments->json ? json_text(json_of_record(record)) : summary_run(record, cli_width());
    bool ok = cli_print("run", text);
    int status = ok && record->outcome != OUTCOME_FAILED ? STATUS_DONE : STATUS_FAILED;
    if (record->outcome == OUTCOME_FAILED)
        message_failed("run", "%s", record->why);
    if (!write_files(arguments, name, record, &error))
        status = message_failed("run", "%s", error.text);
    free(record);
    return status;
}

static int run_scenario(void *context, const struct scenario_text *text)
{
    const struct run_arguments *arguments = context;
    struct error error;
    struct simulate_options options = {.watcher = cli_shows_progress() ? show : NULL};
    struct scenario *scenario = scenario_create(text, &error);
    if (!scenario)
        return message_wrong("run", "%s", error.text);
    if (arguments->stream && !(options.stream_file = fopen(arguments->stream, "wb"))) {
        scenario_destroy(scenario);
        return message_failed("run", "%s: %s", arguments->stream, strerror(errno));
    }
    struct record *record = simulate(scenario, &options, &error);
    scenario_destroy(scenario);
    if (cli_shows_progress())
        fprintf(stderr, "\r%60s\r", "");
    if (options.stream_file && fclose(options.stream_file) != 0 && record) {
        free(record);
        return message_failed("run", "%s: %s", arguments->stream, strerror(errno));
    }
    return record ? finish(arguments, text->file, record) : message_failed("run", "%s", error.text);
}

static bool take(void *context, size_t index, const char *value)
{
    struct run_arguments *arguments = context;
    if (cli_take_scenario(&arguments->cli, index, value))
        return true;
    if (index == JSON)
        arguments->json = true;
    else if (index == DB)
        arguments->db = value;
    else if (index == TIMELINE)
        arguments->timeline = value;
    else
        arguments->stream = value;
    return true;
}

int cmd_run(int argc, char **argv)
{
    struct run_arguments arguments = {0};
    int status = cli_scenario_command(&ARGUMENTS, argc, argv, take, run_scenario, &arguments,
                                      &arguments.cli);
    return status;
}
