/* SPDX-License-Identifier: MIT */
#include "cache/cache_memory.h"
#include "cache/miss_classes.h"
#include "cache/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t directory_bytes(const struct page_cache *cache)
{
    return cache->slots * 2 * sizeof(*cache->directory);
}

static uint64_t slab_bytes(const struct page_cache *cache)
{
    return cache->slots << cache->page_shift;
}

static uint64_t index_bytes(const struct page_cache *cache)
{
    return cache->policy->index_bytes ? cache->policy->index_bytes(cache->slots) : 0;
}

static void free_memory(struct page_cache *cache)
{
    cache_memory_unmap(cache->index, index_bytes(cache));
    cache_memory_unmap(cache->directory, directory_bytes(cache));
    cache_memory_unmap(cache->slab, slab_bytes(cache));
}

/* Sets up everything in *cache that depends on its size; on failure *cache owns nothing. */
static enum page_cache_status take_memory(struct page_cache *cache, uint64_t size_bytes)
{
    const struct page_cache_policy *policy = cache->policy;
    uint64_t sets =
        policy->size_rule->sets(size_bytes, (uint64_t)policy->ways << cache->page_shift);
    if (sets == 0)
        return PAGE_CACHE_BAD_SIZE;
    cache->sets = sets;
    cache->set_mask = sets - 1;
    cache->slots = sets * policy->ways;
    cache->directory = NULL;
    cache->slab = NULL;
    cache->index = NULL;
    if (cache->slots >= UINT32_MAX)
        return PAGE_CACHE_NO_MEMORY;
    cache->directory = cache_memory_map(directory_bytes(cache));
    cache->slab = cache_memory_map(slab_bytes(cache));
    if (policy->index_bytes)
        cache->index = cache_memory_map(index_bytes(cache));
    if (!cache->directory || !cache->slab || (policy->index_bytes && !cache->index)) {
        free_memory(cache);
        return PAGE_CACHE_NO_MEMORY;
    }
    if (policy->start)
        policy->start(cache);
    return PAGE_CACHE_OK;
}

static unsigned log2_of(size_t power)
{
    unsigned shift = 0;
    while (((size_t)1 << shift) < power)
        shift++;
    return shift;
}

enum page_cache_status page_cache_create(const struct page_cache_policy *policy,
                                         uint64_t size_bytes, size_t page_size,
                                         struct page_cache **ret_cache)
{
    assert(page_size >= 64 && (page_size & (page_size - 1)) == 0);
    *ret_cache = NULL;
    struct page_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return PAGE_CACHE_NO_MEMORY;
    cache->policy = policy;
    cache->page_shift = log2_of(page_size);
    enum page_cache_status status = take_memory(cache, size_bytes);
    if (status != PAGE_CACHE_OK) {
        free(cache);
        return status;
    }
    *ret_cache = cache;
    return PAGE_CACHE_OK;
}

void page_cache_destroy(struct page_cache *cache)
{
    if (!cache)
        return;
    free_memory(cache);
    miss_classes_destroy(cache->classes);
    free(cache);
}

void page_cache_sizes_around(const struct page_cache_policy *policy, uint64_t size_bytes,
                             size_t page_size, uint64_t *ret_below, uint64_t *ret_above)
{
    policy->size_rule->around(size_bytes, policy->ways * (uint64_t)page_size, ret_below, ret_above);
}

uint8_t *page_cache_lookup(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    assert(page_no != UINT64_MAX && now >= cache->now);
    cache->now = now;
    cache->stats.lookups++;
    uint64_t slot = cache->policy->find(cache, page_no, now);
    if (cache->classes)
        miss_classes_lookup(cache->classes, page_no, slot != PAGE_CACHE_NO_SLOT, &cache->stats);
    if (slot == PAGE_CACHE_NO_SLOT)
        return NULL;
    cache->stats.hits++;
    return page_cache_bytes(cache, slot);
}

void page_cache_prefetch(const struct page_cache *cache, uint64_t page_no)
{
    if (cache->policy->prefetch) {
        cache->policy->prefetch(cache, page_no);
        return;
    }
    unsigned ways = cache->policy->ways;
    const uint64_t *tags = page_cache_tags(cache, page_cache_set_of(cache, page_no), ways);
    for (unsigned i = 0; i < 2 * ways; i += 64 / sizeof(*tags))
        __builtin_prefetch(tags + i, 1);
}

uint8_t *page_cache_insert(struct page_cache *cache, uint64_t page_no, const uint8_t *bytes,
                           uint64_t now)
{
    assert(page_no != UINT64_MAX && now >= cache->now);
    cache->now = now;
    __builtin_prefetch(bytes); /* comes while the directory is searched */
    if (cache->classes)
        miss_classes_insert(cache->classes, page_no);
    uint64_t slot = cache->policy->place(cache, page_no, now);
    if (slot == PAGE_CACHE_NO_SLOT) {
        cache->stats.refusals++;
        return NULL;
    }
    cache->stats.inserts++;
    return memcpy(page_cache_bytes(cache, slot), bytes, (size_t)1 << cache->page_shift);
}

enum page_cache_status page_cache_resize(struct page_cache *cache, uint64_t size_bytes,
                                         uint64_t *ret_dropped)
{
    struct page_cache fresh = *cache;
    enum page_cache_status status = take_memory(&fresh, size_bytes);
    if (status != PAGE_CACHE_OK)
        return status;
    if (cache->classes && !miss_classes_resize(cache->classes, fresh.slots)) {
        free_memory(&fresh);
        return PAGE_CACHE_NO_MEMORY;
    }
    fresh.stats.pages_held = 0;
    cache->policy->adopt(&fresh, cache);
    if (ret_dropped)
        *ret_dropped = cache->stats.pages_held - fresh.stats.pages_held;
    fresh.stats.replacements = cache->stats.replacements; /* moving is not replacing */
    free_memory(cache);
    *cache = fresh;
    return PAGE_CACHE_OK;
}

struct page_cache_stats page_cache_stats(const struct page_cache *cache)
{
    struct page_cache_stats stats = cache->stats;
    stats.slots = cache->slots;
    stats.memory_bytes = slab_bytes(cache) + directory_bytes(cache) + index_bytes(cache);
    return stats;
}

bool page_cache_classify_misses(struct page_cache *cache, bool on)
{
    if (on && !cache->classes) {
        cache->classes = miss_classes_create(cache->slots);
        return cache->classes != NULL;
    }
    if (!on) {
        miss_classes_destroy(cache->classes);
        cache->classes = NULL;
    }
    return true;
}

bool page_cache_check(const struct page_cache *cache)
{
    unsigned ways = cache->policy->ways;
    uint64_t held = 0;
    for (uint64_t set = 0; set < cache->sets; set++) {
        const uint64_t *tags = page_cache_tags(cache, set, ways);
        for (unsigned way = 0; way < ways; way++) {
            held += tags[way] != 0;
            if (tags[way] == 0 && tags[ways + way] != 0)
                return false;
        }
    }
    return held == cache->stats.pages_held && cache->stats.hits <= cache->stats.lookups &&
           cache->policy->check(cache) && (!cache->classes || miss_classes_check(cache->classes));
}
