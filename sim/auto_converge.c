/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/auto_converge.h"

#define STRIKES 2

/* QEMU's names, ranges and defaults (7.2 to 10.2). */
const struct option auto_converge_table[] = {
    {"auto-converge", OPTION_SWITCH, offsetof(struct auto_converge_options, on), "off",
     .help = "slow the guest down, step by step, while it dirties more than can be sent"},
    {"throttle-trigger-threshold", OPTION_INTEGER,
     offsetof(struct auto_converge_options, trigger_percent), "50",
     .help = "bytes found dirty, in percent of the bytes sent, above which a period is bad",
     .min = 1, .max = 100},
    {"cpu-throttle-initial", OPTION_INTEGER,
     offsetof(struct auto_converge_options, initial_percent), "20",
     .help = "percent of its time that the first step takes from the guest", .min = 1, .max = 99},
    {"cpu-throttle-increment", OPTION_INTEGER,
     offsetof(struct auto_converge_options, increment_percent), "10",
     .help = "and what each further step adds", .min = 1, .max = 99},
    {"max-cpu-throttle", OPTION_INTEGER, offsetof(struct auto_converge_options, max_percent), "99",
     .help = "the most that is taken from the guest", .min = 1, .max = 99},
    {"cpu-throttle-tailslow", OPTION_SWITCH, offsetof(struct auto_converge_options, tailslow),
     "off", .help = "near the top, step only as far as the last period seems to ask for"},
    {0},
};

/* The step towards the share of CPU at which the guest would have dirtied just `limit` bytes. */
static uint64_t tailslow_step(unsigned percent, uint64_t limit, uint64_t dirty, uint64_t most)
{
    uint64_t runs = 100 - percent;
    uint64_t ideal = (uint64_t)((double)runs * ((double)limit / (double)dirty));
    uint64_t step = runs - ideal;
    return step < most ? step : most;
}

bool auto_converge_period(struct auto_converge *state, const struct auto_converge_options *options,
                          uint64_t dirty_bytes, uint64_t sent_bytes)
{
    uint64_t limit = sent_bytes * options->trigger_percent / 100;
    if (!options->on || dirty_bytes <= limit || ++state->strikes < STRIKES)
        return false;
    state->strikes = 0;
    uint64_t step = options->increment_percent, percent = options->initial_percent;
    if (state->percent) {
        if (options->tailslow)
            step = tailslow_step(state->percent, limit, dirty_bytes, step);
        percent = state->percent + step;
        percent = percent < options->max_percent ? percent : options->max_percent;
    }
    bool changed = percent != state->percent;
    state->percent = (unsigned)percent;
    return changed;
}
