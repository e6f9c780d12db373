/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TRACE_BLOCKS_H
#define WORKLOADS_TRACE_BLOCKS_H

#include "workloads/trace_format.h"

#include <stdio.h>
#include <zstd.h>

/*
 * The lower half of the trace reader: a file as blocks at offsets, each checked and unpacked, one
 * in memory at a time. Knows nothing of what the records mean or how blocks follow each other.
 */
struct trace_blocks {
    FILE *file;
    char *name;
    uint64_t file_bytes, seed, header_bytes;
    struct trace_header header;

    uint64_t loaded; /* offset of the block in memory; 0 if there is none */
    struct trace_block block;
    uint8_t *raw; /* its records, block.raw_bytes */

    uint8_t *stored;
    size_t stored_capacity, raw_capacity;
    ZSTD_DCtx *zstd;
};

enum trace_load {
    TRACE_LOAD_BLOCK,   /* it is in memory */
    TRACE_LOAD_TRAILER, /* the trailer is there instead */
    TRACE_LOAD_CUT,     /* the file ends within the block, or before it */
    TRACE_LOAD_FAILED,  /* damaged or not readable: error is set */
};

/* Takes over `stream` and reads the header. False on error; close it in any case. */
bool trace_blocks_open(struct trace_blocks *blocks, FILE *stream, const char *name,
                       struct error *error);
void trace_blocks_close(struct trace_blocks *blocks);

enum trace_load trace_blocks_load(struct trace_blocks *blocks, uint64_t offset,
                                  struct error *error);

/* The trailer at `offset`. */
bool trace_blocks_trailer(struct trace_blocks *blocks, uint64_t offset,
                          struct trace_trailer *ret_trailer, struct error *error);

/* "FILE: damaged at byte OFFSET: what". Always false. */
bool trace_blocks_damaged(const struct trace_blocks *blocks, uint64_t offset, const char *what,
                          struct error *error);

#endif
