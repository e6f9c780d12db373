/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_CLI_H
#define SIM_CLI_CLI_H

#include "results/store.h"
#include "results/study.h"
#include "sim/cli/arguments.h"
#include "sim/cli/cmd.h"
#include "sim/cli/message.h"
#include "sim/scenario_text.h"
#include "sim/study/sweep.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* What the subcommands share. */

/* What every command about a scenario takes: SCENARIO, -s section.key=value, --seed N. */
struct cli_scenario {
    const char *command;
    const char **overrides; /* of -s, in their order */
    size_t override_count;
    const char *seed; /* of --seed; NULL */
};
#define CLI_SCENARIO_ARGUMENTS                                                                     \
    {"set", 's', "SECTION.KEY=VALUE", "override a parameter; may be given many times"},            \
    {                                                                                              \
        "seed", 0, "N", "seed of all random streams (run.seed)"                                    \
    }
enum { CLI_SET, CLI_SEED, CLI_SCENARIO_COUNT };

/* One of the two above; false if `index` is neither. */
bool cli_take_scenario(struct cli_scenario *cli, size_t index, const char *value);

/*
 * The whole of a command about a scenario: parses the line, reads the scenario and calls `act`.
 * `context` goes to `take` and `act`; `cli` lies in it. Returns the exit status.
 */
int cli_scenario_command(const struct arguments *arguments, int argc, char **argv,
                         bool (*take)(void *context, size_t index, const char *value),
                         int (*act)(void *context, const struct scenario_text *text), void *context,
                         struct cli_scenario *cli);

/* Columns of the terminal on stdout; 100 if it is none. */
size_t cli_width(void);

/* Progress may be shown: stderr is a terminal. */
bool cli_shows_progress(void);

/* Prints and frees the text. False with a message if stdout is full or gone. */
bool cli_print(const char *command, char *text);

/* All runs of the study as JSON. Owned by the caller. */
char *cli_study_json(const struct study *study);

/* Writes a whole file: beside it first, then in its place, so that nothing half-written stays. */
bool cli_write_file(const char *path, const char *text, struct error *error);

/* A number from `least` to `most`; false with a message. */
bool cli_number(const char *command, const char *option, const char *text, unsigned long least,
                unsigned long most, unsigned long *ret);

/* From now on Ctrl-C and SIGTERM only set this flag. */
const volatile sig_atomic_t *cli_interrupts(void);

/* The number of processors that may be used, at most 256. */
unsigned long cli_processors(void);

/*
 * Does the runs of a sweep that the study in `db` (or NULL: in memory alone) does not have yet, and
 * stores each as it ends. Shows progress. *ret_study gets all runs of the sweep, also those that
 * were there already; NULL if there is nothing to show. Returns the exit status, all messages
 * printed. Takes the sweep over.
 */
int cli_run_sweep(const char *command, struct sweep *sweep, const char *name, const char *db,
                  unsigned long jobs, struct study **ret_study);

#endif
