/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/throttle.h"

#include <assert.h>

#define SLICE_NS 10000000

/* Begins the sleep that a tick asks for; a vCPU that still sleeps is not asked again. */
static void tick(struct throttle *throttle)
{
    unsigned runs = 100 - throttle->percent;
    if (throttle->tick_ns >= throttle->sleep_end_ns) {
        throttle->slept_ns += throttle->sleep_end_ns - throttle->sleep_start_ns;
        throttle->sleep_start_ns = throttle->tick_ns;
        throttle->sleep_end_ns =
            throttle->tick_ns + (int64_t)SLICE_NS * throttle->percent / runs + throttle->late_ns;
    }
    throttle->tick_ns += (int64_t)SLICE_NS * 100 / runs;
}

static void advance(struct throttle *throttle, int64_t now_ns)
{
    while (throttle->percent && throttle->tick_ns <= now_ns)
        tick(throttle);
}

void throttle_set(struct throttle *throttle, int64_t now_ns, unsigned percent)
{
    assert(percent <= 99);
    advance(throttle, now_ns);
    if (!throttle->percent)
        throttle->tick_ns = now_ns;
    throttle->percent = percent;
    advance(throttle, now_ns);
}

int64_t throttle_slept(struct throttle *throttle, int64_t now_ns)
{
    advance(throttle, now_ns);
    int64_t until = now_ns < throttle->sleep_end_ns ? now_ns : throttle->sleep_end_ns;
    return throttle->slept_ns + until - throttle->sleep_start_ns;
}

int64_t throttle_awake(struct throttle *throttle, int64_t now_ns)
{
    advance(throttle, now_ns);
    return now_ns < throttle->sleep_end_ns ? throttle->sleep_end_ns : now_ns;
}
