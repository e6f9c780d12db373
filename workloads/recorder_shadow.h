/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_SHADOW_H
#define WORKLOADS_RECORDER_SHADOW_H

#include "workloads/trace_format.h"

/*
 * A copy of a memory file as last seen, and what differs from it now.
 *
 *     file    |data|hole      |data........|      holes are not looked at: they are zero, and
 *     mapping  read ^ not read  read              looking would have the host back them
 *     copy     of pages that were not zero once; others are only tested for zero
 *
 * Comparing costs the bandwidth of memory and nothing else: no page is copied or hashed unless it
 * changed.
 */
struct recorder_shadow;

#define RECORDER_SHADOW_BATCH 256u

/* Pages that differ, in rising order, with private copies of their bytes. */
struct recorder_changed {
    size_t count;
    uint32_t numbers[RECORDER_SHADOW_BATCH];
    uint8_t *bytes; /* PAGE_SIZE each; of the shadow, until the next look */
};

/*
 * `map` is the file `fd` mapped to read, both stay the caller's until after the destroy. While a
 * shadow lives, SIGBUS of this thread in a look is taken as the file's having shrunk. The copy is
 * all zero at first.
 */
struct recorder_shadow *recorder_shadow_create(const uint8_t *map, int fd, uint32_t pages);
void recorder_shadow_destroy(struct recorder_shadow *shadow); /* NULL is fine */

/*
 * Compares from page *page_no on, a batch at most, and moves it on; the end is reached when it is
 * `pages`. *ret_compared grows by the pages that were read. False: the file cannot be read there
 * any more.
 */
bool recorder_shadow_look(struct recorder_shadow *shadow, uint32_t *page_no, uint64_t *ret_compared,
                          struct recorder_changed *ret_changed);

/* The page as last kept, zeros if never. */
const uint8_t *recorder_shadow_bytes(const struct recorder_shadow *shadow, uint32_t page_no);
void recorder_shadow_keep(struct recorder_shadow *shadow, uint32_t page_no,
                          const uint8_t bytes[static PAGE_SIZE]);
/* The first page from `page_no` on that was not zero once, or `pages`. */
uint32_t recorder_shadow_next(const struct recorder_shadow *shadow, uint32_t page_no);

#endif
