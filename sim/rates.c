/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rates.h"

#include "models/content.h"

#define PERIOD_MS          1000
#define WINDOW_BYTES_LEAST 10000 /* a window with less says nothing about downtime */

void rates_start(struct rates *rates, int64_t downtime_limit_ns)
{
    *rates = (struct rates){.period_start_ms = -1, .expected_downtime_ns = downtime_limit_ns};
}

static void close_period(struct rates *rates, int64_t took_ms,
                         const struct record_counters *counters, uint64_t pages_put)
{
    const struct record_counters *before = &rates->before;
    rates->dirty_pages_rate = rates->period_dirty_pages * 1000 / (uint64_t)took_ms;
    uint64_t put = pages_put - rates->pages_put_before;
    if (!put)
        return;
    rates->cache_miss_rate =
        (double)(counters->xbzrle_cache_miss - before->xbzrle_cache_miss) / (double)put;
    double raw = (double)((counters->xbzrle_pages - before->xbzrle_pages) * PAGE_SIZE);
    double encoded = (double)(counters->xbzrle_bytes - before->xbzrle_bytes);
    rates->encoding_rate = raw > 0 && encoded > 0 ? raw / encoded : 0;
}

bool rates_sync(struct rates *rates, int64_t now_ms, uint64_t dirty_pages,
                const struct record_counters *counters, uint64_t pages_put,
                struct rates_period *ret_period)
{
    rates->period_dirty_pages += dirty_pages;
    if (rates->period_start_ms < 0)
        rates->period_start_ms = now_ms;
    rates->dirty_pages_last_sync = dirty_pages;
    int64_t took_ms = now_ms - rates->period_start_ms;
    if (took_ms <= PERIOD_MS)
        return false;
    ret_period->dirty_pages = rates->period_dirty_pages;
    ret_period->transferred = counters->transferred - rates->before.transferred;
    close_period(rates, took_ms, counters, pages_put);
    rates->period_start_ms = now_ms;
    rates->period_dirty_pages = 0;
    rates->before = *counters;
    rates->pages_put_before = pages_put;
    return true;
}

void rates_window(struct rates *rates, double bytes_per_ms, uint64_t window_bytes)
{
    if (!rates->dirty_pages_rate || window_bytes <= WINDOW_BYTES_LEAST)
        return;
    double dirty_bytes = (double)(rates->dirty_pages_last_sync * PAGE_SIZE);
    rates->expected_downtime_ns = (int64_t)(dirty_bytes / bytes_per_ms) * 1000000;
}
