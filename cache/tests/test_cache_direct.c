/* SPDX-License-Identifier: MIT */
/* The age rule of QEMU's cache, by hand. */
#include "cache/page_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { PAGE = 64, SLOTS = 8 };

static const uint8_t some_page[PAGE] = {1};

static struct page_cache *create(const char *policy, uint64_t slots)
{
    struct page_cache *cache;
    assert_int_equal(page_cache_create(page_cache_policy_find(policy), slots * PAGE, PAGE, &cache),
                     PAGE_CACHE_OK);
    return cache;
}

static void page_yields_after_two_generations(void **state)
{
    (void)state;
    struct page_cache *cache = create("direct", SLOTS);
    assert_non_null(page_cache_insert(cache, 3, some_page, 5));
    assert_null(page_cache_insert(cache, 3 + SLOTS, some_page, 5));
    assert_null(page_cache_insert(cache, 3 + SLOTS, some_page, 6));
    assert_non_null(page_cache_insert(cache, 3 + SLOTS, some_page, 7));
    assert_null(page_cache_lookup(cache, 3, 7));
    assert_non_null(page_cache_lookup(cache, 3 + SLOTS, 7));
    struct page_cache_stats stats = page_cache_stats(cache);
    assert_int_equal(stats.refusals, 2);
    assert_int_equal(stats.inserts, 2);
    assert_int_equal(stats.replacements, 1);
    page_cache_destroy(cache);
}

static void hit_and_insert_refresh_the_age(void **state)
{
    (void)state;
    struct page_cache *cache = create("direct", SLOTS);
    assert_non_null(page_cache_insert(cache, 3, some_page, 5));
    assert_non_null(page_cache_lookup(cache, 3, 7));
    assert_null(page_cache_insert(cache, 3 + SLOTS, some_page, 8));
    assert_non_null(page_cache_insert(cache, 3, some_page, 9));
    assert_null(page_cache_insert(cache, 3 + SLOTS, some_page, 10));
    assert_null(page_cache_lookup(cache, 3 + SLOTS, 11)); /* a miss refreshes nothing */
    assert_non_null(page_cache_insert(cache, 3 + SLOTS, some_page, 11));
    page_cache_destroy(cache);
}

static void generations_may_be_huge(void **state)
{
    (void)state;
    struct page_cache *cache = create("direct", SLOTS);
    assert_non_null(page_cache_insert(cache, 3, some_page, UINT64_MAX - 1));
    assert_null(page_cache_insert(cache, 3 + SLOTS, some_page, UINT64_MAX));
    page_cache_destroy(cache);
}

/* Of two pages that fall together the younger stays; of two equally old ones the lower slot. */
static void shrinking_keeps_the_younger(void **state)
{
    (void)state;
    struct page_cache *cache = create("direct", SLOTS);
    page_cache_insert(cache, 0, some_page, 1);
    page_cache_insert(cache, 1, some_page, 1);
    page_cache_insert(cache, 2, some_page, 1);
    page_cache_insert(cache, 2 + SLOTS / 2, some_page, 1);
    page_cache_insert(cache, 0 + SLOTS / 2, some_page, 2);
    page_cache_insert(cache, 1 + SLOTS / 2, some_page, 2);
    assert_non_null(page_cache_lookup(cache, 1, 3));
    uint64_t dropped;
    assert_int_equal(page_cache_resize(cache, SLOTS / 2 * PAGE, &dropped), PAGE_CACHE_OK);
    assert_int_equal(dropped, 3);
    assert_null(page_cache_lookup(cache, 0, 3));
    assert_non_null(page_cache_lookup(cache, SLOTS / 2, 3));
    assert_non_null(page_cache_lookup(cache, 1, 3));
    assert_null(page_cache_lookup(cache, 1 + SLOTS / 2, 3));
    assert_non_null(page_cache_lookup(cache, 2, 3));
    page_cache_destroy(cache);
}

static void size_must_be_a_power_of_two(void **state)
{
    (void)state;
    const struct page_cache_policy *direct = page_cache_policy_find("direct");
    struct page_cache *cache;
    assert_int_equal(page_cache_create(direct, 3 * PAGE, PAGE, &cache), PAGE_CACHE_BAD_SIZE);
    assert_int_equal(page_cache_create(direct, PAGE / 2, PAGE, &cache), PAGE_CACHE_BAD_SIZE);
    assert_int_equal(page_cache_create(direct, 0, PAGE, &cache), PAGE_CACHE_BAD_SIZE);
    assert_null(cache);
    uint64_t below, above;
    page_cache_sizes_around(direct, 100000, 4096, &below, &above);
    assert_int_equal(below, 65536);
    assert_int_equal(above, 131072);
    page_cache_sizes_around(direct, UINT64_MAX, 4096, &below, &above);
    assert_true(below == UINT64_C(1) << 63);
    assert_int_equal(above, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_yields_after_two_generations),
        cmocka_unit_test(hit_and_insert_refresh_the_age),
        cmocka_unit_test(generations_may_be_huge),
        cmocka_unit_test(shrinking_keeps_the_younger),
        cmocka_unit_test(size_must_be_a_power_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
