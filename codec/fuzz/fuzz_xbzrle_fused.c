/* SPDX-License-Identifier: MIT */
/* Fused equals plain: the same result and bytes, and the cached page is the new one. Input: see
 * twin_edits.h. */
#include <stdlib.h>
#include <string.h>

#include "codec/tests/twin_edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct twin_edits edits;

    if (!twin_edits_make(&edits, data, size))
        return 0;
    uint8_t *plain = twin_buffer(edits.capacity);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        size_t plain_size, fused_size;
        if (!xbzrle_kernels[i]->usable())
            continue;
        enum encode_result want = xbzrle_kernels[i]->encode(
            edits.old_page, edits.new_page, edits.page_size, plain, edits.capacity, &plain_size);
        memcpy(edits.cached, edits.old_page, edits.page_size);
        twin_require(xbzrle_kernels[i]->encode_update(edits.cached, edits.new_page, edits.page_size,
                                                      edits.delta, edits.capacity,
                                                      &fused_size) == want);
        twin_require(fused_size == plain_size && memcmp(edits.delta, plain, fused_size) == 0);
        twin_require(memcmp(edits.cached, edits.new_page, edits.page_size) == 0);
    }
    free(plain);
    twin_edits_free(&edits);
    return 0;
}
