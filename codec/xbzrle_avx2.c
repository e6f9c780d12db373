/* SPDX-License-Identifier: MIT */
#include "xbzrle_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))),                \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif

#define RUN_SHORT        32u
#define LOWEST_BIT(bits) _tzcnt_u64(bits)

KERNEL_INLINE __m256i load(const uint8_t *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

KERNEL_INLINE __m256i difference(const uint8_t *old_page, const uint8_t *new_page)
{
    return _mm256_xor_si256(load(old_page), load(new_page));
}

KERNEL_INLINE bool block_equal(const uint8_t *old_page, const uint8_t *new_page)
{
    __m256i any = difference(old_page, new_page);

    KERNEL_UNROLL
    for (size_t i = 32; i < 256; i += 32)
        any = _mm256_or_si256(any, difference(old_page + i, new_page + i));
    return _mm256_testz_si256(any, any);
}

KERNEL_INLINE uint64_t half_mask(const uint8_t *old_page, const uint8_t *new_page, uint8_t *update)
{
    __m256i new_bytes = load(new_page);

    __asm__("" : "+x"(new_bytes)); /* no second load: somebody may write the page meanwhile */
    __m256i equal = _mm256_cmpeq_epi8(load(old_page), new_bytes);
    if (update)
        _mm256_storeu_si256((__m256i *)update, new_bytes);
    return (uint32_t)~_mm256_movemask_epi8(equal);
}

KERNEL_INLINE uint64_t word_mask(const uint8_t *old_page, const uint8_t *new_page, uint8_t *update)
{
    uint64_t low = half_mask(old_page, new_page, update);

    return low | half_mask(old_page + 32, new_page + 32, update ? update + 32 : NULL) << 32;
}

/* For the comments see xbzrle_avx512.c: the same with eight runs. */
#define HEADS 8u

struct heads {
    uint32_t bytes[HEADS];
    uint32_t info[HEADS];
};

KERNEL_INLINE void heads_make(struct heads *heads, const uint16_t *places)
{
    __m256i ends = _mm256_loadu_si256((const __m256i *)places);
    __m256i befores = _mm256_loadu_si256((const __m256i *)(places - 1));
    __m256i lengths = _mm256_sub_epi16(ends, befores);
    __m256i two = _mm256_cmpgt_epi16(lengths, _mm256_set1_epi16(0x7f));
    __m256i high = _mm256_and_si256(lengths, _mm256_set1_epi16(0x3f80));
    __m256i step = _mm256_and_si256(two, _mm256_add_epi16(high, _mm256_set1_epi16(0x80)));
    __m256i coded = _mm256_add_epi16(lengths, step);
    __m256i zrun_two = _mm256_and_si256(_mm256_srli_epi32(coded, 4), _mm256_set1_epi32(8));
    __m256i shift = _mm256_sub_epi32(_mm256_set1_epi32(8), zrun_two);
    __m256i moved = _mm256_srlv_epi32(coded, shift);
    __m256i low = _mm256_set1_epi32(0xff);
    __m256i bytes = _mm256_or_si256(_mm256_and_si256(low, coded), _mm256_andnot_si256(low, moved));
    __m256i sizes = _mm256_sub_epi16(_mm256_set1_epi16(1), two);
    __m256i size = _mm256_madd_epi16(sizes, _mm256_set1_epi16(1 << 14));
    __m256i info = _mm256_or_si256(_mm256_srli_epi32(lengths, 16), size);

    _mm256_storeu_si256((__m256i *)heads->bytes, bytes);
    _mm256_storeu_si256((__m256i *)heads->info, info);
}

#include "xbzrle_places.h"
#include "xbzrle_runs.h"

KERNEL_INLINE uint8_t *runs_emit(const uint16_t *places, size_t runs, const uint8_t *source,
                                 size_t page_size, uint8_t *out)
{
    return runs_emit_headed(places, runs, source, page_size, out);
}

#include "xbzrle_decoder.h"
#include "xbzrle_engine.h"

static bool is_all(const uint8_t *page, size_t page_size, uint8_t byte)
{
    const __m256i want = _mm256_set1_epi8((char)byte);
    size_t step = page_size % 256 ? 64 : 256;

    for (size_t at = 0; at < page_size; at += step) {
        __m256i any = _mm256_setzero_si256();
        for (size_t i = at; i < at + step; i += 64) {
            __m256i low = _mm256_xor_si256(load(page + i), want);
            __m256i high = _mm256_xor_si256(load(page + i + 32), want);
            any = _mm256_or_si256(any, _mm256_or_si256(low, high));
        }
        if (!_mm256_testz_si256(any, any))
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
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

const struct xbzrle_kernel xbzrle_avx2 = {
    .name = "avx2",
    .usable = usable,
    .encode = encode,
    .encode_update = encode_update,
    .decode = decode,
    .is_all = is_all,
};

#endif
