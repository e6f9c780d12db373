/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TRACE_FORMAT_H
#define WORKLOADS_TRACE_FORMAT_H

#include "base/error.h"
#include "models/content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of a trace file (.mgt), version 1. docs/formats.md tells the same for people who write
 * a reader of their own. All integers are little-endian; every byte is under an XXH3-64 checksum.
 *
 *     +--------+------------+------------+-----+------------+-------------+---------+
 *     | header | data block | data block | ... | data block | index block | trailer |
 *     +--------+------------+------------+-----+------------+-------------+---------+
 *                 |
 *                 +-> block header, then the stored bytes, which hold records:
 *                     place ... image ... epoch part ... epoch part ... place ... epoch part
 *                                          |
 *                                          +-> count changes: page number, form, delta
 *
 * A trace that is cut short has no trailer, and is good up to its last whole block.
 *
 * header    0   8  magic
 *           8   4  version
 *          12   4  bytes of this header, texts and checksum included
 *          16   4  page size: 4096
 *          20   4  flags: 1 has an image, 2 pages written with equal bytes are recorded
 *          24   8  wanted interval of the snapshots in ns; 0: not made by snapshots
 *          32   4  c, length of the command
 *          36   4  m, length of the comment
 *          40   c  command, then m bytes of comment; UTF-8 without control characters
 *               8  checksum of all that; also the seed of all other checksums in this file
 *
 * block     0   4  magic
 *           4   4  kind: 1 data, 2 index
 *           8   4  number of this block in the file, from 0
 *          12   4  bytes of its records
 *          16   4  stored bytes; fewer than those above: one zstd frame; equal: as they are
 *          20   4  pages known at the end of this block; never falls
 *          24   8  time in ns at which its first epoch part begins, or to which the trace has come
 *          32   8  checksum of the stored bytes
 *          40   8  checksum of the 40 bytes above
 *          48      stored bytes
 *
 * place     0   4  tag 1      a run of pages and where they lay in the recorded process
 *           4   4  first page
 *           8   4  number of pages
 *          12   4  n, length of the name
 *          16   8  address
 *          24   n  name: a file, "[heap]", "[stack]", or nothing
 *
 * part      0   4  tag: 2 image, 3 epoch
 *           4   4  number of changes that follow
 *           8   4  flags: 1 first part of its epoch, 2 last part (an image part has both)
 *          12   4  0
 *          16   8  number of the epoch, from 0 (image: 0)
 *          24   8  its begin in ns: the end of the epoch before, 0 for the first
 *          32   8  its end in ns
 *          40      changes; page numbers rise strictly within an epoch, and within the image
 *
 * change    0   4  page number
 *           4   2  form: 0 written with equal bytes, 1 XBZRLE, 2 whole page
 *           6   2  n, bytes that follow: 0, 3 to 4096, 4096
 *           8   n  the xor of the page before and after: as a delta against zeros, or whole.
 *                  An image is the xor against zeros; pages that it leaves out are zero.
 *
 * index     0   8  offset of a data block in the file
 *           8   8  begin in ns of the first epoch that begins in it; if none does, its time
 *          16   8  number of that epoch, or all ones
 *          24   8  checksum of its block header (block header, 40)
 *                  One entry of 32 bytes for each data block; a long index fills several blocks.
 *
 * trailer   0   8  magic
 *           8   8  offset of the first index block
 *          16   8  end of the last epoch in ns
 *          24   8  number of epochs
 *          32   8  checksum of the 32 bytes above
 */
#define TRACE_MAGIC         "\x89MGT\r\n\x1a\n" /* as PNG's: notices a transfer in text mode */
#define TRACE_BLOCK_MAGIC   "MGTB"
#define TRACE_TRAILER_MAGIC "MGTEND\r\n"
#define TRACE_VERSION       1u
#define TRACE_HEADER_SIZE   40u
#define TRACE_BLOCK_SIZE    48u
#define TRACE_PLACE_SIZE    24u
#define TRACE_PART_SIZE     40u
#define TRACE_CHANGE_SIZE   8u
#define TRACE_ENTRY_SIZE    32u
#define TRACE_TRAILER_SIZE  40u

/* What a reader allocates at most is bounded by these, whatever a file says. */
#define TRACE_TEXT_MAX  4096u      /* of command and comment, each */
#define TRACE_NAME_MAX  255u       /* of a place's name */
#define TRACE_RAW_MAX   (4u << 20) /* of a block's records */
#define TRACE_PAGES_MAX (1u << 28) /* 1 TiB of memory */

enum trace_kind { TRACE_DATA = 1, TRACE_INDEX = 2 };
enum trace_tag { TRACE_TAG_PLACE = 1, TRACE_TAG_IMAGE = 2, TRACE_TAG_EPOCH = 3 };
enum trace_form { TRACE_REWRITTEN = 0, TRACE_DELTA = 1, TRACE_WHOLE = 2 };
enum { TRACE_PART_FIRST = 1, TRACE_PART_LAST = 2 };
#define TRACE_NO_EPOCH UINT64_MAX

struct trace_header {
    bool has_image;      /* false: what was in memory before the first epoch is not known */
    bool has_rewrites;   /* true: pages written with equal bytes are in the epochs too */
    int64_t interval_ns; /* wanted time between two snapshots; 0: not made by snapshots */
    char command[TRACE_TEXT_MAX + 1]; /* what was recorded */
    char comment[TRACE_TEXT_MAX + 1]; /* how */
};

struct trace_block {
    enum trace_kind kind;
    uint32_t number, raw_bytes, stored_bytes, pages;
    int64_t begin_ns;
    uint64_t stored_sum, header_sum;
};

struct trace_place {
    uint32_t first_page, pages;
    uint64_t address;
    char name[TRACE_NAME_MAX + 1];
};

struct trace_epoch {
    uint64_t number;
    int64_t begin_ns, end_ns;
};

struct trace_part {
    enum trace_tag tag;
    uint32_t count, flags;
    struct trace_epoch epoch;
};

struct trace_change {
    uint32_t page_no;
    enum trace_form form;
    uint32_t size;
    const uint8_t *bytes; /* borrowed from whoever made the change */
};

struct trace_entry {
    uint64_t offset, first_epoch, header_sum;
    int64_t begin_ns;
};

struct trace_trailer {
    uint64_t index_offset, epochs;
    int64_t end_ns;
};

/*
 * Packers write the stated number of bytes. Unpackers take that many and give NULL if these may
 * stand there, else what is wrong with them ("bad checksum"); *ret is then unspecified. `seed` is
 * the checksum of the file's header.
 */
#define TRACE_HEADER_BYTES_MAX (TRACE_HEADER_SIZE + 2 * TRACE_TEXT_MAX + 8)
/* Returns the header's length; *ret_seed is its checksum. Texts must be clean (trace_text_clean).
 */
size_t trace_header_pack(const struct trace_header *header,
                         uint8_t bytes[static TRACE_HEADER_BYTES_MAX], uint64_t *ret_seed);
/* `size` is what the file has, from 0 up; *ret_size the header's length. */
const char *trace_header_unpack(const uint8_t *bytes, size_t size, struct trace_header *ret,
                                size_t *ret_size, uint64_t *ret_seed);

/* Sets stored_sum and header_sum from the other members and the stored bytes. */
void trace_block_seal(struct trace_block *block, const uint8_t *stored, uint64_t seed,
                      uint8_t bytes[static TRACE_BLOCK_SIZE]);
const char *trace_block_unpack(const uint8_t bytes[static TRACE_BLOCK_SIZE], uint64_t seed,
                               struct trace_block *ret);
bool trace_block_stored_ok(const struct trace_block *block, const uint8_t *stored, uint64_t seed);

void trace_part_pack(const struct trace_part *part, uint8_t bytes[static TRACE_PART_SIZE]);
const char *trace_part_unpack(const uint8_t bytes[static TRACE_PART_SIZE], struct trace_part *ret);

/* The record without its name; the name's length in *ret_name_length. */
void trace_place_pack(const struct trace_place *place, uint8_t bytes[static TRACE_PLACE_SIZE]);
const char *trace_place_unpack(const uint8_t bytes[static TRACE_PLACE_SIZE],
                               struct trace_place *ret, uint32_t *ret_name_length);

/* The record without its bytes; ret->bytes is not set. */
void trace_change_pack(const struct trace_change *change, uint8_t bytes[static TRACE_CHANGE_SIZE]);
const char *trace_change_unpack(const uint8_t bytes[static TRACE_CHANGE_SIZE],
                                struct trace_change *ret);

void trace_entry_pack(const struct trace_entry *entry, uint8_t bytes[static TRACE_ENTRY_SIZE]);
void trace_entry_unpack(const uint8_t bytes[static TRACE_ENTRY_SIZE], struct trace_entry *ret);
/* A digest of all entries so far, and one more; starts as the seed. */
uint64_t trace_entry_chain(uint64_t chain, const struct trace_entry *entry);

void trace_trailer_pack(const struct trace_trailer *trailer, uint64_t seed,
                        uint8_t bytes[static TRACE_TRAILER_SIZE]);
const char *trace_trailer_unpack(const uint8_t bytes[static TRACE_TRAILER_SIZE], uint64_t seed,
                                 struct trace_trailer *ret);

/* True if the text is UTF-8 without control characters: fit for a header and a terminal. */
bool trace_text_ok(const char *text, size_t length);
/* Copies `text`, cut to `size`; what is not ok becomes '?'. Returns `ret`. */
char *trace_text_clean(const char *text, char *ret, size_t size);

/* Turns the page as it was before the change into what it was after it, or back. */
void trace_change_apply(const struct trace_change *change, uint8_t page[static PAGE_SIZE]);
/* The bytes that it changed, 0 to 4096. */
unsigned trace_change_bytes(const struct trace_change *change);

#endif
