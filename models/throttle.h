/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_THROTTLE_H
#define MODELS_THROTTLE_H

#include <stdint.h>

/*
 * QEMU's CPU throttle (softmmu/cpu-throttle.c; QEMU.md 3.5): a timer puts every vCPU to sleep,
 * which then runs for 10 ms until the timer comes again.
 *
 *     tick          tick          tick             at P %: sleeps 10 ms * P / (100 - P),
 *      ├─sleep─┤run─┤─sleep─┤run──┤                period 10 ms * 100 / (100 - P)
 *
 * A new percentage holds from the next tick on; the first tick comes at once. As any timed sleep on
 * its host, one of the vCPU ends `late_ns` late.
 */
struct throttle {
    int64_t late_ns;
    unsigned percent;                     /* 0: off, else 1 to 99 */
    int64_t tick_ns;                      /* when the timer comes next */
    int64_t sleep_start_ns, sleep_end_ns; /* of the last sleep that began */
    int64_t slept_ns;                     /* in those before it */
};

/* Time must not go back, over all three calls. */
void throttle_set(struct throttle *throttle, int64_t now_ns, unsigned percent);

/* How long the vCPU has slept up to `now_ns`. */
int64_t throttle_slept(struct throttle *throttle, int64_t now_ns);

/* When the vCPU is next awake: `now_ns`, or the end of the sleep in which that falls. */
int64_t throttle_awake(struct throttle *throttle, int64_t now_ns);

#endif
