/* SPDX-License-Identifier: MIT */
#ifndef CODEC_BENCH_PLAIN_CODEC_H
#define CODEC_BENCH_PLAIN_CODEC_H

#include <string.h>

#include "codec/xbzrle.h"

/*
 * What one writes without further thought, to compare with: an encoder that goes a word at a time
 * from each run's end, and a decoder that copies byte by byte. Compiled at -O3 whatever the rest.
 */
#if defined(__clang__)
#define PLAIN static inline
#else
#define PLAIN __attribute__((optimize("O3"))) static inline
#endif
/* Not melted into the caller, as a kernel is not. */
#if defined(__clang__)
#define PLAIN_CALLED __attribute__((noinline)) static
#else
#define PLAIN_CALLED __attribute__((noinline, optimize("O3"))) static
#endif

PLAIN uint64_t plain_difference(const uint8_t *a, const uint8_t *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return x ^ y;
}

/* The end of the equal bytes that begin at `at`. */
PLAIN size_t plain_skip_equal(const uint8_t *a, const uint8_t *b, size_t at, size_t end)
{
    while (end - at >= 8 && plain_difference(a + at, b + at) == 0)
        at += 8;
    while (at < end && a[at] == b[at])
        at++;
    return at;
}

/* The end of the changed bytes that begin at `at`. */
PLAIN size_t plain_skip_changed(const uint8_t *a, const uint8_t *b, size_t at, size_t end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t diff = plain_difference(a + at, b + at);
        if ((diff - 0x0101010101010101u) & ~diff & 0x8080808080808080u)
            break;
    }
    while (at < end && a[at] != b[at])
        at++;
    return at;
}

PLAIN size_t plain_put(uint8_t *out, size_t length)
{
    if (length < 128) {
        out[0] = (uint8_t)length;
        return 1;
    }
    out[0] = (uint8_t)(length | 0x80);
    out[1] = (uint8_t)(length >> 7);
    return 2;
}

/* For pages below 16 KiB. */
PLAIN_CALLED enum encode_result plain_encode(const uint8_t *old_page, const uint8_t *new_page,
                                             size_t page_size, uint8_t *delta, size_t capacity,
                                             size_t *ret_size)
{
    size_t used = 0, at = 0;

    *ret_size = 0;
    while (at < page_size) {
        if (capacity - used < 2)
            return ENCODE_OVERFLOW;
        size_t start = plain_skip_equal(old_page, new_page, at, page_size);
        if (start == page_size)
            break;
        size_t end = plain_skip_changed(old_page, new_page, start, page_size);
        if (capacity - used < 4 + end - start)
            return ENCODE_OVERFLOW; /* a little early: it is for speed only */
        used += plain_put(delta + used, start - at);
        used += plain_put(delta + used, end - start);
        memcpy(delta + used, new_page + start, end - start);
        used += end - start;
        at = end;
    }
    *ret_size = used;
    return used == 0 ? ENCODE_UNCHANGED : ENCODE_DELTA;
}

PLAIN bool plain_get(const uint8_t *delta, size_t size, size_t *in, size_t *ret_length)
{
    if (size - *in < 2)
        return false;
    *ret_length = delta[(*in)++];
    if (*ret_length >= 128) {
        if (delta[*in] >= 128)
            return false;
        *ret_length = (*ret_length & 127) | (size_t)delta[(*in)++] << 7;
    }
    return true;
}

PLAIN_CALLED bool plain_decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    size_t in = 0, at = 0, skip, count;

    while (in < size) {
        bool first = in == 0;
        if (!plain_get(delta, size, &in, &skip) || (skip == 0 && !first))
            return false;
        at += skip;
        if (at > page_size || !plain_get(delta, size, &in, &count) || count == 0)
            return false;
        if (count > page_size - at || count > size - in)
            return false;
        for (size_t i = 0; i < count; i++)
            page[at + i] = delta[in + i];
        at += count;
        in += count;
    }
    return true;
}

/* Called as a kernel is, through a pointer, so that the call costs the same. */
static const struct xbzrle_kernel plain_kernel = {
    .name = "plain", .encode = plain_encode, .decode = plain_decode};

#endif
