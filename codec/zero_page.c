/* SPDX-License-Identifier: MIT */
#include "zero_page.h"

#include <assert.h>
#include <string.h>

/* True if all bytes are `byte`: eight words at a time, which a compiler turns into vectors. */
static bool is_all(const uint8_t *page, size_t page_size, uint8_t byte)
{
    uint64_t want, word, diff;

    assert(page_size >= 64 && page_size % 64 == 0);
    memset(&want, byte, sizeof(want));
    for (size_t at = 0; at < page_size; at += 64) {
        diff = 0;
        for (size_t i = 0; i < 64; i += 8) {
            memcpy(&word, page + at + i, sizeof(word));
            diff |= word ^ want;
        }
        if (diff)
            return false;
    }
    return true;
}

bool zero_page(const uint8_t *page, size_t page_size)
{
    return is_all(page, page_size, 0);
}

bool duplicate_page(const uint8_t *page, size_t page_size, uint8_t *ret_byte)
{
    *ret_byte = page[0];
    return is_all(page, page_size, page[0]);
}
