/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_AUTO_CONVERGE_H
#define SIM_AUTO_CONVERGE_H

#include "base/option.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Auto-converge: the guest is slowed down step by step while it dirties memory faster than the link
 * carries it (migration/ram.c: migration_trigger_throttle, mig_throttle_guest_down; QEMU.md 3.5).
 * How the vCPU then sleeps is models/throttle.h.
 */
struct auto_converge_options {
    bool on;
    uint64_t trigger_percent;   /* throttle-trigger-threshold */
    uint64_t initial_percent;   /* cpu-throttle-initial */
    uint64_t increment_percent; /* cpu-throttle-increment */
    uint64_t max_percent;       /* max-cpu-throttle */
    bool tailslow;              /* cpu-throttle-tailslow */
};
extern const struct option auto_converge_table[]; /* of the [migration] section */

struct auto_converge {
    unsigned percent; /* in force; 0: none */
    unsigned strikes; /* bad periods since the last step, in a row or not */
};

/*
 * A period of more than a second has ended with a sync: `dirty_bytes` were found dirty in it,
 * `sent_bytes` sent. True if the throttle has changed.
 */
bool auto_converge_period(struct auto_converge *state, const struct auto_converge_options *options,
                          uint64_t dirty_bytes, uint64_t sent_bytes);

#endif
