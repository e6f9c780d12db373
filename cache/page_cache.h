/* SPDX-License-Identifier: MIT */
#ifndef CACHE_PAGE_CACHE_H
#define CACHE_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A cache of page contents: the sender's memory of what the destination already has.
 *
 *     page_no  ──(policy: which set)──>  set 0   | way 0 | way 1 | ...
 *                                        set 1   | way 0 | way 1 | ...
 *                                        ...
 *                                        a way = { page_no, age } and one page in the slab
 *
 * The slab is one allocation of at most `size_bytes`, every page in it 64-byte aligned; a lookup or
 * insert allocates nothing. Slots that were never filled cost address space, not memory, and the
 * thread that fills a slot decides on which NUMA node it lies. Not thread-safe: one cache belongs
 * to one sender.
 *
 * `page_no` is any number but UINT64_MAX. `page_size` is a power of two, at least 64. `now` is a
 * generation that never goes back; QEMU uses its dirty-sync-count. A policy may refuse an insert
 * (QEMU: the slot holds a page younger than two generations); the caller then sends the page
 * without caching it.
 */

#ifdef __cplusplus
extern "C" {
#endif

struct page_cache;

enum page_cache_status {
    PAGE_CACHE_OK,
    PAGE_CACHE_BAD_SIZE,  /* no size of this policy: see page_cache_sizes_around */
    PAGE_CACHE_NO_MEMORY, /* not to be had, or 2^32 pages and more; nothing created or changed */
};

struct page_cache_policy; /* see policy.h; cache_direct.c, ... */
extern const struct page_cache_policy *const page_cache_policies[];       /* ended by NULL */
const struct page_cache_policy *page_cache_policy_find(const char *name); /* NULL if unknown */
const char *page_cache_policy_name(const struct page_cache_policy *policy);
const char *page_cache_policy_summary(const struct page_cache_policy *policy); /* one line */

/* Owned by the caller, to page_cache_destroy. *ret_cache is NULL unless PAGE_CACHE_OK. */
enum page_cache_status page_cache_create(const struct page_cache_policy *policy,
                                         uint64_t size_bytes, size_t page_size,
                                         struct page_cache **ret_cache);
void page_cache_destroy(struct page_cache *cache); /* NULL is fine */

/* The largest valid size not above, and the smallest not below, `size_bytes`; 0 if there is none.
 */
void page_cache_sizes_around(const struct page_cache_policy *policy, uint64_t size_bytes,
                             size_t page_size, uint64_t *ret_below, uint64_t *ret_above);

/*
 * The cached bytes of `page_no`, or NULL on a miss. A hit makes the page young again. The bytes are
 * borrowed and may be written (to bring them up to date); they stay valid until the next insert,
 * resize or destroy.
 */
uint8_t *page_cache_lookup(struct page_cache *cache, uint64_t page_no, uint64_t now);

/*
 * Asks the processor for what a lookup or insert of `page_no` will read of the directory: worth it
 * some pages ahead when the directory is larger than the processor's caches (from some hundred MiB
 * of pages on) and pages come in no order. Changes nothing.
 */
void page_cache_prefetch(const struct page_cache *cache, uint64_t page_no);

/*
 * Takes a copy of `bytes` (one page, not in the cache itself) and returns where it lies (borrowed,
 * as above), or NULL if the policy refuses. A page that is already cached is replaced in place.
 */
uint8_t *page_cache_insert(struct page_cache *cache, uint64_t page_no, const uint8_t *bytes,
                           uint64_t now);

/*
 * Changes the size, keeping of each new set the youngest pages that fit. On failure the cache is as
 * before. *ret_dropped (may be NULL) is the number of pages lost. Old and new slab exist side by
 * side while pages are moved.
 */
enum page_cache_status page_cache_resize(struct page_cache *cache, uint64_t size_bytes,
                                         uint64_t *ret_dropped);

struct page_cache_stats {
    uint64_t lookups, hits;
    /* Inserts that were taken; those of them that put out another page; those refused. */
    uint64_t inserts, replacements, refusals;
    uint64_t first_touch, capacity, conflict; /* see page_cache_classify_misses */
    uint64_t pages_held;                      /* slots in use */
    uint64_t slots;
    uint64_t memory_bytes; /* slab and directory, filled or not; without the miss classes */
};
struct page_cache_stats page_cache_stats(const struct page_cache *cache);

/*
 * From now on misses are also counted by cause (Hill 1987): first touch of a page, capacity (a
 * fully associative LRU cache of as many slots misses too), conflict (the rest: sets too narrow, or
 * inserts refused). Best switched on before the first lookup: of what was before nothing is known.
 * Costs a second search a call and some 30 bytes a slot. Off frees that and keeps the counts.
 * False: no memory for it, nothing changed.
 */
bool page_cache_classify_misses(struct page_cache *cache, bool on);

/* Whether all internal invariants hold; reads the whole directory. For tests and debug builds. */
bool page_cache_check(const struct page_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
