/* SPDX-License-Identifier: MIT */
#include "xbzrle_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("sse4.2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("sse4.2,popcnt")
#endif

#define RUN_SHORT 16u

KERNEL_INLINE __m128i load(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

KERNEL_INLINE bool block_equal(const uint8_t *old_page, const uint8_t *new_page)
{
    __m128i any = _mm_xor_si128(load(old_page), load(new_page));

    KERNEL_UNROLL
    for (size_t i = 16; i < 256; i += 16)
        any = _mm_or_si128(any, _mm_xor_si128(load(old_page + i), load(new_page + i)));
    return _mm_testz_si128(any, any);
}

KERNEL_INLINE uint64_t word_mask(const uint8_t *old_page, const uint8_t *new_page, uint8_t *update)
{
    uint64_t equal = 0;

    KERNEL_UNROLL
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i new_bytes = load(new_page + i);
        __asm__("" : "+x"(new_bytes)); /* no second load: somebody may write the page meanwhile */
        __m128i same = _mm_cmpeq_epi8(load(old_page + i), new_bytes);
        equal |= (uint64_t)(unsigned)_mm_movemask_epi8(same) << i;
        if (update)
            _mm_storeu_si128((__m128i *)(update + i), new_bytes);
    }
    return ~equal;
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
    const __m128i want = _mm_set1_epi8((char)byte);

    for (size_t at = 0; at < page_size; at += 64) {
        __m128i any = _mm_xor_si128(load(page + at), want);
        for (size_t i = 16; i < 64; i += 16)
            any = _mm_or_si128(any, _mm_xor_si128(load(page + at + i), want));
        if (!_mm_testz_si128(any, any))
            return false;
    }
    return true;
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

static bool usable(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}

const struct xbzrle_kernel xbzrle_sse4 = {
    .name = "sse4",
    .usable = usable,
    .encode = encode,
    .encode_update = encode_update,
    .decode = decode,
    .is_all = is_all,
};

#endif
