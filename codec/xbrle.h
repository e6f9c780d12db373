/* SPDX-License-Identifier: MIT */
#ifndef CODEC_XBRLE_H
#define CODEC_XBRLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xbzrle.h" /* enum encode_result */

/*
 * XBRLE: the first form of the idea, as the v5 patches of 3 January 2012 sent it (O. Wasserman,
 * after A. Shribman). The xor of old and new page as pairs of run length and byte:
 *
 *     xor    0 0 0 7 7 0 0 0 0
 *     pairs  03 00  02 07  04 00        a run is 1 to 255 long
 *
 * Every page is written to its end, so an unchanged page of 4096 bytes costs 17 pairs, 34 bytes.
 * Pairs longer than a third of the page are refused.
 *
 * A page is 1 to 65536 bytes. Nothing here allocates or keeps state.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* The longest encoding: 1365 bytes for a page of 4096. */
static inline size_t xbrle_limit(size_t page_size)
{
    return page_size / 3;
}

/*
 * Encodes what turns `old_page` into `new_page`: ENCODE_DELTA, or ENCODE_OVERFLOW if the pairs
 * exceed `capacity` or xbrle_limit(page_size); never ENCODE_UNCHANGED, since v5 had no such case.
 * Writes nothing beyond pairs[capacity - 1]; on overflow the buffer's content is unspecified.
 */
enum encode_result xbrle_encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                uint8_t *pairs, size_t capacity, size_t *ret_size);

/*
 * Applies `pairs` to `page`, which holds the old version, by xor. False, and the page as it was,
 * if they are not exactly one page: odd size, a run of 0, runs that do not sum to `page_size`.
 */
bool xbrle_decode(const uint8_t *pairs, size_t size, uint8_t *page, size_t page_size);

/*
 * What stood before the pairs on the wire, XBRLE_HEADER_SIZE bytes: a C struct as it lay in memory.
 *
 *     0      1        2..3     4..7
 *     flags  padding  length   checksum, always 0
 *
 * v5 sent host byte order; that was little-endian wherever it ran, and is fixed as such here.
 */
#define XBRLE_HEADER_SIZE 8u

struct xbrle_header {
    uint8_t flags;
    uint16_t length; /* bytes of pairs that follow */
    uint32_t checksum;
};

void xbrle_header_put(uint8_t *wire, const struct xbrle_header *header);
struct xbrle_header xbrle_header_get(const uint8_t *wire);

#ifdef __cplusplus
}
#endif

#endif
