/* SPDX-License-Identifier: MIT */
#include "xbzrle_kernels.h"

#if defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#include <arm_neon.h>

#define RUN_SHORT 16u

KERNEL_INLINE bool block_equal(const uint8_t *old_page, const uint8_t *new_page)
{
    uint8x16_t any = vdupq_n_u8(0);

    KERNEL_UNROLL
    for (size_t i = 0; i < 256; i += 16)
        any = vorrq_u8(any, veorq_u8(vld1q_u8(old_page + i), vld1q_u8(new_page + i)));
    return vmaxvq_u8(any) == 0;
}

/* All ones in each byte that differs. */
KERNEL_INLINE uint8x16_t differing(const uint8_t *old_page, const uint8_t *new_page,
                                   uint8_t *update)
{
    uint8x16_t new_bytes = vld1q_u8(new_page);

    __asm__("" : "+w"(new_bytes)); /* no second load: somebody may write the page meanwhile */
    uint8x16_t equal = vceqq_u8(vld1q_u8(old_page), new_bytes);
    if (update)
        vst1q_u8(update, new_bytes);
    return vmvnq_u8(equal);
}

/* One bit of each of 64 bytes: weights by place, then sums of neighbours, three times. */
KERNEL_INLINE uint64_t word_mask(const uint8_t *old_page, const uint8_t *new_page, uint8_t *update)
{
    const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t part[4];

    KERNEL_UNROLL
    for (size_t i = 0; i < 4; i++) {
        uint8_t *store = update ? update + 16 * i : NULL;
        part[i] = vandq_u8(differing(old_page + 16 * i, new_page + 16 * i, store), weights);
    }
    uint8x16_t low = vpaddq_u8(part[0], part[1]), high = vpaddq_u8(part[2], part[3]);
    uint8x16_t sums = vpaddq_u8(low, high);
    sums = vpaddq_u8(sums, sums);
    return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

#include "xbzrle_places.h"
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
    const uint8x16_t want = vdupq_n_u8(byte);

    for (size_t at = 0; at < page_size; at += 64) {
        uint8x16_t any = veorq_u8(vld1q_u8(page + at), want);
        for (size_t i = 16; i < 64; i += 16)
            any = vorrq_u8(any, veorq_u8(vld1q_u8(page + at + i), want));
        if (vmaxvq_u8(any) != 0)
            return false;
    }
    return true;
}

/* Part of every aarch64. */
static bool usable(void)
{
    return true;
}

const struct xbzrle_kernel xbzrle_neon = {
    .name = "neon",
    .usable = usable,
    .encode = encode,
    .encode_update = encode_update,
    .decode = decode,
    .is_all = is_all,
};

#endif
