/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/timeline.h"

#include "base/error.h"

#include <stdlib.h>

void timeline_release(struct timeline *timeline)
{
    free(timeline->iterations);
    free(timeline->samples);
}

/* The syncs themselves count to the iteration that they open. */
static struct record_counters difference(const struct record_counters *now,
                                         const struct record_counters *then)
{
    return (struct record_counters){
        .transferred = now->transferred - then->transferred,
        .normal = now->normal - then->normal,
        .duplicate = now->duplicate - then->duplicate,
        .dirty_sync_count = 1,
        .xbzrle_pages = now->xbzrle_pages - then->xbzrle_pages,
        .xbzrle_bytes = now->xbzrle_bytes - then->xbzrle_bytes,
        .xbzrle_cache_miss = now->xbzrle_cache_miss - then->xbzrle_cache_miss,
        .xbzrle_overflow = now->xbzrle_overflow - then->xbzrle_overflow,
    };
}

void timeline_close(struct timeline *timeline, sim_time now, struct record_counters counters)
{
    if (!timeline->iteration_count)
        return;
    struct record_iteration *open = &timeline->iterations[timeline->iteration_count - 1];
    open->end_ns = now;
    open->sent = difference(&counters, &timeline->at_sync);
}

void timeline_sync(struct timeline *timeline, sim_time now, uint64_t dirty_pages,
                   uint64_t remaining_bytes, struct record_counters counters)
{
    timeline_close(timeline, now, counters);
    if (timeline->iteration_count == timeline->iteration_room) {
        timeline->iteration_room = timeline->iteration_room * 2 + 64;
        timeline->iterations = must_grow(timeline->iterations, timeline->iteration_room,
                                         sizeof *timeline->iterations, "iterations");
    }
    timeline->iterations[timeline->iteration_count++] = (struct record_iteration){
        .start_ns = now,
        .end_ns = now,
        .dirty_pages = dirty_pages,
        .remaining_bytes = remaining_bytes,
    };
    timeline->at_sync = counters;
}

void timeline_test(struct timeline *timeline, uint64_t threshold_bytes,
                   double bandwidth_bytes_per_s)
{
    struct record_iteration *open = &timeline->iterations[timeline->iteration_count - 1];
    open->threshold_bytes = threshold_bytes;
    open->bandwidth_bytes_per_s = bandwidth_bytes_per_s;
}

void timeline_sample(struct timeline *timeline, const struct record_sample *sample)
{
    if (timeline->sample_count == timeline->sample_room) {
        timeline->sample_room = timeline->sample_room * 2 + 64;
        timeline->samples = must_grow(timeline->samples, timeline->sample_room,
                                      sizeof *timeline->samples, "windows");
    }
    timeline->samples[timeline->sample_count++] = *sample;
}
