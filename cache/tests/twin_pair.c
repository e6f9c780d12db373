/* SPDX-License-Identifier: MIT */
#include "cache/tests/twin_pair.h"

#include <stddef.h>
#include <string.h>

static const uint8_t no_bytes[TWIN_PAGE];

bool twin_pair_create(struct twin_pair *pair, const struct page_cache_policy *policy)
{
    memset(pair, 0, sizeof(*pair));
    pair->policy = policy;
    const struct twin_rules *rules = twin_rules_of(page_cache_policy_name(policy));
    if (!rules ||
        page_cache_create(policy, 64 * TWIN_PAGE, TWIN_PAGE, &pair->cache) != PAGE_CACHE_OK)
        return false;
    twin_init(&pair->twin, rules, page_cache_stats(pair->cache).slots);
    return twin_pair_classify(pair, true);
}

void twin_pair_destroy(struct twin_pair *pair)
{
    page_cache_destroy(pair->cache);
}

static bool alike(const uint8_t *real, const uint8_t *twin)
{
    if (!real || !twin)
        return !real && !twin;
    return memcmp(real, twin, TWIN_PAGE) == 0 && (uintptr_t)real % 64 == 0;
}

static bool mark_seen(struct twin_pair *pair, uint64_t page_no)
{
    bool *seen = page_no >= TWIN_FAR ? &pair->seen[1][page_no - TWIN_FAR] : &pair->seen[0][page_no];
    bool before = *seen;
    *seen = true;
    return before;
}

static void classify(struct twin_pair *pair, uint64_t page_no, bool hit)
{
    bool seen = mark_seen(pair, page_no);
    bool in_shadow = twin_lookup(&pair->shadow, page_no, 0) != NULL;
    pair->first_touch += !hit && !seen;
    pair->capacity += !hit && seen && !in_shadow;
    pair->conflict += !hit && seen && in_shadow;
    if (hit && !in_shadow)
        twin_insert(&pair->shadow, page_no, no_bytes, 0);
}

bool twin_pair_lookup(struct twin_pair *pair, uint64_t page_no, size_t write_at)
{
    uint8_t *real = page_cache_lookup(pair->cache, page_no, pair->now);
    uint8_t *twin = twin_lookup(&pair->twin, page_no, pair->now);
    if (!alike(real, twin))
        return false;
    if (pair->classified)
        classify(pair, page_no, twin != NULL);
    if (real && write_at < TWIN_PAGE) {
        real[write_at]++;
        twin[write_at]++;
    }
    return true;
}

bool twin_pair_insert(struct twin_pair *pair, uint64_t page_no, uint8_t fill)
{
    uint8_t bytes[TWIN_PAGE];
    memset(bytes, fill, sizeof(bytes));
    memcpy(bytes, &page_no, sizeof(page_no));
    if (pair->classified) {
        mark_seen(pair, page_no);
        twin_insert(&pair->shadow, page_no, no_bytes, 0);
    }
    return alike(page_cache_insert(pair->cache, page_no, bytes, pair->now),
                 twin_insert(&pair->twin, page_no, bytes, pair->now));
}

bool twin_pair_resize(struct twin_pair *pair, uint64_t wish)
{
    uint64_t size, above, dropped = UINT64_MAX;
    page_cache_sizes_around(pair->policy, wish, TWIN_PAGE, &size, &above);
    if (size == 0)
        size = above;
    if (page_cache_resize(pair->cache, size, &dropped) != PAGE_CACHE_OK)
        return false;
    uint64_t slots = page_cache_stats(pair->cache).slots;
    if (pair->classified)
        twin_resize(&pair->shadow, slots);
    return dropped == twin_resize(&pair->twin, slots);
}

bool twin_pair_classify(struct twin_pair *pair, bool on)
{
    if (on && !pair->classified) {
        twin_init(&pair->shadow, twin_rules_of("lru"), page_cache_stats(pair->cache).slots);
        memset(pair->seen, 0, sizeof(pair->seen));
    }
    pair->classified = on;
    return page_cache_classify_misses(pair->cache, on);
}

bool twin_pair_check(const struct twin_pair *pair)
{
    struct page_cache_stats stats = page_cache_stats(pair->cache);
    return page_cache_check(pair->cache) && stats.pages_held == pair->twin.held &&
           stats.first_touch == pair->first_touch && stats.capacity == pair->capacity &&
           stats.conflict == pair->conflict;
}
