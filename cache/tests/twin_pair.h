/* SPDX-License-Identifier: MIT */
#ifndef CACHE_TESTS_TWIN_PAIR_H
#define CACHE_TESTS_TWIN_PAIR_H

#include "cache/page_cache.h"
#include "cache/tests/twin_page_cache.h"

/*
 * A cache and its twin fed with the same calls, its misses classified. Every call returns whether
 * both answered alike, bytes included. Page numbers are below TWIN_PAGES, or that far above
 * TWIN_FAR: no policy may truncate them.
 */
enum { TWIN_PAGES = 3 * TWIN_SLOTS };
#define TWIN_FAR UINT64_C(0xfffffffffffff000)

struct twin_pair {
    const struct page_cache_policy *policy;
    struct page_cache *cache;
    struct twin_cache twin, shadow; /* the shadow: LRU of as many slots */
    bool classified;
    bool seen[2][TWIN_PAGES];
    uint64_t first_touch, capacity, conflict;
    uint64_t now; /* the caller's, to move forwards */
};

/* With 64 slots, misses classified. False: no twin of that policy, or no memory. */
bool twin_pair_create(struct twin_pair *pair, const struct page_cache_policy *policy);
void twin_pair_destroy(struct twin_pair *pair);

/* A hit is written to at `write_at`, unless that is TWIN_PAGE or more. */
bool twin_pair_lookup(struct twin_pair *pair, uint64_t page_no, size_t write_at);
bool twin_pair_insert(struct twin_pair *pair, uint64_t page_no, uint8_t fill);

/* To the valid size below `wish` bytes, the least one if there is none; at most TWIN_SLOTS pages.
 */
bool twin_pair_resize(struct twin_pair *pair, uint64_t wish);
bool twin_pair_classify(struct twin_pair *pair, bool on);

/* Counters and invariants. */
bool twin_pair_check(const struct twin_pair *pair);

#endif
