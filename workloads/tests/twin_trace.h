/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TESTS_TWIN_TRACE_H
#define WORKLOADS_TESTS_TWIN_TRACE_H

#include "workloads/trace_format.h"

/*
 * A trace as a plain list of everything in it: made at random, written to a file through the trace
 * writer, and replayed write by write. What reader and workload say is held against it.
 */
struct twin_change {
    uint64_t epoch;
    uint32_t page_no;
    uint8_t xor [PAGE_SIZE]; /* all 0: written with equal bytes */
};

struct twin_trace {
    struct trace_header header;
    uint32_t pages;
    uint8_t *image; /* pages * PAGE_SIZE */
    struct trace_epoch *epochs;
    uint64_t epoch_count;
    struct twin_change *changes; /* in order of epoch and page */
    size_t change_count;
};

struct twin_trace_shape {
    uint32_t pages;
    uint64_t epochs;
    int64_t span_ns;      /* of an epoch, about */
    unsigned in_thousand; /* pages that change in an epoch */
    unsigned bytes;       /* that change in a page; above half a page: all of it, at random */
    bool image, rewrites;
};

/* Release with twin_trace_release. */
void twin_trace_make(struct twin_trace *trace, const struct twin_trace_shape *shape, uint64_t seed);
void twin_trace_release(struct twin_trace *trace);

/* Writes it to the file; any failure fails the test. */
void twin_trace_write(const struct twin_trace *trace, const char *file);

/* A new file name in the folder for temporary files; a static text that the next call overwrites.
 */
const char *twin_trace_file(const char *name);

/* The whole of a file; owned by the caller, to free. */
uint8_t *twin_trace_load(const char *file, size_t *ret_size);
void twin_trace_store(const char *file, const uint8_t *bytes, size_t size);

/* Makes the checksums of a trace right again, as far as it has the form of one. */
void twin_trace_seal(uint8_t *bytes, size_t size);

#endif
