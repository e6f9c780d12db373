/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "sim/cli/cmd.h"
#include "sim/cli/message.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} COMMANDS[] = {
    {"run", cmd_run, "simulate one migration"},
    {"sweep", cmd_sweep, "simulate the cross product of a scenario's [sweep]"},
    {"compare", cmd_compare, "the same guest under several techniques, side by side"},
    {"plot", cmd_plot, "plots of a study: PNG, SVG, or in the terminal"},
    {"report", cmd_report, "a study as one HTML page: answer, plots, tables, parameters"},
    {"query", cmd_query, "what is in a study: documented views, or SQL; table, CSV, JSON"},
    {"record", cmd_record, "record the memory writes of a process into a trace"},
    {"trace", cmd_trace, "look at a trace, or verify it"},
    {"validate", cmd_validate, "predictions beside migrations that a real QEMU did"},
    {"calibrate", cmd_calibrate, "measure the hosts' constants"},
    {"stream", cmd_stream, "look at a migration stream, or verify it against the guest's memory"},
    {"list", cmd_list, "workloads, caches, codecs, machines, plots, parameters"},
};
#define COMMAND_COUNT (sizeof COMMANDS / sizeof *COMMANDS)

static int print_help(void)
{
    printf("migsim %s: predicts the live migration of a virtual machine\n\n"
           "Usage: migsim COMMAND [OPTION...] [ARGUMENT...]\n\n",
           MIGSIM_VERSION);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-9s  %s\n", COMMANDS[i].name, COMMANDS[i].help);
    printf("\n'migsim COMMAND --help' says more, with an example.\n\n"
           "Exit status: 0 done (a migration that does not converge is an answer), 1 failed,\n"
           "2 wrong command line or scenario, 130 interrupted.\n");
    return STATUS_DONE;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT + 1] = {0};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = COMMANDS[i].name;
    const char *nearest = option_nearest(name, names);
    return message_usage("", "no command '%s'%s%s%s", name, nearest ? ": did you mean " : "",
                         nearest ? nearest : "", nearest ? "?" : "");
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off(); /* GSL would abort; its results are checked where they matter */
    signal(SIGPIPE, SIG_IGN);    /* a closed pipe is an error like any other on a write */
    if (argc < 2)
        return message_usage("", "no command is given");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return print_help();
    if (!strcmp(argv[1], "--version")) {
        printf("migsim %s\n", MIGSIM_VERSION);
        return STATUS_DONE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(argv[1], COMMANDS[i].name))
            return COMMANDS[i].run(argc - 1, argv + 1);
    return unknown_command(argv[1]);
}
