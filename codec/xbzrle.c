/* SPDX-License-Identifier: MIT */
#include "xbzrle.h"

#include <assert.h>
#include <stdatomic.h>

#include "xbzrle_format.h"
#include "xbzrle_kernels.h"

const struct xbzrle_kernel *const xbzrle_kernels[] = {
    &xbzrle_scalar,
#if defined(__x86_64__)
    &xbzrle_sse4,   &xbzrle_avx2, &xbzrle_avx512,
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    &xbzrle_neon,
#endif
    NULL,
};

/*
 * The best kernel of this processor. Every thread that comes first finds the same answer, so that
 * a relaxed store of it needs no lock; the kernels are constant.
 */
const struct xbzrle_kernel *xbzrle_kernel_best(void)
{
    static const struct xbzrle_kernel *_Atomic chosen;
    const struct xbzrle_kernel *kernel = atomic_load_explicit(&chosen, memory_order_relaxed);

    if (kernel)
        return kernel;
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (xbzrle_kernels[i]->usable())
            kernel = xbzrle_kernels[i];
    }
    atomic_store_explicit(&chosen, kernel, memory_order_relaxed);
    return kernel;
}

static bool is_page_size(size_t size)
{
    return size >= XBZRLE_PAGE_MIN && size <= XBZRLE_PAGE_MAX && size % 64 == 0;
}

enum encode_result xbzrle_encode(const uint8_t *old_page, const uint8_t *new_page, size_t page_size,
                                 uint8_t *delta, size_t capacity, size_t *ret_size)
{
    assert(is_page_size(page_size));
    return xbzrle_kernel_best()->encode(old_page, new_page, page_size, delta, capacity, ret_size);
}

enum encode_result xbzrle_encode_update(uint8_t *cached_page, const uint8_t *new_page,
                                        size_t page_size, uint8_t *delta, size_t capacity,
                                        size_t *ret_size)
{
    assert(is_page_size(page_size));
    return xbzrle_kernel_best()->encode_update(cached_page, new_page, page_size, delta, capacity,
                                               ret_size);
}

/*
 * Asks for the first line of each of the two pages, and no more: from there the processor sees that
 * they are read in order and fetches on by itself, better than we can. Two pairs ahead, since
 * memory takes longer than one pair.
 */
#define PREFETCH_AHEAD 2u

static void prefetch_pair(const struct xbzrle_job *job)
{
    __builtin_prefetch(job->old_page);
    __builtin_prefetch(job->new_page);
}

void xbzrle_encode_batch(struct xbzrle_job *jobs, size_t count, size_t page_size)
{
    const struct xbzrle_kernel *kernel = xbzrle_kernel_best();

    assert(is_page_size(page_size));
    for (size_t i = 0; i < count; i++) {
        struct xbzrle_job *job = &jobs[i];
        if (count - i > PREFETCH_AHEAD)
            prefetch_pair(job + PREFETCH_AHEAD);
        job->result = kernel->encode(job->old_page, job->new_page, page_size, job->delta,
                                     job->capacity, &job->size);
    }
}

void xbzrle_encode_update_batch(struct xbzrle_job *jobs, size_t count, size_t page_size)
{
    const struct xbzrle_kernel *kernel = xbzrle_kernel_best();

    assert(is_page_size(page_size));
    for (size_t i = 0; i < count; i++) {
        struct xbzrle_job *job = &jobs[i];
        if (count - i > PREFETCH_AHEAD)
            prefetch_pair(job + PREFETCH_AHEAD);
        job->result = kernel->encode_update(job->old_page, job->new_page, page_size, job->delta,
                                            job->capacity, &job->size);
    }
}

bool xbzrle_check(const uint8_t *delta, size_t size, size_t page_size)
{
    const uint8_t *in = delta, *end = delta + size;
    struct xbzrle_run run;
    size_t at = 0;

    assert(is_page_size(page_size));
    while (in < end) {
        if (!xbzrle_run_get(&in, end, in == delta, at, page_size, &run))
            return false;
        at += run.skip + run.count;
    }
    return true;
}

bool xbzrle_decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    assert(is_page_size(page_size));
    return xbzrle_kernel_best()->decode(delta, size, page, page_size);
}

bool xbzrle_decode_checked(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    return xbzrle_check(delta, size, page_size) && xbzrle_decode(delta, size, page, page_size);
}
