/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_SUMMARY_CELLS_H
#define RESULTS_SUMMARY_CELLS_H

#include "results/record.h"
#include "results/statistics.h"

#include <stddef.h>

/* The quantities of tables and plots over several runs, and how they are written. */

struct quantity {
    const char *name, *unit;
    double (*of)(const struct record *record);
    bool needs_convergence; /* means nothing for a run that did not converge */
    bool needs_xbzrle;
    bool range; /* worth a (min..max) */
    bool count; /* a whole number */
};

enum quantity_id {
    QUANTITY_TOTAL_TIME,
    QUANTITY_DOWNTIME,
    QUANTITY_TRANSFERRED,
    QUANTITY_STREAM,
    QUANTITY_NORMAL,
    QUANTITY_DUPLICATE,
    QUANTITY_HITS,
    QUANTITY_MISSES,
    QUANTITY_OVERFLOW,
    QUANTITY_MISS_RATIO,
    QUANTITY_DELTA_BYTES,
    QUANTITY_SYNCS,
    QUANTITY_SENDER_CPU,
    QUANTITY_CACHE_MEMORY,
    QUANTITIES
};
extern const struct quantity quantities[QUANTITIES];

/* Over those of the runs for which the quantity means something; count 0 if there are none. */
struct spread quantity_spread(enum quantity_id id, const struct record *const *runs, size_t count);

#define CELL_SIZE 64

/* Three significant digits, whole from 100 on, never an exponent. Returns `text`. */
char *cell_number(double value, char text[static CELL_SIZE]);

/*
 * "12.3"; over several runs and with `ranges` "12.3 (11.9..12.8)", the interval of the median (see
 * struct spread); ">60" for the time of runs of which none converged; "-" where it means nothing.
 */
char *cell_quantity(enum quantity_id id, const struct record *const *runs, size_t count,
                    bool ranges, char text[static CELL_SIZE]);

/* "yes", "no", "failed"; over several runs "7 of 10", with `ranges` "7 of 10 (40..89 %)". */
char *cell_converged(const struct record *const *runs, size_t count, bool ranges,
                     char text[static CELL_SIZE]);

/* Why the first of the runs that did not converge did not; "" if all did. Borrowed. */
const char *cell_why(const struct record *const *runs, size_t count);

#endif
