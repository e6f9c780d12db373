/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/bandwidth.h"

#define WINDOWS_PER_S (1000 / WINDOW_MS)

void bandwidth_start(struct bandwidth *bandwidth, int64_t now_ms, uint64_t max_bandwidth)
{
    *bandwidth = (struct bandwidth){.window_start_ms = now_ms, .max_bandwidth = max_bandwidth};
}

bool bandwidth_limited(const struct bandwidth *bandwidth, uint64_t stream_bytes)
{
    uint64_t budget = bandwidth->max_bandwidth / WINDOWS_PER_S;
    return budget && stream_bytes - bandwidth->window_start_bytes > budget;
}

bool bandwidth_update(struct bandwidth *bandwidth, int64_t now_ms, uint64_t stream_bytes,
                      int64_t downtime_limit_ms)
{
    int64_t took_ms = now_ms - bandwidth->window_start_ms;
    if (took_ms < WINDOW_MS)
        return false;
    bandwidth->bytes_per_ms =
        (double)(stream_bytes - bandwidth->window_start_bytes) / (double)took_ms;
    bandwidth->threshold_bytes = (uint64_t)(bandwidth->bytes_per_ms * (double)downtime_limit_ms);
    bandwidth->window_start_ms = now_ms;
    bandwidth->window_start_bytes = stream_bytes;
    return true;
}

int64_t bandwidth_sleep_ms(const struct bandwidth *bandwidth, int64_t now_ms)
{
    int64_t left = bandwidth->window_start_ms + WINDOW_MS - now_ms;
    return left > 0 ? left : 0;
}
