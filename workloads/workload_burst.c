/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "workloads/clock.h"
#include "workloads/idle.h"
#include "workloads/kinds.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Other workloads on and off. By the exponential law both times are drawn anew each time, and the
 * guest is found in the middle of it (at first on with probability on / (on + off)); fixed times
 * begin with `on`.
 */
enum law { LAW_EXPONENTIAL, LAW_FIXED };
static const char *const LAW_NAMES[] = {"exponential", "fixed", NULL};

struct burst_options {
    struct workload_region region;
    char *of;
    int64_t on_ns, off_ns;
    unsigned law;
};

static const struct option BURST_OPTIONS[] = {
    {"of", OPTION_TEXT, offsetof(struct burst_options, of),
     .help = "the workloads that run in bursts: names of [workload]s, with + between them"},
    {"on", OPTION_TIME, offsetof(struct burst_options, on_ns), "1s",
     .help = "mean length of a burst", .min = 1000000, .max = 86400ull * 1000000000},
    {"off", OPTION_TIME, offsetof(struct burst_options, off_ns), "4s",
     .help = "mean length of a pause", .min = 1000000, .max = 86400ull * 1000000000},
    {"law", OPTION_WORD, offsetof(struct burst_options, law), "exponential",
     .help = "lengths vary by the exponential law, or are always the same", .words = LAW_NAMES},
    {0},
};

static bool burst_driven(const void *options, size_t index, char name[static CLOCK_NAME_SIZE])
{
    const struct burst_options *o = options;
    return clock_name(o->of, strlen(o->of), index, name);
}

static bool burst_check(void *options, struct error *error)
{
    struct burst_options *o = options;
    o->region.bytes = 0;
    if (!o->of[strspn(o->of, " \t")])
        return error_set(error, "kind burst needs an 'of': the workload that runs in bursts");
    return clock_check_names(o->of, strlen(o->of), error) || error_prefix(error, "of: ");
}

struct workload_clock {
    const struct burst_options *options;
    gsl_rng *rng;
    bool on;
    int64_t begin_ns, end_ns; /* of the burst or pause at hand */
    int64_t ran_ns;           /* before it */
};

static void begin(struct workload_clock *clock, bool on)
{
    const struct burst_options *o = clock->options;
    double mean = (double)(on ? o->on_ns : o->off_ns), length = mean;
    if (o->law == LAW_EXPONENTIAL)
        length = ceil(gsl_ran_exponential(clock->rng, mean));
    clock->on = on;
    clock->begin_ns = clock->end_ns;
    clock->end_ns += length < 1 ? 1 : (int64_t)length;
}

/* All that a burst drives runs at the same times: the draws are the driver's. */
static struct workload_clock *burst_create(const void *options, const char *name, uint64_t seed)
{
    (void)name;
    const struct burst_options *o = options;
    struct workload_clock *clock = must_alloc(1, sizeof *clock, "bursts");
    clock->options = o;
    clock->rng = random_stream_create(seed, "bursts");
    double on_share = (double)o->on_ns / ((double)o->on_ns + (double)o->off_ns);
    begin(clock, o->law == LAW_FIXED || gsl_rng_uniform(clock->rng) < on_share);
    return clock;
}

static int64_t burst_time(struct workload_clock *clock, int64_t time)
{
    while (time >= clock->end_ns) {
        clock->ran_ns += clock->on ? clock->end_ns - clock->begin_ns : 0;
        begin(clock, !clock->on);
    }
    return clock->ran_ns + (clock->on ? time - clock->begin_ns : 0);
}

static void burst_destroy(struct workload_clock *clock)
{
    gsl_rng_free(clock->rng);
    free(clock);
}

static const struct workload_clock_ops CLOCK = {burst_driven, burst_create, burst_time,
                                                burst_destroy};

const struct workload_ops workload_burst = {
    .name = "burst",
    .help = "runs other workloads on and off: interactive users, cron jobs, checkpoints, garbage "
            "collection",
    .options = BURST_OPTIONS,
    .options_size = sizeof(struct burst_options),
    .check = burst_check,
    .create = idle_create,
    .touch = idle_touch,
    .materialise = idle_materialise,
    .destroy = idle_destroy,
    .clock = &CLOCK,
};
