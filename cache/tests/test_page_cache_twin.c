/* SPDX-License-Identifier: MIT */
/* Every policy and the miss classes against twins: random lookups, inserts, writes into hits,
 * resizes. */
#include "cache/page_cache.h"
#include "cache/tests/twin_page_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FAR UINT64_C(0xfffffffffffff000) /* far numbers: no policy may truncate them */

enum { PAGES = 3 * TWIN_SLOTS };
enum { OPERATIONS = 1000 * 1000, RESIZE_EVERY = 500, CHECK_EVERY = 97 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct pair {
    const struct page_cache_policy *policy;
    struct page_cache *cache;
    struct twin_cache twin, shadow; /* the shadow: LRU of as many slots */
    bool seen[2][PAGES];
    uint64_t first_touch, capacity, conflict;
    uint64_t random, now, pages;
};

/* Both hit or both miss, with the same bytes. */
static void compare(const uint8_t *real, const uint8_t *twin)
{
    assert_int_equal(real != NULL, twin != NULL);
    if (real) {
        assert_memory_equal(real, twin, TWIN_PAGE);
        assert_int_equal((uintptr_t)real % 64, 0);
    }
}

static bool mark_seen(struct pair *pair, uint64_t page_no)
{
    bool *seen = page_no >= FAR ? &pair->seen[1][page_no - FAR] : &pair->seen[0][page_no];
    bool before = *seen;
    *seen = true;
    return before;
}

static void classify(struct pair *pair, uint64_t page_no, bool hit)
{
    static const uint8_t none[TWIN_PAGE];
    bool seen = mark_seen(pair, page_no);
    bool in_shadow = twin_lookup(&pair->shadow, page_no, 0) != NULL;
    pair->first_touch += !hit && !seen;
    pair->capacity += !hit && seen && !in_shadow;
    pair->conflict += !hit && seen && in_shadow;
    if (hit && !in_shadow)
        twin_insert(&pair->shadow, page_no, none, 0);
}

static void lookup(struct pair *pair, uint64_t page_no)
{
    uint8_t *real = page_cache_lookup(pair->cache, page_no, pair->now);
    uint8_t *twin = twin_lookup(&pair->twin, page_no, pair->now);
    compare(real, twin);
    classify(pair, page_no, twin != NULL);
    if (real && next_random(&pair->random) % 2) {
        size_t at = next_random(&pair->random) % TWIN_PAGE;
        real[at]++;
        twin[at]++;
    }
}

static void insert(struct pair *pair, uint64_t page_no)
{
    uint8_t bytes[TWIN_PAGE];
    memset(bytes, (int)(next_random(&pair->random) & 0xff), sizeof(bytes));
    memcpy(bytes, &page_no, sizeof(page_no));
    compare(page_cache_insert(pair->cache, page_no, bytes, pair->now),
            twin_insert(&pair->twin, page_no, bytes, pair->now));
    mark_seen(pair, page_no);
    twin_insert(&pair->shadow, page_no, bytes, 0);
}

static void resize(struct pair *pair)
{
    uint64_t wish = next_random(&pair->random) % (TWIN_SLOTS * TWIN_PAGE + 1);
    uint64_t size, above, dropped = UINT64_MAX;
    page_cache_sizes_around(pair->policy, wish, TWIN_PAGE, &size, &above);
    if (size == 0)
        size = above;
    assert_int_equal(page_cache_resize(pair->cache, size, &dropped), PAGE_CACHE_OK);
    uint64_t slots = page_cache_stats(pair->cache).slots;
    assert_int_equal(dropped, twin_resize(&pair->twin, slots));
    twin_resize(&pair->shadow, slots);
    assert_true(page_cache_check(pair->cache));
    pair->pages = 1 + next_random(&pair->random) % (3 * slots);
}

static void step(struct pair *pair)
{
    uint64_t random = next_random(&pair->random);
    uint64_t page_no = random % pair->pages;
    if (random >> 60 == 0)
        page_no += FAR;
    if (random >> 40 & 1)
        insert(pair, page_no);
    else
        lookup(pair, page_no);
    pair->now += (random >> 41) % 64 == 0;
}

static void expect_equal_counts(const struct pair *pair)
{
    struct page_cache_stats stats = page_cache_stats(pair->cache);
    assert_int_equal(stats.pages_held, pair->twin.held);
    assert_int_equal(stats.first_touch, pair->first_touch);
    assert_int_equal(stats.capacity, pair->capacity);
    assert_int_equal(stats.conflict, pair->conflict);
    assert_int_equal(stats.first_touch + stats.capacity + stats.conflict,
                     stats.lookups - stats.hits);
}

static void against_twin(const struct page_cache_policy *policy, uint64_t seed)
{
    const struct twin_rules *rules = twin_rules_of(page_cache_policy_name(policy));
    assert_non_null(rules);
    struct pair pair = {.policy = policy, .random = seed, .pages = 100};
    assert_int_equal(page_cache_create(policy, 64 * TWIN_PAGE, TWIN_PAGE, &pair.cache),
                     PAGE_CACHE_OK);
    assert_true(page_cache_classify_misses(pair.cache, true));
    twin_init(&pair.twin, rules, page_cache_stats(pair.cache).slots);
    twin_init(&pair.shadow, twin_rules_of("lru"), page_cache_stats(pair.cache).slots);
    for (unsigned operation = 1; operation <= OPERATIONS; operation++) {
        step(&pair);
        if (operation % RESIZE_EVERY == 0)
            resize(&pair);
        if (operation % CHECK_EVERY == 0)
            assert_true(page_cache_check(pair.cache));
    }
    expect_equal_counts(&pair);
    page_cache_destroy(pair.cache);
}

static void random_operations(void **state)
{
    (void)state;
    for (size_t i = 0; page_cache_policies[i]; i++)
        against_twin(page_cache_policies[i], 4711 + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_operations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
