/* SPDX-License-Identifier: MIT */
/*
 * A cache answers any sequence of calls as its twin does, and stays sound.
 *
 *     input    | policy | operation page page argument | operation page page argument | ...
 */
#include "cache/tests/twin_pair.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPERATION_BYTES = 4 };

static bool operate(struct twin_pair *pair, const uint8_t *data)
{
    uint64_t page_no = (data[1] | (unsigned)data[2] << 8) % TWIN_PAGES;
    if (data[2] & 0x80)
        page_no += TWIN_FAR;
    switch (data[0] % 8) {
    case 0:
    case 1:
    case 2:
        return twin_pair_lookup(pair, page_no, data[3]);
    case 3:
    case 4:
    case 5:
        return twin_pair_insert(pair, page_no, data[3]);
    case 6:
        pair->now += data[3] % 4;
        return data[3] < 250 || twin_pair_classify(pair, data[3] & 1);
    default:
        return twin_pair_resize(pair,
                                (data[1] | (unsigned)data[2] << 8) % (TWIN_SLOTS * TWIN_PAGE + 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct twin_pair pair; /* too large for a fuzzer's stack */
    if (size == 0)
        return 0;
    size_t policies = 0;
    while (page_cache_policies[policies])
        policies++;
    if (!twin_pair_create(&pair, page_cache_policies[data[0] % policies]))
        abort();
    for (size_t at = 1; at + OPERATION_BYTES <= size; at += OPERATION_BYTES) {
        if (!operate(&pair, data + at) || !page_cache_check(pair.cache))
            abort();
    }
    if (!twin_pair_check(&pair))
        abort();
    twin_pair_destroy(&pair);
    return 0;
}
