/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_BITMAP_H
#define BASE_BITMAP_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A set of pages: bit n of word n / 64 is page n. Memory is BITMAP_WORDS(pages) words of the
 * caller's; bits beyond the last page stay 0.
 */
#define BITMAP_WORDS(pages) (((pages) + 63) / 64)

static inline uint64_t *bitmap_alloc(uint64_t pages, const char *what)
{
    return must_alloc(BITMAP_WORDS(pages), sizeof(uint64_t), what);
}

static inline bool bitmap_get(const uint64_t *words, uint64_t page)
{
    return words[page / 64] >> (page % 64) & 1;
}

static inline void bitmap_set(uint64_t *words, uint64_t page)
{
    words[page / 64] |= 1ull << (page % 64);
}

static inline void bitmap_clear(uint64_t *words, uint64_t page)
{
    words[page / 64] &= ~(1ull << (page % 64));
}

/* The first set page at or after `page`, or `end` if there is none below `end`. */
static inline uint64_t bitmap_next(const uint64_t *words, uint64_t page, uint64_t end)
{
    while (page < end) {
        uint64_t word = words[page / 64] >> (page % 64);
        if (word) {
            page += (uint64_t)__builtin_ctzll(word);
            return page < end ? page : end;
        }
        page = (page / 64 + 1) * 64;
    }
    return end;
}

static inline uint64_t bitmap_count(const uint64_t *words, uint64_t pages)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < BITMAP_WORDS(pages); i++)
        count += (uint64_t)__builtin_popcountll(words[i]);
    return count;
}

/* Sets the `count` bits from `first` on. */
static inline void bitmap_set_range(uint64_t *words, uint64_t first, uint64_t count)
{
    uint64_t end = first + count;
    for (; first < end && first % 64; first++)
        bitmap_set(words, first);
    for (; first + 64 <= end; first += 64)
        words[first / 64] = UINT64_MAX;
    for (; first < end; first++)
        bitmap_set(words, first);
}

#endif
