/* SPDX-License-Identifier: MIT */
#ifndef CACHE_POLICY_H
#define CACHE_POLICY_H

#include "cache/page_cache.h"

/*
 * For the authors of a policy: what every cache has, and the hooks a policy fills in. A new policy
 * is one file (cache_direct.c is the shortest to copy) and one line in page_cache_policies.c.
 *
 * The directory holds, set after set, first the tags and then the ages of its ways, so that one
 * cache line answers for a direct-mapped page and two for eight ways:
 *
 *     directory   | tag tag ... | age age ... | tag tag ... | age age ... |
 *                  \__ ways __/  \__ ways __/
 *                  \________ set 0 _________/  \________ set 1 _________/
 *
 *     slab        | page of slot 0 | page of slot 1 | ...      slot = set * ways + way
 *
 * A tag is page_no + 1: memory fresh from the kernel is all zeros, thus an empty directory.
 */

#define PAGE_CACHE_NO_SLOT UINT64_MAX

struct page_cache_size_rule {
    /* The number of sets that `size_bytes` makes, 0 if it is no size of this rule. */
    uint64_t (*sets)(uint64_t size_bytes, uint64_t set_bytes);
    /* As page_cache_sizes_around. */
    void (*around)(uint64_t size_bytes, uint64_t set_bytes, uint64_t *ret_below,
                   uint64_t *ret_above);
};

/* All want at least one set. The size itself is a power of two (QEMU since 2.11). */
extern const struct page_cache_size_rule page_cache_size_power_of_two;
/* Any size; of the number of sets the power of two below is used (QEMU 1.2 to 2.10). */
extern const struct page_cache_size_rule page_cache_size_rounded_down;
/* Any size; as many sets as fit. */
extern const struct page_cache_size_rule page_cache_size_any;
/* Any number of whole sets. */
extern const struct page_cache_size_rule page_cache_size_whole_sets;

struct page_cache_policy {
    const char *name;                             /* Required. What the user types. */
    const char *summary;                          /* Required. One line. */
    unsigned ways;                                /* Required. Slots of one set. */
    const struct page_cache_size_rule *size_rule; /* Required. */

    /* Required. The slot that holds the page, made young; PAGE_CACHE_NO_SLOT on a miss. */
    uint64_t (*find)(struct page_cache *cache, uint64_t page_no, uint64_t now);

    /* Required. Fills a way for the page with page_cache_fill and returns its slot, whose bytes the
     * caller then writes; PAGE_CACHE_NO_SLOT to refuse, nothing being changed. */
    uint64_t (*place)(struct page_cache *cache, uint64_t page_no, uint64_t now);

    /* Required. Moves the youngest pages of `old` that fit into the empty `fresh`. Sets indexed by
     * the low bits of the page number use page_cache_adopt_by_set. */
    void (*adopt)(struct page_cache *fresh, const struct page_cache *old);

    /* Required. Whether each page is where `find` looks for it, and how often. */
    bool (*check)(const struct page_cache *cache);

    /* Not required. Zeroed memory beside the directory, for cache->index ... */
    uint64_t (*index_bytes)(uint64_t slots);
    /* ... and what has to be done to it first; required with index_bytes. */
    void (*start)(struct page_cache *cache);
    /* Not required. See page_cache_prefetch; without it the set of the page is asked for. */
    void (*prefetch)(const struct page_cache *cache, uint64_t page_no);
};

struct page_cache {
    const struct page_cache_policy *policy;
    uint64_t *directory;
    uint8_t *slab;
    void *index; /* the policy's own, or NULL */
    uint64_t sets, slots;
    uint64_t set_mask; /* sets - 1 */
    unsigned page_shift;
    uint64_t now;       /* the latest generation seen */
    uint64_t use_count; /* for policies whose ages count uses, not generations */
    struct page_cache_stats stats;
    struct miss_classes *classes; /* NULL: not wanted */
};

static inline uint64_t page_cache_tag(uint64_t page_no)
{
    return page_no + 1;
}

static inline uint64_t page_cache_set_of(const struct page_cache *cache, uint64_t page_no)
{
    return page_no & cache->set_mask;
}

/* The tags of a set; its ages follow at [ways]. */
static inline uint64_t *page_cache_tags(const struct page_cache *cache, uint64_t set, unsigned ways)
{
    return cache->directory + set * 2 * ways;
}

static inline uint8_t *page_cache_bytes(const struct page_cache *cache, uint64_t slot)
{
    return cache->slab + (slot << cache->page_shift);
}

/* Gives the way `tags[way]` to a page, counting what was there before. */
static inline void page_cache_fill(struct page_cache *cache, uint64_t *tags, unsigned ways,
                                   unsigned way, uint64_t page_no, uint64_t age)
{
    uint64_t tag = page_cache_tag(page_no);
    cache->stats.pages_held += tags[way] == 0;
    cache->stats.replacements += tags[way] != 0 && tags[way] != tag;
    tags[way] = tag;
    tags[ways + way] = age;
}

void page_cache_adopt_by_set(struct page_cache *fresh, const struct page_cache *old);

/* Every page in the set of its number. */
bool page_cache_check_sets(const struct page_cache *cache);
/* The same, and no page twice. */
bool page_cache_check_unique(const struct page_cache *cache);

extern const struct page_cache_policy page_cache_direct, page_cache_direct_1_2;
extern const struct page_cache_policy page_cache_two_way, page_cache_two_way_v5;
extern const struct page_cache_policy page_cache_set_assoc_4, page_cache_set_assoc_8;
extern const struct page_cache_policy page_cache_set_assoc_16;
extern const struct page_cache_policy page_cache_lru;

#endif
