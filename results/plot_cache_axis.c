/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/plot_cache_axis.h"

#include <math.h>
#include <stdint.h>

static uint64_t size_of(const struct cache_lines *lines, size_t group)
{
    return lines->groups->groups[group].runs[0]->xbzrle_cache_size;
}

static double place_of(uint64_t size)
{
    return log2(fmax((double)size, 1));
}

double plot_cache_x(const struct cache_lines *lines, size_t shown, size_t series, size_t group)
{
    return place_of(size_of(lines, group)) + 0.05 * ((double)series - (double)(shown - 1) / 2);
}

enum { SIZES = 64 };

/* The different sizes in order; returns how many. */
static size_t list_sizes(const struct cache_lines *lines, size_t shown,
                         uint64_t sizes[static SIZES])
{
    size_t count = 0;
    for (size_t s = 0; s < shown; s++)
        for (size_t i = lines->series[s].first; i <= lines->series[s].last; i++) {
            uint64_t size = size_of(lines, i);
            size_t place = count;
            while (place > 0 && sizes[place - 1] >= size)
                place--;
            if ((place < count && sizes[place] == size) || count == SIZES)
                continue;
            for (size_t k = count++; k > place; k--)
                sizes[k] = sizes[k - 1];
            sizes[place] = size;
        }
    return count;
}

void plot_put_cache_axis(const struct plot_input *input, FILE *script,
                         const struct cache_lines *lines, size_t shown, bool labelled)
{
    uint64_t sizes[SIZES] = {0};
    size_t count = list_sizes(lines, shown, sizes);
    double room = input->format == PLOT_TERMINAL ? 7 : 12;
    double low = place_of(sizes[0]), high = low, last = -1000;
    for (size_t s = 0; s < shown; s++) /* of more sizes than fit the list, too */
        high = fmax(high, place_of(size_of(lines, lines->series[s].last)));
    double least = (high - low + 1) / room * 0.999;
    fprintf(script, "set xrange [%.9g:%.9g]\nset xtics (", low - 0.5, high + 0.5);
    for (size_t i = 0; i < count; i++) {
        double x = place_of(sizes[i]);
        char label[PLOT_LABEL_SIZE];
        bool room_here = x - last >= least;
        fprintf(script, "%s'%s' %.9g", i ? ", " : "",
                labelled && room_here ? plot_size_label(sizes[i], label) : "", x);
        last = room_here ? x : last;
    }
    fputs(labelled ? ")\nset xlabel 'XBZRLE cache size'\n" : ")\n", script);
}
