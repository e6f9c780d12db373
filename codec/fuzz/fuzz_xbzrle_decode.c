/* SPDX-License-Identifier: MIT */
/*
 * Whatever the bytes, every kernel's decoder keeps to its buffers, says what the twin says, and
 * leaves the same page if it accepts them.
 *
 *     input    | page size | delta ...
 */
#include "codec/tests/twin_xbzrle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_kernel(const struct xbzrle_kernel *kernel, const uint8_t *delta, size_t size,
                       const uint8_t *want_page, size_t page_size, bool want)
{
    uint8_t *page = calloc(1, page_size);

    if (!page || kernel->decode(delta, size, page, page_size) != want)
        abort();
    if (want && memcmp(page, want_page, page_size) != 0)
        abort();
    free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t page_sizes[] = {4096, 1024, 4096, 65536, 4096, 16384, 4096, 16320};

    if (size < 1)
        return 0;
    size_t page_size = page_sizes[data[0] % 8], delta_size = size - 1;
    /* A buffer of its own, so that a byte read before it or behind it is seen. */
    uint8_t *delta = malloc(delta_size ? delta_size : 1), *twin = calloc(1, page_size);
    if (!delta || !twin)
        abort();
    memcpy(delta, data + 1, delta_size);
    bool want = twin_xbzrle_decode(delta, delta_size, twin, page_size);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (xbzrle_kernels[i]->usable())
            try_kernel(xbzrle_kernels[i], delta, delta_size, twin, page_size, want);
    }
    free(twin);
    free(delta);
    return 0;
}
