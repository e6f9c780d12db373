/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RING_H
#define WORKLOADS_RING_H

#include "models/page_store.h"

#include <stdint.h>

/*
 * Memory that is filled in order, and from the beginning again when it is full: a log, a buffer.
 * All follows from the number of bytes written so far:
 *
 *     |222222222222|11111111111111111111111|      lap 2 so far, what is left of lap 1
 *                  `written` mod size
 *
 * What lap `lap` (from 1) writes to page `page` of the ring is fresh_content of the two.
 */
struct ring {
    uint64_t first_page, pages; /* of the guest */
    uint64_t seed;
    unsigned fresh;   /* enum fresh: what it is filled with */
    uint64_t touched; /* bytes written at the last touch */
    uint64_t *shown;  /* for each page: bytes written when it was last brought up to date */
};

/* Owns `shown`: ring_release frees it. */
void ring_init(struct ring *ring, uint64_t first_page, uint64_t pages, uint64_t seed,
               unsigned fresh);
void ring_release(struct ring *ring);

/* Marks the pages that were written to since the last touch. `written` never goes back. */
void ring_touch(struct ring *ring, uint64_t written, uint64_t *dirty);

/* Brings one page of the guest, inside the ring, up to date. */
void ring_materialise(struct ring *ring, uint64_t written, uint64_t page_no,
                      struct page_store *memory);

#endif
