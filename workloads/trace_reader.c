/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/trace_reader.h"

#include "codec/xbzrle.h"
#include "workloads/trace_blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum stage { STAGE_DATA, STAGE_INDEX, STAGE_END, STAGE_CUT, STAGE_DAMAGED };

struct trace_reader {
    struct trace_blocks blocks;
    struct trace_mark at;
    struct trace_mark start; /* after the header */
    struct error damage;     /* what STAGE_DAMAGED repeats */
};

/* Damage at a byte of the file. Always false. */
static bool damaged(struct trace_reader *reader, uint64_t offset, const char *what)
{
    return trace_blocks_damaged(&reader->blocks, offset, what, &reader->damage);
}

/* Damage at a record of the block at hand. Always false. */
static bool damaged_record(struct trace_reader *reader, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "%s (byte %u of the %u in block %u)", what, reader->at.at,
             reader->blocks.block.raw_bytes, reader->blocks.block.number);
    return damaged(reader, reader->at.offset, text);
}

struct trace_reader *trace_reader_open_stream(FILE *stream, const char *name, struct error *error)
{
    struct trace_reader *reader = must_alloc(1, sizeof *reader, "a trace reader");
    if (!trace_blocks_open(&reader->blocks, stream, name, error)) {
        trace_reader_close(reader);
        return NULL;
    }
    reader->start = (struct trace_mark){
        .offset = reader->blocks.header_bytes,
        .chain = reader->blocks.seed,
        .index_chain = reader->blocks.seed,
        .stage = STAGE_DATA,
    };
    reader->at = reader->start;
    return reader;
}

struct trace_reader *trace_reader_open(const char *file, struct error *error)
{
    struct stat status;
    FILE *stream = fopen(file, "rbe");
    if (!stream) {
        error_set(error, "%s: cannot open: %s", file, strerror(errno));
        return NULL;
    }
    if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode)) {
        error_set(error, "%s: not a regular file", file);
        fclose(stream);
        return NULL;
    }
    return trace_reader_open_stream(stream, file, error);
}

void trace_reader_close(struct trace_reader *reader)
{
    if (!reader)
        return;
    trace_blocks_close(&reader->blocks);
    free(reader);
}

const struct trace_header *trace_reader_header(const struct trace_reader *reader)
{
    return &reader->blocks.header;
}

static bool enter_block(struct trace_reader *reader)
{
    struct trace_mark *at = &reader->at;
    const struct trace_block *block = &reader->blocks.block;
    int64_t begin_ns = at->in_epoch ? at->epoch.begin_ns : at->end_ns;
    if (block->number != at->number)
        return damaged(reader, at->offset, "a block that belongs elsewhere");
    if (block->kind == TRACE_DATA && at->stage == STAGE_INDEX)
        return damaged(reader, at->offset, "data after the index");
    if (block->kind == TRACE_INDEX && at->stage == STAGE_DATA) {
        if (at->in_epoch)
            return damaged(reader, at->offset, "the index in the middle of an epoch");
        at->stage = STAGE_INDEX;
        at->index_offset = at->offset;
    }
    if (!at->lost && (block->begin_ns != begin_ns || block->pages < at->pages))
        return damaged(reader, at->offset, "a block whose time or pages do not follow");
    at->pages = block->pages;
    at->entry =
        (struct trace_entry){at->offset, TRACE_NO_EPOCH, block->header_sum, block->begin_ns};
    at->at = 0;
    at->entered = true;
    return true;
}

static bool leave_block(struct trace_reader *reader)
{
    struct trace_mark *at = &reader->at;
    const struct trace_block *block = &reader->blocks.block;
    if (at->in_part && at->left > 0)
        return damaged_record(reader, "a part that goes beyond its block");
    if (block->kind == TRACE_DATA)
        at->chain = trace_entry_chain(at->chain, &at->entry);
    at->offset += TRACE_BLOCK_SIZE + block->stored_bytes;
    at->number++;
    at->entered = false;
    return true;
}

static bool read_index(struct trace_reader *reader)
{
    struct trace_mark *at = &reader->at;
    for (; at->at < reader->blocks.block.raw_bytes; at->at += TRACE_ENTRY_SIZE) {
        struct trace_entry entry;
        if (reader->blocks.block.raw_bytes - at->at < TRACE_ENTRY_SIZE)
            return damaged_record(reader, "half an entry of the index");
        trace_entry_unpack(reader->blocks.raw + at->at, &entry);
        at->index_chain = trace_entry_chain(at->index_chain, &entry);
    }
    return true;
}

static bool read_trailer(struct trace_reader *reader)
{
    struct trace_trailer trailer;
    struct trace_mark *at = &reader->at;
    if (!trace_blocks_trailer(&reader->blocks, at->offset, &trailer, &reader->damage))
        return false;
    if (at->offset + TRACE_TRAILER_SIZE != reader->blocks.file_bytes)
        return damaged(reader, at->offset + TRACE_TRAILER_SIZE, "bytes after the end");
    if (at->in_epoch)
        return damaged(reader, at->offset, "the end in the middle of an epoch");
    if (at->sought)
        return true;
    uint64_t index_offset = at->stage == STAGE_INDEX ? at->index_offset : at->offset;
    if (at->chain != at->index_chain)
        return damaged(reader, index_offset, "an index that does not fit the blocks");
    if (trailer.index_offset != index_offset || trailer.epochs != at->epochs ||
        trailer.end_ns != at->end_ns)
        return damaged(reader, at->offset, "a trailer that does not fit the blocks");
    return true;
}

static bool read_place(struct trace_reader *reader, struct trace_place *place)
{
    struct trace_mark *at = &reader->at;
    uint32_t left = reader->blocks.block.raw_bytes - at->at, length;
    if (left < TRACE_PLACE_SIZE)
        return damaged_record(reader, "a record that goes beyond its block");
    const char *wrong = trace_place_unpack(reader->blocks.raw + at->at, place, &length);
    if (wrong)
        return damaged_record(reader, wrong);
    if (left - TRACE_PLACE_SIZE < length)
        return damaged_record(reader, "a record that goes beyond its block");
    if (at->in_epoch || place->first_page + place->pages > at->pages)
        return damaged_record(reader, "a place inside an epoch, or beyond the trace's pages");
    memcpy(place->name, reader->blocks.raw + at->at + TRACE_PLACE_SIZE, length);
    place->name[length] = 0;
    if (!trace_text_ok(place->name, length))
        return damaged_record(reader, "control characters in a place's name");
    at->at += TRACE_PLACE_SIZE + length;
    return true;
}

/* A part that follows what was read before; *ret_begins if an epoch begins with it. */
static bool read_part(struct trace_reader *reader, bool *ret_begins)
{
    struct trace_mark *at = &reader->at;
    struct trace_part part;
    *ret_begins = false;
    if (reader->blocks.block.raw_bytes - at->at < TRACE_PART_SIZE)
        return damaged_record(reader, "a record that goes beyond its block");
    const char *wrong = trace_part_unpack(reader->blocks.raw + at->at, &part);
    if (wrong)
        return damaged_record(reader, wrong);
    if (part.tag == TRACE_TAG_IMAGE) {
        if (!reader->blocks.header.has_image || at->epochs > 0 || at->in_epoch)
            return damaged_record(reader, "an image where none may be");
    } else if (at->lost) {
        at->in_epoch = !(part.flags & TRACE_PART_FIRST);
        at->epochs = part.epoch.number;
        at->end_ns = part.epoch.begin_ns;
        at->epoch = part.epoch;
        at->lowest_page = 0;
        at->lost = false;
    }
    at->in_image = part.tag == TRACE_TAG_IMAGE;
    if (part.tag == TRACE_TAG_EPOCH && part.flags & TRACE_PART_FIRST) {
        if (at->in_epoch || part.epoch.number != at->epochs || part.epoch.begin_ns != at->end_ns)
            return damaged_record(reader, "an epoch that does not follow the one before");
        if (at->entry.first_epoch == TRACE_NO_EPOCH) {
            at->entry.first_epoch = part.epoch.number;
            at->entry.begin_ns = part.epoch.begin_ns;
        }
        at->epoch = part.epoch;
        at->lowest_page = 0;
        at->in_epoch = *ret_begins = true;
    } else if (part.tag == TRACE_TAG_EPOCH) {
        if (!at->in_epoch || part.epoch.number != at->epoch.number ||
            part.epoch.begin_ns != at->epoch.begin_ns || part.epoch.end_ns != at->epoch.end_ns)
            return damaged_record(reader, "a part that does not go on with the epoch before it");
    }
    at->at += TRACE_PART_SIZE;
    at->left = part.count;
    at->in_part = true;
    at->last_part = part.flags & TRACE_PART_LAST;
    return true;
}

static bool read_change(struct trace_reader *reader, struct trace_change *change)
{
    struct trace_mark *at = &reader->at;
    uint32_t left = reader->blocks.block.raw_bytes - at->at;
    if (left < TRACE_CHANGE_SIZE)
        return damaged_record(reader, "a part that goes beyond its block");
    const char *wrong = trace_change_unpack(reader->blocks.raw + at->at, change);
    if (wrong)
        return damaged_record(reader, wrong);
    if (left - TRACE_CHANGE_SIZE < change->size)
        return damaged_record(reader, "a part that goes beyond its block");
    if (change->page_no < at->lowest_page || change->page_no >= at->pages)
        return damaged_record(reader, "a page out of order, or beyond the trace's pages");
    if (change->form == TRACE_REWRITTEN && (at->in_image || !reader->blocks.header.has_rewrites))
        return damaged_record(reader, "a page written with equal bytes where none may be");
    change->bytes = reader->blocks.raw + at->at + TRACE_CHANGE_SIZE;
    if (change->form == TRACE_DELTA && !xbzrle_check(change->bytes, change->size, PAGE_SIZE))
        return damaged_record(reader, "a malformed XBZRLE delta");
    at->at += TRACE_CHANGE_SIZE + change->size;
    at->lowest_page = change->page_no + 1;
    at->image_pages += at->in_image;
    at->left--;
    return true;
}

/* One record of the block at hand; *ret_step is TRACE_STEP_END if it gives nothing to hand out. */
static bool read_record(struct trace_reader *reader, struct trace_item *item,
                        enum trace_step *ret_step)
{
    struct trace_mark *at = &reader->at;
    bool begins;
    *ret_step = TRACE_STEP_END;
    if (at->in_part && at->left > 0) {
        if (!read_change(reader, &item->change))
            return false;
        item->epoch = at->epoch;
        *ret_step = at->in_image ? TRACE_STEP_IMAGE : TRACE_STEP_CHANGE;
        return true;
    }
    if (reader->blocks.block.kind == TRACE_INDEX)
        return read_index(reader);
    if (reader->blocks.block.raw_bytes - at->at >= 4 &&
        reader->blocks.raw[at->at] == TRACE_TAG_PLACE && !reader->blocks.raw[at->at + 1] &&
        !reader->blocks.raw[at->at + 2] && !reader->blocks.raw[at->at + 3]) {
        *ret_step = TRACE_STEP_PLACE;
        return read_place(reader, &item->place);
    }
    if (!read_part(reader, &begins))
        return false;
    item->epoch = at->epoch;
    if (begins)
        *ret_step = TRACE_STEP_EPOCH;
    return true;
}

/* Goes to the next block, or to an end of the reading. */
static bool next_block(struct trace_reader *reader)
{
    switch (trace_blocks_load(&reader->blocks, reader->at.offset, &reader->damage)) {
    case TRACE_LOAD_BLOCK:
        return reader->at.entered || enter_block(reader);
    case TRACE_LOAD_TRAILER:
        if (!read_trailer(reader))
            return false;
        reader->at.stage = STAGE_END;
        return true;
    case TRACE_LOAD_CUT:
        reader->at.stage = STAGE_CUT;
        return true;
    case TRACE_LOAD_FAILED:
        break;
    }
    return false;
}

/* As trace_reader_next, for a reading that goes on; false if there is damage. */
static bool go_on(struct trace_reader *reader, struct trace_item *item, enum trace_step *ret_step)
{
    struct trace_mark *at = &reader->at;
    *ret_step = TRACE_STEP_END;
    while (*ret_step == TRACE_STEP_END) {
        if (at->in_part && at->left == 0) {
            at->in_part = false;
            if (!at->in_image && at->last_part) {
                at->in_epoch = false;
                at->epochs = at->epoch.number + 1;
                at->end_ns = at->epoch.end_ns;
                item->epoch = at->epoch;
                *ret_step = TRACE_STEP_EPOCH_END;
                return true;
            }
        }
        if (!at->entered || reader->blocks.loaded != at->offset) {
            if (!next_block(reader))
                return false;
            if (at->stage == STAGE_END || at->stage == STAGE_CUT)
                return true;
        }
        if (at->at == reader->blocks.block.raw_bytes) {
            if (!leave_block(reader))
                return false;
        } else if (!read_record(reader, item, ret_step)) {
            return false;
        }
    }
    return true;
}

enum trace_step trace_reader_next(struct trace_reader *reader, struct trace_item *item,
                                  struct error *error)
{
    enum trace_step step = TRACE_STEP_END;
    if (reader->at.stage == STAGE_END || reader->at.stage == STAGE_CUT)
        return TRACE_STEP_END;
    if (reader->at.stage != STAGE_DAMAGED && go_on(reader, item, &step))
        return step;
    reader->at.stage = STAGE_DAMAGED;
    *error = reader->damage;
    return TRACE_STEP_DAMAGED;
}

struct trace_extent trace_reader_extent(const struct trace_reader *reader)
{
    const struct trace_mark *at = &reader->at;
    return (struct trace_extent){
        .pages = at->pages,
        .image_pages = at->image_pages,
        .epochs = at->epochs,
        .end_ns = at->end_ns,
        .good_bytes = at->stage == STAGE_END ? reader->blocks.file_bytes : at->offset,
        .file_bytes = reader->blocks.file_bytes,
        .digest = at->chain,
        .ended = at->stage == STAGE_END || at->stage == STAGE_CUT,
        .cut = at->stage == STAGE_CUT,
        .partial = at->in_epoch,
    };
}

struct trace_mark trace_reader_mark(const struct trace_reader *reader)
{
    return reader->at;
}

void trace_reader_rewind(struct trace_reader *reader, const struct trace_mark *mark)
{
    reader->at = *mark;
}

/* The last data block that begins an epoch at or before `time_ns`; its number in *ret_number. */
static bool find_entry(struct trace_reader *reader, int64_t time_ns, struct trace_entry *ret_entry,
                       uint32_t *ret_number, bool *ret_found)
{
    struct trace_blocks *blocks = &reader->blocks;
    struct trace_trailer trailer;
    uint32_t number = 0;
    enum trace_load load;

    *ret_found = false;
    if (blocks->file_bytes < blocks->header_bytes + TRACE_TRAILER_SIZE)
        return error_set(&reader->damage, "%s: no index: cut short", blocks->name);
    uint64_t offset = blocks->file_bytes - TRACE_TRAILER_SIZE;
    if (!trace_blocks_trailer(blocks, offset, &trailer, &reader->damage))
        return error_prefix(&reader->damage, "no index, or the file is cut short: ");
    offset = trailer.index_offset;
    while ((load = trace_blocks_load(blocks, offset, &reader->damage)) == TRACE_LOAD_BLOCK) {
        if (blocks->block.kind != TRACE_INDEX)
            return damaged(reader, offset, "no index where the trailer says");
        for (size_t at = 0; at + TRACE_ENTRY_SIZE <= blocks->block.raw_bytes; number++) {
            struct trace_entry entry;
            trace_entry_unpack(blocks->raw + at, &entry);
            at += TRACE_ENTRY_SIZE;
            if (entry.first_epoch != TRACE_NO_EPOCH && entry.begin_ns <= time_ns)
                *ret_entry = entry, *ret_number = number, *ret_found = true;
        }
        offset += TRACE_BLOCK_SIZE + blocks->block.stored_bytes;
    }
    if (load == TRACE_LOAD_CUT)
        return damaged(reader, offset, "no trailer after the index");
    return load == TRACE_LOAD_TRAILER;
}

bool trace_reader_seek(struct trace_reader *reader, int64_t time_ns, struct error *error)
{
    struct trace_item item;
    struct trace_entry entry;
    uint32_t number;
    bool found;

    reader->at = reader->start;
    if (!find_entry(reader, time_ns, &entry, &number, &found)) {
        *error = reader->damage;
        return false;
    }
    if (found) {
        reader->at.offset = entry.offset;
        reader->at.number = number;
        reader->at.epochs = entry.first_epoch;
        reader->at.sought = reader->at.lost = true;
    }
    for (;;) {
        struct trace_mark mark = reader->at;
        enum trace_step step = trace_reader_next(reader, &item, error);
        if (step == TRACE_STEP_DAMAGED)
            return false;
        if (step == TRACE_STEP_END)
            return true;
        if (step == TRACE_STEP_EPOCH && item.epoch.end_ns > time_ns) {
            trace_reader_rewind(reader, &mark);
            return true;
        }
    }
}

bool trace_verify(const char *file, struct trace_header *ret_header,
                  struct trace_extent *ret_extent, struct error *error)
{
    struct trace_item item;
    enum trace_step step;
    struct trace_reader *reader = trace_reader_open(file, error);
    if (ret_extent)
        *ret_extent = (struct trace_extent){0};
    if (!reader)
        return false;
    do
        step = trace_reader_next(reader, &item, error);
    while (step != TRACE_STEP_END && step != TRACE_STEP_DAMAGED);
    if (ret_header)
        *ret_header = *trace_reader_header(reader);
    if (ret_extent)
        *ret_extent = trace_reader_extent(reader);
    trace_reader_close(reader);
    return step == TRACE_STEP_END;
}
