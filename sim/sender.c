/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/sender.h"

#include "base/units.h"
#include "codec/zero_page.h"

#include <assert.h>

static bool create_cache(const struct scenario *scenario, uint64_t bytes, struct page_cache **ret,
                         struct error *error)
{
    char text[UNITS_TEXT_SIZE];
    const struct page_cache_policy *policy = page_cache_policy_find(scenario->migration.cache);
    enum page_cache_status status = page_cache_create(policy, bytes, PAGE_SIZE, ret);
    assert(status != PAGE_CACHE_BAD_SIZE); /* the scenario was checked */
    if (status == PAGE_CACHE_OK && !scenario->migration.classify_misses)
        return true;
    if (status == PAGE_CACHE_OK && page_cache_classify_misses(*ret, true))
        return true;
    page_cache_destroy(*ret);
    *ret = NULL;
    return error_set(error, "no memory for a page cache of %s", units_format_size(bytes, text));
}

bool sender_init(struct sender *sender, const struct scenario *scenario, struct guest *guest,
                 struct stream *stream, struct error *error)
{
    *sender = (struct sender){.scenario = scenario, .guest = guest, .stream = stream};
    if (scenario->migration.xbzrle) {
        sender->technique =
            scenario->migration.codec == CODEC_XBRLE ? &technique_xbrle : &technique_xbzrle;
        if (!create_cache(scenario, scenario->migration.xbzrle_cache_size, &sender->cache, error))
            return false;
    }
    sender->dirty = dirty_log_create(guest_machine(guest));
    return true;
}

void sender_release(struct sender *sender)
{
    page_cache_destroy(sender->cache);
    dirty_log_destroy(sender->dirty);
}

uint64_t sender_sync(struct sender *sender, sim_time now)
{
    sender->counters.dirty_sync_count++;
    return dirty_log_sync(sender->dirty, guest_written(sender->guest, now));
}

uint64_t sender_remaining_bytes(const struct sender *sender)
{
    return dirty_log_pages(sender->dirty) * PAGE_SIZE;
}

int64_t sender_put_whole(struct sender *sender, const struct page_in_hand *page,
                         const uint8_t *bytes, bool by_reference)
{
    stream_put_page(sender->stream, page->block, page->page, bytes, by_reference);
    sender->counters.normal++;
    return sender->scenario->host.page_ns;
}

static bool is_zero(const struct sender *sender, const uint8_t *bytes, uint8_t *ret_byte)
{
    if (sender->technique && sender->technique->any_byte_is_zero)
        return duplicate_page(bytes, PAGE_SIZE, ret_byte);
    *ret_byte = 0;
    return zero_page(bytes, PAGE_SIZE);
}

static int64_t put_zero(struct sender *sender, const struct page_in_hand *page, uint8_t byte,
                        bool delta)
{
    stream_put_zero(sender->stream, page->block, page->page, byte);
    sender->counters.duplicate++;
    int64_t took = sender->scenario->host.zero_page_ns;
    return delta ? took + sender->technique->sent_zero(sender, page) : took;
}

enum sender_step sender_step(struct sender *sender, sim_time *now)
{
    struct page_in_hand page;
    bool wrapped, sent = true;
    bool found = dirty_log_next(sender->dirty, &page.page_no, &page.block, &wrapped);
    sender->wrapped |= wrapped;
    if (!found)
        return SENDER_EMPTY;
    bool delta = sender->technique && (sender->technique->from_the_start || sender->wrapped);
    page.page = page.page_no - guest_machine(sender->guest)->blocks[page.block].first_page;
    int64_t took;
    uint8_t byte = 0;
    if (!delta && guest_page_is_untouched_zero(sender->guest, page.page_no, *now)) {
        took = put_zero(sender, &page, 0, false);
        if (!sender->wrapped && !sender->scenario->guest.preallocated)
            took += sender->scenario->host.untouched_page_ns;
    } else {
        page.bytes = guest_page(sender->guest, page.page_no, *now, sender->scratch);
        if (is_zero(sender, page.bytes, &byte))
            took = put_zero(sender, &page, byte, delta);
        else if (delta)
            took = sender->technique->send(sender, &page, &sent);
        else
            took = sender_put_whole(sender, &page, page.bytes, true);
    }
    *now += took;
    sender->cost.sender_cpu_ns += (uint64_t)took;
    sender->pages_put += sent;
    return sent ? SENDER_SENT : SENDER_UNCHANGED;
}

struct record_counters sender_counters(const struct sender *sender)
{
    struct record_counters counters = sender->counters;
    counters.transferred = stream_transferred(sender->stream);
    return counters;
}

bool sender_resize_cache(struct sender *sender, uint64_t bytes)
{
    struct page_cache *fresh;
    struct error error;
    if (!sender->cache)
        return true;
    switch ((enum cache_resize)sender->scenario->migration.cache_resize) {
    case RESIZE_KEEP:
        return page_cache_resize(sender->cache, bytes, NULL) == PAGE_CACHE_OK;
    case RESIZE_DROP:
        if (!create_cache(sender->scenario, bytes, &fresh, &error))
            return false;
        page_cache_destroy(sender->cache);
        sender->cache = fresh;
        return true;
    case RESIZE_NONE:
        break;
    }
    return true;
}
