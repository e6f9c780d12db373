/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

/*
 * Sets of several ways, the least recently used of a set yields. Ages count uses of the cache, not
 * generations: within one generation all pages would be equally old.
 */

uint64_t page_cache_set_assoc_find(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    (void)now;
    unsigned ways = cache->policy->ways;
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, ways);
    uint64_t tag = page_cache_tag(page_no);
    for (unsigned way = 0; way < ways; way++) {
        if (tags[way] == tag) {
            tags[ways + way] = ++cache->use_count;
            return set * ways + way;
        }
    }
    return PAGE_CACHE_NO_SLOT;
}

/* An empty way has age 0, below every other. */
uint64_t page_cache_set_assoc_place(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    uint64_t slot = page_cache_set_assoc_find(cache, page_no, now);
    if (slot != PAGE_CACHE_NO_SLOT)
        return slot;
    unsigned ways = cache->policy->ways;
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, ways);
    unsigned oldest = 0;
    for (unsigned way = 1; way < ways; way++) {
        if (tags[ways + way] < tags[ways + oldest])
            oldest = way;
    }
    page_cache_fill(cache, tags, ways, oldest, page_no, ++cache->use_count);
    return set * ways + oldest;
}

const struct page_cache_policy page_cache_set_assoc_4 = {
    .name = "set-assoc-4",
    .summary = "four ways a set, the least recently used of the set yields",
    .ways = 4,
    .size_rule = &page_cache_size_power_of_two,
    .find = page_cache_set_assoc_find,
    .place = page_cache_set_assoc_place,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_unique,
};

const struct page_cache_policy page_cache_set_assoc_8 = {
    .name = "set-assoc-8",
    .summary = "eight ways a set, the least recently used of the set yields",
    .ways = 8,
    .size_rule = &page_cache_size_power_of_two,
    .find = page_cache_set_assoc_find,
    .place = page_cache_set_assoc_place,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_unique,
};

const struct page_cache_policy page_cache_set_assoc_16 = {
    .name = "set-assoc-16",
    .summary = "sixteen ways a set, the least recently used of the set yields",
    .ways = 16,
    .size_rule = &page_cache_size_power_of_two,
    .find = page_cache_set_assoc_find,
    .place = page_cache_set_assoc_place,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_unique,
};
