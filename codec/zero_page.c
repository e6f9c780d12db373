/* SPDX-License-Identifier: MIT */
#include "zero_page.h"

#include <assert.h>

#include "xbzrle.h"

static bool is_all(const uint8_t *page, size_t page_size, uint8_t byte)
{
    assert(page_size >= 64 && page_size % 64 == 0);
    return xbzrle_kernel_best()->is_all(page, page_size, byte);
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
