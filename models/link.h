/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_LINK_H
#define MODELS_LINK_H

#include "base/option.h"

#include <stdint.h>

/*
 * The way from source to destination: a socket buffer that empties onto a wire.
 *
 *     sender ──write──> [ socket buffer ] ──bandwidth──> wire ──latency──> destination
 *                         blocks when full
 *
 * A write returns as soon as the buffer has taken its bytes; QEMU then counts them as sent. A
 * writer that has filled the buffer sleeps until a third of it is free, as Linux does it
 * (net/core/stream.c: sk_stream_write_space, include/net/sock.h: sk_stream_min_wspace), and so on
 * for what is left of its bytes: it comes in bursts. Time is exact: what a division leaves over is
 * carried to the next write.
 */
struct link_options {
    uint64_t bandwidth_bytes_per_s;
    int64_t latency_ns;
    uint64_t buffer_bytes;
};
extern const struct option link_options_table[]; /* of the [link] section */

struct link {
    struct link_options options;
    int64_t empty_ns;   /* when the last byte written so far has left the buffer */
    uint64_t remainder; /* of the division that gave empty_ns */
};

void link_init(struct link *link, const struct link_options *options);

/* Writes `bytes` at `now_ns`; returns when the write returns. */
int64_t link_write(struct link *link, int64_t now_ns, uint64_t bytes);

/* When the last byte written so far is at the destination. */
int64_t link_arrival(const struct link *link, int64_t now_ns);

/* From `now_ns` on the wire has another bandwidth; what is in the buffer takes it, too. */
void link_set_bandwidth(struct link *link, int64_t now_ns, uint64_t bandwidth_bytes_per_s);

#endif
