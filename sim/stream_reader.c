/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "codec/xbrle.h"
#include "sim/stream.h"
#include "sim/stream_reader_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t *stream_want(struct input *input, size_t size)
{
    if (input->short_of || input->left < size) {
        input->short_of = true;
        return NULL;
    }
    const uint8_t *at = input->bytes;
    input->bytes += size, input->left -= size;
    return at;
}

bool stream_bad(const struct stream_reader *reader, struct error *error, const char *what)
{
    return error_set(error, "stream, byte %" PRIu64 ": %s", reader->offset, what);
}

struct stream_reader *stream_reader_create(const struct stream_events *events,
                                           enum stream_dialect dialect)
{
    struct stream_reader *reader = must_alloc(1, sizeof *reader, "a stream reader");
    reader->events = *events;
    reader->dialect = dialect;
    return reader;
}

void stream_reader_destroy(struct stream_reader *reader)
{
    if (!reader)
        return;
    free(reader->blocks);
    free(reader);
}

void stream_reader_watch(struct stream_reader *reader,
                         void (*section)(void *context, const struct stream_section *section),
                         void *context)
{
    reader->watch = section;
    reader->watch_context = context;
}

bool stream_reader_ended(const struct stream_reader *reader)
{
    return reader->ram_complete;
}

struct stream_tally stream_reader_tally(const struct stream_reader *reader)
{
    return reader->tally;
}

const char *stream_reader_machine(const struct stream_reader *reader)
{
    return reader->machine;
}

static bool read_file(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *head = stream_want(input, 8);
    if (!head)
        return true;
    if (bytes_get_be32(head) != STREAM_MAGIC)
        return stream_bad(reader, error, "no migration stream: it does not begin with QEVM");
    if (bytes_get_be32(head + 4) != STREAM_VERSION)
        return stream_bad(reader, error, "unknown version: 3 is allowed");
    reader->kind = &reader->tally.bytes.file_header;
    reader->state = AT_SECTION;
    return true;
}

static void begin_section(struct stream_reader *reader, uint8_t type)
{
    reader->section = (struct stream_section){type, reader->offset, reader->tally};
    reader->state = AT_RECORD;
}

static bool read_start(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *id = stream_want(input, 4), *length = stream_want(input, 1);
    const uint8_t *name = length ? stream_want(input, *length) : NULL,
                  *version = stream_want(input, 8);
    if (!version)
        return true;
    if (*length != 3 || memcmp(name, "ram", 3) != 0)
        return stream_bad(reader, error, "a section other than ram that iterates: not supported");
    if (reader->block_count)
        return stream_bad(reader, error, "RAM is started twice");
    reader->section_id = bytes_get_be32(id);
    begin_section(reader, SECTION_START);
    return true;
}

static bool read_section(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *type = stream_want(input, 1), *id;
    if (!type)
        return true;
    reader->kind = &reader->tally.bytes.file_header;
    if ((*type == SECTION_CONFIGURATION || *type == SECTION_SUBSECTION) && reader->block_count)
        return stream_bad(reader, error, "a configuration behind the list of RAM blocks");
    switch (*type) {
    case SECTION_CONFIGURATION:
        return stream_read_configuration(reader, input, error);
    case SECTION_SUBSECTION:
        return stream_read_subsection(reader, input, error);
    case SECTION_COMMAND:
        return stream_read_command(reader, input, error);
    case SECTION_START:
        reader->kind = &reader->tally.bytes.setup;
        return read_start(reader, input, error);
    case SECTION_PART:
    case SECTION_END:
        reader->kind = &reader->tally.bytes.framing;
        id = stream_want(input, 4);
        if (!id)
            return true;
        if (bytes_get_be32(id) != reader->section_id || !reader->block_count)
            return stream_bad(reader, error, "a section that was not started");
        if (reader->ram_complete)
            return stream_bad(reader, error, "RAM goes on behind its end");
        begin_section(reader, *type);
        return true;
    case SECTION_FULL:
    case SECTION_EOF:
    case SECTION_DESCRIPTION:
        if (!reader->ram_complete)
            return stream_bad(reader, error, "devices before the end of RAM");
        reader->kind = &reader->tally.bytes.device;
        reader->state = AT_END;
        return true;
    default:
        return stream_bad(reader, error, "unknown section type");
    }
}

/* The block of a page record: the last one, or that of the name which follows. */
static bool read_block(struct stream_reader *reader, struct input *input, uint64_t flags,
                       unsigned *ret_block, struct error *error)
{
    if (flags & RECORD_CONTINUE) {
        *ret_block = reader->last_block;
        return reader->any_record ||
               stream_bad(reader, error, "the first page record names no RAM block");
    }
    const uint8_t *length = stream_want(input, 1),
                  *name = length ? stream_want(input, *length) : NULL;
    if (!name)
        return true;
    reader->name_bytes = 1u + *length;
    for (unsigned i = 0; i < reader->block_count; i++) {
        if (strlen(reader->blocks[i].name) == *length &&
            !memcmp(reader->blocks[i].name, name, *length)) {
            *ret_block = i;
            return true;
        }
    }
    return stream_bad(reader, error, "a page of a RAM block that was not announced");
}

static bool read_delta(struct stream_reader *reader, struct input *input, unsigned block,
                       uint64_t page, struct error *error)
{
    size_t size;
    if (reader->dialect == DIALECT_V5) {
        const uint8_t *head = stream_want(input, XBRLE_HEADER_SIZE);
        if (!head)
            return true;
        size = xbrle_header_get(head).length;
    } else {
        const uint8_t *head = stream_want(input, 3);
        if (!head)
            return true;
        if (head[0] != XBZRLE_RECORD_FLAGS)
            return stream_bad(reader, error, "a delta in an unknown coding");
        size = bytes_get_be16(head + 1);
    }
    if (size > PAGE_SIZE)
        return stream_bad(reader, error, "a delta longer than a page");
    const uint8_t *delta = stream_want(input, size);
    return !delta || reader->events.delta(reader->events.context, block, page, delta, size, error);
}

static bool read_page(struct stream_reader *reader, struct input *input, uint64_t head,
                      struct error *error)
{
    unsigned block = 0;
    uint64_t flag = head & RECORD_FLAGS & ~(uint64_t)RECORD_CONTINUE, page = head / PAGE_SIZE;
    const uint8_t *bytes;
    if (flag == RECORD_ZLIB || flag == RECORD_MULTIFD)
        return stream_bad(reader, error, "pages of 'compress' or 'multifd' are not supported");
    if (flag != RECORD_ZERO && flag != RECORD_PAGE && flag != RECORD_XBZRLE)
        return stream_bad(reader, error, "unknown flags of a page record");
    if (reader->section.type == SECTION_START)
        return stream_bad(reader, error, "a page inside the START section");
    if (!read_block(reader, input, head, &block, error))
        return false;
    if (input->short_of)
        return true;
    if (page >= reader->blocks[block].pages)
        return stream_bad(reader, error, "a page behind the end of its RAM block");
    bool ok = true;
    struct stream_tally *tally = &reader->tally;
    uint64_t *records;
    if (flag == RECORD_XBZRLE) {
        reader->kind = &tally->bytes.delta, records = &tally->delta;
        ok = read_delta(reader, input, block, page, error);
    } else if (flag == RECORD_ZERO) {
        reader->kind = &tally->bytes.zero, records = &tally->duplicate;
        bytes = stream_want(input, 1);
        ok = !bytes || reader->events.zero(reader->events.context, block, page, *bytes, error);
    } else {
        reader->kind = &tally->bytes.normal, records = &tally->normal;
        bytes = stream_want(input, PAGE_SIZE);
        ok = !bytes || reader->events.page(reader->events.context, block, page, bytes, error);
    }
    if (ok && !input->short_of) {
        reader->last_block = block, reader->any_record = true;
        ++*records;
    }
    return ok;
}

static bool read_record(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *bytes = stream_want(input, 8);
    if (!bytes)
        return true;
    uint64_t head = bytes_get_be64(bytes), flags = head & RECORD_FLAGS;
    uint8_t type = reader->section.type;
    struct record_stream_bytes *kinds = &reader->tally.bytes;
    reader->kind = type == SECTION_START  ? &kinds->setup
                   : type == SECTION_PART ? &kinds->part_eos
                                          : &kinds->framing;
    if (flags == RECORD_MEMORY_SIZE)
        return stream_read_memory_size(reader, head - flags, error);
    if (flags != RECORD_EOS)
        return read_page(reader, input, head, error);
    if (type == SECTION_END)
        reader->ram_complete = true;
    reader->state = AT_FOOTER;
    return true;
}

static bool read_footer(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *footer = stream_want(input, 5);
    if (!footer)
        return true;
    if (footer[0] != SECTION_FOOTER || bytes_get_be32(footer + 1) != reader->section_id)
        return stream_bad(reader, error, "no section footer where one must be");
    reader->kind = reader->section.type == SECTION_START ? &reader->tally.bytes.setup
                                                         : &reader->tally.bytes.framing;
    reader->state = AT_SECTION;
    reader->section_over = true;
    return true;
}

static bool read_item(struct stream_reader *reader, struct input *input, struct error *error)
{
    switch (reader->state) {
    case AT_FILE:
        return read_file(reader, input, error);
    case AT_SECTION:
        return read_section(reader, input, error);
    case AT_CAPABILITY:
        stream_read_capability(reader, input);
        return true;
    case AT_RECORD:
        return read_record(reader, input, error);
    case AT_LIST:
        return stream_read_list(reader, input, error);
    case AT_FOOTER:
        return read_footer(reader, input, error);
    case AT_END:
        break;
    }
    return true;
}

/* What came in the section is what there is now less what there was. */
static void report_section(struct stream_reader *reader)
{
    struct stream_section *section = &reader->section;
    const struct stream_tally *now = &reader->tally;
    struct stream_tally *part = &section->tally;
    part->normal = now->normal - part->normal;
    part->duplicate = now->duplicate - part->duplicate;
    part->delta = now->delta - part->delta;
    part->bytes = (struct record_stream_bytes){
        .setup = now->bytes.setup - part->bytes.setup,
        .framing = now->bytes.framing - part->bytes.framing,
        .zero = now->bytes.zero - part->bytes.zero,
        .normal = now->bytes.normal - part->bytes.normal,
        .delta = now->bytes.delta - part->bytes.delta,
        .name = now->bytes.name - part->bytes.name,
        .part_eos = now->bytes.part_eos - part->bytes.part_eos,
    };
    reader->section_over = false;
    if (reader->watch)
        reader->watch(reader->watch_context, section);
}

/* Counts an item that was whole. */
static void count_item(struct stream_reader *reader, size_t size)
{
    *reader->kind += size - reader->name_bytes;
    reader->tally.bytes.name += reader->name_bytes;
    reader->offset += size;
    if (reader->section_over)
        report_section(reader);
}

/* Reads items until the input is short of one; *ret_taken is what the whole ones took. */
static bool read_items(struct stream_reader *reader, const uint8_t *bytes, size_t size,
                       size_t *ret_taken, struct error *error)
{
    struct input input = {bytes, size, false};
    *ret_taken = 0;
    while (reader->state != AT_END && input.left) {
        reader->name_bytes = 0;
        if (!read_item(reader, &input, error))
            return false;
        if (input.short_of)
            return true;
        count_item(reader, size - input.left - *ret_taken);
        *ret_taken = size - input.left;
    }
    if (reader->state == AT_END) {
        reader->tally.bytes.device += size - *ret_taken;
        *ret_taken = size;
    }
    return true;
}

bool stream_reader_feed(struct stream_reader *reader, const uint8_t *bytes, size_t size,
                        struct error *error)
{
    size_t taken;
    while (reader->carried && size) {
        size_t old = reader->carried;
        size_t more = sizeof reader->carry - old < size ? sizeof reader->carry - old : size;
        memcpy(reader->carry + old, bytes, more);
        if (!read_items(reader, reader->carry, old + more, &taken, error))
            return false;
        if (taken < old) { /* still no whole item: all of it is carried on */
            reader->carried = old + more;
            bytes += more, size -= more;
            continue;
        }
        reader->carried = 0;
        bytes += taken - old, size -= taken - old;
    }
    if (!size)
        return true;
    if (!read_items(reader, bytes, size, &taken, error))
        return false;
    reader->carried = size - taken;
    memcpy(reader->carry, bytes + taken, size - taken);
    return true;
}

bool stream_reader_feed_file(struct stream_reader *reader, const char *path, struct error *error)
{
    const size_t room = (size_t)1 << 20;
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_at(error, path, 0, "%s", strerror(errno));
    uint8_t *piece = must_alloc(room, 1, "a piece of the stream");
    size_t size;
    bool ok = true;
    while (ok && (size = fread(piece, 1, room, file)) > 0)
        ok = stream_reader_feed(reader, piece, size, error);
    if (ok && ferror(file))
        ok = error_set(error, "%s", strerror(errno));
    else if (ok && !reader->ram_complete)
        ok = error_set(error, "stream: it ends before all of RAM has come");
    fclose(file);
    free(piece);
    return ok || error_prefix(error, "%s: ", path);
}
