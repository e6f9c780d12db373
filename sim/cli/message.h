/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_MESSAGE_H
#define SIM_CLI_MESSAGE_H

#include "base/error.h"

/*
 * Messages of subcommands on stderr: "migsim COMMAND: ...". `command` is "" for migsim itself. They
 * return the exit status that goes with them.
 */
int message_usage(const char *command, const char *format, ...) ERROR_FORMAT(2, 3);
int message_failed(const char *command, const char *format, ...) ERROR_FORMAT(2, 3);
/* A scenario that is wrong: status as usage, without the hint. */
int message_wrong(const char *command, const char *format, ...) ERROR_FORMAT(2, 3);

#endif
