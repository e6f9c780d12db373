/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_TIMELINE_H
#define SIM_TIMELINE_H

#include "results/record.h"
#include "sim/engine.h"

#include <stddef.h>
#include <stdint.h>

/* What a run leaves for people to look at: its iterations and its bandwidth windows. */
struct timeline {
    struct record_iteration *iterations; /* the last one is open */
    size_t iteration_count, iteration_room;
    struct record_sample *samples;
    size_t sample_count, sample_room;
    struct record_counters at_sync; /* counters when the open iteration began */
};

void timeline_release(struct timeline *timeline);

/* A sync at `now` closes the open iteration and opens the next. */
void timeline_sync(struct timeline *timeline, sim_time now, uint64_t dirty_pages,
                   uint64_t remaining_bytes, struct record_counters counters);
/* A switchover test in the open iteration. */
void timeline_test(struct timeline *timeline, uint64_t threshold_bytes,
                   double bandwidth_bytes_per_s);
void timeline_sample(struct timeline *timeline, const struct record_sample *sample);
/* The migration has ended: so has the last iteration. */
void timeline_close(struct timeline *timeline, sim_time now, struct record_counters counters);

#endif
