/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_BANDWIDTH_H
#define SIM_BANDWIDTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the migration thread knows of the link (migration/migration.c: migration_update_counters,
 * migration_rate_limit; QEMU.md 1.3 and 2), all in whole milliseconds of its clock:
 *
 *     |-- window, at least 100 ms --|-- next
 *     bytes sent in it / its length = bandwidth;  bandwidth * downtime-limit = threshold
 *
 * The rate limiter counts the bytes put since the window began against a tenth of max-bandwidth.
 */
#define WINDOW_MS 100

struct bandwidth {
    int64_t window_start_ms;
    uint64_t window_start_bytes; /* of the stream */
    double bytes_per_ms;         /* 0 before the first window has ended */
    uint64_t threshold_bytes;
    uint64_t max_bandwidth; /* bytes/s; below 10 none */
};

void bandwidth_start(struct bandwidth *bandwidth, int64_t now_ms, uint64_t max_bandwidth);

/* True if the stream, now at `stream_bytes`, has used up its window. */
bool bandwidth_limited(const struct bandwidth *bandwidth, uint64_t stream_bytes);

/* Ends the window if it has lasted 100 ms; false, and nothing happens, if not. */
bool bandwidth_update(struct bandwidth *bandwidth, int64_t now_ms, uint64_t stream_bytes,
                      int64_t downtime_limit_ms);

/* How long the thread sleeps to the window's end, in ms; 0 if it is over. */
int64_t bandwidth_sleep_ms(const struct bandwidth *bandwidth, int64_t now_ms);

#endif
