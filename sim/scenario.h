/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "models/content.h"
#include "models/host_cost.h"
#include "models/link.h"
#include "models/stall.h"
#include "results/record.h"
#include "sim/auto_converge.h"
#include "sim/engine.h"
#include "sim/scenario_text.h"
#include "workloads/workload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The description of one run, validated and immutable: everything that the run depends on. Made
 * from a scenario text (a file and what `-s` overrides), see scenario_text.h.
 */

/* What runs the vCPUs. */
enum accel { ACCEL_KVM, ACCEL_TCG };

struct guest_options {
    char *preset; /* the name of one, or "" */
    uint64_t memory_bytes;
    unsigned machine; /* index into machine_names */
    int64_t uptime_ns;
    unsigned accel;    /* enum accel */
    bool preallocated; /* the host has backed all memory, touched or not */
    struct content_options content;
};

enum delta_codec { CODEC_XBZRLE, CODEC_XBRLE };

/* What a change of the cache size in flight does (QEMU.md 4.6). */
enum cache_resize { RESIZE_KEEP, RESIZE_DROP, RESIZE_NONE };

struct migration_options {
    uint64_t max_bandwidth; /* bytes/s; below 10 unlimited, as in QEMU */
    int64_t downtime_limit_ns;
    bool xbzrle;
    unsigned codec; /* enum delta_codec */
    char *cache;    /* name of a cache policy */
    uint64_t xbzrle_cache_size;
    unsigned cache_resize; /* enum cache_resize */
    bool classify_misses;
};

struct run_options {
    int64_t time_limit_ns;
    uint64_t seed;
};

struct scenario_workload {
    char *label;
    const struct workload_ops *ops;
    struct workload_region *options; /* begins a struct of ops->options_size bytes */
    uint64_t first_page;
    size_t driver; /* 1 + index of the workload that says when this one runs; 0: it always does */
};

/* What an operator does while the migration runs. */
enum change_kind {
    CHANGE_BANDWIDTH,
    CHANGE_MAX_BANDWIDTH,
    CHANGE_DOWNTIME_LIMIT,
    CHANGE_CACHE_SIZE,
    CHANGE_CANCEL
};
struct scenario_change {
    sim_time time;
    enum change_kind kind;
    uint64_t value; /* bytes/s, ns, bytes */
};

struct scenario {
    struct guest_options guest;
    struct link_options link;
    struct migration_options migration;
    struct auto_converge_options auto_converge;
    struct host_cost host;
    struct stall_options stall;
    struct run_options run;
    struct scenario_workload *workloads;
    size_t workload_count;
    struct scenario_change *changes; /* in order of time, then as written */
    size_t change_count;
    struct record_setting *settings; /* sorted; only those that matter to this run */
    size_t setting_count;
};

/* Owned by the caller, to scenario_destroy. The error names file, line and key. */
struct scenario *scenario_create(const struct scenario_text *text, struct error *error);
void scenario_destroy(struct scenario *scenario); /* NULL is fine */

/* All fixed sections with their tables, ended by a NULL name: for help, lists and documents. */
struct scenario_section {
    const char *name, *help;
    const struct option *table;
    size_t offset; /* of the options' struct in struct scenario */
};
extern const struct scenario_section scenario_sections[];

#endif
