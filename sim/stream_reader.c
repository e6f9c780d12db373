/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stream_reader.h"

#include "base/bytes.h"
#include "codec/xbrle.h"
#include "sim/stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX     1024u
#define NAME_MAX_BYTES 256u
#define RECORD_MAX     (8 + NAME_MAX_BYTES + 8 + 2 * PAGE_SIZE) /* the longest item, amply */
#define COMMAND_MAX    1024u /* QEMU's longest is a list of 12 ranges to discard */

enum state { AT_FILE, AT_SECTION, AT_CAPABILITY, AT_RECORD, AT_LIST, AT_FOOTER, AT_END };

struct block {
    char name[NAME_MAX_BYTES];
    uint64_t pages;
};

struct stream_reader {
    struct stream_events events;
    enum stream_dialect dialect;
    enum state state;
    uint64_t offset; /* in the stream, of the item in hand */
    uint32_t section_id;
    uint64_t list_bytes; /* of the blocks still to be announced */
    uint32_t capabilities_left;
    bool ignores_shared; /* each block in the list has its address as well */
    char machine[NAME_MAX_BYTES + 1];
    struct block *blocks;
    unsigned block_count, last_block;
    bool any_record, ram_complete;
    struct stream_tally tally;
    uint64_t *kind;    /* in the tally: where the bytes of the item in hand belong, */
    size_t name_bytes; /* but for these, which are a block's name */
    struct stream_section section;
    bool section_over; /* with this item */
    void (*watch)(void *context, const struct stream_section *section);
    void *watch_context;
    uint8_t carry[RECORD_MAX]; /* the begin of an item whose end has not come yet */
    size_t carried;
};

/* A piece of input; every read says first how much it wants. */
struct input {
    const uint8_t *bytes;
    size_t left;
    bool short_of; /* more was wanted than is there */
};

static const uint8_t *want(struct input *input, size_t size)
{
    if (input->short_of || input->left < size) {
        input->short_of = true;
        return NULL;
    }
    const uint8_t *at = input->bytes;
    input->bytes += size, input->left -= size;
    return at;
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

const char *stream_reader_block_name(const struct stream_reader *reader, unsigned block)
{
    return reader->blocks[block].name;
}

static bool bad(const struct stream_reader *reader, struct error *error, const char *what)
{
    return error_set(error, "stream, byte %" PRIu64 ": %s", reader->offset, what);
}

/* Each reader of an item: true with input->short_of means "more bytes, please". */

static bool read_file(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *head = want(input, 8);
    if (!head)
        return true;
    if (bytes_get_be32(head) != STREAM_MAGIC)
        return bad(reader, error, "no migration stream: it does not begin with QEVM");
    if (bytes_get_be32(head + 4) != STREAM_VERSION)
        return bad(reader, error, "unknown version: 3 is allowed");
    reader->kind = &reader->tally.bytes.file_header;
    reader->state = AT_SECTION;
    return true;
}

static bool read_configuration(struct stream_reader *reader, struct input *input,
                               struct error *error)
{
    const uint8_t *length = want(input, 4);
    if (!length)
        return true;
    uint32_t size = bytes_get_be32(length);
    if (size > NAME_MAX_BYTES)
        return bad(reader, error, "machine name longer than 256 bytes");
    const uint8_t *name = want(input, size);
    if (name) {
        memcpy(reader->machine, name, size);
        reader->machine[size] = 0;
    }
    return true;
}

/* Of the configuration: what the migration was set to, as far as the destination must agree. */
static bool read_subsection(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *length = want(input, 1), *name = length ? want(input, *length) : NULL;
    const uint8_t *version = want(input, 4), *value;
    if (!version)
        return true;
    size_t size = *length;
    if (size == 26 && !memcmp(name, "configuration/capabilities", size)) {
        if (!(value = want(input, 4)))
            return true;
        reader->capabilities_left = bytes_get_be32(value);
        if (reader->capabilities_left)
            reader->state = AT_CAPABILITY;
        return true;
    }
    if (size == 30 && !memcmp(name, "configuration/target-page-bits", size)) {
        value = want(input, 4);
        return !value || 1u << (bytes_get_be32(value) & 31) == PAGE_SIZE ||
               bad(reader, error, "pages of another size than 4096 bytes: not supported");
    }
    if (size == 18 && !memcmp(name, "configuration/uuid", size)) {
        want(input, 16);
        return true;
    }
    return bad(reader, error, "an unknown part of the configuration");
}

static void read_capability(struct stream_reader *reader, struct input *input)
{
    const uint8_t *length = want(input, 1), *name = length ? want(input, *length) : NULL;
    if (!name)
        return;
    if (*length == 15 && !memcmp(name, "x-ignore-shared", *length))
        reader->ignores_shared = true;
    if (--reader->capabilities_left == 0)
        reader->state = AT_SECTION;
}

/* Commands arrange things between source and destination; RAM is none of them, but for postcopy. */
static bool read_command(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *head = want(input, 4);
    if (!head)
        return true;
    if (bytes_get_be16(head) == COMMAND_PACKAGED || bytes_get_be16(head + 2) > COMMAND_MAX)
        return bad(reader, error, "a command that is not supported (postcopy has begun?)");
    want(input, bytes_get_be16(head + 2));
    return true;
}

static void begin_section(struct stream_reader *reader, uint8_t type)
{
    reader->section = (struct stream_section){type, reader->offset, reader->tally};
    reader->state = AT_RECORD;
}

static bool read_start(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *id = want(input, 4), *length = want(input, 1);
    const uint8_t *name = length ? want(input, *length) : NULL, *version = want(input, 8);
    if (!version)
        return true;
    if (*length != 3 || memcmp(name, "ram", 3) != 0)
        return bad(reader, error, "a section other than ram that iterates: not supported");
    if (reader->block_count)
        return bad(reader, error, "RAM is started twice");
    reader->section_id = bytes_get_be32(id);
    begin_section(reader, SECTION_START);
    return true;
}

static bool read_section(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *type = want(input, 1), *id;
    if (!type)
        return true;
    reader->kind = &reader->tally.bytes.file_header;
    switch (*type) {
    case SECTION_CONFIGURATION:
        return read_configuration(reader, input, error);
    case SECTION_SUBSECTION:
        return read_subsection(reader, input, error);
    case SECTION_COMMAND:
        return read_command(reader, input, error);
    case SECTION_START:
        reader->kind = &reader->tally.bytes.setup;
        return read_start(reader, input, error);
    case SECTION_PART:
    case SECTION_END:
        reader->kind = &reader->tally.bytes.framing;
        id = want(input, 4);
        if (!id)
            return true;
        if (bytes_get_be32(id) != reader->section_id || !reader->block_count)
            return bad(reader, error, "a section that was not started");
        if (reader->ram_complete)
            return bad(reader, error, "RAM goes on behind its end");
        begin_section(reader, *type);
        return true;
    case SECTION_FULL:
    case SECTION_EOF:
    case SECTION_DESCRIPTION:
        if (!reader->ram_complete)
            return bad(reader, error, "devices before the end of RAM");
        reader->kind = &reader->tally.bytes.device;
        reader->state = AT_END;
        return true;
    default:
        return bad(reader, error, "unknown section type");
    }
}

static bool read_list(struct stream_reader *reader, struct input *input, struct error *error)
{
    char name[NAME_MAX_BYTES];
    const uint8_t *length = want(input, 1), *text = length ? want(input, *length) : NULL;
    const uint8_t *bytes = want(input, 8);
    if (reader->ignores_shared)
        want(input, 8);
    reader->kind = &reader->tally.bytes.setup;
    if (input->short_of)
        return true;
    uint64_t size = bytes_get_be64(bytes);
    if (size % PAGE_SIZE || size > reader->list_bytes || !size)
        return bad(reader, error, "size of a RAM block does not fit the list");
    if (reader->block_count == BLOCKS_MAX)
        return bad(reader, error, "more than 1024 RAM blocks");
    memcpy(name, text, *length);
    name[*length] = 0;
    reader->blocks =
        must_grow(reader->blocks, reader->block_count + 1, sizeof *reader->blocks, "RAM blocks");
    struct block *block = &reader->blocks[reader->block_count++];
    memcpy(block->name, name, sizeof name);
    block->pages = size / PAGE_SIZE;
    reader->list_bytes -= size;
    if (reader->list_bytes == 0)
        reader->state = AT_RECORD;
    return reader->events.block(reader->events.context, name, size, error);
}

static bool read_memory_size(struct stream_reader *reader, uint64_t bytes, struct error *error)
{
    if (reader->section.type != SECTION_START || reader->block_count)
        return bad(reader, error, "a list of blocks outside the START section");
    if (!bytes)
        return bad(reader, error, "an empty list of blocks");
    reader->list_bytes = bytes;
    reader->state = AT_LIST;
    return true;
}

/* The block of a page record: the last one, or that of the name which follows. */
static bool read_block(struct stream_reader *reader, struct input *input, uint64_t flags,
                       unsigned *ret_block, struct error *error)
{
    if (flags & RECORD_CONTINUE) {
        *ret_block = reader->last_block;
        return reader->any_record || bad(reader, error, "the first page record names no RAM block");
    }
    const uint8_t *length = want(input, 1), *name = length ? want(input, *length) : NULL;
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
    return bad(reader, error, "a page of a RAM block that was not announced");
}

static bool read_delta(struct stream_reader *reader, struct input *input, unsigned block,
                       uint64_t page, struct error *error)
{
    size_t size;
    if (reader->dialect == DIALECT_V5) {
        const uint8_t *head = want(input, XBRLE_HEADER_SIZE);
        if (!head)
            return true;
        size = xbrle_header_get(head).length;
    } else {
        const uint8_t *head = want(input, 3);
        if (!head)
            return true;
        if (head[0] != XBZRLE_RECORD_FLAGS)
            return bad(reader, error, "a delta in an unknown coding");
        size = bytes_get_be16(head + 1);
    }
    if (size > PAGE_SIZE)
        return bad(reader, error, "a delta longer than a page");
    const uint8_t *delta = want(input, size);
    return !delta || reader->events.delta(reader->events.context, block, page, delta, size, error);
}

static bool read_page(struct stream_reader *reader, struct input *input, uint64_t head,
                      struct error *error)
{
    unsigned block = 0;
    uint64_t flag = head & RECORD_FLAGS & ~(uint64_t)RECORD_CONTINUE, page = head / PAGE_SIZE;
    const uint8_t *bytes;
    if (flag == RECORD_ZLIB || flag == RECORD_MULTIFD)
        return bad(reader, error, "pages of 'compress' or 'multifd' are not supported");
    if (flag != RECORD_ZERO && flag != RECORD_PAGE && flag != RECORD_XBZRLE)
        return bad(reader, error, "unknown flags of a page record");
    if (reader->section.type == SECTION_START)
        return bad(reader, error, "a page inside the START section");
    if (!read_block(reader, input, head, &block, error))
        return false;
    if (input->short_of)
        return true;
    if (page >= reader->blocks[block].pages)
        return bad(reader, error, "a page behind the end of its RAM block");
    bool ok = true;
    struct stream_tally *tally = &reader->tally;
    uint64_t *records;
    if (flag == RECORD_XBZRLE) {
        reader->kind = &tally->bytes.delta, records = &tally->delta;
        ok = read_delta(reader, input, block, page, error);
    } else if (flag == RECORD_ZERO) {
        reader->kind = &tally->bytes.zero, records = &tally->duplicate;
        bytes = want(input, 1);
        ok = !bytes || reader->events.zero(reader->events.context, block, page, *bytes, error);
    } else {
        reader->kind = &tally->bytes.normal, records = &tally->normal;
        bytes = want(input, PAGE_SIZE);
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
    const uint8_t *bytes = want(input, 8);
    if (!bytes)
        return true;
    uint64_t head = bytes_get_be64(bytes), flags = head & RECORD_FLAGS;
    uint8_t type = reader->section.type;
    struct record_stream_bytes *kinds = &reader->tally.bytes;
    reader->kind = type == SECTION_START  ? &kinds->setup
                   : type == SECTION_PART ? &kinds->part_eos
                                          : &kinds->framing;
    if (flags == RECORD_MEMORY_SIZE)
        return read_memory_size(reader, head - flags, error);
    if (flags != RECORD_EOS)
        return read_page(reader, input, head, error);
    if (type == SECTION_END)
        reader->ram_complete = true;
    reader->state = AT_FOOTER;
    return true;
}

static bool read_footer(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *footer = want(input, 5);
    if (!footer)
        return true;
    if (footer[0] != SECTION_FOOTER || bytes_get_be32(footer + 1) != reader->section_id)
        return bad(reader, error, "no section footer where one must be");
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
        read_capability(reader, input);
        return true;
    case AT_RECORD:
        return read_record(reader, input, error);
    case AT_LIST:
        return read_list(reader, input, error);
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
