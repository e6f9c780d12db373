/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

#include <string.h>

/*
 * Sets of several ways, the least recently used of a set yields. Ages count uses of the cache, not
 * generations: within one generation all pages would be equally old.
 */

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF 1
#else
#define LOW_HALF 0
#endif

static inline unsigned way_of_exactly(const uint64_t *tags, uint64_t tag, unsigned ways)
{
    unsigned way = 0;
    while (way < ways && tags[way] != tag)
        way++;
    return way;
}

/*
 * The way that holds `tag`, or `ways`. The low halves of four tags are compared at once, which
 * every vector unit can do, and no branch asks which: no processor predicts that. What is found is
 * added up, which names a way as long as it is one; the whole tag tells. Two pages that differ by a
 * multiple of 2^32 in one set are looked for one by one.
 */
static inline unsigned way_of(const uint64_t *tags, uint64_t tag, unsigned ways)
{
    typedef uint32_t halves __attribute__((vector_size(16)));
    const uint32_t half = (uint32_t)tag;
    const halves wanted = {half, half, half, half};
    halves found = {0};
#pragma GCC unroll 4
    for (unsigned way = 0; way < ways; way += 4) {
        halves low, high;
        memcpy(&low, tags + way, sizeof(low));
        memcpy(&high, tags + way + 2, sizeof(high));
        halves four =
            __builtin_shufflevector(low, high, LOW_HALF, LOW_HALF + 2, LOW_HALF + 4, LOW_HALF + 6);
        const halves numbers = {ways - way, ways - way - 1, ways - way - 2, ways - way - 3};
        found |= (halves)(four == wanted) & numbers;
    }
    unsigned number = found[0] | found[1] | found[2] | found[3];
    if (number == 0)
        return ways;
    if (number <= ways && tags[ways - number] == tag)
        return ways - number;
    return way_of_exactly(tags, tag, ways);
}

static inline uint64_t find(struct page_cache *cache, uint64_t page_no, unsigned ways)
{
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, ways);
    uint64_t tag = page_cache_tag(page_no);
    unsigned way = ways < 4 ? way_of_exactly(tags, tag, ways) : way_of(tags, tag, ways);
    if (way == ways)
        return PAGE_CACHE_NO_SLOT;
    tags[ways + way] = ++cache->use_count;
    return set * ways + way;
}

/*
 * An empty way has age 0, below every other. The search carries the way in the low bits of the age:
 * a minimum needs no branch, and which way is oldest no processor predicts.
 */
static inline unsigned oldest(const uint64_t *ages, unsigned ways)
{
    uint64_t least = UINT64_MAX;
    for (unsigned way = 0; way < ways; way++) {
        uint64_t key = ages[way] << 4 | way;
        least = key < least ? key : least;
    }
    return least & 15;
}

static inline uint64_t place(struct page_cache *cache, uint64_t page_no, unsigned ways)
{
    uint64_t slot = find(cache, page_no, ways);
    if (slot != PAGE_CACHE_NO_SLOT)
        return slot;
    uint64_t set = page_cache_set_of(cache, page_no);
    uint64_t *tags = page_cache_tags(cache, set, ways);
    unsigned way = oldest(tags + ways, ways);
    page_cache_fill(cache, tags, ways, way, page_no, ++cache->use_count);
    return set * ways + way;
}

/* A policy of WAYS ways, at most 16; the number is a constant to the compiler. */
#define SET_ASSOC(IDENTIFIER, WAYS, NAME, SUMMARY)                                                 \
    static uint64_t find_##WAYS(struct page_cache *cache, uint64_t page_no, uint64_t now)          \
    {                                                                                              \
        (void)now;                                                                                 \
        return find(cache, page_no, WAYS);                                                         \
    }                                                                                              \
    static uint64_t place_##WAYS(struct page_cache *cache, uint64_t page_no, uint64_t now)         \
    {                                                                                              \
        (void)now;                                                                                 \
        return place(cache, page_no, WAYS);                                                        \
    }                                                                                              \
    const struct page_cache_policy IDENTIFIER = {                                                  \
        .name = NAME,                                                                              \
        .summary = SUMMARY,                                                                        \
        .ways = WAYS,                                                                              \
        .size_rule = &page_cache_size_power_of_two,                                                \
        .find = find_##WAYS,                                                                       \
        .place = place_##WAYS,                                                                     \
        .adopt = page_cache_adopt_by_set,                                                          \
        .check = page_cache_check_unique,                                                          \
    }

SET_ASSOC(page_cache_two_way, 2, "two-way",
          "two ways a set, the less recently used yields (v5 series, its slips mended)");
SET_ASSOC(page_cache_set_assoc_4, 4, "set-assoc-4",
          "four ways a set, the least recently used of the set yields");
SET_ASSOC(page_cache_set_assoc_8, 8, "set-assoc-8",
          "eight ways a set, the least recently used of the set yields");
SET_ASSOC(page_cache_set_assoc_16, 16, "set-assoc-16",
          "sixteen ways a set, the least recently used of the set yields");
