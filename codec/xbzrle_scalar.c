/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "xbzrle_format.h"
#include "xbzrle_kernels.h"

/*
 * The portable kernel: eight bytes a step, in unaligned words, so that a run's end costs no
 * return to a boundary. Little-endian order makes the lowest set bit the first byte.
 */
static inline uint64_t load_le64(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The first position from `at` on where the pages differ, or `end`. */
static inline size_t find_changed(const uint8_t *a, const uint8_t *b, size_t at, size_t end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t diff = load_le64(a + at) ^ load_le64(b + at);
        if (diff)
            return at + (size_t)__builtin_ctzll(diff) / 8;
    }
    while (at < end && a[at] == b[at])
        at++;
    return at;
}

/* The first position from `at` on where the pages are equal, or `end`. */
static inline size_t find_equal(const uint8_t *a, const uint8_t *b, size_t at, size_t end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t diff = load_le64(a + at) ^ load_le64(b + at);
        /* Sets the top bit of zero bytes. A borrow errs only above the lowest one, which we want.
         */
        uint64_t zero = (diff - 0x0101010101010101u) & ~diff & 0x8080808080808080u;
        if (zero)
            return at + (size_t)__builtin_ctzll(zero) / 8;
    }
    while (at < end && a[at] != b[at])
        at++;
    return at;
}

/* Encodes; with `update`, which is then `old_page`, brings that page up to date as well. */
static inline enum encode_result encode_runs(const uint8_t *old_page, const uint8_t *new_page,
                                             uint8_t *update, size_t page_size, uint8_t *delta,
                                             size_t capacity, size_t *ret_size)
{
    uint8_t *out = delta, *limit = delta + capacity;
    size_t at = 0;

    *ret_size = 0;
    for (;;) {
        size_t start = find_changed(old_page, new_page, at, page_size);
        if (start == page_size)
            break;
        size_t end = find_equal(old_page, new_page, start, page_size);
        size_t skip = start - at, count = end - start;
        if (xbzrle_length_size(skip) + xbzrle_length_size(count) + count > (size_t)(limit - out)) {
            if (update)
                memcpy(update + start, new_page + start, page_size - start);
            return ENCODE_OVERFLOW;
        }
        out = xbzrle_length_put(out, skip);
        out = xbzrle_length_put(out, count);
        memcpy(out, new_page + start, count);
        if (update)
            memcpy(update + start, new_page + start, count);
        out += count;
        at = end;
    }
    if (at < page_size && limit - out < 2)
        return ENCODE_OVERFLOW;
    *ret_size = (size_t)(out - delta);
    return out == delta ? ENCODE_UNCHANGED : ENCODE_DELTA;
}

static enum encode_result encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                 uint8_t *delta, size_t capacity, size_t *ret_size)
{
    return encode_runs(old_page, new_page, NULL, page_size, delta, capacity, ret_size);
}

static enum encode_result encode_update(uint8_t *cached_page, const uint8_t *new_page,
                                        size_t page_size, uint8_t *delta, size_t capacity,
                                        size_t *ret_size)
{
    return encode_runs(cached_page, new_page, cached_page, page_size, delta, capacity, ret_size);
}

static bool decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    const uint8_t *in = delta, *end = delta + size;
    struct xbzrle_run run;
    size_t at = 0;

    while (in < end) {
        if (!xbzrle_run_get(&in, end, in == delta, at, page_size, &run))
            return false;
        memcpy(page + at + run.skip, run.bytes, run.count);
        at += run.skip + run.count;
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
};
