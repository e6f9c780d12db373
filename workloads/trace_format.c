/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/trace_format.h"

#include "base/bytes.h"
#include "codec/xbzrle.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

enum { FLAG_IMAGE = 1, FLAG_REWRITES = 2 };

size_t trace_header_pack(const struct trace_header *header,
                         uint8_t bytes[static TRACE_HEADER_BYTES_MAX], uint64_t *ret_seed)
{
    uint32_t command = (uint32_t)strlen(header->command);
    uint32_t comment = (uint32_t)strlen(header->comment);
    size_t size = TRACE_HEADER_SIZE + command + comment;

    assert(trace_text_ok(header->command, command) && trace_text_ok(header->comment, comment));
    memcpy(bytes, TRACE_MAGIC, 8);
    bytes_put_le32(bytes + 8, TRACE_VERSION);
    bytes_put_le32(bytes + 12, (uint32_t)size + 8);
    bytes_put_le32(bytes + 16, PAGE_SIZE);
    bytes_put_le32(bytes + 20, (header->has_image ? FLAG_IMAGE : 0u) |
                                   (header->has_rewrites ? FLAG_REWRITES : 0u));
    bytes_put_le64(bytes + 24, (uint64_t)header->interval_ns);
    bytes_put_le32(bytes + 32, command);
    bytes_put_le32(bytes + 36, comment);
    memcpy(bytes + TRACE_HEADER_SIZE, header->command, command);
    memcpy(bytes + TRACE_HEADER_SIZE + command, header->comment, comment);
    *ret_seed = XXH3_64bits(bytes, size);
    bytes_put_le64(bytes + size, *ret_seed);
    return size + 8;
}

const char *trace_header_unpack(const uint8_t *bytes, size_t size, struct trace_header *ret,
                                size_t *ret_size, uint64_t *ret_seed)
{
    if (size < 8 || memcmp(bytes, TRACE_MAGIC, 8) != 0)
        return "not a trace (.mgt): wrong magic";
    if (size < TRACE_HEADER_SIZE)
        return "cut short within its header";
    if (bytes_get_le32(bytes + 8) != TRACE_VERSION)
        return "a version of the trace format that this program does not know (it knows 1)";
    uint32_t length = bytes_get_le32(bytes + 12);
    uint32_t command = bytes_get_le32(bytes + 32), comment = bytes_get_le32(bytes + 36);
    if (command > TRACE_TEXT_MAX || comment > TRACE_TEXT_MAX ||
        length != TRACE_HEADER_SIZE + command + comment + 8)
        return "impossible lengths in the header";
    if (size < length)
        return "cut short within its header";
    *ret_size = length;
    *ret_seed = XXH3_64bits(bytes, length - 8);
    if (bytes_get_le64(bytes + length - 8) != *ret_seed)
        return "bad checksum of the header";
    if (bytes_get_le32(bytes + 16) != PAGE_SIZE)
        return "page size is not 4096";
    uint32_t flags = bytes_get_le32(bytes + 20);
    ret->interval_ns = (int64_t)bytes_get_le64(bytes + 24);
    if (flags & ~(uint32_t)(FLAG_IMAGE | FLAG_REWRITES) || ret->interval_ns < 0)
        return "impossible flags or interval in the header";
    ret->has_image = flags & FLAG_IMAGE;
    ret->has_rewrites = flags & FLAG_REWRITES;
    memcpy(ret->command, bytes + TRACE_HEADER_SIZE, command);
    ret->command[command] = 0;
    memcpy(ret->comment, bytes + TRACE_HEADER_SIZE + command, comment);
    ret->comment[comment] = 0;
    if (!trace_text_ok(ret->command, command) || !trace_text_ok(ret->comment, comment))
        return "control characters in the header's texts";
    return NULL;
}

void trace_block_seal(struct trace_block *block, const uint8_t *stored, uint64_t seed,
                      uint8_t bytes[static TRACE_BLOCK_SIZE])
{
    block->stored_sum = XXH3_64bits_withSeed(stored, block->stored_bytes, seed);
    memcpy(bytes, TRACE_BLOCK_MAGIC, 4);
    bytes_put_le32(bytes + 4, (uint32_t)block->kind);
    bytes_put_le32(bytes + 8, block->number);
    bytes_put_le32(bytes + 12, block->raw_bytes);
    bytes_put_le32(bytes + 16, block->stored_bytes);
    bytes_put_le32(bytes + 20, block->pages);
    bytes_put_le64(bytes + 24, (uint64_t)block->begin_ns);
    bytes_put_le64(bytes + 32, block->stored_sum);
    block->header_sum = XXH3_64bits_withSeed(bytes, 40, seed);
    bytes_put_le64(bytes + 40, block->header_sum);
}

const char *trace_block_unpack(const uint8_t bytes[static TRACE_BLOCK_SIZE], uint64_t seed,
                               struct trace_block *ret)
{
    uint32_t kind = bytes_get_le32(bytes + 4);
    if (memcmp(bytes, TRACE_BLOCK_MAGIC, 4) != 0)
        return "no block begins here";
    ret->header_sum = bytes_get_le64(bytes + 40);
    if (ret->header_sum != XXH3_64bits_withSeed(bytes, 40, seed))
        return "bad checksum of a block's header";
    ret->number = bytes_get_le32(bytes + 8);
    ret->raw_bytes = bytes_get_le32(bytes + 12);
    ret->stored_bytes = bytes_get_le32(bytes + 16);
    ret->pages = bytes_get_le32(bytes + 20);
    ret->begin_ns = (int64_t)bytes_get_le64(bytes + 24);
    ret->stored_sum = bytes_get_le64(bytes + 32);
    if (kind != TRACE_DATA && kind != TRACE_INDEX)
        return "a block of unknown kind";
    ret->kind = (enum trace_kind)kind;
    if (ret->raw_bytes == 0 || ret->raw_bytes > TRACE_RAW_MAX || ret->stored_bytes == 0 ||
        ret->stored_bytes > ret->raw_bytes || ret->pages > TRACE_PAGES_MAX || ret->begin_ns < 0)
        return "impossible lengths in a block's header";
    return NULL;
}

bool trace_block_stored_ok(const struct trace_block *block, const uint8_t *stored, uint64_t seed)
{
    return block->stored_sum == XXH3_64bits_withSeed(stored, block->stored_bytes, seed);
}

void trace_part_pack(const struct trace_part *part, uint8_t bytes[static TRACE_PART_SIZE])
{
    bytes_put_le32(bytes, (uint32_t)part->tag);
    bytes_put_le32(bytes + 4, part->count);
    bytes_put_le32(bytes + 8, part->flags);
    bytes_put_le32(bytes + 12, 0);
    bytes_put_le64(bytes + 16, part->epoch.number);
    bytes_put_le64(bytes + 24, (uint64_t)part->epoch.begin_ns);
    bytes_put_le64(bytes + 32, (uint64_t)part->epoch.end_ns);
}

const char *trace_part_unpack(const uint8_t bytes[static TRACE_PART_SIZE], struct trace_part *ret)
{
    uint32_t tag = bytes_get_le32(bytes);
    ret->tag = (enum trace_tag)tag;
    ret->count = bytes_get_le32(bytes + 4);
    ret->flags = bytes_get_le32(bytes + 8);
    ret->epoch.number = bytes_get_le64(bytes + 16);
    ret->epoch.begin_ns = (int64_t)bytes_get_le64(bytes + 24);
    ret->epoch.end_ns = (int64_t)bytes_get_le64(bytes + 32);
    if ((tag != TRACE_TAG_IMAGE && tag != TRACE_TAG_EPOCH) || bytes_get_le32(bytes + 12) != 0 ||
        ret->flags & ~(uint32_t)(TRACE_PART_FIRST | TRACE_PART_LAST))
        return "a record of unknown kind";
    if (ret->epoch.begin_ns < 0 || ret->epoch.end_ns < ret->epoch.begin_ns)
        return "an epoch that ends before it begins";
    if (tag == TRACE_TAG_IMAGE && (ret->flags != (TRACE_PART_FIRST | TRACE_PART_LAST) ||
                                   ret->epoch.number || ret->epoch.end_ns))
        return "an image with a time";
    return NULL;
}

void trace_place_pack(const struct trace_place *place, uint8_t bytes[static TRACE_PLACE_SIZE])
{
    bytes_put_le32(bytes, TRACE_TAG_PLACE);
    bytes_put_le32(bytes + 4, place->first_page);
    bytes_put_le32(bytes + 8, place->pages);
    bytes_put_le32(bytes + 12, (uint32_t)strlen(place->name));
    bytes_put_le64(bytes + 16, place->address);
}

const char *trace_place_unpack(const uint8_t bytes[static TRACE_PLACE_SIZE],
                               struct trace_place *ret, uint32_t *ret_name_length)
{
    ret->first_page = bytes_get_le32(bytes + 4);
    ret->pages = bytes_get_le32(bytes + 8);
    *ret_name_length = bytes_get_le32(bytes + 12);
    ret->address = bytes_get_le64(bytes + 16);
    if (*ret_name_length > TRACE_NAME_MAX || ret->pages > TRACE_PAGES_MAX ||
        ret->first_page > TRACE_PAGES_MAX - ret->pages)
        return "impossible lengths of a place";
    return NULL;
}

void trace_change_pack(const struct trace_change *change, uint8_t bytes[static TRACE_CHANGE_SIZE])
{
    bytes_put_le32(bytes, change->page_no);
    bytes_put_le16(bytes + 4, (uint16_t)change->form);
    bytes_put_le16(bytes + 6, (uint16_t)change->size);
}

const char *trace_change_unpack(const uint8_t bytes[static TRACE_CHANGE_SIZE],
                                struct trace_change *ret)
{
    uint16_t form = bytes_get_le16(bytes + 4);
    ret->page_no = bytes_get_le32(bytes);
    ret->form = (enum trace_form)form;
    ret->size = bytes_get_le16(bytes + 6);
    bool fits = (form == TRACE_REWRITTEN && ret->size == 0) ||
                (form == TRACE_DELTA && ret->size > 0 && ret->size <= PAGE_SIZE) ||
                (form == TRACE_WHOLE && ret->size == PAGE_SIZE);
    return fits ? NULL : "a change of unknown form or impossible length";
}

void trace_entry_pack(const struct trace_entry *entry, uint8_t bytes[static TRACE_ENTRY_SIZE])
{
    bytes_put_le64(bytes, entry->offset);
    bytes_put_le64(bytes + 8, (uint64_t)entry->begin_ns);
    bytes_put_le64(bytes + 16, entry->first_epoch);
    bytes_put_le64(bytes + 24, entry->header_sum);
}

void trace_entry_unpack(const uint8_t bytes[static TRACE_ENTRY_SIZE], struct trace_entry *ret)
{
    ret->offset = bytes_get_le64(bytes);
    ret->begin_ns = (int64_t)bytes_get_le64(bytes + 8);
    ret->first_epoch = bytes_get_le64(bytes + 16);
    ret->header_sum = bytes_get_le64(bytes + 24);
}

uint64_t trace_entry_chain(uint64_t chain, const struct trace_entry *entry)
{
    uint8_t bytes[TRACE_ENTRY_SIZE];
    trace_entry_pack(entry, bytes);
    return XXH3_64bits_withSeed(bytes, sizeof bytes, chain);
}

void trace_trailer_pack(const struct trace_trailer *trailer, uint64_t seed,
                        uint8_t bytes[static TRACE_TRAILER_SIZE])
{
    memcpy(bytes, TRACE_TRAILER_MAGIC, 8);
    bytes_put_le64(bytes + 8, trailer->index_offset);
    bytes_put_le64(bytes + 16, (uint64_t)trailer->end_ns);
    bytes_put_le64(bytes + 24, trailer->epochs);
    bytes_put_le64(bytes + 32, XXH3_64bits_withSeed(bytes, 32, seed));
}

const char *trace_trailer_unpack(const uint8_t bytes[static TRACE_TRAILER_SIZE], uint64_t seed,
                                 struct trace_trailer *ret)
{
    if (memcmp(bytes, TRACE_TRAILER_MAGIC, 8) != 0)
        return "neither a block nor the trailer begins here";
    if (bytes_get_le64(bytes + 32) != XXH3_64bits_withSeed(bytes, 32, seed))
        return "bad checksum of the trailer";
    ret->index_offset = bytes_get_le64(bytes + 8);
    ret->end_ns = (int64_t)bytes_get_le64(bytes + 16);
    ret->epochs = bytes_get_le64(bytes + 24);
    return NULL;
}

/* Length of the UTF-8 character at `text`, 0 if there is none or it is a control character. */
static size_t character_length(const char *text, size_t left)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0x20 || p[0] == 0x7f || (p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
        return 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if (length == 1)
        return 1;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
    bool beyond = p[0] == 0xf4 && p[1] >= 0x90;
    bool control = p[0] == 0xc2 && p[1] < 0xa0; /* U+0080 to U+009F */
    return overlong || surrogate || beyond || control ? 0 : length;
}

bool trace_text_ok(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = character_length(text + i, length - i);
        if (!step)
            return false;
        i += step;
    }
    return true;
}

char *trace_text_clean(const char *text, char *ret, size_t size)
{
    size_t left = strlen(text), used = 0;
    while (left > 0) {
        size_t step = character_length(text, left);
        if (used + (step ? step : 1) >= size)
            break;
        if (step)
            memcpy(ret + used, text, step);
        else
            ret[used] = '?';
        used += step ? step : 1;
        text += step ? step : 1;
        left -= step ? step : 1;
    }
    ret[used] = 0;
    return ret;
}

/* The xor that the change stands for: its own bytes, or `scratch` filled from the delta. */
static const uint8_t *change_xor(const struct trace_change *change,
                                 uint8_t scratch[static PAGE_SIZE])
{
    if (change->form == TRACE_WHOLE)
        return change->bytes;
    memset(scratch, 0, PAGE_SIZE);
    if (change->form == TRACE_DELTA) {
        bool decoded = xbzrle_decode(change->bytes, change->size, scratch, PAGE_SIZE);
        assert(decoded);
        (void)decoded;
    }
    return scratch;
}

void trace_change_apply(const struct trace_change *change, uint8_t page[static PAGE_SIZE])
{
    uint8_t scratch[PAGE_SIZE];
    if (change->form == TRACE_REWRITTEN)
        return;
    const uint8_t * xor = change_xor(change, scratch);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        page[i] ^= xor[i];
}

unsigned trace_change_bytes(const struct trace_change *change)
{
    uint8_t scratch[PAGE_SIZE];
    const uint8_t * xor = change_xor(change, scratch);
    unsigned count = 0;
    for (size_t i = 0; i < PAGE_SIZE; i++)
        count += xor[i] != 0;
    return count;
}
