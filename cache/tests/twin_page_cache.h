/* SPDX-License-Identifier: MIT */
#ifndef CACHE_TESTS_TWIN_PAGE_CACHE_H
#define CACHE_TESTS_TWIN_PAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A cache as one would write it on a blackboard: a list of pages, searched from end to end. Pages
 * have TWIN_PAGE bytes and there are at most TWIN_SLOTS of them.
 */
enum { TWIN_PAGE = 64, TWIN_SLOTS = 256 };

struct twin_rules {
    const char *policy;
    unsigned ways;      /* 0: one set of all slots */
    bool lifetime;      /* a page used in this generation or the last does not yield to another */
    bool by_generation; /* age = generation of the last use; else the order of uses decides */
    bool inserts_only;  /* the v5 series: a lookup is no use, an insert never finds its page */
};

/* NULL if there is no twin of that policy: then write one. */
const struct twin_rules *twin_rules_of(const char *policy);

struct twin_page {
    uint64_t page_no, set, generation, order;
    uint8_t bytes[TWIN_PAGE];
};

struct twin_cache {
    const struct twin_rules *rules;
    uint64_t sets, ways, order;
    unsigned held;
    struct twin_page pages[TWIN_SLOTS];
};

void twin_init(struct twin_cache *twin, const struct twin_rules *rules, uint64_t slots);
uint8_t *twin_lookup(struct twin_cache *twin, uint64_t page_no, uint64_t now);
uint8_t *twin_insert(struct twin_cache *twin, uint64_t page_no, const uint8_t *bytes, uint64_t now);
uint64_t twin_resize(struct twin_cache *twin, uint64_t slots); /* pages dropped */

#endif
