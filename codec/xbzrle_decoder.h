/* SPDX-License-Identifier: MIT */
/*
 * The decoder that all kernels share, included once by each kernel's file after it has defined
 *
 *   run_apply        copies exactly `count` bytes, fast for short runs; never touches more
 *   run_apply_short  the same for 1 to RUN_APPLY_SHORT bytes, best without a branch on the count
 *
 * Where the next run begins hangs on the lengths of this one, which come from memory: a chain of
 * loads that no processor can shorten, unless it guesses. Which length is worth guessing, by a
 * branch, and which is better computed, depends on how dense the runs are; see below. A mistaken
 * guess costs about as much as three runs.
 *
 * From memory the chain waits for each line of the delta, and the page's lines are asked for by
 * stores alone, which look far less ahead than loads. So the delta is asked for at once, and of the
 * page the first lines: from there the processor sees the direction and fetches on by itself.
 */
#ifndef CODEC_XBZRLE_DECODER_H
#define CODEC_XBZRLE_DECODER_H

#include <string.h>

#include "xbzrle_format.h"

static bool decode_on(const uint8_t *in, const uint8_t *end, uint8_t *page, size_t at,
                      size_t page_size);

/*
 * Takes one run byte by byte, with all checks, and goes on: for lengths that are not as usual, and
 * for the last bytes of the input. In pages that may have lengths of three bytes, all runs.
 */
static __attribute__((noinline)) bool decode_unusual(const uint8_t *in, const uint8_t *end,
                                                     uint8_t *page, size_t at, size_t page_size)
{
    struct xbzrle_run run;

    do {
        /* Only before the first run nothing of the page is passed. */
        if (!xbzrle_run_get(&in, end, at == 0, at, page_size, &run))
            return false;
        memcpy(page + at + run.skip, run.bytes, run.count);
        at += run.skip + run.count;
    } while (in < end && page_size >= XBZRLE_TWO_BYTE_LIMIT);
    return in == end || decode_on(in, end, page, at, page_size);
}

/* Asks for `bytes` from `at` on, as far as the page goes, in order to write there. */
KERNEL_INLINE void prefetch_page(uint8_t *page, size_t at, size_t page_size, size_t bytes)
{
    for (size_t line = at; line < at + bytes && line < page_size; line += 64)
        __builtin_prefetch(page + line, 1);
}

/* Copies a run of up to 127 bytes. */
KERNEL_INLINE void run_apply_usual(uint8_t *to, const uint8_t *from, size_t count)
{
    if (__builtin_expect(count <= RUN_APPLY_SHORT, 1))
        run_apply_short(to, from, count);
    else
        run_apply(to, from, count);
}

/*
 * The quick part of the dense kind: as long as the longest usual run fits in what is left of page
 * and input, nothing else need be asked. Moves *in and returns the position in the page.
 */
KERNEL_INLINE size_t decode_dense_inside(const uint8_t **in, const uint8_t *end, uint8_t *page,
                                         size_t at, size_t page_size)
{
    enum { SKIP = 127, HEAD = 3, RUN = RUN_APPLY_SHORT };
    const uint8_t *from = *in;

    if (end - from < HEAD + RUN || page_size - at < SKIP + RUN)
        return at;
    const uint8_t *from_last = end - HEAD - RUN;
    uint8_t *to = page + at, *to_last = page + page_size - SKIP - RUN;
    while (from <= from_last && to <= to_last) {
        size_t skip = from[0], count = from[1];
        const uint8_t *bytes = from + 2;
        if (__builtin_expect(skip - 1 >= SKIP, 0)) {
            if (skip == 0 || count == 0 || count >= 0x80)
                break;
            skip = (skip & 0x7f) | count << 7;
            if (skip > (size_t)(to_last + SKIP - to))
                break;
            count = *bytes++;
        }
        if (__builtin_expect(count - 1 >= RUN, 0))
            break;
        to += skip;
        run_apply_short(to, bytes, count);
        to += count;
        from = bytes + count;
    }
    *in = from;
    return (size_t)(to - page);
}

/*
 * Dense runs have short zruns: that is guessed, and the nzrun's length is not. The last runs are
 * taken in the same way with every limit asked, so that only the end itself is a surprise.
 */
static __attribute__((noinline)) bool decode_dense(const uint8_t *in, const uint8_t *end,
                                                   uint8_t *page, size_t at, size_t page_size)
{
    prefetch_page(page, at, page_size, 256);
    for (const uint8_t *line = in + 64; line < end; line += 64)
        __builtin_prefetch(line);
    at = decode_dense_inside(&in, end, page, at, page_size);
    while (end - in >= 3) {
        size_t skip = in[0], count = in[1];
        const uint8_t *bytes = in + 2;
        if (__builtin_expect(skip - 1 >= 127, 0)) {
            if (skip == 0 || count == 0)
                break;
            /* A second byte with a mark makes this 16384 or more: beyond the page. */
            skip = (skip & 0x7f) | count << 7;
            if (skip == 0)
                break;
            count = *bytes++;
        }
        if (__builtin_expect(count - 1 >= 127, 0))
            break;
        if (__builtin_expect(at + skip + count > page_size, 0) || (ptrdiff_t)count > end - bytes)
            return false;
        run_apply_usual(page + at + skip, bytes, count);
        at += skip + count;
        in = bytes + count;
    }
    return in == end || decode_unusual(in, end, page, at, page_size);
}

/*
 * Elsewhere the zrun may as well take one byte as two, so that is computed, and the nzrun's length
 * is guessed: eight, as where words are written, or that of the run before.
 */
KERNEL_INLINE bool decode_sparse(const uint8_t *in, const uint8_t *end, uint8_t *page, size_t at,
                                 size_t page_size)
{
    size_t usual = 1;

    if (end - in > 32) /* for less of the page that is too much */
        prefetch_page(page, at, page_size, 128);
    while (end - in >= 4) {
        size_t wide = in[0];
        __asm__("" : "+r"(wide)); /* or gcc shifts a byte, with two moves more in the chain */
        wide >>= 7;
        const uint8_t *rest = in + wide;
        /* A second byte with a mark makes this 16384 or more: beyond the page. */
        size_t skip = (in[0] & 0x7fu) | ((size_t)in[1] << 7 & -wide);
        size_t count = rest[1], to = at + skip;
        if (__builtin_expect(skip == 0, 0))
            break;
        if (__builtin_expect(count == 8, 1)) {
            at = to + 8;
            in = in + wide + 10;
            if (__builtin_expect((at > page_size) | (in > end), 0))
                return false;
            memcpy(page + to, rest + 2, 8);
            continue;
        }
        if (__builtin_expect(count - 1 >= 127, 0))
            break;
        at = to + count;
        if (__builtin_expect(at > page_size, 0) || (ptrdiff_t)(count + 2) > end - rest)
            return false;
        if (count == 1) /* a flag, a counter: often all runs or none */
            page[to] = rest[2];
        else
            run_apply_usual(page + to, rest + 2, count);
        size_t before = usual;
        __asm__("" : "+r"(before)); /* the compiler must not know that it is the same */
        if (__builtin_expect(count != before, 0)) {
            usual = count;
            __asm__ volatile(""); /* nor make a move of the branch */
        }
        in = rest + 2 + usual;
    }
    return in == end || decode_unusual(in, end, page, at, page_size);
}

KERNEL_INLINE bool decode_runs(const uint8_t *in, const uint8_t *end, uint8_t *page, size_t at,
                               size_t page_size)
{
    if ((size_t)(end - in) > page_size / 8)
        return decode_dense(in, end, page, at, page_size);
    return decode_sparse(in, end, page, at, page_size);
}

static __attribute__((noinline)) bool decode_on(const uint8_t *in, const uint8_t *end,
                                                uint8_t *page, size_t at, size_t page_size)
{
    return decode_runs(in, end, page, at, page_size);
}

static bool decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    if (__builtin_expect(page_size >= XBZRLE_TWO_BYTE_LIMIT, 0))
        return size == 0 || decode_unusual(delta, delta + size, page, 0, page_size);
    return decode_runs(delta, delta + size, page, 0, page_size);
}

#endif
