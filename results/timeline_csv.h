/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_TIMELINE_CSV_H
#define RESULTS_TIMELINE_CSV_H

#include "results/record.h"

/*
 * The bandwidth windows of a run as CSV with a header line, for spreadsheets and plots of one's
 * own: end of the window (s), its throughput (bytes/s), remaining and threshold (bytes), and the
 * counters so far. Owned by the caller.
 */
char *timeline_csv(const struct record *record);

#endif
