/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_PLOT_CACHE_AXIS_H
#define RESULTS_PLOT_CACHE_AXIS_H

#include "results/cache_lines.h"
#include "results/plot_script.h"

/* The x axis of plots over the cache size: logarithmic, a tic for each size that was simulated. */

/* Where the group stands; lines that share a place stand side by side. */
double plot_cache_x(const struct cache_lines *lines, size_t shown, size_t series, size_t group);

/* Range and tics for the first `shown` series; labels, of as many as there is room for, or none. */
void plot_put_cache_axis(const struct plot_input *input, FILE *script,
                         const struct cache_lines *lines, size_t shown, bool labelled);

#endif
