/* SPDX-License-Identifier: MIT */
/*
 * Copying and writing runs, for the kernels: included once by each kernel's file after it has
 * defined RUN_SHORT, the bytes (16 or 32) that it moves at once. AVX-512 brings its own run_apply.
 */
#ifndef CODEC_XBZRLE_RUNS_H
#define CODEC_XBZRLE_RUNS_H

#include <string.h>

#include "xbzrle_kernels.h"

#ifndef RUN_APPLY_OWN
/* Two moves of `width` bytes that overlap cover a run of `width` to twice as many. */
#define RUN_APPLY_TWO(width)                                                                       \
    do {                                                                                           \
        uint8_t head[width], tail[width];                                                          \
        memcpy(head, from, width);                                                                 \
        memcpy(tail, from + count - (width), width);                                               \
        memcpy(to, head, width);                                                                   \
        memcpy(to + count - (width), tail, width);                                                 \
    } while (0)

/* Copies exactly `count` bytes, at least 1. The copies of constant size are single moves. */
KERNEL_INLINE void run_apply(uint8_t *to, const uint8_t *from, size_t count)
{
    if (count > 32) {
        for (size_t at = 0; at + 32 < count; at += 32)
            memcpy(to + at, from + at, 32);
        memcpy(to + count - 32, from + count - 32, 32);
    } else if (count >= 16) {
        RUN_APPLY_TWO(16);
    } else if (count >= 8) {
        RUN_APPLY_TWO(8);
    } else if (count >= 4) {
        RUN_APPLY_TWO(4);
    } else {
        uint8_t middle = from[count / 2], tail = from[count - 1];
        to[0] = from[0];
        to[count / 2] = middle;
        to[count - 1] = tail;
    }
}
#endif

#ifndef RUN_APPLY_SHORT
#define RUN_APPLY_SHORT 64
#define run_apply_short run_apply
#endif

/* What runs_emit needs behind the last byte. */
#define ENGINE_SLACK RUN_SHORT

/*
 * Copies a run. A short one is moved as RUN_SHORT bytes: what is too much the next run overwrites.
 * `safe` is the last place from which that many may be read.
 */
KERNEL_INLINE uint8_t *run_copy(uint8_t *out, const uint8_t *from, size_t count,
                                const uint8_t *safe)
{
    if (__builtin_expect((count <= RUN_SHORT) & (from <= safe), 1))
        memcpy(out, from, RUN_SHORT);
    else
        run_apply(out, from, count);
    return out + count;
}

/*
 * Writes runs whose lengths are below 16384 and that are known to fit. A zrun may well have 128
 * bytes or more, so its length is coded without a branch; an nzrun seldom has.
 */
KERNEL_INLINE uint8_t *runs_emit_each(const uint16_t *places, size_t runs, const uint8_t *source,
                                      size_t page_size, uint8_t *out)
{
    const uint8_t *safe = source + page_size - RUN_SHORT;
    unsigned last = places[-1];

    for (size_t i = 0; i < runs; i++) {
        unsigned start = places[2 * i], end = places[2 * i + 1];
        unsigned skip = start - last, count = end - start, two = skip > 127;
        unsigned coded = skip + (two ? (skip & 0x3f80) + 0x80 : 0);
        out[0] = (uint8_t)coded;
        out[1] = (uint8_t)(coded >> 8);
        out += 1 + two;
        *out++ = (uint8_t)(count | (count > 127 ? 0x80 : 0));
        if (__builtin_expect(count > 127, 0))
            *out++ = (uint8_t)(count >> 7);
        out = run_copy(out, source + start, count, safe);
        last = end;
    }
    return out;
}

#ifdef HEADS
KERNEL_INLINE uint8_t *run_emit(const struct heads *heads, size_t i, const uint8_t *from,
                                const uint8_t *safe, uint8_t *out)
{
    memcpy(out, &heads->bytes[i], 4);
    return run_copy(out + (heads->info[i] >> 14), from, heads->info[i] & 0x3fff, safe);
}

/*
 * The same with the lengths of HEADS runs coded at a time by heads_make(heads, places). It may read
 * beyond the list. For a few runs that takes longer.
 */
KERNEL_INLINE uint8_t *runs_emit_headed(const uint16_t *places, size_t runs, const uint8_t *source,
                                        size_t page_size, uint8_t *out)
{
    const uint8_t *safe = source + page_size - RUN_SHORT;
    struct heads heads;

    if (runs <= 8)
        return runs_emit_each(places, runs, source, page_size, out);
    for (; runs >= HEADS; runs -= HEADS, places += 2 * HEADS) {
        heads_make(&heads, places);
        KERNEL_UNROLL
        for (size_t i = 0; i < HEADS; i++)
            out = run_emit(&heads, i, source + places[2 * i], safe, out);
    }
    if (runs > 0)
        heads_make(&heads, places);
    for (size_t i = 0; i < runs; i++)
        out = run_emit(&heads, i, source + places[2 * i], safe, out);
    return out;
}
#endif

#endif
