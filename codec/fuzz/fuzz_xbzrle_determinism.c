/* SPDX-License-Identifier: MIT */
/* Determinism: the bytes hang on nothing but both pages and the capacity. Input: see twin_edits.h.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/tests/twin_edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct twin_edits edits;

    if (!twin_edits_make(&edits, data, size))
        return 0;
    uint8_t *again = twin_buffer(edits.capacity);
    /* Pages that lie elsewhere, at an odd address, and a buffer with something else in it. */
    uint8_t *room = twin_buffer(2 * edits.page_size + 1);
    uint8_t *old_page = room + 1, *new_page = room + 1 + edits.page_size;
    memcpy(old_page, edits.old_page, edits.page_size);
    memcpy(new_page, edits.new_page, edits.page_size);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        size_t first_size, again_size;
        if (!xbzrle_kernels[i]->usable())
            continue;
        memset(edits.delta, 0x5a, edits.capacity);
        memset(again, 0xa5, edits.capacity);
        enum encode_result want =
            xbzrle_kernels[i]->encode(edits.old_page, edits.new_page, edits.page_size, edits.delta,
                                      edits.capacity, &first_size);
        twin_require(xbzrle_kernels[i]->encode(old_page, new_page, edits.page_size, again,
                                               edits.capacity, &again_size) == want);
        twin_require(again_size == first_size && memcmp(edits.delta, again, again_size) == 0);
    }
    free(room);
    free(again);
    twin_edits_free(&edits);
    return 0;
}
