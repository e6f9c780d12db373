/* SPDX-License-Identifier: MIT */
#ifndef CACHE_MISS_CLASSES_H
#define CACHE_MISS_CLASSES_H

#include "cache/page_cache.h"

/*
 * Why a lookup missed, after Hill (1987). First touch: the page was never asked for or offered
 * before. Capacity: a fully associative LRU cache with as many slots, fed with the same calls,
 * misses too. Conflict: it would have hit, so the policy is to blame: its sets, or its refusals.
 *
 * The LRU cache is a shadow directory without pages. Pages seen are bits of a map that covers page
 * numbers below 2^32 (16 TiB of 4 KiB pages, 512 MiB of address space, committed as touched);
 * numbers beyond fold onto it, and two that meet may make a first touch look like capacity.
 */

struct miss_classes;

struct miss_classes *miss_classes_create(uint64_t slots); /* owned; NULL: no memory */
void miss_classes_destroy(struct miss_classes *classes);  /* NULL is fine */

/* Counts a lookup that missed in one of the three, a hit in none. */
void miss_classes_lookup(struct miss_classes *classes, uint64_t page_no, bool hit,
                         struct page_cache_stats *stats);
void miss_classes_insert(struct miss_classes *classes, uint64_t page_no); /* refused or not */

/* The shadow keeps its youngest pages. False: no memory, nothing changed. */
bool miss_classes_resize(struct miss_classes *classes, uint64_t slots);

bool miss_classes_check(const struct miss_classes *classes);

#endif
