/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/report.h"
#include "sim/cli/cli.h"

#include <stdlib.h>

enum { OUTPUT };
static const struct argument TABLE[] = {
    {"output", 'o', "FILE", "write the page into FILE (default: standard output)"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "report",
    .usage = "[OPTION...] STUDY",
    .description =
        "Writes STUDY as one HTML page that stands alone: the question, the answer in words and\n"
        "figures, plots, tables, every parameter, and how to do it again. No network, no scripts.",
    .example = "migsim sweep --db cover-letter.db workloads/scenarios/cover-letter.ini\n"
               "migsim report cover-letter.db -o report.html",
    .table = TABLE,
};

static bool take(void *context, size_t index, const char *value)
{
    (void)index;
    *(const char **)context = value;
    return true;
}

int cmd_report(int argc, char **argv)
{
    const char *output = NULL;
    struct error error;
    int rest;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &output, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (rest == argc)
        return message_usage("report", "no study is given");
    if (rest + 1 < argc)
        return message_usage("report", "one study is wanted; '%s' is one too many", argv[rest + 1]);
    struct store *store = store_open(argv[rest], &error);
    struct study *study = store ? store_load(store, &error) : NULL;
    char *page = study ? report_html(study, store, &error) : NULL;
    int status = STATUS_DONE;
    if (!page)
        status = message_failed("report", "%s", error.text);
    else if (!output)
        status = cli_print("report", page) ? STATUS_DONE : STATUS_FAILED;
    else if (!cli_write_file(output, page, &error))
        status = message_failed("report", "%s", error.text);
    if (output)
        free(page); /* cli_print took it otherwise */
    study_free(study);
    store_close(store);
    return status;
}
