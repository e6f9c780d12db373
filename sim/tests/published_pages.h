/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_TESTS_PUBLISHED_PAGES_H
#define SIM_TESTS_PUBLISHED_PAGES_H

#include "models/content.h"

#include <stdint.h>

/*
 * The pages of the codec benchmark of August 2011 (A. Shribman, qemu-devel, thread of the XBZRLE v3
 * patch): memory in which `changed` bytes change every `step` bytes, cut into pages. Not said
 * there, and chosen here: the steps go on across the borders of pages, and the xor of two
 * neighbouring changed bytes differs. The step has no common factor with the page size, so `step`
 * pages hold every alignment once: their sizes are exact averages.
 *
 *     sparse  |xxxxxxxxxxxx..... 1099 ....|xxxxxxxxxxxx.....
 *             ^ 0                         ^ 1111
 */
struct published_pages {
    const char *name;
    unsigned step, changed;
};

static const struct published_pages PUBLISHED_PAGES[] = {{"sparse", 1111, 12}, {"medium", 701, 33}};

static inline void published_page(const struct published_pages *pages, unsigned index,
                                  uint8_t old_page[static PAGE_SIZE],
                                  uint8_t new_page[static PAGE_SIZE])
{
    for (unsigned i = 0; i < PAGE_SIZE; i++) {
        unsigned at = index * PAGE_SIZE + i;
        unsigned change = at % pages->step < pages->changed ? 1 + at % 251 : 0;
        old_page[i] = (uint8_t)(at * 2654435761u >> 24);
        new_page[i] = (uint8_t)(old_page[i] ^ change);
    }
}

#endif
