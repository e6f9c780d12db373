/* SPDX-License-Identifier: MIT */
#ifndef CODEC_XBZRLE_FORMAT_H
#define CODEC_XBZRLE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The lengths of XBZRLE's runs: what all kernels share. Not installed. */

/* From this length on three bytes are needed: only pages as large as this can have use for it. */
#define XBZRLE_TWO_BYTE_LIMIT 16384u

/* Bytes that `length` takes. */
static inline size_t xbzrle_length_size(size_t length)
{
    return 1 + (size_t)(length >= 128) + (size_t)(length >= XBZRLE_TWO_BYTE_LIMIT);
}

/* Writes `length` and returns the place behind it. */
static inline uint8_t *xbzrle_length_put(uint8_t *out, size_t length)
{
    for (; length >= 128; length >>= 7)
        *out++ = (uint8_t)(length | 0x80);
    *out++ = (uint8_t)length;
    return out;
}

/*
 * Reads a length at *in and moves *in behind it. False if fewer than two bytes are left, or if the
 * length goes on where a page of `page_size` has no use for it.
 */
static inline bool xbzrle_length_get(const uint8_t **in, const uint8_t *end, size_t page_size,
                                     size_t *ret_length)
{
    const uint8_t *at = *in;

    if (end - at < 2)
        return false;
    size_t length = *at++;
    if (length >= 0x80) {
        length = (length & 0x7f) | (size_t)*at << 7;
        if (*at++ >= 0x80) {
            if (page_size < XBZRLE_TWO_BYTE_LIMIT || at == end || *at >= 0x80)
                return false;
            length = (length & 0x3fff) | (size_t)*at++ << 14;
        }
    }
    *in = at;
    *ret_length = length;
    return true;
}

/* One zrun and its nzrun: where the changed bytes are in the input and how many. */
struct xbzrle_run {
    size_t skip;
    size_t count;
    const uint8_t *bytes;
};

/*
 * Reads the run at *in, at position `at` of the page, and moves *in behind its bytes. False if it
 * is malformed or leaves the page or the input; then *in is unspecified.
 */
static inline bool xbzrle_run_get(const uint8_t **in, const uint8_t *end, bool first, size_t at,
                                  size_t page_size, struct xbzrle_run *ret_run)
{
    size_t skip, count;

    if (!xbzrle_length_get(in, end, page_size, &skip) || (skip == 0 && !first) ||
        skip > page_size - at)
        return false;
    if (!xbzrle_length_get(in, end, page_size, &count) || count == 0 ||
        count > page_size - at - skip || count > (size_t)(end - *in))
        return false;
    *ret_run = (struct xbzrle_run){skip, count, *in};
    *in += count;
    return true;
}

#endif
