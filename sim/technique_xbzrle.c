/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "codec/xbzrle.h"
#include "sim/sender.h"

/*
 * XBZRLE as QEMU has it since 6.0 (migration/ram.c: save_xbzrle_page; QEMU.md 4.3). The cache's
 * generation is the number of bitmap syncs. In the last stage the cache is read but not written,
 * except by zero pages.
 */

/*
 * The cache's copy, NULL if the age rule refused it. QEMU allocates a slot's page when it first
 * fills the slot and keeps it: only then must the host back it.
 */
static const uint8_t *insert(struct sender *sender, const struct page_in_hand *page,
                             const uint8_t *bytes, int64_t *took)
{
    uint64_t held = page_cache_stats(sender->cache).pages_held;
    const uint8_t *copy =
        page_cache_insert(sender->cache, page->page_no, bytes, sender->counters.dirty_sync_count);
    if (!copy)
        return NULL;
    *took += sender->scenario->host.insert_ns;
    if (page_cache_stats(sender->cache).pages_held > held)
        *took += sender->scenario->host.cache_page_ns;
    return copy;
}

static int64_t miss(struct sender *sender, const struct page_in_hand *page)
{
    sender->counters.xbzrle_cache_miss++;
    if (sender->last_stage)
        return sender_put_whole(sender, page, page->bytes, true);
    int64_t took = 0;
    const uint8_t *copy = insert(sender, page, page->bytes, &took);
    return took + sender_put_whole(sender, page, copy ? copy : page->bytes, false);
}

static int64_t xbzrle_send(struct sender *sender, const struct page_in_hand *page, bool *ret_sent)
{
    uint8_t *cached =
        page_cache_lookup(sender->cache, page->page_no, sender->counters.dirty_sync_count);
    if (!cached)
        return miss(sender, page);
    enum encode_result result;
    size_t size;
    if (sender->last_stage)
        result = xbzrle_encode(cached, page->bytes, PAGE_SIZE, sender->delta, PAGE_SIZE, &size);
    else
        result =
            xbzrle_encode_update(cached, page->bytes, PAGE_SIZE, sender->delta, PAGE_SIZE, &size);
    int64_t took = sender->scenario->host.encode_ns;
    sender->counters.xbzrle_pages++;
    sender->cost.encoded_pages++;
    switch (result) {
    case ENCODE_UNCHANGED:
        *ret_sent = false;
        break;
    case ENCODE_OVERFLOW:
        sender->counters.xbzrle_overflow++;
        sender->counters.xbzrle_bytes += PAGE_SIZE;
        took += sender_put_whole(sender, page, page->bytes, sender->last_stage);
        break;
    case ENCODE_DELTA: {
        uint8_t head[3] = {XBZRLE_RECORD_FLAGS};
        bytes_put_be16(head + 1, (uint16_t)size);
        stream_put_delta(sender->stream, page->block, page->page, head, sizeof head, sender->delta,
                         size);
        sender->counters.xbzrle_bytes += sizeof head + size;
        break;
    }
    }
    return took;
}

/* Neither hit nor miss: the entry is refreshed or added, if the age rule lets it. */
static int64_t xbzrle_sent_zero(struct sender *sender, const struct page_in_hand *page)
{
    static const uint8_t zeros[PAGE_SIZE];
    int64_t took = 0;
    insert(sender, page, zeros, &took);
    return took;
}

const struct delta_technique technique_xbzrle = {
    .name = "xbzrle",
    .dialect = DIALECT_QEMU,
    .send = xbzrle_send,
    .sent_zero = xbzrle_sent_zero,
};
