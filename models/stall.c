/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/stall.h"

#include "base/random.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>

const struct option stall_options_table[] = {
    {"stall-interval", OPTION_TIME, offsetof(struct stall_options, interval_ns), "never",
     .help = "mean time between moments in which the host does not run the vCPU", .min = 1000,
     .max = 1000000ull * 1000000000, .zero_word = "never"},
    {"stall-time", OPTION_TIME, offsetof(struct stall_options, time_ns), "4ms",
     .help = "mean length of such a moment", .max = 60000000000},
    {0},
};

struct stall {
    struct stall_options options;
    gsl_rng *rng;
    int64_t start_ns, end_ns; /* of the stall that is next, or now */
    int64_t lost_ns;          /* in those before */
};

static void draw_next(struct stall *stall)
{
    stall->start_ns = stall->end_ns +
                      (int64_t)gsl_ran_exponential(stall->rng, (double)stall->options.interval_ns);
    stall->end_ns =
        stall->start_ns + (int64_t)gsl_ran_exponential(stall->rng, (double)stall->options.time_ns);
}

struct stall *stall_create(const struct stall_options *options, uint64_t seed)
{
    struct stall *stall = must_alloc(1, sizeof *stall, "the stalls of a vCPU");
    stall->options = *options;
    stall->rng = random_stream_create(seed, "stall");
    if (options->interval_ns)
        draw_next(stall);
    return stall;
}

void stall_destroy(struct stall *stall)
{
    if (!stall)
        return;
    gsl_rng_free(stall->rng);
    free(stall);
}

int64_t stall_lost(struct stall *stall, int64_t now_ns)
{
    if (!stall->options.interval_ns)
        return 0;
    while (stall->end_ns <= now_ns) {
        stall->lost_ns += stall->end_ns - stall->start_ns;
        draw_next(stall);
    }
    return stall->lost_ns + (now_ns > stall->start_ns ? now_ns - stall->start_ns : 0);
}
