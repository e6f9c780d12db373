/* SPDX-License-Identifier: MIT */
#ifndef CODEC_TESTS_TWIN_PATTERNS_H
#define CODEC_TESTS_TWIN_PATTERNS_H

#include <stdbool.h>

#include "codec/tests/twin_pages.h"

/* The changes of a page of 4096 bytes that are measured, and that docs/codec.md has sizes of. */

struct page_pattern {
    const char *name;
    const char *what; /* for people */
    void (*apply)(struct page_random *random, uint8_t *page);
};

enum { PAGE_PATTERNS = 10, PATTERN_PAGE = 4096 };

extern const struct page_pattern page_patterns[PAGE_PATTERNS];

/* Mean size over pages of random bytes that are changed so, and how many were refused. */
struct pattern_size {
    double mean; /* of those that were not refused */
    unsigned refused;
};

/*
 * `encode` is given both pages and returns a size, or 0 and *ret_refused. The same pages for every
 * encoder, on every machine.
 */
struct pattern_size pattern_size(const struct page_pattern *pattern,
                                 size_t (*encode)(const uint8_t *old_page, const uint8_t *new_page,
                                                  bool *ret_refused));

/* "| what | XBZRLE | XBRLE |", as in the document; for `size` bytes at `ret_row`. */
void pattern_row(const struct page_pattern *pattern, char *ret_row, size_t size);

/* "27.0", "refused", or "1301.5 (3 % refused)". */
void pattern_cell(struct pattern_size of, char *ret_cell, size_t size);

#endif
