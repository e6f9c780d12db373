/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/trace_blocks.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool trace_blocks_damaged(const struct trace_blocks *blocks, uint64_t offset, const char *what,
                          struct error *error)
{
    return error_set(error, "%s: damaged at byte %" PRIu64 ": %s", blocks->name, offset, what);
}

static bool read_at(struct trace_blocks *blocks, uint64_t offset, uint8_t *bytes, size_t size,
                    struct error *error)
{
    if (fseeko(blocks->file, (off_t)offset, SEEK_SET) == 0 &&
        fread(bytes, 1, size, blocks->file) == size)
        return true;
    return error_set(error, "%s: cannot read at byte %" PRIu64 ": %s", blocks->name, offset,
                     ferror(blocks->file) ? strerror(errno) : "the file became shorter");
}

bool trace_blocks_open(struct trace_blocks *blocks, FILE *stream, const char *name,
                       struct error *error)
{
    uint8_t bytes[TRACE_HEADER_BYTES_MAX];
    size_t size = 0;
    *blocks = (struct trace_blocks){.file = stream, .name = must_copy(name, "a file name")};
    off_t end = fseeko(stream, 0, SEEK_END) == 0 ? ftello(stream) : -1;
    if (end < 0)
        return error_set(error, "%s: cannot read: %s", name, strerror(errno));
    blocks->file_bytes = (uint64_t)end;
    size_t have = end < (off_t)sizeof bytes ? (size_t)end : sizeof bytes;
    if (!read_at(blocks, 0, bytes, have, error))
        return false;
    const char *wrong = trace_header_unpack(bytes, have, &blocks->header, &size, &blocks->seed);
    if (wrong)
        return error_set(error, "%s: %s", name, wrong);
    blocks->header_bytes = size;
    blocks->zstd = ZSTD_createDCtx();
    assert(blocks->zstd);
    return true;
}

void trace_blocks_close(struct trace_blocks *blocks)
{
    fclose(blocks->file);
    ZSTD_freeDCtx(blocks->zstd);
    free(blocks->name);
    free(blocks->stored);
    free(blocks->raw);
}

static void make_room(uint8_t **buffer, size_t *capacity, size_t size)
{
    if (*capacity >= size)
        return;
    free(*buffer);
    *buffer = must_alloc(1, size, "a block of a trace");
    *capacity = size;
}

static bool unpack_records(struct trace_blocks *blocks)
{
    const struct trace_block *block = &blocks->block;
    make_room(&blocks->raw, &blocks->raw_capacity, block->raw_bytes);
    if (block->stored_bytes == block->raw_bytes) {
        memcpy(blocks->raw, blocks->stored, block->raw_bytes);
        return true;
    }
    size_t size = ZSTD_decompressDCtx(blocks->zstd, blocks->raw, block->raw_bytes, blocks->stored,
                                      block->stored_bytes);
    return !ZSTD_isError(size) && size == block->raw_bytes;
}

/* The block whose header is `bytes`; `left` bytes of the file follow that. */
static enum trace_load load_block(struct trace_blocks *blocks, uint64_t offset,
                                  const uint8_t bytes[static TRACE_BLOCK_SIZE], uint64_t left,
                                  struct error *error)
{
    struct trace_block *block = &blocks->block;
    const char *wrong = trace_block_unpack(bytes, blocks->seed, block);
    if (!wrong && block->stored_bytes > left)
        return TRACE_LOAD_CUT;
    if (!wrong) {
        make_room(&blocks->stored, &blocks->stored_capacity, block->stored_bytes);
        if (!read_at(blocks, offset + TRACE_BLOCK_SIZE, blocks->stored, block->stored_bytes, error))
            return TRACE_LOAD_FAILED;
        if (!trace_block_stored_ok(block, blocks->stored, blocks->seed))
            wrong = "bad checksum of a block";
        else if (!unpack_records(blocks))
            wrong = "a block that does not unpack to what its header says";
    }
    if (wrong) {
        trace_blocks_damaged(blocks, offset, wrong, error);
        return TRACE_LOAD_FAILED;
    }
    blocks->loaded = offset;
    return TRACE_LOAD_BLOCK;
}

enum trace_load trace_blocks_load(struct trace_blocks *blocks, uint64_t offset, struct error *error)
{
    uint8_t bytes[TRACE_BLOCK_SIZE];
    if (blocks->loaded && blocks->loaded == offset)
        return TRACE_LOAD_BLOCK;
    uint64_t left = offset < blocks->file_bytes ? blocks->file_bytes - offset : 0;
    if (left < TRACE_TRAILER_SIZE)
        return TRACE_LOAD_CUT;
    size_t have = left < sizeof bytes ? (size_t)left : sizeof bytes;
    if (!read_at(blocks, offset, bytes, have, error))
        return TRACE_LOAD_FAILED;
    if (!memcmp(bytes, TRACE_TRAILER_MAGIC, 8))
        return TRACE_LOAD_TRAILER;
    if (have < sizeof bytes) {
        /* A cut leaves the beginning of a block; anything else was a trailer once. */
        if (!memcmp(bytes, TRACE_BLOCK_MAGIC, 4))
            return TRACE_LOAD_CUT;
        trace_blocks_damaged(blocks, offset, "neither a block nor the trailer begins here", error);
        return TRACE_LOAD_FAILED;
    }
    blocks->loaded = 0;
    return load_block(blocks, offset, bytes, left - sizeof bytes, error);
}

bool trace_blocks_trailer(struct trace_blocks *blocks, uint64_t offset,
                          struct trace_trailer *ret_trailer, struct error *error)
{
    uint8_t bytes[TRACE_TRAILER_SIZE];
    if (!read_at(blocks, offset, bytes, sizeof bytes, error))
        return false;
    const char *wrong = trace_trailer_unpack(bytes, blocks->seed, ret_trailer);
    return !wrong || trace_blocks_damaged(blocks, offset, wrong, error);
}
