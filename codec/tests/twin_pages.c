/* SPDX-License-Identifier: MIT */
#include "codec/tests/twin_pages.h"

#include <string.h>

uint64_t page_random_next(struct page_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

size_t page_random_below(struct page_random *random, size_t bound)
{
    return (size_t)(page_random_next(random) >> 11) % bound;
}

void page_random_fill(struct page_random *random, uint8_t *page, size_t page_size)
{
    for (size_t at = 0; at < page_size; at += 8) {
        uint64_t word = page_random_next(random);
        for (size_t i = at; i < at + 8 && i < page_size; i++, word >>= 8)
            page[i] = (uint8_t)word;
    }
}

/* Changes `count` bytes from `at` on, as far as the page goes: each of them for certain. */
static void change(struct page_random *random, uint8_t *page, size_t page_size, size_t at,
                   size_t count)
{
    for (; count > 0 && at < page_size; at++, count--)
        page[at] ^= (uint8_t)(1 + page_random_below(random, 255));
}

/* Runs that begin or end at a multiple of a vector's width, give or take two. */
static void change_at_borders(struct page_random *random, uint8_t *page, size_t page_size)
{
    size_t runs = 1 + page_random_below(random, 40);

    for (size_t i = 0; i < runs; i++) {
        size_t width = (size_t)8 << page_random_below(random, 6);
        size_t border = page_random_below(random, page_size / width + 1) * width;
        size_t at = border + page_random_below(random, 5);
        at = at < 2 ? 0 : at - 2;
        size_t count = width * page_random_below(random, 4) + page_random_below(random, 5);
        change(random, page, page_size, at, count);
    }
}

/* Alternating equal and changed runs, each up to its own longest. */
static void change_in_runs(struct page_random *random, uint8_t *page, size_t page_size)
{
    size_t most_equal = 1 + page_random_below(random, (size_t)1 << page_random_below(random, 13));
    size_t most_changed = 1 + page_random_below(random, (size_t)1 << page_random_below(random, 13));

    for (size_t at = page_random_below(random, most_equal + 1); at < page_size;) {
        size_t count = 1 + page_random_below(random, most_changed);
        change(random, page, page_size, at, count);
        at += count + 1 + page_random_below(random, most_equal);
    }
}

/* All changed but for a few bytes: deltas about as long as the page. */
static void change_nearly_all(struct page_random *random, uint8_t *old_page, uint8_t *new_page,
                              size_t page_size)
{
    size_t front = page_random_below(random, 8), back = page_random_below(random, 8);
    size_t gaps = page_random_below(random, 4);

    change(random, new_page, page_size, front, page_size - front - back);
    for (size_t i = 0; i < gaps; i++) {
        size_t at = page_random_below(random, page_size - 8);
        size_t count = 1 + page_random_below(random, 8);
        memcpy(new_page + at, old_page + at, count);
    }
}

void page_pair_make(struct page_random *random, uint8_t *old_page, uint8_t *new_page,
                    size_t page_size)
{
    size_t words = 1 + page_random_below(random, page_size / 16);

    page_random_fill(random, old_page, page_size);
    memcpy(new_page, old_page, page_size);
    switch (page_random_below(random, 8)) {
    case 0:
        change(random, new_page, page_size, page_random_below(random, page_size),
               page_random_below(random, 9));
        break;
    case 1:
        for (size_t i = 0; i < words; i++)
            change(random, new_page, page_size, page_random_below(random, page_size / 8) * 8, 8);
        break;
    case 2:
        for (size_t i = 0; i < words; i++)
            change(random, new_page, page_size, page_random_below(random, page_size), 1);
        break;
    case 3:
        page_random_fill(random, new_page, page_size);
        break;
    case 4:
        change_nearly_all(random, old_page, new_page, page_size);
        break;
    case 5:
        change_in_runs(random, new_page, page_size);
        break;
    default:
        change_at_borders(random, new_page, page_size);
        break;
    }
}
