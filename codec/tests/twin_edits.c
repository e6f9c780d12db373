/* SPDX-License-Identifier: MIT */
#include "codec/tests/twin_edits.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 3, EDIT_BYTES = 4 };

void twin_require(bool holds)
{
    if (!holds)
        abort();
}

uint8_t *twin_buffer(size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);

    twin_require(bytes != NULL);
    return bytes;
}

/* An edit skips and then changes: a value of 0 copies the old page, so runs may end anywhere. */
static void apply_edits(struct twin_edits *edits, const uint8_t *data, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i + EDIT_BYTES <= size; i += EDIT_BYTES) {
        at += data[i] | (size_t)(data[i + 1] & 0x0f) << 8;
        size_t count = (size_t)data[i + 2] << (data[i + 1] >> 4) % 8;
        for (size_t k = 0; k < count && at < edits->page_size; k++, at++)
            edits->new_page[at] = edits->old_page[at] ^ data[i + 3];
    }
}

bool twin_edits_make(struct twin_edits *edits, const uint8_t *data, size_t size)
{
    static const size_t page_sizes[] = {4096, 1024, 1088, 4032, 8192, 16320, 16384, 65536};

    if (size < HEADER_BYTES)
        return false;
    edits->page_size = page_sizes[data[0] % 8];
    /* The whole page, or any number of bytes up to a good deal more. */
    edits->capacity = (data[1] | (size_t)data[2] << 8) % (edits->page_size + 905);
    if (data[0] & 0x80)
        edits->capacity = edits->page_size;
    edits->old_page = twin_buffer(edits->page_size);
    edits->new_page = twin_buffer(edits->page_size);
    edits->cached = twin_buffer(edits->page_size);
    edits->delta = twin_buffer(edits->capacity);
    for (size_t i = 0; i < edits->page_size; i++)
        edits->old_page[i] = (uint8_t)(i * 7 + data[0]);
    memcpy(edits->new_page, edits->old_page, edits->page_size);
    memcpy(edits->cached, edits->old_page, edits->page_size);
    apply_edits(edits, data + HEADER_BYTES, size - HEADER_BYTES);
    return true;
}

void twin_edits_free(struct twin_edits *edits)
{
    free(edits->delta);
    free(edits->cached);
    free(edits->new_page);
    free(edits->old_page);
}
