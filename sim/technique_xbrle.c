/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/xbrle.h"
#include "sim/sender.h"

#include <string.h>

/*
 * XBRLE as the v5 patches of January 2012 had it (QEMU.md 8, "v5 exactly"): every page sent enters
 * the cache, from the first pass on and pages of a single byte too; an unchanged page costs its 34
 * bytes; nothing is encoded once the guest is stopped.
 */

static int64_t keep(struct sender *sender, const struct page_in_hand *page, const uint8_t *bytes)
{
    const uint8_t *copy =
        page_cache_insert(sender->cache, page->page_no, bytes, sender->counters.dirty_sync_count);
    return copy ? sender->scenario->host.insert_ns : 0;
}

/* The page's pairs, if it is cached and they are short enough; counts what happened. */
static bool encode(struct sender *sender, const struct page_in_hand *page, size_t *ret_size)
{
    const uint8_t *cached =
        page_cache_lookup(sender->cache, page->page_no, sender->counters.dirty_sync_count);
    if (!cached) {
        sender->counters.xbzrle_cache_miss++;
        return false;
    }
    sender->counters.xbzrle_pages++;
    sender->cost.encoded_pages++;
    if (xbrle_encode(cached, page->bytes, PAGE_SIZE, sender->delta, PAGE_SIZE, ret_size) ==
        ENCODE_DELTA)
        return true;
    sender->counters.xbzrle_overflow++;
    return false;
}

static int64_t xbrle_send(struct sender *sender, const struct page_in_hand *page, bool *ret_sent)
{
    (void)ret_sent;
    size_t size;
    if (sender->last_stage)
        return sender_put_whole(sender, page, page->bytes, true);
    uint64_t encoded_before = sender->cost.encoded_pages;
    bool delta = encode(sender, page, &size);
    bool tried = sender->cost.encoded_pages > encoded_before;
    int64_t took = tried ? sender->scenario->host.encode_ns : 0;
    if (delta) {
        uint8_t head[XBRLE_HEADER_SIZE];
        struct xbrle_header header = {.flags = XBZRLE_RECORD_FLAGS, .length = (uint16_t)size};
        xbrle_header_put(head, &header);
        stream_put_delta(sender->stream, page->block, page->page, head, sizeof head, sender->delta,
                         size);
        sender->counters.xbzrle_bytes += sizeof head + size;
    } else {
        took += sender_put_whole(sender, page, page->bytes, true);
        sender->counters.xbzrle_bytes += tried ? PAGE_SIZE : 0;
    }
    return took + keep(sender, page, page->bytes);
}

static int64_t xbrle_sent_zero(struct sender *sender, const struct page_in_hand *page)
{
    return sender->last_stage ? 0 : keep(sender, page, page->bytes);
}

const struct delta_technique technique_xbrle = {
    .name = "xbrle",
    .dialect = DIALECT_V5,
    .any_byte_is_zero = true,
    .from_the_start = true,
    .send = xbrle_send,
    .sent_zero = xbrle_sent_zero,
};
