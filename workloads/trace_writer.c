/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/trace_writer.h"

#include "base/bytes.h"
#include "codec/xbzrle.h"
#include "codec/zero_page.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define BLOCK_FILL   (1u << 20)
#define BLOCK_AGE_NS 2000000000
/*
 * No snapshot is taken while a block is packed. Measured on a recording of perl's hash tables:
 * level 3 packs 90 MB of records a second; 9 packs 35 and gains 8 % in size; 1 packs 200 and loses
 * 8 %.
 */
#define ZSTD_LEVEL 3
/* Entries of the index that go into one block. */
#define INDEX_STEP 32768u

struct trace_writer {
    int fd;
    char *file;
    uint64_t seed;
    uint64_t offset; /* bytes in the file */
    ZSTD_CCtx *zstd;

    uint8_t *raw; /* records of the block at hand, TRACE_RAW_MAX */
    size_t used;
    struct trace_block block;
    struct trace_entry entry; /* of that block */
    uint8_t *stored;          /* header and stored bytes of a block on its way out */
    size_t stored_capacity;

    struct trace_part part;   /* the open part; its tag is 0 if none is open */
    size_t part_at;           /* where it lies in raw */
    struct trace_epoch epoch; /* the one at hand, or the last */
    bool in_epoch, begun;     /* begun: there was an epoch */
    uint32_t lowest_page;     /* the next change's page is at least this */
    uint32_t pages;

    struct trace_entry *entries;
    size_t entry_count, entry_capacity;
};

static bool write_all(struct trace_writer *writer, const uint8_t *bytes, size_t size,
                      struct error *error)
{
    while (size > 0) {
        ssize_t n = write(writer->fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(error, "%s: cannot write: %s", writer->file,
                             n < 0 ? strerror(errno) : "nothing taken");
        bytes += n;
        size -= (size_t)n;
        writer->offset += (uint64_t)n;
    }
    return true;
}

static void block_open(struct trace_writer *writer)
{
    writer->used = 0;
    writer->block.begin_ns = writer->in_epoch ? writer->epoch.begin_ns : writer->epoch.end_ns;
    writer->entry.first_epoch = TRACE_NO_EPOCH;
    writer->entry.begin_ns = writer->block.begin_ns;
}

struct trace_writer *trace_writer_create(const char *file, const struct trace_header *header,
                                         struct error *error)
{
    uint8_t bytes[TRACE_HEADER_BYTES_MAX];
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_set(error, "%s: cannot create: %s", file, strerror(errno));
        return NULL;
    }
    struct trace_writer *writer = must_alloc(1, sizeof *writer, "a trace writer");
    writer->fd = fd;
    writer->file = must_copy(file, "a file name");
    writer->zstd = ZSTD_createCCtx();
    assert(writer->zstd);
    writer->raw = must_alloc(1, TRACE_RAW_MAX, "a block of a trace");
    writer->stored_capacity = TRACE_BLOCK_SIZE + ZSTD_compressBound(TRACE_RAW_MAX);
    writer->stored = must_alloc(1, writer->stored_capacity, "a packed block of a trace");
    writer->block.kind = TRACE_DATA;
    block_open(writer);
    size_t size = trace_header_pack(header, bytes, &writer->seed);
    if (!write_all(writer, bytes, size, error)) {
        trace_writer_destroy(writer);
        return NULL;
    }
    return writer;
}

void trace_writer_destroy(struct trace_writer *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0)
        close(writer->fd);
    ZSTD_freeCCtx(writer->zstd);
    free(writer->file);
    free(writer->raw);
    free(writer->stored);
    free(writer->entries);
    free(writer);
}

/* Packs the records at hand and writes the block. */
static bool block_write(struct trace_writer *writer, struct error *error)
{
    struct trace_block *block = &writer->block;
    uint8_t *stored = writer->stored + TRACE_BLOCK_SIZE;
    size_t packed =
        ZSTD_compressCCtx(writer->zstd, stored, writer->stored_capacity - TRACE_BLOCK_SIZE,
                          writer->raw, writer->used, ZSTD_LEVEL);
    assert(!ZSTD_isError(packed));
    if (packed >= writer->used) {
        memcpy(stored, writer->raw, writer->used);
        packed = writer->used;
    }
    block->raw_bytes = (uint32_t)writer->used;
    block->stored_bytes = (uint32_t)packed;
    block->pages = writer->pages;
    trace_block_seal(block, stored, writer->seed, writer->stored);
    uint64_t offset = writer->offset;
    if (!write_all(writer, writer->stored, TRACE_BLOCK_SIZE + packed, error))
        return false;
    block->number++;
    if (block->kind == TRACE_INDEX)
        return true;
    if (writer->entry_count == writer->entry_capacity) {
        writer->entry_capacity = writer->entry_capacity ? 2 * writer->entry_capacity : 64;
        writer->entries = must_grow(writer->entries, writer->entry_capacity,
                                    sizeof *writer->entries, "the index of a trace");
    }
    writer->entry.offset = offset;
    writer->entry.header_sum = block->header_sum;
    writer->entries[writer->entry_count++] = writer->entry;
    return true;
}

static void part_open(struct trace_writer *writer, enum trace_tag tag, uint32_t flags)
{
    writer->part = (struct trace_part){.tag = tag, .flags = flags};
    if (tag == TRACE_TAG_EPOCH) {
        writer->part.epoch = writer->epoch;
        if (flags & TRACE_PART_FIRST && writer->entry.first_epoch == TRACE_NO_EPOCH) {
            writer->entry.first_epoch = writer->epoch.number;
            writer->entry.begin_ns = writer->epoch.begin_ns;
        }
    }
    writer->part_at = writer->used;
    writer->used += TRACE_PART_SIZE;
}

static void part_close(struct trace_writer *writer, uint32_t flags)
{
    if (!writer->part.tag)
        return;
    writer->part.flags |= flags;
    trace_part_pack(&writer->part, writer->raw + writer->part_at);
    writer->part.tag = 0;
}

/* Ends the block; an epoch that is under way goes on in the next one as a further part. */
static bool block_flush(struct trace_writer *writer, struct error *error)
{
    enum trace_tag tag = writer->part.tag;
    part_close(writer, tag == TRACE_TAG_IMAGE ? TRACE_PART_LAST : 0);
    if (writer->used > 0 && !block_write(writer, error))
        return false;
    block_open(writer);
    if (tag)
        part_open(writer, tag, tag == TRACE_TAG_IMAGE ? TRACE_PART_FIRST : 0);
    return true;
}

bool trace_writer_place(struct trace_writer *writer, const struct trace_place *place,
                        struct error *error)
{
    size_t length = strlen(place->name);
    assert(!writer->in_epoch);
    assert(place->pages <= TRACE_PAGES_MAX && place->first_page <= TRACE_PAGES_MAX - place->pages);
    assert(trace_text_ok(place->name, length));
    part_close(writer, TRACE_PART_LAST);
    if (writer->used >= BLOCK_FILL && !block_flush(writer, error))
        return false;
    trace_place_pack(place, writer->raw + writer->used);
    memcpy(writer->raw + writer->used + TRACE_PLACE_SIZE, place->name, length);
    writer->used += TRACE_PLACE_SIZE + length;
    if (writer->pages < place->first_page + place->pages)
        writer->pages = place->first_page + place->pages;
    return true;
}

static bool put_change(struct trace_writer *writer, const struct trace_change *change,
                       struct error *error)
{
    assert(change->page_no >= writer->lowest_page && change->page_no < TRACE_PAGES_MAX);
    if (writer->used >= BLOCK_FILL && !block_flush(writer, error))
        return false;
    trace_change_pack(change, writer->raw + writer->used);
    if (change->size)
        memcpy(writer->raw + writer->used + TRACE_CHANGE_SIZE, change->bytes, change->size);
    writer->used += TRACE_CHANGE_SIZE + change->size;
    writer->part.count++;
    writer->lowest_page = change->page_no + 1;
    if (writer->pages < writer->lowest_page)
        writer->pages = writer->lowest_page;
    return true;
}

bool trace_writer_image(struct trace_writer *writer, uint32_t page_no,
                        const uint8_t bytes[static PAGE_SIZE], struct error *error)
{
    assert(!writer->begun);
    if (zero_page(bytes, PAGE_SIZE)) {
        if (writer->pages <= page_no)
            writer->pages = page_no + 1;
        return true;
    }
    if (!writer->part.tag)
        part_open(writer, TRACE_TAG_IMAGE, TRACE_PART_FIRST);
    struct trace_change change = {page_no, TRACE_WHOLE, PAGE_SIZE, bytes};
    return put_change(writer, &change, error);
}

bool trace_writer_epoch_begin(struct trace_writer *writer, int64_t end_ns, struct error *error)
{
    assert(!writer->in_epoch && end_ns >= writer->epoch.end_ns);
    part_close(writer, TRACE_PART_LAST);
    if (writer->used >= BLOCK_FILL && !block_flush(writer, error))
        return false;
    writer->epoch.number += writer->begun;
    writer->epoch.begin_ns = writer->epoch.end_ns;
    writer->epoch.end_ns = end_ns;
    writer->in_epoch = writer->begun = true;
    writer->lowest_page = 0;
    part_open(writer, TRACE_TAG_EPOCH, TRACE_PART_FIRST);
    return true;
}

bool trace_writer_change(struct trace_writer *writer, uint32_t page_no,
                         const uint8_t old_bytes[static PAGE_SIZE],
                         const uint8_t new_bytes[static PAGE_SIZE], struct error *error)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint8_t xor [PAGE_SIZE], delta[PAGE_SIZE];
    struct trace_change change = {.page_no = page_no};
    size_t size = 0;

    assert(writer->in_epoch);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        xor[i] = old_bytes[i] ^ new_bytes[i];
    switch (xbzrle_encode(zeros, xor, PAGE_SIZE, delta, sizeof delta, &size)) {
    case ENCODE_UNCHANGED:
        change.form = TRACE_REWRITTEN;
        break;
    case ENCODE_DELTA:
        change.form = TRACE_DELTA, change.bytes = delta, change.size = (uint32_t)size;
        break;
    case ENCODE_OVERFLOW:
        change.form = TRACE_WHOLE, change.bytes = xor, change.size = PAGE_SIZE;
        break;
    }
    return put_change(writer, &change, error);
}

bool trace_writer_epoch_end(struct trace_writer *writer, struct error *error)
{
    assert(writer->in_epoch);
    part_close(writer, TRACE_PART_LAST);
    writer->in_epoch = false;
    if (writer->epoch.end_ns - writer->block.begin_ns < BLOCK_AGE_NS)
        return true;
    return block_flush(writer, error);
}

static bool write_index(struct trace_writer *writer, struct error *error)
{
    writer->block.kind = TRACE_INDEX;
    writer->block.begin_ns = writer->epoch.end_ns;
    for (size_t i = 0; i < writer->entry_count;) {
        writer->used = 0;
        for (; i < writer->entry_count && writer->used < INDEX_STEP * TRACE_ENTRY_SIZE; i++) {
            trace_entry_pack(&writer->entries[i], writer->raw + writer->used);
            writer->used += TRACE_ENTRY_SIZE;
        }
        if (!block_write(writer, error))
            return false;
    }
    return true;
}

bool trace_writer_finish(struct trace_writer *writer, struct error *error)
{
    uint8_t bytes[TRACE_TRAILER_SIZE];
    assert(!writer->in_epoch);
    part_close(writer, TRACE_PART_LAST);
    if (!block_flush(writer, error))
        return false;
    struct trace_trailer trailer = {
        .index_offset = writer->offset,
        .epochs = writer->epoch.number + writer->begun,
        .end_ns = writer->epoch.end_ns,
    };
    if (!write_index(writer, error))
        return false;
    trace_trailer_pack(&trailer, writer->seed, bytes);
    if (!write_all(writer, bytes, sizeof bytes, error))
        return false;
    /* A pipe or a terminal has no disk to wait for: EINVAL, EROFS. */
    if (fsync(writer->fd) != 0 && errno != EINVAL && errno != EROFS)
        return error_set(error, "%s: cannot write: %s", writer->file, strerror(errno));
    int fd = writer->fd;
    writer->fd = -1;
    if (close(fd) != 0)
        return error_set(error, "%s: cannot write: %s", writer->file, strerror(errno));
    return true;
}

uint64_t trace_writer_bytes(const struct trace_writer *writer)
{
    return writer->offset;
}
