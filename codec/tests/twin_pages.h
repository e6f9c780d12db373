/* SPDX-License-Identifier: MIT */
#ifndef CODEC_TESTS_TWIN_PAGES_H
#define CODEC_TESTS_TWIN_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Page pairs that aim at the codec's borders, from a seed. */

struct page_random {
    uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t page_random_next(struct page_random *random);

/* A number below `bound`, which is not 0. The small bias does no harm in tests. */
size_t page_random_below(struct page_random *random, size_t bound);

void page_random_fill(struct page_random *random, uint8_t *page, size_t page_size);

/*
 * Fills old and new page: one of many kinds of difference, from none over runs at the borders of
 * 8, 16, 32, 64 and 256 bytes and runs of random length to all bytes changed.
 */
void page_pair_make(struct page_random *random, uint8_t *old_page, uint8_t *new_page,
                    size_t page_size);

#endif
