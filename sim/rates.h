/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RATES_H
#define SIM_RATES_H

#include "results/record.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The rates that query-migrate shows, over periods of more than a second that begin and end with a
 * bitmap sync (migration/ram.c: migration_update_rates; QEMU.md 3.4).
 */
struct rates {
    int64_t period_start_ms; /* -1 before the first sync */
    uint64_t period_dirty_pages;
    uint64_t dirty_pages_last_sync;
    struct record_counters before; /* counters when the period began */
    uint64_t pages_put_before;
    uint64_t dirty_pages_rate;
    double cache_miss_rate, encoding_rate;
    int64_t expected_downtime_ns;
};

void rates_start(struct rates *rates, int64_t downtime_limit_ns);

/* What a period leaves for auto-converge. */
struct rates_period {
    uint64_t dirty_pages, transferred; /* found dirty; bytes */
};

/* At the end of a sync that newly found `dirty_pages`. True if it closed a period. */
bool rates_sync(struct rates *rates, int64_t now_ms, uint64_t dirty_pages,
                const struct record_counters *counters, uint64_t pages_put,
                struct rates_period *ret_period);

/* At the end of a bandwidth window. */
void rates_window(struct rates *rates, double bytes_per_ms, uint64_t window_bytes);

#endif
