/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_CSV_H
#define RESULTS_CSV_H

#include "results/record.h"

/*
 * The bandwidth windows or the iterations of a run as CSV (RFC 4180, lines end by a newline): the
 * columns of the database's tables `timeline` and `iteration`, in their units. Owned by the caller.
 */
char *csv_timeline(const struct record *record);
char *csv_iterations(const struct record *record);

#endif
