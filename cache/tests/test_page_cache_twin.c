/* SPDX-License-Identifier: MIT */
/* Every policy against its twin: random lookups, inserts, writes into hits, resizes. */
#include "cache/page_cache.h"
#include "cache/tests/twin_page_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

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
    struct twin_cache twin;
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

static void lookup(struct pair *pair, uint64_t page_no)
{
    uint8_t *real = page_cache_lookup(pair->cache, page_no, pair->now);
    uint8_t *twin = twin_lookup(&pair->twin, page_no, pair->now);
    compare(real, twin);
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
    assert_true(page_cache_check(pair->cache));
    pair->pages = 1 + next_random(&pair->random) % (3 * slots);
}

static void step(struct pair *pair)
{
    uint64_t random = next_random(&pair->random);
    uint64_t page_no = random % pair->pages;
    if (random >> 60 == 0)
        page_no += UINT64_C(0xfffffffffffff000); /* far numbers: no policy may truncate them */
    if (random >> 40 & 1)
        insert(pair, page_no);
    else
        lookup(pair, page_no);
    pair->now += (random >> 41) % 64 == 0;
}

static void random_operations(void **state)
{
    (void)state;
    for (size_t i = 0; page_cache_policies[i]; i++) {
        const struct page_cache_policy *policy = page_cache_policies[i];
        const struct twin_rules *rules = twin_rules_of(page_cache_policy_name(policy));
        assert_non_null(rules);
        struct pair pair = {.policy = policy, .random = 4711 + i, .pages = 100};
        assert_int_equal(page_cache_create(policy, 64 * TWIN_PAGE, TWIN_PAGE, &pair.cache),
                         PAGE_CACHE_OK);
        twin_init(&pair.twin, rules, page_cache_stats(pair.cache).slots);
        for (unsigned operation = 1; operation <= OPERATIONS; operation++) {
            step(&pair);
            if (operation % RESIZE_EVERY == 0)
                resize(&pair);
            if (operation % CHECK_EVERY == 0)
                assert_true(page_cache_check(pair.cache));
        }
        assert_int_equal(page_cache_stats(pair.cache).pages_held, pair.twin.held);
        page_cache_destroy(pair.cache);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_operations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
