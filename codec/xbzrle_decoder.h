/* SPDX-License-Identifier: MIT */
/*
 * The decoder that all kernels share, included once by each kernel's file after it has defined
 *
 *   run_apply     copies exactly `count` bytes, fast for short runs; never touches more
 */
#ifndef CODEC_XBZRLE_DECODER_H
#define CODEC_XBZRLE_DECODER_H

#include <string.h>

#include "xbzrle_format.h"

/*
 * Four bytes hold the two lengths of any run in pages below 16 KiB. They are taken apart without a
 * branch, and one condition asks all that can be wrong; a run that fails it is looked at again,
 * byte by byte, by xbzrle_run_get, which refuses it or knows better: near the end of the input, and
 * in large pages.
 */
static bool decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    const uint8_t *in = delta, *end = delta + size;
    uint8_t *to = page, *page_end = page + page_size;
    size_t least = 0; /* the zrun's least length: 1 after the first */

    while (in < end) {
        if (__builtin_expect(end - in >= 4, 1)) {
            uint32_t head = (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
                            (uint32_t)in[3] << 24;
            uint32_t wide = head >> 7 & 1;
            size_t skip = (head & 0x7f) | (head >> 1 & 0x3f80 & -wide);
            uint32_t rest = head >> (8 + 8 * wide), rest_wide = rest >> 7 & 1;
            size_t count = (rest & 0x7f) | (rest >> 1 & 0x3f80 & -rest_wide);
            uint32_t third = (head >> 15 & wide) | (rest >> 15 & rest_wide);
            const uint8_t *from = in + 2 + wide + rest_wide;
            if (__builtin_expect((third == 0) & (skip >= least) & (count != 0) &
                                     (skip + count <= (size_t)(page_end - to)) &
                                     ((ptrdiff_t)count <= end - from),
                                 1)) {
                run_apply(to + skip, from, count);
                to += skip + count;
                in = from + count;
                least = 1;
                continue;
            }
        }
        struct xbzrle_run run;
        if (!xbzrle_run_get(&in, end, in == delta, (size_t)(to - page), page_size, &run))
            return false;
        memcpy(to + run.skip, run.bytes, run.count);
        to += run.skip + run.count;
        least = 1;
    }
    return true;
}

#endif
