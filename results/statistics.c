/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/statistics.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

struct spread spread_of(double *values, size_t count)
{
    if (count == 0)
        return (struct spread){0, 0, 0, 0};
    gsl_sort(values, 1, count);
    return (struct spread){count, gsl_stats_median_from_sorted_data(values, 1, count), values[0],
                           values[count - 1]};
}
