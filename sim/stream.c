/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stream.h"

#include "base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHANNEL_BUFFER  32768u /* QEMU's copy buffer */
#define CHANNEL_VECTORS 64u
#define FOOTER_SIZE     5u
#define BUFFER_SIZE     (512u << 10) /* the largest burst without a flush: the devices' state */

void stream_init(struct stream *stream, const struct machine *machine)
{
    *stream = (struct stream){.machine = machine, .last_block = (unsigned)machine->block_count};
    stream->buffer = must_alloc(BUFFER_SIZE, 1, "the stream");
}

void stream_release(struct stream *stream)
{
    free(stream->buffer);
}

bool stream_full(const struct stream *stream)
{
    return stream->copied >= CHANNEL_BUFFER || stream->vectors >= CHANNEL_VECTORS;
}

void stream_flushed(struct stream *stream)
{
    stream->used = stream->copied = 0;
    stream->vectors = 0;
}

uint64_t stream_transferred(const struct stream *stream)
{
    const struct record_stream_bytes *bytes = &stream->bytes;
    return bytes->zero + bytes->normal + bytes->delta + bytes->name + bytes->part_eos;
}

/* `size` bytes to be filled in by the caller, counted under `kind`. */
static uint8_t *put(struct stream *stream, size_t size, uint64_t *kind)
{
    assert(stream->used + size <= BUFFER_SIZE);
    uint8_t *at = stream->buffer + stream->used;
    stream->used += size;
    stream->copied += size;
    stream->put += size;
    *kind += size;
    return at;
}

static void put_byte(struct stream *stream, uint8_t value, uint64_t *kind)
{
    *put(stream, 1, kind) = value;
}

static void put_be32(struct stream *stream, uint32_t value, uint64_t *kind)
{
    bytes_put_be32(put(stream, 4, kind), value);
}

static void put_be64(struct stream *stream, uint64_t value, uint64_t *kind)
{
    bytes_put_be64(put(stream, 8, kind), value);
}

static void put_bytes(struct stream *stream, const void *bytes, size_t size, uint64_t *kind)
{
    memcpy(put(stream, size, kind), bytes, size);
}

static void put_name(struct stream *stream, const char *name, uint64_t *kind)
{
    size_t length = strlen(name);
    put_byte(stream, (uint8_t)length, kind);
    put_bytes(stream, name, length, kind);
}

static void put_footer(struct stream *stream, uint64_t *kind)
{
    put_byte(stream, SECTION_FOOTER, kind);
    put_be32(stream, RAM_SECTION_ID, kind);
}

void stream_put_header(struct stream *stream)
{
    uint64_t *kind = &stream->bytes.file_header;
    size_t length = strlen(stream->machine->type);
    put_be32(stream, STREAM_MAGIC, kind);
    put_be32(stream, STREAM_VERSION, kind);
    put_byte(stream, SECTION_CONFIGURATION, kind);
    put_be32(stream, (uint32_t)length, kind);
    put_bytes(stream, stream->machine->type, length, kind);
}

void stream_put_ram_start(struct stream *stream)
{
    uint64_t *kind = &stream->bytes.setup;
    put_byte(stream, SECTION_START, kind);
    put_be32(stream, RAM_SECTION_ID, kind);
    put_name(stream, "ram", kind);
    put_be32(stream, 0, kind); /* instance */
    put_be32(stream, RAM_SECTION_VERSION, kind);
    put_be64(stream, stream->machine->ram_bytes | RECORD_MEMORY_SIZE, kind);
    for (size_t i = 0; i < stream->machine->block_count; i++) {
        put_name(stream, stream->machine->blocks[i].name, kind);
        put_be64(stream, stream->machine->blocks[i].bytes, kind);
    }
    put_be64(stream, RECORD_EOS, kind);
    put_footer(stream, kind);
}

void stream_begin_section(struct stream *stream, uint8_t type)
{
    put_byte(stream, type, &stream->bytes.framing);
    put_be32(stream, RAM_SECTION_ID, &stream->bytes.framing);
}

/* 7.2 adds the end-of-section record of a PART section to its counters, that of END not. */
void stream_end_section(struct stream *stream, uint8_t type)
{
    put_be64(stream, RECORD_EOS,
             type == SECTION_PART ? &stream->bytes.part_eos : &stream->bytes.framing);
    put_footer(stream, &stream->bytes.framing);
}

static void put_page_header(struct stream *stream, unsigned block, uint64_t page, uint64_t flag,
                            uint64_t *kind)
{
    uint64_t same = block == stream->last_block ? RECORD_CONTINUE : 0;
    put_be64(stream, page * PAGE_SIZE | flag | same, kind);
    if (!same)
        put_name(stream, stream->machine->blocks[block].name, &stream->bytes.name);
    stream->last_block = block;
}

void stream_put_zero(struct stream *stream, unsigned block, uint64_t page, uint8_t value)
{
    put_page_header(stream, block, page, RECORD_ZERO, &stream->bytes.zero);
    put_byte(stream, value, &stream->bytes.zero);
}

void stream_put_page(struct stream *stream, unsigned block, uint64_t page, const uint8_t *bytes,
                     bool by_reference)
{
    put_page_header(stream, block, page, RECORD_PAGE, &stream->bytes.normal);
    put_bytes(stream, bytes, PAGE_SIZE, &stream->bytes.normal);
    if (by_reference) {
        stream->copied -= PAGE_SIZE;
        stream->vectors += 2;
    }
}

void stream_put_delta(struct stream *stream, unsigned block, uint64_t page, const uint8_t *head,
                      size_t head_size, const uint8_t *delta, size_t size)
{
    put_page_header(stream, block, page, RECORD_XBZRLE, &stream->bytes.delta);
    put_bytes(stream, head, head_size, &stream->bytes.delta);
    put_bytes(stream, delta, size, &stream->bytes.delta);
}

/*
 * The devices' state stands as one section of the right size, and the description as JSON padded to
 * its size: what is in them is not modelled, how long they take on the wire is.
 */
void stream_put_devices(struct stream *stream)
{
    static const char name[] = "migsim-devices", text[] = "{\"devices\": [\"not modelled\"]}";
    uint64_t *kind = &stream->bytes.device;
    size_t around = 1 + 4 + 1 + strlen(name) + 4 + 4 + FOOTER_SIZE;
    size_t size = stream->machine->device_bytes - around;
    put_byte(stream, SECTION_FULL, kind);
    put_be32(stream, RAM_SECTION_ID + 1, kind);
    put_name(stream, name, kind);
    put_be32(stream, 0, kind);
    put_be32(stream, 1, kind);
    memset(put(stream, size, kind), 0, size);
    put_byte(stream, SECTION_FOOTER, kind);
    put_be32(stream, RAM_SECTION_ID + 1, kind);
    put_byte(stream, SECTION_EOF, kind);
    size_t description = stream->machine->description_bytes - 5;
    put_byte(stream, SECTION_DESCRIPTION, kind);
    put_be32(stream, (uint32_t)description, kind);
    uint8_t *json = put(stream, description, kind);
    memset(json, ' ', description);
    memcpy(json, text, strlen(text));
}
