/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/apart.h"

#include "base/error.h"
#include "base/units.h"
#include "results/cache_lines.h"
#include "results/statistics.h"
#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double CHANCE = 0.05;

static double time_of(const struct record *record)
{
    return record->outcome == OUTCOME_CONVERGED ? (double)record->total_time_ns : INFINITY;
}

/* Pairs of runs with the same seed that both delivered; returns how many. */
static size_t find_pairs(const struct study_group *a, const struct study_group *b, double *times_a,
                         double *times_b)
{
    size_t used = 0;
    for (size_t i = 0, k = 0; i < a->run_count && k < b->run_count;) {
        const struct record *one = a->runs[i], *two = b->runs[k];
        if (one->seed == two->seed && one->outcome != OUTCOME_FAILED &&
            two->outcome != OUTCOME_FAILED) {
            times_a[used] = time_of(one);
            times_b[used++] = time_of(two);
        }
        i += one->seed <= two->seed;
        k += two->seed <= one->seed;
    }
    return used;
}

static bool all_equal(const double *a, const double *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i] < b[i] || a[i] > b[i])
            return false;
    return true;
}

enum apart groups_apart(const struct study_group *a, const struct study_group *b)
{
    double *times_a = must_alloc(a->run_count, sizeof *times_a, "pairs of runs");
    double *times_b = must_alloc(a->run_count, sizeof *times_b, "pairs of runs");
    size_t pairs = find_pairs(a, b, times_a, times_b);
    enum apart apart = APART_NO;
    if (pairs && all_equal(times_a, times_b, pairs))
        apart = APART_EQUAL;
    else if (signed_rank_test(times_a, times_b, pairs) < CHANCE ||
             share_test(a->converged, a->run_count - a->failed, b->converged,
                        b->run_count - b->failed) < CHANCE)
        apart = APART_YES;
    free(times_a);
    free(times_b);
    return apart;
}

/* Puts "16MiB and 32MiB" for each pair of neighbours that is not told apart; returns how many. */
static size_t put_pairs(const struct cache_lines *lines, FILE *out)
{
    enum { SHOWN = 6 };
    size_t count = 0;
    for (size_t s = 0; s < lines->count; s++)
        for (size_t i = lines->series[s].first; i < lines->series[s].last; i++) {
            const struct study_group *a = &lines->groups->groups[i], *b = a + 1;
            char size_a[UNITS_TEXT_SIZE], size_b[UNITS_TEXT_SIZE];
            if (groups_apart(a, b) != APART_NO || count++ >= SHOWN)
                continue;
            fprintf(out, "%s%s and %s", count > 1 ? ", " : "",
                    units_format_size(a->runs[0]->xbzrle_cache_size, size_a),
                    units_format_size(b->runs[0]->xbzrle_cache_size, size_b));
            if (*lines->series[s].label)
                fprintf(out, " (%s)", lines->series[s].label);
        }
    if (count > SHOWN)
        fprintf(out, ", and %zu more", count - SHOWN);
    return count;
}

char *apart_note(const struct study *study)
{
    struct cache_lines lines = cache_lines_find(study);
    char *pairs, *note;
    size_t size, seeds = lines.groups->seeds;
    FILE *out = text_stream(&pairs, &size);
    size_t count = seeds > 1 ? put_pairs(&lines, out) : 0;
    fclose(out);
    out = text_stream(&note, &size);
    if (count && seeds < SPREAD_LEAST_COUNT)
        fprintf(out,
                "%zu seeds are too few to tell neighbouring cache sizes apart at 95 %%: "
                "take %d or more",
                seeds, SPREAD_LEAST_COUNT);
    else if (count)
        fprintf(out, "%zu seeds do not tell apart, at 95 %%: %s", seeds, pairs);
    fclose(out);
    free(pairs);
    cache_lines_release(&lines);
    return note;
}
