/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

/*
 * The cache of the patch series of January 2012 (v5) as it was; "two-way" is what it meant to be.
 * The age is a count of insertions that a lookup does not touch, so the older insertion
 * yields, however much it is used. An insert never looks whether the page is there already: sent
 * twice in a row it fills both ways, and a lookup prefers the younger copy. The set is masked out
 * of the page number even if the number of sets is no power of two; some sets are never used then.
 */

static uint64_t find(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    (void)now;
    uint64_t set = page_cache_set_of(cache, page_no);
    const uint64_t *tags = page_cache_tags(cache, set, 2);
    const uint64_t *ages = tags + 2;
    uint64_t tag = page_cache_tag(page_no);
    unsigned younger = ages[1] > ages[0];
    if (tags[younger] == tag)
        return set * 2 + younger;
    return tags[!younger] == tag ? set * 2 + !younger : PAGE_CACHE_NO_SLOT;
}

static uint64_t place(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    (void)now;
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, 2);
    const uint64_t *ages = tags + 2;
    unsigned older = ages[1] < ages[0];
    page_cache_fill(cache, tags, 2, older, page_no, ++cache->use_count);
    return set * 2 + older;
}

const struct page_cache_policy page_cache_two_way_v5 = {
    .name = "two-way-v5",
    .summary = "two ways a set, the older insertion yields, duplicates (v5 series as it was)",
    .ways = 2,
    .size_rule = &page_cache_size_any,
    .find = find,
    .place = place,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_sets,
};
