/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_STATISTICS_H
#define RESULTS_STATISTICS_H

#include <stddef.h>

/* How values lie. With an even count the median is the mean of the two in the middle. */
struct spread {
    size_t count; /* 0: the others mean nothing */
    double median, min, max;
};

/* Sorts the values. */
struct spread spread_of(double *values, size_t count);

#endif
