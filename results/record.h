/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_RECORD_H
#define RESULTS_RECORD_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a migration leaves behind, whoever did it: our simulation, a laboratory's QEMU, an
 * operator's log. Everything in results/ (store, tables, JSON, plots, reports) works on this and
 * knows nothing of the simulation.
 *
 * Counter names are QEMU's, here as in JSON keys, database columns and plot labels
 * (`dirty-sync-count` is dirty_sync_count in C and SQL).
 */

enum record_outcome { OUTCOME_CONVERGED, OUTCOME_NOT_CONVERGED, OUTCOME_FAILED };
enum record_source { SOURCE_SIMULATED, SOURCE_MEASURED };

struct record_counters {
    uint64_t transferred; /* bytes; as query-migrate counts them, see docs/model.md */
    uint64_t normal;      /* whole pages sent, XBZRLE misses and overflows included */
    uint64_t duplicate;   /* zero pages sent */
    uint64_t dirty_sync_count;
    uint64_t xbzrle_pages; /* cache hits, unchanged and overflowed pages included */
    uint64_t xbzrle_bytes;
    uint64_t xbzrle_cache_miss;
    uint64_t xbzrle_overflow;
};

/* From one bitmap sync to the next. */
struct record_iteration {
    int64_t start_ns, end_ns; /* since the migrate command */
    uint64_t dirty_pages;     /* newly dirty, found by the sync that opens the iteration */
    uint64_t threshold_bytes; /* of the switchover test at its end */
    double bandwidth_bytes_per_s;
    struct record_counters sent;
};

/* One resolved parameter, as text: "migration.xbzrle-cache-size", "67108864". */
struct record_setting {
    const char *key, *value;
};

struct record {
    enum record_source source;
    enum record_outcome outcome;
    const char *why; /* one line; "" when converged */
    uint64_t seed;
    const struct record_setting *settings; /* sorted by key */
    size_t setting_count;
    int64_t total_time_ns, downtime_ns, setup_time_ns;
    struct record_counters counters;
    const struct record_iteration *iterations;
    size_t iteration_count;
};

#endif
