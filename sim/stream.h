/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "models/machine.h"
#include "results/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The migration stream, byte for byte as QEMU 7.2 writes it (QEMU.md 1.1, 5.1). All integers are
 * big-endian.
 *
 *     "QEVM" version | 07 configuration |
 *     01 START "ram" | size, list of blocks, EOS  | footer |
 *     02 PART        | page records ......... EOS | footer |   ... many
 *     03 END         | page records ......... EOS | footer |
 *     04 FULL        | devices' state             | footer | 00 end | 06 description
 *
 *     page record    be64 offset in block | flags   [len name]   by flag:
 *                      02 zero       1 byte, the page's
 *                      08 page       4096 bytes
 *                      40 XBZRLE     01, be16 length, delta (v5 patches: header of 8, pairs)
 *                      20 goes with them: the block is that of the record before
 */
enum {
    STREAM_MAGIC = 0x5145564d,
    STREAM_VERSION = 3,
    SECTION_EOF = 0x00,
    SECTION_START = 0x01,
    SECTION_PART = 0x02,
    SECTION_END = 0x03,
    SECTION_FULL = 0x04,
    SECTION_SUBSECTION = 0x05,
    SECTION_DESCRIPTION = 0x06,
    SECTION_CONFIGURATION = 0x07,
    SECTION_COMMAND = 0x08,
    SECTION_FOOTER = 0x7e,
    RECORD_ZERO = 0x02,
    RECORD_MEMORY_SIZE = 0x04,
    RECORD_PAGE = 0x08,
    RECORD_EOS = 0x10,
    RECORD_CONTINUE = 0x20,
    RECORD_XBZRLE = 0x40,
    RECORD_ZLIB = 0x100,
    RECORD_MULTIFD = 0x200,
    RECORD_FLAGS = PAGE_SIZE - 1, /* the bits of an offset that flags may take */
    XBZRLE_RECORD_FLAGS = 0x01,
    COMMAND_PACKAGED = 7, /* of postcopy: devices' state in one piece */
    RAM_SECTION_ID = 2,
    RAM_SECTION_VERSION = 4,
};

/*
 * Builds the stream. Bytes gather until QEMU's channel would write them out: 32 KiB copied, or 64
 * vectors (a whole page that goes by reference takes two). The caller asks stream_full after each
 * record, takes the bytes from `buffer` and calls stream_flushed.
 */
struct stream {
    uint8_t *buffer;
    size_t used;
    size_t copied;    /* of them in the channel's own buffer */
    unsigned vectors; /* of at most 64 */
    uint64_t put;     /* all bytes so far, flushed or not */
    struct record_stream_bytes bytes;
    const struct machine *machine;
    unsigned last_block; /* of the last page record; block_count before the first */
};

void stream_init(struct stream *stream, const struct machine *machine);
void stream_release(struct stream *stream);

bool stream_full(const struct stream *stream);
void stream_flushed(struct stream *stream);

/* What query-migrate of 7.2 calls `transferred`. */
uint64_t stream_transferred(const struct stream *stream);

void stream_put_header(struct stream *stream);
void stream_put_ram_start(struct stream *stream);
void stream_begin_section(struct stream *stream, uint8_t type); /* PART or END */
void stream_end_section(struct stream *stream, uint8_t type);
void stream_put_devices(struct stream *stream);

/* `page` counts from the block's first. */
void stream_put_zero(struct stream *stream, unsigned block, uint64_t page, uint8_t value);
void stream_put_page(struct stream *stream, unsigned block, uint64_t page, const uint8_t *bytes,
                     bool by_reference);
/* A delta with what stands before it: 01 and be16, or the v5 header. */
void stream_put_delta(struct stream *stream, unsigned block, uint64_t page, const uint8_t *head,
                      size_t head_size, const uint8_t *delta, size_t size);

#endif
