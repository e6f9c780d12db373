/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_RECORD_H
#define RESULTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a migration leaves behind, whoever did it: our simulation, a laboratory's QEMU, an
 * operator's log. Everything in results/ (store, tables, JSON, plots, reports) works on this and
 * knows nothing of the simulation.
 *
 * Counter names are QEMU's, here as in JSON keys, database columns and plot labels
 * (`dirty-sync-count` is dirty_sync_count in C and SQL). Times are ns since the migrate command.
 */

enum record_outcome { OUTCOME_CONVERGED, OUTCOME_NOT_CONVERGED, OUTCOME_FAILED };
enum record_source { SOURCE_SIMULATED, SOURCE_MEASURED };

/* "converged", "not-converged", "failed"; "simulated", "measured". */
const char *record_outcome_name(enum record_outcome outcome);
const char *record_source_name(enum record_source source);

/* The page that all counters of pages count: QEMU's TARGET_PAGE_SIZE on x86 and most others. */
#define RECORD_PAGE_BYTES 4096u

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

/*
 * Every byte on the wire by what it was for; their sum is the stream's length. What QEMU 7.2 counts
 * as `transferred` is zero + normal + delta + name + part_eos.
 */
struct record_stream_bytes {
    uint64_t file_header; /* magic, version, configuration */
    uint64_t setup;       /* RAM START section: list of blocks */
    uint64_t framing;     /* headers and footers of PART and END sections, the END section's EOS */
    uint64_t zero;        /* zero page records */
    uint64_t normal;      /* whole page records */
    uint64_t delta;       /* XBZRLE or XBRLE records */
    uint64_t name;        /* block names inside page records */
    uint64_t part_eos;    /* end-of-section records of PART sections */
    uint64_t device;      /* device state and its JSON description, end of file */
};
uint64_t record_stream_total(const struct record_stream_bytes *bytes);

/* From one bitmap sync to the next. */
struct record_iteration {
    int64_t start_ns, end_ns;
    uint64_t dirty_pages;         /* newly dirty, found by the sync that opens the iteration */
    uint64_t remaining_bytes;     /* waiting to be sent, right after that sync */
    uint64_t threshold_bytes;     /* of the last switchover test of the iteration */
    double bandwidth_bytes_per_s; /* the estimate in force at the iteration's end; 0: none yet */
    struct record_counters sent;  /* in this iteration alone */
};

/* One bandwidth window of the migration thread (100 ms or more). */
struct record_sample {
    int64_t end_ns;
    uint64_t window_bytes, window_ns; /* whole stream; the window's length */
    uint64_t remaining_bytes;         /* pages waiting to be sent, at its end */
    uint64_t threshold_bytes;         /* that follows from it */
    uint64_t dirty_sync_count, xbzrle_pages, xbzrle_cache_miss; /* so far */
};

/* One resolved parameter, as text in base units: "migration.xbzrle-cache-size", "67108864". */
struct record_setting {
    const char *key, *value;
    bool number;      /* value is a number, and unquoted in JSON */
    const char *unit; /* of a number: "bytes", "bytes/s", "ns"; else "" or NULL. For labels. */
};

/* What the migration cost, besides time. */
struct record_cost {
    uint64_t sender_cpu_ns; /* modelled CPU time of the migration thread, sleep excluded */
    uint64_t encoded_pages; /* pages that went through the encoder */
    uint64_t cache_bytes;   /* memory that the page cache held at most */
    uint64_t written_bytes; /* memory of the guest that was ever written */
    /* Cache misses by cause, if the scenario asks for it (migration.classify-misses). */
    uint64_t miss_first_touch, miss_capacity, miss_conflict;
    int64_t throttled_ns;     /* time that auto-converge took from each vCPU */
    int64_t guest_stopped_ns; /* from the stop at the source to the start at the destination */
};

struct record {
    enum record_source source;
    enum record_outcome outcome;
    const char *why;    /* one line; "" when converged */
    const char *status; /* query-migrate's: "completed", "cancelled", "failed" */
    bool verified;      /* every page of the destination was compared, and equal */
    uint64_t seed;
    const struct record_setting *settings; /* sorted by key; the seed is not among them */
    size_t setting_count;
    int64_t total_time_ns, downtime_ns, setup_time_ns;
    int64_t expected_downtime_ns;
    uint64_t ram_total, remaining; /* bytes */
    uint64_t dirty_pages_rate;     /* pages/s, of the last closed period */
    uint64_t precopy_bytes, downtime_bytes;
    uint64_t pages_per_second;
    double mbps; /* 10^6 bit/s */
    struct record_counters counters;
    uint64_t cpu_throttle_percentage; /* the highest that auto-converge came to; 0: none */
    bool xbzrle;                      /* a delta codec was on: the members below mean something */
    uint64_t xbzrle_cache_size;
    double xbzrle_cache_miss_rate, xbzrle_encoding_rate; /* of the last closed period */
    struct record_stream_bytes stream;
    struct record_cost cost;
    const struct record_iteration *iterations;
    size_t iteration_count;
    const struct record_sample *samples;
    size_t sample_count;
};

/* The setting of that key, or NULL; and its value, or NULL. Borrowed from the record. */
const struct record_setting *record_find_setting(const struct record *record, const char *key);
const char *record_setting(const struct record *record, const char *key);

/*
 * Names the run by what it depends on: a digest of all settings (the seed is separate), 32
 * hexadecimal digits. Two runs with the same digest and seed are the same run.
 */
#define RECORD_DIGEST_SIZE 33
void record_digest(const struct record_setting *settings, size_t count,
                   char text[static RECORD_DIGEST_SIZE]);

/* A copy that owns everything it points to, in one allocation: free it by free(). */
struct record *record_copy(const struct record *record);

/*
 * For sending a copy to another process of the same program: its size in bytes; and, in a block of
 * that size which holds what lay at `from` over there, pointers set right. The sender is trusted.
 */
size_t record_copy_size(const struct record *copy);
void record_moved(struct record *copy, const void *from);

#endif
