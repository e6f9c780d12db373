/* SPDX-License-Identifier: MIT */
#include "xbrle.h"

#include <assert.h>
#include <string.h>

#define XBRLE_RUN_MAX 255u

/* The length, up to `most`, of the run of xor bytes that begins here; eight at a time. */
static size_t run_length(const uint8_t *old_page, const uint8_t *new_page, size_t most)
{
    const uint8_t byte = old_page[0] ^ new_page[0];
    const uint64_t eight = 0x0101010101010101u * byte;
    size_t run = 1;

    while (most - run >= sizeof(eight)) {
        uint64_t old_bytes, new_bytes;
        memcpy(&old_bytes, old_page + run, sizeof(old_bytes));
        memcpy(&new_bytes, new_page + run, sizeof(new_bytes));
        if ((old_bytes ^ new_bytes) != eight)
            break;
        run += sizeof(eight);
    }
    while (run < most && (old_page[run] ^ new_page[run]) == byte)
        run++;
    return run;
}

enum encode_result xbrle_encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                uint8_t *pairs, size_t capacity, size_t *ret_size)
{
    size_t limit = xbrle_limit(page_size) < capacity ? xbrle_limit(page_size) : capacity;
    size_t used = 0;

    assert(page_size >= 1 && page_size <= 65536);
    *ret_size = 0;
    for (size_t at = 0; at < page_size;) {
        size_t most = page_size - at < XBRLE_RUN_MAX ? page_size - at : XBRLE_RUN_MAX;
        size_t run = run_length(old_page + at, new_page + at, most);
        if (limit - used < 2)
            return ENCODE_OVERFLOW;
        pairs[used++] = (uint8_t)run;
        pairs[used++] = old_page[at] ^ new_page[at];
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

void xbrle_header_put(uint8_t *wire, const struct xbrle_header *header)
{
    wire[0] = header->flags;
    wire[1] = 0;
    for (unsigned i = 0; i < 2; i++)
        wire[2 + i] = (uint8_t)(header->length >> 8 * i);
    for (unsigned i = 0; i < 4; i++)
        wire[4 + i] = (uint8_t)(header->checksum >> 8 * i);
}

struct xbrle_header xbrle_header_get(const uint8_t *wire)
{
    struct xbrle_header header = {.flags = wire[0]};

    header.length = (uint16_t)(wire[2] | wire[3] << 8);
    for (unsigned i = 0; i < 4; i++)
        header.checksum |= (uint32_t)wire[4 + i] << 8 * i;
    return header;
}
