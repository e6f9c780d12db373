/* SPDX-License-Identifier: MIT */
#include "xbrle.h"

#include <assert.h>

#define XBRLE_RUN_MAX 255u

enum encode_result xbrle_encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                uint8_t *pairs, size_t capacity, size_t *ret_size)
{
    size_t limit = xbrle_limit(page_size) < capacity ? xbrle_limit(page_size) : capacity;
    size_t used = 0;

    assert(page_size >= 1 && page_size <= 65536);
    *ret_size = 0;
    for (size_t at = 0; at < page_size;) {
        uint8_t byte = old_page[at] ^ new_page[at];
        size_t most = page_size - at < XBRLE_RUN_MAX ? page_size - at : XBRLE_RUN_MAX;
        size_t run = 1;
        while (run < most && (old_page[at + run] ^ new_page[at + run]) == byte)
            run++;
        if (limit - used < 2)
            return ENCODE_OVERFLOW;
        pairs[used++] = (uint8_t)run;
        pairs[used++] = byte;
        at += run;
    }
    *ret_size = used;
    return ENCODE_DELTA;
}

/* True if the runs sum to the page. The sum cannot wrap: it ends at the first excess. */
static bool is_one_page(const uint8_t *pairs, size_t size, size_t page_size)
{
    size_t sum = 0;

    if (size % 2 != 0)
        return false;
    for (size_t i = 0; i < size; i += 2) {
        if (pairs[i] == 0 || pairs[i] > page_size - sum)
            return false;
        sum += pairs[i];
    }
    return sum == page_size;
}

bool xbrle_decode(const uint8_t *pairs, size_t size, uint8_t *page, size_t page_size)
{
    assert(page_size >= 1 && page_size <= 65536);
    if (!is_one_page(pairs, size, page_size))
        return false;
    for (size_t i = 0; i < size; i += 2) {
        if (pairs[i + 1] != 0) {
            for (size_t k = 0; k < pairs[i]; k++)
                page[k] ^= pairs[i + 1];
        }
        page += pairs[i];
    }
    return true;
}

void xbrle_header_put(uint8_t wire[static XBRLE_HEADER_SIZE], const struct xbrle_header *header)
{
    wire[0] = header->flags;
    wire[1] = 0;
    for (unsigned i = 0; i < 2; i++)
        wire[2 + i] = (uint8_t)(header->length >> 8 * i);
    for (unsigned i = 0; i < 4; i++)
        wire[4 + i] = (uint8_t)(header->checksum >> 8 * i);
}

struct xbrle_header xbrle_header_get(const uint8_t wire[static XBRLE_HEADER_SIZE])
{
    struct xbrle_header header = {.flags = wire[0]};

    header.length = (uint16_t)(wire[2] | wire[3] << 8);
    for (unsigned i = 0; i < 4; i++)
        header.checksum |= (uint32_t)wire[4 + i] << 8 * i;
    return header;
}
