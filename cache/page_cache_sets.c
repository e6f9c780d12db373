/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

#include <string.h>

/* An empty way, or else the oldest. */
static unsigned way_to_yield(const uint64_t *tags, unsigned ways)
{
    unsigned oldest = 0;
    for (unsigned way = 0; way < ways; way++) {
        if (tags[way] == 0)
            return way;
        if (tags[ways + way] < tags[ways + oldest])
            oldest = way;
    }
    return oldest;
}

/* Of pages equally old the one in the lower old slot stays: it comes first. */
static void adopt_way(struct page_cache *fresh, const struct page_cache *old, uint64_t old_slot,
                      uint64_t page_no, uint64_t age)
{
    unsigned ways = fresh->policy->ways;
    uint64_t set = page_cache_set_of(fresh, page_no);
    uint64_t *tags = page_cache_tags(fresh, set, ways);
    unsigned way = way_to_yield(tags, ways);
    if (tags[way] != 0 && tags[ways + way] >= age)
        return;
    page_cache_fill(fresh, tags, ways, way, page_no, age);
    memcpy(page_cache_bytes(fresh, set * ways + way), page_cache_bytes(old, old_slot),
           (size_t)1 << fresh->page_shift);
}

void page_cache_adopt_by_set(struct page_cache *fresh, const struct page_cache *old)
{
    unsigned ways = old->policy->ways;
    for (uint64_t set = 0; set < old->sets; set++) {
        const uint64_t *tags = page_cache_tags(old, set, ways);
        for (unsigned way = 0; way < ways; way++) {
            if (tags[way] != 0)
                adopt_way(fresh, old, set * ways + way, tags[way] - 1, tags[ways + way]);
        }
    }
}

static bool check_sets(const struct page_cache *cache, bool unique)
{
    unsigned ways = cache->policy->ways;
    for (uint64_t set = 0; set < cache->sets; set++) {
        const uint64_t *tags = page_cache_tags(cache, set, ways);
        for (unsigned way = 0; way < ways; way++) {
            if (tags[way] == 0)
                continue;
            if (page_cache_set_of(cache, tags[way] - 1) != set)
                return false;
            for (unsigned other = 0; unique && other < way; other++) {
                if (tags[other] == tags[way])
                    return false;
            }
        }
    }
    return true;
}

bool page_cache_check_sets(const struct page_cache *cache)
{
    return check_sets(cache, false);
}

bool page_cache_check_unique(const struct page_cache *cache)
{
    return check_sets(cache, true);
}
