/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/message.h"

#include "sim/cli/cmd.h"

#include <stdarg.h>
#include <stdio.h>

static void print_message(const char *command, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void print_message(const char *command, const char *format, va_list args)
{
    fprintf(stderr, "migsim%s%s: ", command[0] ? " " : "", command);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int message_usage(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(command, format, args);
    va_end(args);
    fprintf(stderr, "Try 'migsim%s%s --help'.\n", command[0] ? " " : "", command);
    return STATUS_USAGE;
}

int message_wrong(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(command, format, args);
    va_end(args);
    return STATUS_USAGE;
}

int message_failed(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(command, format, args);
    va_end(args);
    return STATUS_FAILED;
}
