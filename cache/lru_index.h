/* SPDX-License-Identifier: MIT */
#ifndef CACHE_LRU_INDEX_H
#define CACHE_LRU_INDEX_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which page lies in which of a fixed number of slots, and in what order they were used: exact LRU
 * over all slots, each call in constant expected time. It holds tags only; the policy `lru` puts
 * pages beside it, the miss classes use it as their shadow directory.
 *
 *     heads     | 1st of bucket 0 | 1st of bucket 1 | ...            entry numbers, 0 = none
 *     entries   | sentinel | slot 0 | slot 1 | ...                   entry = slot + 1
 *
 *     sentinel <─newer/older─> oldest <──> ... <──> youngest <──> sentinel
 */

struct lru_index;

#define LRU_INDEX_NONE UINT32_MAX

/* 1 <= slots < UINT32_MAX. */
uint64_t lru_index_bytes(uint64_t slots);

/* Makes an empty index of lru_index_bytes of zeros, 64-byte aligned; it cannot be moved. */
void lru_index_init(struct lru_index *zeros, uint64_t slots);

uint32_t lru_index_find(const struct lru_index *index,
                        uint64_t page_no); /* or NONE; ages nothing */
void lru_index_prefetch(const struct lru_index *index, uint64_t page_no); /* where find begins */
void lru_index_touch(struct lru_index *index, uint32_t slot); /* makes it the youngest */

/* Gives a page that has no slot a free one, or that of the oldest page; it is the youngest then. */
uint32_t lru_index_take(struct lru_index *index, uint64_t page_no);

/* From the oldest to the youngest; NONE at the end. */
uint32_t lru_index_oldest(const struct lru_index *index);
uint32_t lru_index_newer(const struct lru_index *index, uint32_t slot);

uint64_t lru_index_page_no(const struct lru_index *index, uint32_t slot);
uint64_t lru_index_held(const struct lru_index *index);
bool lru_index_check(const struct lru_index *index); /* all invariants; reads everything */

#endif
