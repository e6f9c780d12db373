/* SPDX-License-Identifier: MIT */
#ifndef CODEC_XBZRLE_H
#define CODEC_XBZRLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * XBZRLE: a page as the difference from its last sent version, in runs of bytes that stayed the
 * same (zrun) and bytes that changed (nzrun). A. Kivity's proposal of January 2012; byte for byte
 * what QEMU's scalar encoder writes.
 *
 *     old    k k k k k k k k k k k k k k k
 *     new    k k k B C k k k k k D k k k k
 *            \___/ \_/ \_______/ ^ \_____/
 *            zrun 3    zrun 5      the equal tail is not written
 *               nzrun 2      nzrun 1
 *
 *     delta  03 02 B C 05 01 D
 *
 * Lengths are ULEB128: below 128 one byte, below 16384 two, low seven bits first. A zrun of 0
 * stands only at the start. Runs are maximal at byte granularity: a single equal byte ends an
 * nzrun. QEMU's format ends below 16384; in pages of 16 KiB and more, and only there, a length from
 * 16384 on takes three bytes.
 *
 * A page is a multiple of 64 bytes, from XBZRLE_PAGE_MIN to XBZRLE_PAGE_MAX. Buffers may have any
 * alignment and must not overlap unless a function says so. Nothing here allocates or keeps state;
 * every function may run in many threads at once.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* How an encoder ended. None of these is an error. */
enum encode_result {
    ENCODE_DELTA,     /* *ret_size bytes are written */
    ENCODE_UNCHANGED, /* the pages are equal; *ret_size is 0 */
    ENCODE_OVERFLOW,  /* it would exceed the limit: send the whole page; *ret_size is 0 */
};

#define XBZRLE_PAGE_MIN 1024u
#define XBZRLE_PAGE_MAX 65536u

/*
 * Encodes what turns `old_page` into `new_page`. Never writes beyond delta[capacity - 1]; on
 * ENCODE_OVERFLOW the buffer's content is unspecified. A delta has at least 3 bytes.
 *
 * The limit is QEMU's, its corner included: overflow when the delta is longer than `capacity`, or
 * when the last byte is unchanged and fewer than two bytes are left (so equal pages overflow a
 * capacity of 0 or 1).
 */
enum encode_result xbzrle_encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                 uint8_t *delta, size_t capacity, size_t *ret_size);

/*
 * The same delta, and `cached_page` becomes equal to `new_page` in the same pass over the data,
 * whatever the result (ENCODE_OVERFLOW too). What a sender does with its cache, instead of copy,
 * encode, copy. A byte of `new_page` that somebody else writes meanwhile is taken old or new, but
 * the same for both: the delta turns the cached page of before into the cached page of after.
 */
enum encode_result xbzrle_encode_update(uint8_t *cached_page, const uint8_t *new_page,
                                        size_t page_size, uint8_t *delta, size_t capacity,
                                        size_t *ret_size);

/*
 * Many pairs in one call, for pages in scattered order: while one is encoded, those that
 * follow come from memory. Each result is what the single call would give; `size` and `result` are
 * set. Only the update form writes to `old_page`. No buffer may be part of two jobs.
 */
struct xbzrle_job {
    uint8_t *old_page;
    const uint8_t *new_page;
    uint8_t *delta;
    size_t capacity;
    size_t size;
    enum encode_result result;
};

void xbzrle_encode_batch(struct xbzrle_job *jobs, size_t count, size_t page_size);
void xbzrle_encode_update_batch(struct xbzrle_job *jobs, size_t count, size_t page_size);

/* True if `delta` is well formed and stays inside a page of `page_size`. Any bytes may be asked. */
bool xbzrle_check(const uint8_t *delta, size_t size, size_t page_size);

/*
 * Applies `delta` to `page` in place. False if it is malformed; `page` may then be half written,
 * but nothing outside it ever is. An empty delta leaves the page as it is. Refused, as in QEMU:
 * fewer than two bytes where a length begins, a length of too many bytes, a zrun of 0 except the
 * first, an nzrun of 0, a run beyond the page or the input. Accepted, as in QEMU: a length in more
 * bytes than it needs.
 */
bool xbzrle_decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size);

/* As xbzrle_decode, but checks first: on false the page is as it was. */
bool xbzrle_decode_checked(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size);

/*
 * One implementation of encoder and decoder, for one instruction set. All give the same bytes.
 * The plain functions use the best that this processor runs, chosen at the first call.
 */
struct xbzrle_kernel {
    const char *name; /* "scalar", "sse4", "avx2", "avx512", "neon" */
    bool (*usable)(void);
    enum encode_result (*encode)(const uint8_t *, const uint8_t *, size_t, uint8_t *, size_t,
                                 size_t *);
    enum encode_result (*encode_update)(uint8_t *, const uint8_t *, size_t, uint8_t *, size_t,
                                        size_t *);
    bool (*decode)(const uint8_t *, size_t, uint8_t *, size_t);
    bool (*is_all)(const uint8_t *page, size_t page_size, uint8_t byte); /* zero_page.h */
};

/*
 * All kernels of this build, slowest first, ended by NULL; for tests and benchmarks, which must ask
 * usable() before they call one.
 */
extern const struct xbzrle_kernel *const xbzrle_kernels[];

/* The one that the plain functions use. */
const struct xbzrle_kernel *xbzrle_kernel_best(void);

#ifdef __cplusplus
}
#endif

#endif
