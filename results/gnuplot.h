/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_GNUPLOT_H
#define RESULTS_GNUPLOT_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Runs gnuplot on a script, with its standard output (where it draws to unless the script says
 * otherwise) to the file descriptor `output`. Waits for its end; false and the error if it is
 * missing or complains.
 */
bool gnuplot_run(const char *script, int output, struct error *error);

#endif
