/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

static uint64_t power_of_two_below(uint64_t value)
{
    uint64_t power = UINT64_C(1) << 63;
    while (power > value)
        power >>= 1;
    return power;
}

static uint64_t power_of_two_sets(uint64_t size_bytes, uint64_t set_bytes)
{
    bool valid = size_bytes >= set_bytes && (size_bytes & (size_bytes - 1)) == 0;
    return valid ? size_bytes / set_bytes : 0;
}

static void power_of_two_around(uint64_t size_bytes, uint64_t set_bytes, uint64_t *ret_below,
                                uint64_t *ret_above)
{
    if (size_bytes < set_bytes) {
        *ret_below = 0;
        *ret_above = set_bytes;
        return;
    }
    *ret_below = power_of_two_below(size_bytes);
    *ret_above = *ret_below == size_bytes ? size_bytes : *ret_below << 1; /* 2^64 becomes 0 */
}

const struct page_cache_size_rule page_cache_size_power_of_two = {
    .sets = power_of_two_sets,
    .around = power_of_two_around,
};
