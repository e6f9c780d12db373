/* SPDX-License-Identifier: MIT */
/* Every policy and the miss classes against twins: a million random operations each. */
#include "cache/tests/twin_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { OPERATIONS = 1000 * 1000, RESIZE_EVERY = 500, CHECK_EVERY = 97 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Mostly lookups and inserts among `pages` pages; `now` moves once in 64 operations. */
static void step(struct twin_pair *pair, uint64_t random, uint64_t pages)
{
    uint64_t page_no = random % pages + (random >> 60 == 0 ? TWIN_FAR : 0);
    if (random >> 40 & 1)
        assert_true(twin_pair_insert(pair, page_no, (uint8_t)(random >> 32)));
    else
        assert_true(twin_pair_lookup(pair, page_no, (random >> 32) % (2 * TWIN_PAGE)));
    pair->now += (random >> 41) % 64 == 0;
}

static uint64_t resize(struct twin_pair *pair, uint64_t random)
{
    assert_true(twin_pair_resize(pair, random % (TWIN_SLOTS * TWIN_PAGE + 1)));
    assert_true(twin_pair_check(pair));
    return 1 + (random >> 32) % (3 * page_cache_stats(pair->cache).slots);
}

static void against_twin(const struct page_cache_policy *policy, uint64_t random)
{
    struct twin_pair pair;
    uint64_t pages = 100;
    assert_true(twin_pair_create(&pair, policy));
    for (unsigned operation = 1; operation <= OPERATIONS; operation++) {
        step(&pair, next_random(&random), pages);
        if (operation % RESIZE_EVERY == 0)
            pages = resize(&pair, next_random(&random));
        if (operation % CHECK_EVERY == 0)
            assert_true(twin_pair_check(&pair));
    }
    struct page_cache_stats stats = page_cache_stats(pair.cache);
    assert_int_equal(stats.first_touch + stats.capacity + stats.conflict,
                     stats.lookups - stats.hits);
    twin_pair_destroy(&pair);
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
