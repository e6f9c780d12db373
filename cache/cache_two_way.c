/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

/* The cache of the patch series of January 2012 (v5) as it should have been. */
const struct page_cache_policy page_cache_two_way = {
    .name = "two-way",
    .summary = "two ways a set, the less recently used yields (v5 series, its slips mended)",
    .ways = 2,
    .size_rule = &page_cache_size_power_of_two,
    .find = page_cache_set_assoc_find,
    .place = page_cache_set_assoc_place,
    .adopt = page_cache_adopt_by_set,
    .check = page_cache_check_unique,
};
