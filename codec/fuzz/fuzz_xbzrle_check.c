/* SPDX-License-Identifier: MIT */
/*
 * xbzrle_check says what xbzrle_decode will say, and xbzrle_decode_checked leaves a page alone that
 * it refuses to change.
 *
 *     input    | page size | delta ...
 */
#include "codec/xbzrle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t page_sizes[] = {4096, 1024, 4096, 65536, 4096, 16384, 4096, 16320};

    if (size < 1)
        return 0;
    size_t page_size = page_sizes[data[0] % 8], delta_size = size - 1;
    uint8_t *delta = malloc(delta_size ? delta_size : 1);
    uint8_t *decoded = calloc(1, page_size), *checked = calloc(1, page_size);
    uint8_t *before = calloc(1, page_size);
    if (!delta || !decoded || !checked || !before)
        abort();
    memcpy(delta, data + 1, delta_size);
    bool valid = xbzrle_check(delta, delta_size, page_size);
    if (xbzrle_decode(delta, delta_size, decoded, page_size) != valid)
        abort();
    if (xbzrle_decode_checked(delta, delta_size, checked, page_size) != valid)
        abort();
    if (memcmp(checked, valid ? decoded : before, page_size) != 0)
        abort();
    free(before);
    free(checked);
    free(decoded);
    free(delta);
    return 0;
}
