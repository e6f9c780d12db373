/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TRACE_REPLAY_H
#define WORKLOADS_TRACE_REPLAY_H

#include "workloads/trace_format.h"

/*
 * Plays a trace forward in time. A recorder sees only that a page changed within an epoch, not
 * when; so each change has a moment of its own, spread over its epoch by a hash:
 *
 *     epoch        begin |--------x-----------x------x------| end
 *                          page 7      page 3      page 9
 *
 * and a dirty log that is read in the middle of an epoch sees a part of its pages. Memory stays
 * bounded (24 MiB and a block of the trace) for epochs of any size.
 */
struct trace_replay;

struct trace_replay_options {
    const char *file;
    uint64_t epochs; /* whole ones that the trace has, from trace_verify */
    int64_t end_ns;  /* of the last of them */
    uint64_t seed;   /* of the moments */
    bool loop;       /* begin again at the end, with the same changes on what is there then */
    /* Called for each change; for the pages of the image, within trace_replay_create. */
    void (*apply)(void *context, const struct trace_change *change);
    void *context;
};

/*
 * Opens the trace and hands out its image. It must have been verified: damage that comes up later
 * ends the program by an assertion. Owned by the caller, to trace_replay_destroy. NULL on error.
 */
struct trace_replay *trace_replay_create(const struct trace_replay_options *options,
                                         struct error *error);
void trace_replay_destroy(struct trace_replay *replay); /* NULL is fine */

/* Hands out every change up to and including `trace_ns` once. Time never goes back. */
void trace_replay_advance(struct trace_replay *replay, int64_t trace_ns);

/*
 * When the change of the page in that epoch takes place, counted as the epoch is: after its begin,
 * at its end at the latest. `lap` counts the loops.
 */
int64_t trace_moment(uint64_t seed, uint64_t lap, const struct trace_epoch *epoch,
                     uint32_t page_no);

#endif
