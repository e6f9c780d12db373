/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/receiver.h"

#include "base/bitmap.h"
#include "codec/xbrle.h"
#include "codec/xbzrle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct receiver {
    const struct machine *machine;
    const struct content *content;
    enum stream_dialect dialect;
    struct page_store *memory;
    uint64_t *arrived;
    size_t blocks_seen;
    struct stream_reader *reader;
    uint8_t scratch[PAGE_SIZE];
};

static bool take_block(void *context, const char *name, uint64_t bytes, struct error *error)
{
    struct receiver *receiver = context;
    const struct machine *machine = receiver->machine;
    if (receiver->blocks_seen == machine->block_count)
        return error_set(error, "destination: RAM block '%.60s' is not part of this machine", name);
    const struct machine_block *block = &machine->blocks[receiver->blocks_seen++];
    if (strcmp(block->name, name) != 0 || block->bytes != bytes)
        return error_set(error,
                         "destination: RAM block '%.60s' of %" PRIu64 " bytes, where '%s' of "
                         "%" PRIu64 " bytes is expected",
                         name, bytes, block->name, block->bytes);
    return true;
}

static uint64_t page_no_of(const struct receiver *receiver, unsigned block, uint64_t page)
{
    return receiver->machine->blocks[block].first_page + page;
}

static void take_bytes(struct receiver *receiver, uint64_t page_no, const uint8_t *bytes)
{
    bitmap_set(receiver->arrived, page_no);
    if (!page_store_is_stored(receiver->memory, page_no)) {
        content_page(receiver->content, page_no, receiver->scratch);
        if (!memcmp(receiver->scratch, bytes, PAGE_SIZE))
            return;
    }
    memcpy(page_store_replace(receiver->memory, page_no), bytes, PAGE_SIZE);
}

static bool take_page(void *context, unsigned block, uint64_t page, const uint8_t *bytes,
                      struct error *error)
{
    (void)error;
    struct receiver *receiver = context;
    take_bytes(receiver, page_no_of(receiver, block, page), bytes);
    return true;
}

static bool take_zero(void *context, unsigned block, uint64_t page, uint8_t value,
                      struct error *error)
{
    struct receiver *receiver = context;
    uint64_t page_no = page_no_of(receiver, block, page);
    if (value != 0 && receiver->dialect != DIALECT_V5)
        return error_set(error, "destination: page %" PRIu64 ": a zero page of byte %u", page_no,
                         value);
    if (value == 0 && !page_store_is_stored(receiver->memory, page_no) &&
        content_is_zero(receiver->content, page_no)) {
        bitmap_set(receiver->arrived, page_no);
        return true;
    }
    uint8_t bytes[PAGE_SIZE];
    memset(bytes, value, PAGE_SIZE);
    take_bytes(receiver, page_no, bytes);
    return true;
}

static bool take_delta(void *context, unsigned block, uint64_t page, const uint8_t *delta,
                       size_t size, struct error *error)
{
    struct receiver *receiver = context;
    uint64_t page_no = page_no_of(receiver, block, page);
    uint8_t *bytes;
    if (bitmap_get(receiver->arrived, page_no)) {
        bytes = page_store_write(receiver->memory, page_no);
    } else {
        bytes = page_store_replace(receiver->memory, page_no);
        memset(bytes, 0, PAGE_SIZE);
        bitmap_set(receiver->arrived, page_no);
    }
    bool ok = receiver->dialect == DIALECT_V5 ? xbrle_decode(delta, size, bytes, PAGE_SIZE)
                                              : xbzrle_decode(delta, size, bytes, PAGE_SIZE);
    return ok ||
           error_set(error, "destination: page %" PRIu64 ": its delta cannot be decoded", page_no);
}

struct receiver *receiver_create(const struct machine *machine, const struct content *content,
                                 enum stream_dialect dialect)
{
    struct receiver *receiver = must_alloc(1, sizeof *receiver, "the destination");
    receiver->machine = machine;
    receiver->content = content;
    receiver->dialect = dialect;
    receiver->memory = page_store_create(machine->page_count, content);
    receiver->arrived = bitmap_alloc(machine->page_count, "the destination");
    struct stream_events events = {take_block, take_zero, take_page, take_delta, receiver};
    receiver->reader = stream_reader_create(&events, dialect);
    return receiver;
}

void receiver_destroy(struct receiver *receiver)
{
    if (!receiver)
        return;
    stream_reader_destroy(receiver->reader);
    page_store_destroy(receiver->memory);
    free(receiver->arrived);
    free(receiver);
}

bool receiver_feed(struct receiver *receiver, const uint8_t *bytes, size_t size,
                   struct error *error)
{
    return stream_reader_feed(receiver->reader, bytes, size, error);
}

bool receiver_complete(const struct receiver *receiver)
{
    return stream_reader_ended(receiver->reader);
}

bool receiver_holds_content(const struct receiver *receiver, uint64_t page_no)
{
    return bitmap_get(receiver->arrived, page_no) &&
           !page_store_is_stored(receiver->memory, page_no);
}

const uint8_t *receiver_page(const struct receiver *receiver, uint64_t page_no,
                             uint8_t scratch[static PAGE_SIZE])
{
    if (bitmap_get(receiver->arrived, page_no))
        return page_store_read(receiver->memory, page_no, scratch);
    memset(scratch, 0, PAGE_SIZE);
    return scratch;
}
