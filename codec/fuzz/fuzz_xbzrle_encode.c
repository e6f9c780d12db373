/* SPDX-License-Identifier: MIT */
/*
 * Every kernel encodes as the twin does, refuses when it refuses, brings the cached page up to
 * date, gives the same bytes again, and what it gives decodes to the new page.
 *
 *     input    | page size | capacity (2) | gap (2) count value | gap (2) count value | ...
 */
#include "codec/tests/twin_xbzrle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 3, EDIT_BYTES = 4 };

struct pages {
    uint8_t *old_page, *new_page, *cached, *delta, *again, *twin;
    size_t page_size, capacity;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t *buffer(size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);

    require(bytes != NULL);
    return bytes;
}

/* An edit skips and then changes: a value of 0 copies the old page, so runs may end anywhere. */
static void apply_edits(struct pages *pages, const uint8_t *data, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i + EDIT_BYTES <= size; i += EDIT_BYTES) {
        at += data[i] | (size_t)(data[i + 1] & 0x0f) << 8;
        size_t count = (size_t)data[i + 2] << (data[i + 1] >> 4) % 8;
        for (size_t k = 0; k < count && at < pages->page_size; k++, at++)
            pages->new_page[at] = pages->old_page[at] ^ data[i + 3];
    }
}

static void try_kernel(const struct xbzrle_kernel *kernel, struct pages *pages)
{
    size_t size, again_size, want_size;
    enum encode_result want = twin_xbzrle_encode(pages->old_page, pages->new_page, pages->page_size,
                                                 pages->twin, pages->capacity, &want_size);

    require(kernel->encode(pages->old_page, pages->new_page, pages->page_size, pages->delta,
                           pages->capacity, &size) == want);
    require(size == want_size && memcmp(pages->delta, pages->twin, size) == 0);
    memcpy(pages->cached, pages->old_page, pages->page_size);
    memset(pages->again, 0xa5, pages->capacity);
    require(kernel->encode_update(pages->cached, pages->new_page, pages->page_size, pages->again,
                                  pages->capacity, &again_size) == want);
    require(again_size == size && memcmp(pages->again, pages->delta, size) == 0);
    require(memcmp(pages->cached, pages->new_page, pages->page_size) == 0);
    if (want == ENCODE_OVERFLOW)
        return;
    uint8_t *exact = buffer(size);
    memcpy(exact, pages->delta, size);
    memcpy(pages->cached, pages->old_page, pages->page_size);
    require(kernel->decode(exact, size, pages->cached, pages->page_size));
    require(memcmp(pages->cached, pages->new_page, pages->page_size) == 0);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t page_sizes[] = {4096, 1024, 1088, 4032, 8192, 16320, 16384, 65536};

    if (size < HEADER_BYTES)
        return 0;
    struct pages pages = {.page_size = page_sizes[data[0] % 8]};
    /* The whole page, or any number of bytes up to a good deal more. */
    pages.capacity = (data[1] | (size_t)data[2] << 8) % (pages.page_size + 905);
    if (data[0] & 0x80)
        pages.capacity = pages.page_size;
    pages.old_page = buffer(pages.page_size);
    pages.new_page = buffer(pages.page_size);
    pages.cached = buffer(pages.page_size);
    pages.delta = buffer(pages.capacity);
    pages.again = buffer(pages.capacity);
    pages.twin = buffer(pages.capacity);
    for (size_t i = 0; i < pages.page_size; i++)
        pages.old_page[i] = (uint8_t)(i * 7 + data[0]);
    memcpy(pages.new_page, pages.old_page, pages.page_size);
    apply_edits(&pages, data + HEADER_BYTES, size - HEADER_BYTES);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (xbzrle_kernels[i]->usable())
            try_kernel(xbzrle_kernels[i], &pages);
    }
    free(pages.twin);
    free(pages.again);
    free(pages.delta);
    free(pages.cached);
    free(pages.new_page);
    free(pages.old_page);
    return 0;
}
