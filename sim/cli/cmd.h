/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_CMD_H
#define SIM_CLI_CMD_H

/*
 * The subcommands, one file each; main.c lists them. argv[0] is the subcommand's name. They return
 * the exit status.
 */
enum exit_status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,       /* it could not be done, or a migration's delivery was wrong */
    STATUS_USAGE = 2,        /* the command line or the scenario is wrong; nothing was written */
    STATUS_NOT_MET = 3,      /* a --require was not met */
    STATUS_INTERRUPTED = 130 /* Ctrl-C */
};

int cmd_run(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_stream(int argc, char **argv);

#endif
