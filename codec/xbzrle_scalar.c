/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "xbzrle_format.h"
#include "xbzrle_kernels.h"

/*
 * The portable kernel: eight bytes a step. Little-endian order makes bit 0 of a mask the first
 * byte.
 */

#define RUN_SHORT    16u
#define PLACES_DENSE 0u

KERNEL_INLINE uint64_t load_word(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* Bit i of the result is set if byte i of `diff`, counted in memory, is not 0. */
KERNEL_INLINE uint64_t changed_bytes(uint64_t diff)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    diff = __builtin_bswap64(diff);
#endif
    /* The top bit of each byte tells; the product gathers the eight of them in the top byte. */
    uint64_t tops = (((diff & low) + low) | diff) & ~low;
    return (tops >> 7) * 0x0102040810204080u >> 56;
}

KERNEL_INLINE bool block_equal(const uint8_t *old_page, const uint8_t *new_page)
{
    uint64_t any = 0;

    for (size_t i = 0; i < 256; i += 8)
        any |= load_word(old_page + i) ^ load_word(new_page + i);
    return any == 0;
}

KERNEL_INLINE uint64_t word_mask(const uint8_t *old_page, const uint8_t *new_page, uint8_t *update)
{
    uint64_t new_bytes[8], diff[8], any = 0, mask = 0;

    KERNEL_UNROLL
    for (size_t i = 0; i < 8; i++) {
        new_bytes[i] = load_word(new_page + 8 * i);
        __asm__(""
                : "+r"(new_bytes[i])); /* no second load: somebody may write the page meanwhile */
        diff[i] = load_word(old_page + 8 * i) ^ new_bytes[i];
        any |= diff[i];
    }
    if (any == 0)
        return 0;
    KERNEL_UNROLL
    for (size_t i = 0; i < 8; i++)
        mask |= changed_bytes(diff[i]) << 8 * i;
    if (update)
        memcpy(update, new_bytes, sizeof(new_bytes));
    return mask;
}

KERNEL_INLINE size_t places_add(uint16_t *places, uint64_t edges, size_t at, bool dense)
{
    size_t count = 0;

    (void)dense;
    for (; edges; edges &= edges - 1)
        places[count++] = (uint16_t)(at + (size_t)__builtin_ctzll(edges));
    return count;
}

#include "xbzrle_runs.h"

KERNEL_INLINE uint8_t *runs_emit(const uint16_t *places, size_t runs, const uint8_t *source,
                                 size_t page_size, uint8_t *out)
{
    return runs_emit_each(places, runs, source, page_size, out);
}

#include "xbzrle_decoder.h"
#include "xbzrle_engine.h"

static bool is_all(const uint8_t *page, size_t page_size, uint8_t byte)
{
    const uint64_t want = 0x0101010101010101u * byte;

    for (size_t at = 0; at < page_size; at += 64) {
        uint64_t any = 0;
        for (size_t i = 0; i < 64; i += 8)
            any |= load_word(page + at + i) ^ want;
        if (any)
            return false;
    }
    return true;
}

static bool usable(void)
{
    return true;
}

const struct xbzrle_kernel xbzrle_scalar = {
    .name = "scalar",
    .usable = usable,
    .encode = encode,
    .encode_update = encode_update,
    .decode = decode,
    .is_all = is_all,
};
