/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

/*
 * QEMU since 2.3: one way a set, and the age rule of November 2014. A page that was used in this
 * generation or the last does not yield to another, so of a cyclic scan over more pages than slots
 * the first ones stay; without the rule, as before, each page puts out one needed sooner.
 */
#define LIFETIME 2 /* generations; QEMU: CACHED_PAGE_LIFETIME */

static uint64_t find(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, 1);
    if (tags[0] != page_cache_tag(page_no))
        return PAGE_CACHE_NO_SLOT;
    tags[1] = now;
    return set;
}

static uint64_t place(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, 1);
    bool another = tags[0] != 0 && tags[0] != page_cache_tag(page_no);
    if (another && now - tags[1] < LIFETIME)
        return PAGE_CACHE_NO_SLOT;
    page_cache_fill(cache, tags, 1, 0, page_no, now);
    return set;
}

static uint64_t place_always(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    uint64_t set = page_cache_set_of(cache, page_no);
    page_cache_fill(cache, page_cache_tags(cache, set, 1), 1, 0, page_no, now);
    return set;
}

const struct page_cache_policy page_cache_direct = {
    .name = "direct",
    .summary = "direct-mapped, a page used within two generations stays (QEMU since 2.3)",
    .ways = 1,
    .size_rule = &page_cache_size_power_of_two,
    .find = find,
    .place = place,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_unique,
};

const struct page_cache_policy page_cache_direct_1_2 = {
    .name = "direct-1.2",
    .summary = "direct-mapped, the newcomer always stays (QEMU 1.2 to 2.2)",
    .ways = 1,
    .size_rule = &page_cache_size_rounded_down,
    .find = find,
    .place = place_always,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_unique,
};
