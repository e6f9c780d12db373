/* SPDX-License-Identifier: MIT */
#include "cache/lru_index.h"
#include "cache/policy.h"

#include <string.h>

/* Any page in any slot, the least recently used of all yields. The yardstick for the others: what
 * it misses, only more memory can save, or a policy that refuses. Some 30 bytes a slot for it. */

static uint64_t find(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    (void)now;
    uint32_t slot = lru_index_find(cache->index, page_no);
    if (slot == LRU_INDEX_NONE)
        return PAGE_CACHE_NO_SLOT;
    lru_index_touch(cache->index, slot);
    return slot;
}

static uint64_t place(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    uint64_t slot = find(cache, page_no, now);
    if (slot != PAGE_CACHE_NO_SLOT)
        return slot;
    slot = lru_index_take(cache->index, page_no);
    page_cache_fill(cache, page_cache_tags(cache, slot, 1), 1, 0, page_no, now);
    return slot;
}

/* From the oldest that stays, so that the order of use stays as well. */
static void adopt(struct page_cache *fresh, const struct page_cache *old)
{
    uint64_t held = lru_index_held(old->index);
    uint64_t dropped = held > fresh->slots ? held - fresh->slots : 0;
    uint32_t slot = lru_index_oldest(old->index);
    for (; slot != LRU_INDEX_NONE; slot = lru_index_newer(old->index, slot)) {
        if (dropped > 0) {
            dropped--;
            continue;
        }
        uint64_t to = place(fresh, lru_index_page_no(old->index, slot), 0);
        memcpy(page_cache_bytes(fresh, to), page_cache_bytes(old, slot),
               (size_t)1 << fresh->page_shift);
    }
}

static bool check(const struct page_cache *cache)
{
    if (!lru_index_check(cache->index) || lru_index_held(cache->index) != cache->stats.pages_held)
        return false;
    uint32_t slot = lru_index_oldest(cache->index);
    for (; slot != LRU_INDEX_NONE; slot = lru_index_newer(cache->index, slot)) {
        uint64_t tag = page_cache_tag(lru_index_page_no(cache->index, slot));
        if (*page_cache_tags(cache, slot, 1) != tag)
            return false;
    }
    return true;
}

static void prefetch(const struct page_cache *cache, uint64_t page_no)
{
    lru_index_prefetch(cache->index, page_no);
}

static void start(struct page_cache *cache)
{
    lru_index_init(cache->index, cache->slots);
}

const struct page_cache_policy page_cache_lru = {
    .name = "lru",
    .summary = "fully associative, the least recently used page of all yields",
    .ways = 1,
    .size_rule = &page_cache_size_whole_sets,
    .find = find,
    .place = place,
    .adopt = adopt,
    .check = check,
    .index_bytes = lru_index_bytes,
    .start = start,
    .prefetch = prefetch,
};
