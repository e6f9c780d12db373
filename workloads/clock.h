/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_CLOCK_H
#define WORKLOADS_CLOCK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Kinds that write nothing themselves but say when other workloads run: `phases` and `burst`. A
 * workload that is driven lives in a time of its own, which stands still while it does not run:
 *
 *     guest time    0     1     2     3     4     5     6     7 s
 *     phases        | dump      | idle            | dump      |
 *     dump's time   0     1     2     2     2     2     3     4 s
 *
 * So any kind can be driven, a driver too, and is as lazy as it was.
 */
struct workload_clock; /* each kind has its own */

#define CLOCK_NAME_SIZE 64

struct workload_clock_ops {
    /* Name `index` of those it drives, as often as it stands there; false behind the last one. */
    bool (*driven)(const void *options, size_t index, char name[static CLOCK_NAME_SIZE]);

    /* For one of them. `seed` is the driver's. Owned by the caller; `options` outlives it. */
    struct workload_clock *(*create)(const void *options, const char *name, uint64_t seed);

    /* How long it has run up to `time`, in ns. Times never go back. */
    int64_t (*ran)(struct workload_clock *clock, int64_t time);

    void (*destroy)(struct workload_clock *clock);
};

/* Name `index` of "web + log": parts between '+', without blanks about them. */
bool clock_name(const char *names, size_t length, size_t index, char name[static CLOCK_NAME_SIZE]);

/* Whether all of its names are given, not too long and not twice. */
bool clock_check_names(const char *names, size_t length, struct error *error);

#endif
