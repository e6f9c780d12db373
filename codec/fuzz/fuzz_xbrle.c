/* SPDX-License-Identifier: MIT */
/*
 * XBRLE of v5: any pairs are decoded or refused inside their buffers, a refused page is left alone,
 * and a page that decodes is encoded as the twin does and decodes again.
 *
 *     input    | capacity (2) | pairs ...
 */
#include "codec/tests/twin_xbzrle.h"
#include "codec/xbrle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAGE = 4096, CAPACITY_MAX = 1500 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void round_trip(const uint8_t *old_page, const uint8_t *new_page, size_t capacity)
{
    uint8_t page[PAGE], twin[CAPACITY_MAX];
    uint8_t *pairs = malloc(capacity ? capacity : 1);
    size_t size, want_size;

    require(pairs != NULL);
    enum encode_result want =
        twin_xbrle_encode(old_page, new_page, PAGE, twin, capacity, &want_size);
    require(xbrle_encode(old_page, new_page, PAGE, pairs, capacity, &size) == want);
    require(size == want_size && memcmp(pairs, twin, size) == 0);
    if (want == ENCODE_DELTA) {
        memcpy(page, old_page, PAGE);
        require(size <= xbrle_limit(PAGE) && xbrle_decode(pairs, size, page, PAGE));
        require(memcmp(page, new_page, PAGE) == 0);
    }
    free(pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t old_page[PAGE];

    if (size < 2)
        return 0;
    size_t capacity = (data[0] | (size_t)data[1] << 8) % CAPACITY_MAX, pairs_size = size - 2;
    uint8_t *pairs = malloc(pairs_size ? pairs_size : 1), *page = malloc(PAGE);
    require(pairs && page);
    memcpy(pairs, data + 2, pairs_size);
    for (size_t i = 0; i < PAGE; i++)
        old_page[i] = (uint8_t)(i * 13);
    memcpy(page, old_page, PAGE);
    if (!xbrle_decode(pairs, pairs_size, page, PAGE))
        require(memcmp(page, old_page, PAGE) == 0);
    round_trip(old_page, page, capacity);
    free(page);
    free(pairs);
    return 0;
}
