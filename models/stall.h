/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_STALL_H
#define MODELS_STALL_H

#include "base/option.h"

#include <gsl/gsl_rng.h>
#include <stdint.h>

/*
 * Moments in which the vCPU does not run because its host does something else: they begin as a
 * Poisson process and last exponentially long. Rare and short, they decide a race: a guest that
 * rewrites all its memory faster than deltas of it can be sent converges only when it stands still
 * for a moment (docs/model.md).
 *
 *     runs ────────┐ stalls ┌──────────────────┐  ┌─────
 *                  └────────┘                  └──┘
 */
struct stall_options {
    int64_t interval_ns; /* mean time between two beginnings; 0: never */
    int64_t time_ns;     /* mean length */
};
extern const struct option stall_options_table[]; /* of the [host] section */

struct stall;

/* Owned by the caller, to stall_destroy. */
struct stall *stall_create(const struct stall_options *options, uint64_t seed);
void stall_destroy(struct stall *stall); /* NULL is fine */

/* Time lost to stalls from 0 to `now_ns`, which never goes back. */
int64_t stall_lost(struct stall *stall, int64_t now_ns);

#endif
