/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "sim/stream.h"
#include "sim/stream_reader_parts.h"

#include <string.h>

#define PAGE_BITS 12u
_Static_assert(1u << PAGE_BITS == PAGE_SIZE, "a page's size is a power of two");

bool stream_read_configuration(struct stream_reader *reader, struct input *input,
                               struct error *error)
{
    const uint8_t *length = stream_want(input, 4);
    if (!length)
        return true;
    uint32_t size = bytes_get_be32(length);
    if (size > NAME_MAX_BYTES)
        return stream_bad(reader, error, "machine name longer than 256 bytes");
    const uint8_t *name = stream_want(input, size);
    if (name) {
        memcpy(reader->machine, name, size);
        reader->machine[size] = 0;
    }
    return true;
}

/* Of the configuration: what the migration was set to, as far as the destination must agree. */
bool stream_read_subsection(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *length = stream_want(input, 1),
                  *name = length ? stream_want(input, *length) : NULL;
    const uint8_t *version = stream_want(input, 4), *value;
    if (!version)
        return true;
    size_t size = *length;
    if (size == 26 && !memcmp(name, "configuration/capabilities", size)) {
        if (!(value = stream_want(input, 4)))
            return true;
        reader->capabilities_left = bytes_get_be32(value);
        if (reader->capabilities_left)
            reader->state = AT_CAPABILITY;
        return true;
    }
    if (size == 30 && !memcmp(name, "configuration/target-page-bits", size)) {
        value = stream_want(input, 4);
        return !value || bytes_get_be32(value) == PAGE_BITS ||
               stream_bad(reader, error, "pages of another size than 4096 bytes: not supported");
    }
    if (size == 18 && !memcmp(name, "configuration/uuid", size)) {
        stream_want(input, 16);
        return true;
    }
    return stream_bad(reader, error, "an unknown part of the configuration");
}

void stream_read_capability(struct stream_reader *reader, struct input *input)
{
    const uint8_t *length = stream_want(input, 1),
                  *name = length ? stream_want(input, *length) : NULL;
    if (!name)
        return;
    if (*length == 15 && !memcmp(name, "x-ignore-shared", *length))
        reader->ignores_shared = true;
    if (--reader->capabilities_left == 0)
        reader->state = AT_SECTION;
}

/* Commands arrange things between source and destination; RAM is none of them, but for postcopy. */
bool stream_read_command(struct stream_reader *reader, struct input *input, struct error *error)
{
    const uint8_t *head = stream_want(input, 4);
    if (!head)
        return true;
    if (bytes_get_be16(head) == COMMAND_PACKAGED || bytes_get_be16(head + 2) > COMMAND_MAX)
        return stream_bad(reader, error, "a command that is not supported (postcopy has begun?)");
    stream_want(input, bytes_get_be16(head + 2));
    return true;
}

bool stream_read_list(struct stream_reader *reader, struct input *input, struct error *error)
{
    char name[NAME_MAX_BYTES];
    const uint8_t *length = stream_want(input, 1),
                  *text = length ? stream_want(input, *length) : NULL;
    const uint8_t *bytes = stream_want(input, 8);
    if (reader->ignores_shared)
        stream_want(input, 8);
    reader->kind = &reader->tally.bytes.setup;
    if (input->short_of)
        return true;
    uint64_t size = bytes_get_be64(bytes);
    if (size % PAGE_SIZE || size > reader->list_bytes || !size)
        return stream_bad(reader, error, "size of a RAM block does not fit the list");
    if (reader->block_count == BLOCKS_MAX)
        return stream_bad(reader, error, "more than 1024 RAM blocks");
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

bool stream_read_memory_size(struct stream_reader *reader, uint64_t bytes, struct error *error)
{
    if (reader->section.type != SECTION_START || reader->block_count)
        return stream_bad(reader, error, "a list of blocks outside the START section");
    if (!bytes)
        return stream_bad(reader, error, "an empty list of blocks");
    reader->list_bytes = bytes;
    reader->state = AT_LIST;
    return true;
}
