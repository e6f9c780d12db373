/* SPDX-License-Identifier: MIT */
#include "cache/tests/twin_page_cache.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct twin_rules all_rules[] = {
    {.policy = "direct", .ways = 1, .lifetime = true, .by_generation = true},
    {.policy = "direct-1.2", .ways = 1, .by_generation = true},
    {.policy = "two-way", .ways = 2},
    {.policy = "two-way-v5", .ways = 2, .inserts_only = true},
    {.policy = "set-assoc-4", .ways = 4},
    {.policy = "set-assoc-8", .ways = 8},
    {.policy = "set-assoc-16", .ways = 16},
    {.policy = "lru", .ways = 0},
};

const struct twin_rules *twin_rules_of(const char *policy)
{
    for (size_t i = 0; i < sizeof(all_rules) / sizeof(all_rules[0]); i++) {
        if (strcmp(all_rules[i].policy, policy) == 0)
            return &all_rules[i];
    }
    return NULL;
}

void twin_init(struct twin_cache *twin, const struct twin_rules *rules, uint64_t slots)
{
    assert(slots <= TWIN_SLOTS);
    memset(twin, 0, sizeof(*twin));
    twin->rules = rules;
    twin->ways = rules->ways ? rules->ways : slots;
    twin->sets = slots / twin->ways;
}

static uint64_t age_of(const struct twin_cache *twin, const struct twin_page *page)
{
    return twin->rules->by_generation ? page->generation : page->order;
}

/* The v5 series masks even if the number of sets is no power of two. */
static uint64_t set_of(const struct twin_cache *twin, uint64_t page_no)
{
    return twin->rules->inserts_only ? page_no & (twin->sets - 1) : page_no % twin->sets;
}

/* The youngest copy. */
static struct twin_page *find(struct twin_cache *twin, uint64_t page_no)
{
    struct twin_page *found = NULL;
    for (unsigned i = 0; i < twin->held; i++) {
        struct twin_page *page = &twin->pages[i];
        if (page->page_no == page_no && (!found || page->order > found->order))
            found = page;
    }
    return found;
}

static void use(struct twin_cache *twin, struct twin_page *page, uint64_t now)
{
    page->generation = now;
    page->order = ++twin->order;
}

uint8_t *twin_lookup(struct twin_cache *twin, uint64_t page_no, uint64_t now)
{
    struct twin_page *page = find(twin, page_no);
    if (!page)
        return NULL;
    if (!twin->rules->inserts_only)
        use(twin, page, now);
    return page->bytes;
}

/* The page of the set that has to go, NULL while there is room. */
static struct twin_page *oldest_of_full_set(struct twin_cache *twin, uint64_t set)
{
    struct twin_page *oldest = NULL;
    unsigned held = 0;
    for (unsigned i = 0; i < twin->held; i++) {
        struct twin_page *page = &twin->pages[i];
        if (page->set != set)
            continue;
        held++;
        if (!oldest || age_of(twin, page) < age_of(twin, oldest))
            oldest = page;
    }
    return held == twin->ways ? oldest : NULL;
}

uint8_t *twin_insert(struct twin_cache *twin, uint64_t page_no, const uint8_t *bytes, uint64_t now)
{
    uint64_t set = set_of(twin, page_no);
    struct twin_page *page = twin->rules->inserts_only ? NULL : find(twin, page_no);
    if (!page) {
        page = oldest_of_full_set(twin, set);
        if (page && twin->rules->lifetime && page->generation + 2 > now)
            return NULL;
    }
    if (!page)
        page = &twin->pages[twin->held++];
    page->page_no = page_no;
    page->set = set;
    use(twin, page, now);
    memcpy(page->bytes, bytes, TWIN_PAGE);
    return page->bytes;
}

/* How many pages of the same new set come before this one: younger, or as old and in a lower old
 * set. */
static unsigned rank(const struct twin_cache *twin, const struct twin_page *page,
                     const struct twin_cache *fresh)
{
    unsigned before = 0;
    for (unsigned i = 0; i < twin->held; i++) {
        const struct twin_page *other = &twin->pages[i];
        if (set_of(fresh, other->page_no) != set_of(fresh, page->page_no))
            continue;
        uint64_t age = age_of(twin, page), other_age = age_of(twin, other);
        before += other_age > age || (other_age == age && other->set < page->set);
    }
    return before;
}

uint64_t twin_resize(struct twin_cache *twin, uint64_t slots)
{
    struct twin_cache fresh;
    twin_init(&fresh, twin->rules, slots);
    fresh.order = twin->order;
    for (unsigned i = 0; i < twin->held; i++) {
        if (rank(twin, &twin->pages[i], &fresh) < fresh.ways)
            fresh.pages[fresh.held++] = twin->pages[i];
    }
    for (unsigned i = 0; i < fresh.held; i++)
        fresh.pages[i].set = set_of(&fresh, fresh.pages[i].page_no);
    uint64_t dropped = twin->held - fresh.held;
    *twin = fresh;
    return dropped;
}
