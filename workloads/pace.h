/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_PACE_H
#define WORKLOADS_PACE_H

#include "base/option.h"

#include <stddef.h>
#include <stdint.h>

/* How fast a synthetic guest writes. */
struct pace {
    uint64_t writes_per_s; /* option `rate`; 0: as fast as the CPU goes */
    int64_t write_ns;      /* option `write-time`: CPU time of one write, then the only limit */
};

/* The two options, for a kind's table whose struct holds a struct pace as `member`. */
#define PACE_OPTIONS(type, member)                                                                 \
    {"rate",                                                                                       \
     OPTION_COUNT,                                                                                 \
     offsetof(type, member.writes_per_s),                                                          \
     "10k",                                                                                        \
     .help = "writes a second of guest time; unpaced: as fast as write-time allows",               \
     .zero_word = "unpaced",                                                                       \
     .max = 1000000000},                                                                           \
    {                                                                                              \
        "write-time", OPTION_TIME, offsetof(type, member.write_ns), "60ns",                        \
            .help = "CPU time of one write of an unpaced guest", .min = 1, .max = 1000000000       \
    }

/* Writes done up to `guest_time`: the first falls one interval after 0. */
static inline uint64_t pace_writes(const struct pace *pace, int64_t guest_time)
{
    __extension__ typedef unsigned __int128 wide;
    if (!pace->writes_per_s)
        return (uint64_t)(guest_time / pace->write_ns);
    return (uint64_t)((wide)guest_time * pace->writes_per_s / 1000000000u);
}

static inline double pace_writes_per_ns(const struct pace *pace)
{
    return pace->writes_per_s ? (double)pace->writes_per_s * 1e-9 : 1.0 / (double)pace->write_ns;
}

#endif
