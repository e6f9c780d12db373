/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/text.h"
#include "sim/cli/cli.h"
#include "sim/study/calibrate.h"

#include <stdio.h>
#include <stdlib.h>

enum { CELLS, OUTPUT };
static const struct argument TABLE[] = {
    {"cells", 0, "FILE", "fit them from measured migrations of idle guests"},
    {"output", 'o', "FILE", "write to FILE instead of standard output"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "calibrate",
    .usage = "[OPTION...]",
    .description =
        "Measures the constants of the [host] section and prints one. Without --cells: what can "
        "be\n"
        "measured on this machine without QEMU, in some seconds; let the machine be idle. With\n"
        "--cells: from migrations that scripts/qemu-lab measured, idle guests alone; validate "
        "then\n"
        "leaves those cells out.",
    .example = "migsim calibrate --cells scripts/qemu-lab/cells.jsonl -o host.ini\n"
               "migsim validate --host host.ini scripts/qemu-lab/cells.jsonl",
    .table = TABLE,
};

struct calibrate_arguments {
    const char *cells, *output;
};

static bool take(void *context, size_t index, const char *value)
{
    struct calibrate_arguments *arguments = context;
    if (index == CELLS)
        arguments->cells = value;
    else
        arguments->output = value;
    return true;
}

static bool measure(const char *path, FILE *out, struct error *error)
{
    if (!path)
        return calibrate_this_host(out, error);
    struct cells *cells = cells_read(path, NULL, error);
    bool ok = cells && calibrate_from_cells(cells, out, error);
    cells_free(cells);
    return ok;
}

int cmd_calibrate(int argc, char **argv)
{
    struct calibrate_arguments arguments = {0};
    struct error error;
    int rest;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &arguments, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (rest != argc)
        return message_usage("calibrate", "'%s' is one too many", argv[rest]);
    char *text;
    size_t size;
    FILE *stream = text_stream(&text, &size);
    bool ok = measure(arguments.cells, stream, &error);
    fclose(stream);
    if (ok && !arguments.output)
        return cli_print("calibrate", text) ? STATUS_DONE : STATUS_FAILED;
    ok = ok && cli_write_file(arguments.output, text, &error);
    free(text);
    return ok ? STATUS_DONE : message_failed("calibrate", "%s", error.text);
}
