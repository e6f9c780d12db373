/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

static uint64_t power_of_two_below(uint64_t value)
{
    uint64_t power = UINT64_C(1) << 63;
    while (power > value)
        power >>= 1;
    return power;
}

static uint64_t sets_power_of_two(uint64_t size_bytes, uint64_t set_bytes)
{
    bool valid = size_bytes >= set_bytes && (size_bytes & (size_bytes - 1)) == 0;
    return valid ? size_bytes / set_bytes : 0;
}

static void around_power_of_two(uint64_t size_bytes, uint64_t set_bytes, uint64_t *ret_below,
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
    .sets = sets_power_of_two,
    .around = around_power_of_two,
};

static uint64_t sets_any(uint64_t size_bytes, uint64_t set_bytes)
{
    return size_bytes / set_bytes;
}

static void around_any(uint64_t size_bytes, uint64_t set_bytes, uint64_t *ret_below,
                       uint64_t *ret_above)
{
    *ret_below = size_bytes >= set_bytes ? size_bytes : 0;
    *ret_above = size_bytes >= set_bytes ? size_bytes : set_bytes;
}

const struct page_cache_size_rule page_cache_size_any = {
    .sets = sets_any,
    .around = around_any,
};

static uint64_t sets_rounded_down(uint64_t size_bytes, uint64_t set_bytes)
{
    return size_bytes >= set_bytes ? power_of_two_below(size_bytes / set_bytes) : 0;
}

const struct page_cache_size_rule page_cache_size_rounded_down = {
    .sets = sets_rounded_down,
    .around = around_any,
};

static uint64_t sets_whole(uint64_t size_bytes, uint64_t set_bytes)
{
    return size_bytes % set_bytes == 0 ? size_bytes / set_bytes : 0;
}

static void around_whole_sets(uint64_t size_bytes, uint64_t set_bytes, uint64_t *ret_below,
                              uint64_t *ret_above)
{
    uint64_t rest = size_bytes % set_bytes;
    *ret_below = size_bytes - rest;
    *ret_above = size_bytes > 0 && rest == 0 ? size_bytes : *ret_below + set_bytes; /* as above */
}

const struct page_cache_size_rule page_cache_size_whole_sets = {
    .sets = sets_whole,
    .around = around_whole_sets,
};
