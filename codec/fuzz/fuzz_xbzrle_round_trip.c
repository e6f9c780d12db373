/* SPDX-License-Identifier: MIT */
/* Round trip: what a kernel encodes every kernel decodes to the new page. Input: see twin_edits.h.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/tests/twin_edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_with_all(struct twin_edits *edits, const uint8_t *delta, size_t delta_size)
{
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (!xbzrle_kernels[i]->usable())
            continue;
        memcpy(edits->cached, edits->old_page, edits->page_size);
        twin_require(xbzrle_kernels[i]->decode(delta, delta_size, edits->cached, edits->page_size));
        twin_require(memcmp(edits->cached, edits->new_page, edits->page_size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct twin_edits edits;

    if (!twin_edits_make(&edits, data, size))
        return 0;
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        size_t delta_size;
        if (!xbzrle_kernels[i]->usable() ||
            xbzrle_kernels[i]->encode(edits.old_page, edits.new_page, edits.page_size, edits.delta,
                                      edits.capacity, &delta_size) == ENCODE_OVERFLOW)
            continue;
        uint8_t *exact = twin_buffer(delta_size);
        memcpy(exact, edits.delta, delta_size);
        twin_require(xbzrle_check(exact, delta_size, edits.page_size));
        decode_with_all(&edits, exact, delta_size);
        free(exact);
    }
    twin_edits_free(&edits);
    return 0;
}
