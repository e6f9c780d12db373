/* SPDX-License-Identifier: MIT */
#include "cache/policy.h"

#include <string.h>

const struct page_cache_policy *const page_cache_policies[] = {
    &page_cache_direct,       &page_cache_direct_1_2,  &page_cache_two_way,
    &page_cache_two_way_v5,   &page_cache_set_assoc_4, &page_cache_set_assoc_8,
    &page_cache_set_assoc_16, &page_cache_lru,         NULL,
};

const struct page_cache_policy *page_cache_policy_find(const char *name)
{
    for (size_t i = 0; page_cache_policies[i]; i++) {
        if (strcmp(page_cache_policies[i]->name, name) == 0)
            return page_cache_policies[i];
    }
    return NULL;
}

const char *page_cache_policy_name(const struct page_cache_policy *policy)
{
    return policy->name;
}

const char *page_cache_policy_summary(const struct page_cache_policy *policy)
{
    return policy->summary;
}
