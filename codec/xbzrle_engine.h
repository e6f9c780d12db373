/* SPDX-License-Identifier: MIT */
/*
 * The encoder that all kernels share, included once by each kernel's file after it has defined, for
 * its instruction set:
 *
 *   block_equal   256 bytes of both pages are equal
 *   word_mask     64 bytes: bit i is set if byte i differs; with `update`, the new bytes are stored
 *                 there as well, and they are those that were compared
 *   places_add    writes the positions of the bits of `edges`, counted from `at`, as a list;
 *                 returns how many; may scribble on the 63 entries behind them; `dense` says that
 *                 there were many before: more than PLACES_DENSE in four words,
 *                 if that is not 0
 *   runs_emit     writes runs that are known to fit, with ENGINE_SLACK bytes to spare
 *
 * The way of a page, 4 KiB at a time:
 *
 *     bytes that differ    . . . # # # . . # .        one bit a byte, 64 bytes a word
 *     edges                . . . ^ . . ^ . ^ ^        m ^ (m << 1 | carry)
 *     places               3 6 8 9                    start, end, start, end
 *     emitted              [3][3]...[2][1].           lengths are differences of neighbours
 *
 * Finding the places has no branch but one per 256 bytes; emitting has none on a run's length up
 * to 32. That is where the time goes otherwise: runs have random lengths, and each misprediction
 * costs as much as comparing a kilobyte.
 */
#ifndef CODEC_XBZRLE_ENGINE_H
#define CODEC_XBZRLE_ENGINE_H

#include <string.h>

#include "xbzrle_format.h"
#include "xbzrle_kernels.h"

#define ENGINE_BLOCK 256u
#define ENGINE_CHUNK 4096u

/* Before the list stands the end of the last emitted run; behind it is room to scribble. */
#define PLACES_FRONT 32u
#define PLACES_TOTAL (PLACES_FRONT + ENGINE_CHUNK + 96u)

struct scan {
    size_t places;  /* entries in the list; odd while a run is open */
    size_t changed; /* bytes that differ, found and not yet emitted */
    uint64_t carry; /* 1 if the last byte looked at differs, so that a run is open */
    bool dense;     /* the last words that differed had many places */
};

KERNEL_INLINE void scan_words(struct scan *scan, uint16_t *places, const uint8_t *old_page,
                              const uint8_t *new_page, uint8_t *update, size_t at, size_t words)
{
    uint64_t edges[4];
    size_t before = scan->places;

    KERNEL_UNROLL
    for (size_t i = 0; i < words; i++) {
        size_t word = at + 64 * i;
        uint64_t mask = word_mask(old_page + word, new_page + word, update ? update + word : NULL);
        edges[i] = mask ^ (mask + mask + scan->carry);
        scan->carry = mask >> 63;
        scan->changed += (size_t)__builtin_popcountll(mask);
    }
    if (scan->dense) {
        KERNEL_UNROLL
        for (size_t i = 0; i < words; i++)
            scan->places += places_add(places + scan->places, edges[i], at + 64 * i, true);
    } else {
        KERNEL_UNROLL
        for (size_t i = 0; i < words; i++)
            scan->places += places_add(places + scan->places, edges[i], at + 64 * i, false);
    }
    scan->dense = PLACES_DENSE && scan->places - before > PLACES_DENSE;
}

KERNEL_INLINE void scan_chunk(struct scan *scan, uint16_t *places, const uint8_t *old_page,
                              const uint8_t *new_page, uint8_t *update, size_t from, size_t to)
{
    size_t at = from;

    for (; to - at >= ENGINE_BLOCK; at += ENGINE_BLOCK) {
        if (__builtin_expect(block_equal(old_page + at, new_page + at) & (scan->carry == 0), 1))
            continue;
        scan_words(scan, places, old_page, new_page, update, at, 4);
    }
    for (; at < to; at += 64)
        scan_words(scan, places, old_page, new_page, update, at, 1);
}

/* Writes runs of any length and looks at the room before each. NULL if it does not suffice. */
static uint8_t *runs_emit_checked(const uint16_t *places, size_t runs, const uint8_t *source,
                                  uint8_t *out, const uint8_t *limit)
{
    size_t last = places[-1];

    for (size_t i = 0; i < runs; i++) {
        size_t start = places[2 * i], end = places[2 * i + 1];
        if (end == 0) /* the end of a page of 65536 bytes, cut to 16 bits */
            end = XBZRLE_PAGE_MAX;
        size_t skip = start - last, count = end - start;
        if (xbzrle_length_size(skip) + xbzrle_length_size(count) + count > (size_t)(limit - out))
            return NULL;
        out = xbzrle_length_put(out, skip);
        out = xbzrle_length_put(out, count);
        memcpy(out, source + start, count);
        out += count;
        last = end;
    }
    return out;
}

/*
 * Writes the closed runs of the list and leaves an open one in it. NULL if they do not fit. Every
 * changed byte is written once and each run has two lengths of a byte or two. Of two they are for
 * 128 bytes and more, so at most one in 128 bytes of the page. That decides nearly all cases
 * without measuring the runs.
 */
KERNEL_INLINE uint8_t *emit_closed(struct scan *scan, uint16_t *places, const uint8_t *source,
                                   size_t page_size, uint8_t *out, const uint8_t *limit)
{
    size_t runs = scan->places / 2, room = (size_t)(limit - out);

    if (scan->changed + 2 * runs > room)
        return NULL;
    if (__builtin_expect(page_size < XBZRLE_TWO_BYTE_LIMIT &&
                             scan->changed + 2 * runs + page_size / 128 + ENGINE_SLACK <= room,
                         1)) {
#ifdef HEADS /* vectors of places reach beyond the list's end: nothing uninitialised there */
        memset(places + scan->places, 0, 2 * HEADS * sizeof(*places));
#endif
        return runs_emit(places, runs, source, page_size, out);
    }
    return runs_emit_checked(places, runs, source, out, limit);
}

/* Encodes; with `update`, which is then `old_page`, brings that page up to date as well. */
KERNEL_INLINE enum encode_result encode_page(const uint8_t *old_page, const uint8_t *new_page,
                                             uint8_t *update, size_t page_size, uint8_t *delta,
                                             size_t capacity, size_t *ret_size)
{
    uint16_t buffer[PLACES_TOTAL];
    uint16_t *places = buffer + PLACES_FRONT;
    const uint8_t *source = update ? update : new_page;
    uint8_t *out = delta;
    struct scan scan = {0};

    *ret_size = 0;
    places[-1] = 0;
    for (size_t from = 0; from < page_size; from += ENGINE_CHUNK) {
        size_t to = page_size - from < ENGINE_CHUNK ? page_size : from + ENGINE_CHUNK;
        scan_chunk(&scan, places, old_page, new_page, update, from, to);
        if (scan.carry && to == page_size)
            places[scan.places++] = (uint16_t)page_size;
        if (scan.places < 2)
            continue;
        out = emit_closed(&scan, places, source, page_size, out, delta + capacity);
        if (!out) {
            if (update)
                memcpy(update + to, new_page + to, page_size - to);
            return ENCODE_OVERFLOW;
        }
        places[-1] = places[scan.places / 2 * 2 - 1];
        places[0] = places[scan.places - 1];
        scan.places %= 2;
        scan.changed = scan.places ? to - places[0] : 0;
    }
    if (!scan.carry && capacity - (size_t)(out - delta) < 2)
        return ENCODE_OVERFLOW;
    *ret_size = (size_t)(out - delta);
    return out == delta ? ENCODE_UNCHANGED : ENCODE_DELTA;
}

static enum encode_result encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                 uint8_t *delta, size_t capacity, size_t *ret_size)
{
    if (page_size == 4096)
        return encode_page(old_page, new_page, NULL, 4096, delta, capacity, ret_size);
    return encode_page(old_page, new_page, NULL, page_size, delta, capacity, ret_size);
}

static enum encode_result encode_update(uint8_t *cached_page, const uint8_t *new_page,
                                        size_t page_size, uint8_t *delta, size_t capacity,
                                        size_t *ret_size)
{
    if (page_size == 4096)
        return encode_page(cached_page, new_page, cached_page, 4096, delta, capacity, ret_size);
    return encode_page(cached_page, new_page, cached_page, page_size, delta, capacity, ret_size);
}

#endif
