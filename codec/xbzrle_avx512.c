/* SPDX-License-Identifier: MIT */
#include "xbzrle_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,"        \
                                                   "bmi,bmi2,lzcnt,popcnt"))),                     \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")
#endif

#define RUN_SHORT    32u
#define PLACES_DENSE 0u

KERNEL_INLINE __m512i load(const uint8_t *at)
{
    return _mm512_loadu_si512(at);
}

/* sum | (old ^ new) in one instruction: the truth table 0xf6. */
KERNEL_INLINE __m512i or_difference(__m512i sum, const uint8_t *old_page, const uint8_t *new_page)
{
    return _mm512_ternarylogic_epi64(sum, load(old_page), load(new_page), 0xf6);
}

KERNEL_INLINE bool block_equal(const uint8_t *old_page, const uint8_t *new_page)
{
    __m512i any = _mm512_setzero_si512();

    any = or_difference(any, old_page, new_page);
    any = or_difference(any, old_page + 64, new_page + 64);
    any = or_difference(any, old_page + 128, new_page + 128);
    any = or_difference(any, old_page + 192, new_page + 192);
    return _mm512_test_epi64_mask(any, any) == 0;
}

KERNEL_INLINE uint64_t word_mask(const uint8_t *old_page, const uint8_t *new_page, uint8_t *update)
{
    __m512i new_bytes = load(new_page);

    __asm__("" : "+v"(new_bytes)); /* no second load: somebody may write the page meanwhile */
    uint64_t mask = _mm512_cmpneq_epi8_mask(load(old_page), new_bytes);
    if (update)
        _mm512_storeu_si512(update, new_bytes);
    return mask;
}

KERNEL_INLINE size_t places_add(uint16_t *places, uint64_t edges, size_t at, bool dense)
{
    const __m512i numbers = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
        17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i base = _mm512_set1_epi16((short)at);
    __m512i bits = _mm512_maskz_compress_epi8(edges, numbers);
    __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(bits));
    size_t count = (size_t)__builtin_popcountll(edges);

    (void)dense;
    _mm512_storeu_si512(places, _mm512_add_epi16(low, base));
    if (__builtin_expect(count > 32, 0)) {
        __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(bits, 1));
        _mm512_storeu_si512(places + 32, _mm512_add_epi16(high, base));
    }
    return count;
}

/*
 * Exactly `count` bytes: a mask holds the rest back, and what it leaves out does not fault. Half a
 * register where that is enough, since a store that crosses a line costs more.
 */
#define RUN_APPLY_SHORT 32

KERNEL_INLINE void run_apply_short(uint8_t *to, const uint8_t *from, size_t count)
{
    __mmask32 bytes = _bzhi_u32(0xffffffffu, (unsigned)count);

    _mm256_mask_storeu_epi8(to, bytes, _mm256_maskz_loadu_epi8(bytes, from));
}

KERNEL_INLINE void run_apply(uint8_t *to, const uint8_t *from, size_t count)
{
    size_t at = 0;

    for (; __builtin_expect(count - at > 64, 0); at += 64)
        _mm512_storeu_si512(to + at, load(from + at));
    __mmask64 rest = _bzhi_u64(~UINT64_C(0), (unsigned)(count - at));
    _mm512_mask_storeu_epi8(to + at, rest, _mm512_maskz_loadu_epi8(rest, from + at));
}

#define HEADS 16u

/* The two lengths of sixteen runs: as the bytes to write, and how many; the count again. */
struct heads {
    uint32_t bytes[HEADS];
    uint32_t info[HEADS]; /* low 14 bits: changed bytes of the run; above: bytes of the head */
};

KERNEL_INLINE void heads_make(struct heads *heads, const uint16_t *places)
{
    __m512i ends = _mm512_loadu_si512(places);
    __m512i lengths = _mm512_sub_epi16(ends, _mm512_loadu_si512(places - 1));
    __mmask32 two = _mm512_cmpgt_epu16_mask(lengths, _mm512_set1_epi16(0x7f));
    /* x + (x & ~0x7f) + 0x80 moves the bits from the seventh up by one and sets the mark. */
    __m512i high = _mm512_and_si512(lengths, _mm512_set1_epi16(0x3f80));
    __m512i step = _mm512_add_epi16(high, _mm512_set1_epi16(0x80));
    __m512i coded = _mm512_mask_add_epi16(lengths, two, lengths, step);
    /* Where the zrun's length takes one byte, the nzrun's moves down beside it. */
    __mmask16 close_up = _mm512_testn_epi32_mask(coded, _mm512_set1_epi32(0x80));
    __m512i moved = _mm512_mask_srli_epi32(coded, close_up, coded, 8);
    __m512i bytes = _mm512_ternarylogic_epi32(_mm512_set1_epi32(0xff), coded, moved, 0xca);
    __m512i sizes = _mm512_mask_blend_epi16(two, _mm512_set1_epi16(1), _mm512_set1_epi16(2));
    __m512i size = _mm512_madd_epi16(sizes, _mm512_set1_epi16(1 << 14));

    _mm512_storeu_si512(heads->bytes, bytes);
    _mm512_storeu_si512(heads->info, _mm512_or_si512(_mm512_srli_epi32(lengths, 16), size));
}

#define RUN_APPLY_OWN
#include "xbzrle_runs.h"

KERNEL_INLINE uint8_t *runs_emit(const uint16_t *places, size_t runs, const uint8_t *source,
                                 size_t page_size, uint8_t *out)
{
    return runs_emit_headed(places, runs, source, page_size, out);
}

#include "xbzrle_engine.h"

#include "xbzrle_decoder.h"

static bool is_all(const uint8_t *page, size_t page_size, uint8_t byte)
{
    __m512i want = _mm512_set1_epi8((char)byte);
    size_t at = 0;

    for (; page_size - at >= 256; at += 256) {
        __m512i any = _mm512_xor_si512(load(page + at), want);
        for (size_t i = 64; i < 256; i += 64)
            any = _mm512_ternarylogic_epi64(any, load(page + at + i), want, 0xf6);
        if (_mm512_test_epi64_mask(any, any))
            return false;
    }
    for (; at < page_size; at += 64) {
        if (_mm512_cmpneq_epi8_mask(load(page + at), want))
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
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}

const struct xbzrle_kernel xbzrle_avx512 = {
    .name = "avx512",
    .usable = usable,
    .encode = encode,
    .encode_update = encode_update,
    .decode = decode,
    .is_all = is_all,
};

#endif
