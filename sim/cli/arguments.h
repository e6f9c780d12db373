/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_ARGUMENTS_H
#define SIM_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The command line of a subcommand as data: one table feeds getopt_long and --help. (getopt.h has a
 * `struct option` of its own, which is why it stays inside arguments.c.)
 */
struct argument {
    const char *name;  /* "--name"; NULL ends the table */
    char letter;       /* "-x" as well; or 0 */
    const char *value; /* what its value is called in the help; NULL: it takes none */
    const char *help;  /* "\n" goes on in the next line */
};

struct arguments {
    const char *command;     /* "run" */
    const char *usage;       /* "[OPTION...] SCENARIO" */
    const char *description; /* paragraphs, without the last newline */
    const char *example;     /* a line that works; several with "\n" */
    const struct argument *table;
};

enum arguments_result { ARGUMENTS_OK, ARGUMENTS_HELP, ARGUMENTS_WRONG };

/*
 * Calls `take` for each option in turn with its place in the table and its value (NULL if it takes
 * none); false from it, with its own message, is WRONG. --help is added and handled: HELP. What is
 * left of argv begins at *ret_rest.
 */
enum arguments_result arguments_parse(const struct arguments *arguments, int argc, char **argv,
                                      bool (*take)(void *context, size_t index, const char *value),
                                      void *context, int *ret_rest);

#endif
