/* SPDX-License-Identifier: MIT */
/* Equal refusal: every kernel encodes as the twin does, and refuses when it refuses. Input: see
 * twin_edits.h. */
#include <stdlib.h>
#include <string.h>

#include "codec/tests/twin_edits.h"
#include "codec/tests/twin_xbzrle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct twin_edits edits;

    if (!twin_edits_make(&edits, data, size))
        return 0;
    uint8_t *twin = twin_buffer(edits.capacity);
    size_t got_size, want_size;
    enum encode_result want = twin_xbzrle_encode(edits.old_page, edits.new_page, edits.page_size,
                                                 twin, edits.capacity, &want_size);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (!xbzrle_kernels[i]->usable())
            continue;
        twin_require(xbzrle_kernels[i]->encode(edits.old_page, edits.new_page, edits.page_size,
                                               edits.delta, edits.capacity, &got_size) == want);
        twin_require(got_size == want_size && memcmp(edits.delta, twin, got_size) == 0);
    }
    free(twin);
    twin_edits_free(&edits);
    return 0;
}
