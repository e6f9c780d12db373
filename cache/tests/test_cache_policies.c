/* SPDX-License-Identifier: MIT */
/* What tells the policies apart: the v5 series by hand, cyclic scans, LRU's laws, miss classes. */
#include "cache/page_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 64 };

static struct page_cache *create(const char *policy, uint64_t slots)
{
    struct page_cache *cache;
    assert_int_equal(page_cache_create(page_cache_policy_find(policy), slots * PAGE, PAGE, &cache),
                     PAGE_CACHE_OK);
    return cache;
}

static uint8_t *insert(struct page_cache *cache, uint64_t page_no, uint8_t value)
{
    uint8_t bytes[PAGE];
    memset(bytes, value, sizeof(bytes));
    return page_cache_insert(cache, page_no, bytes, 0);
}

/* One round of a migration: each page is looked up and, if missing, inserted. Returns the hits. */
static uint64_t scan(struct page_cache *cache, uint64_t pages, uint64_t now)
{
    static const uint8_t bytes[PAGE];
    uint64_t hits = page_cache_stats(cache).hits;
    for (uint64_t page = 0; page < pages; page++) {
        if (!page_cache_lookup(cache, page, now))
            page_cache_insert(cache, page, bytes, now);
    }
    return page_cache_stats(cache).hits - hits;
}

static uint64_t hits_of_fourth_scan(const char *policy, uint64_t slots, uint64_t pages)
{
    struct page_cache *cache = create(policy, slots);
    uint64_t hits = 0;
    for (uint64_t now = 1; now <= 4; now++)
        hits = scan(cache, pages, now);
    page_cache_destroy(cache);
    return hits;
}

/*
 * The commit of November 2014 that brought the age rule: 16 MiB written in turn, a cache of 8 MiB,
 * miss rate 98.7 % before and 48.6 % after, the first round included.
 */
static void november_2014(void **state)
{
    (void)state;
    assert_int_equal(hits_of_fourth_scan("direct", 2048, 4096), 2048);
    assert_int_equal(hits_of_fourth_scan("direct-1.2", 2048, 4096), 0);
    assert_int_equal(hits_of_fourth_scan("two-way", 2048, 4096), 0);
    assert_int_equal(hits_of_fourth_scan("two-way-v5", 2048, 4096), 0);
    assert_int_equal(hits_of_fourth_scan("set-assoc-16", 2048, 4096), 0);
    assert_int_equal(hits_of_fourth_scan("lru", 2048, 4096), 0);
}

/* n pages in turn, m slots: the age rule gives min(n, m) hits a round, a direct cache without it
 * n, then 2m - n, then 0; LRU n or 0. */
static void cyclic_scans(void **state)
{
    (void)state;
    const uint64_t m = 64;
    for (uint64_t n = 1; n <= 3 * m; n++) {
        uint64_t newcomer_stays = n <= m ? n : n < 2 * m ? 2 * m - n : 0;
        assert_int_equal(hits_of_fourth_scan("direct", m, n), n < m ? n : m);
        assert_int_equal(hits_of_fourth_scan("direct-1.2", m, n), newcomer_stays);
        assert_int_equal(hits_of_fourth_scan("lru", m, n), n <= m ? n : 0);
    }
}

/* Measured with QEMU: one slot, 2048 pages, one hit a round. */
static void one_slot(void **state)
{
    (void)state;
    assert_int_equal(hits_of_fourth_scan("direct", 1, 2048), 1);
}

static void v5_duplicates(void **state)
{
    (void)state;
    struct page_cache *cache = create("two-way-v5", 8);
    uint8_t *first = insert(cache, 1, 'a');
    uint8_t *second = insert(cache, 1, 'b');
    assert_ptr_not_equal(first, second);
    assert_int_equal(page_cache_stats(cache).pages_held, 2);
    assert_ptr_equal(page_cache_lookup(cache, 1, 0), second);
    assert_ptr_equal(insert(cache, 5, 'c'), first); /* the older copy yields */
    assert_ptr_equal(page_cache_lookup(cache, 1, 0), second);
    assert_ptr_equal(insert(cache, 9, 'd'), second); /* used last, inserted first: yields */
    assert_null(page_cache_lookup(cache, 1, 0));
    assert_non_null(page_cache_lookup(cache, 5, 0));
    assert_true(page_cache_check(cache));
    page_cache_destroy(cache);
}

/* Six buckets, mask 5: of page numbers 0 to 7 only the sets 0, 1, 4, 5 are reached. */
static void v5_mask_wastes_sets(void **state)
{
    (void)state;
    struct page_cache *cache = create("two-way-v5", 12);
    for (unsigned copy = 0; copy < 2; copy++) {
        for (uint64_t page = 0; page < 100; page++)
            insert(cache, page, 'x');
    }
    assert_int_equal(page_cache_stats(cache).pages_held, 8);
    assert_int_equal(page_cache_stats(cache).slots, 12);
    page_cache_destroy(cache);
}

static void two_way_mends_v5(void **state)
{
    (void)state;
    struct page_cache *cache = create("two-way", 8);
    uint8_t *first = insert(cache, 1, 'a');
    assert_ptr_equal(insert(cache, 1, 'b'), first);
    uint8_t *other = insert(cache, 5, 'c');
    assert_ptr_equal(page_cache_lookup(cache, 1, 0), first);
    assert_ptr_equal(insert(cache, 9, 'd'), other); /* page 1 was used since */
    assert_non_null(page_cache_lookup(cache, 1, 0));
    page_cache_destroy(cache);
}

static void sizes_of_old_versions(void **state)
{
    (void)state;
    struct page_cache *cache = create("direct-1.2", 13);
    assert_int_equal(page_cache_stats(cache).slots, 8);
    page_cache_destroy(cache);
    cache = create("two-way-v5", 13);
    assert_int_equal(page_cache_stats(cache).slots, 12);
    page_cache_destroy(cache);
    cache = create("lru", 13);
    assert_int_equal(page_cache_stats(cache).slots, 13);
    page_cache_destroy(cache);
}

/* Mattson 1970: what hits in an LRU cache hits in every larger one. And one set of 16 ways is LRU.
 */
static void lru_inclusion(void **state)
{
    (void)state;
    struct page_cache *small = create("lru", 16), *large = create("lru", 40);
    struct page_cache *one_set = create("set-assoc-16", 16);
    uint64_t random = 1, hits = 0;
    for (unsigned i = 0; i < 100000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t page = (random >> 40) % 60 * ((random >> 60) % 3);
        bool hit = page_cache_lookup(small, page, 0) != NULL;
        bool hit_large = page_cache_lookup(large, page, 0) != NULL;
        assert_true(!hit || hit_large);
        assert_int_equal(page_cache_lookup(one_set, page, 0) != NULL, hit);
        hits += hit;
        insert(small, page, 1);
        insert(large, page, 1);
        insert(one_set, page, 1);
    }
    assert_true(hits > 10000 && hits < 90000);
    page_cache_destroy(small);
    page_cache_destroy(large);
    page_cache_destroy(one_set);
}

static struct page_cache_stats classes_of(const char *policy, const uint64_t *pages, size_t count)
{
    struct page_cache *cache = create(policy, 4);
    assert_true(page_cache_classify_misses(cache, true));
    for (size_t i = 0; i < count; i++) {
        if (!page_cache_lookup(cache, pages[i], 0))
            insert(cache, pages[i], 1);
    }
    struct page_cache_stats stats = page_cache_stats(cache);
    page_cache_destroy(cache);
    return stats;
}

static void miss_classes(void **state)
{
    (void)state;
    const uint64_t clash[] = {0, 4, 0, 4, 0};
    struct page_cache_stats stats = classes_of("direct-1.2", clash, 5);
    assert_int_equal(stats.first_touch, 2);
    assert_int_equal(stats.conflict, 3);
    assert_int_equal(stats.capacity, 0);
    const uint64_t cycle[] = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4};
    stats = classes_of("lru", cycle, 10);
    assert_int_equal(stats.first_touch, 5);
    assert_int_equal(stats.conflict, 0);
    assert_int_equal(stats.capacity, 5);
}

/* Off keeps the counts; a second "on" is the same as one; refused inserts count as conflict. */
static void miss_classes_switch(void **state)
{
    (void)state;
    struct page_cache *cache = create("direct", 4);
    assert_null(page_cache_lookup(cache, 9, 0));
    assert_int_equal(page_cache_stats(cache).first_touch, 0);
    assert_true(page_cache_classify_misses(cache, true));
    assert_true(page_cache_classify_misses(cache, true));
    insert(cache, 0, 1);
    assert_null(insert(cache, 4, 1));
    assert_null(page_cache_lookup(cache, 4, 0));
    assert_int_equal(page_cache_stats(cache).conflict, 1);
    assert_true(page_cache_classify_misses(cache, false));
    assert_null(page_cache_lookup(cache, 4, 0));
    assert_int_equal(page_cache_stats(cache).conflict, 1);
    assert_true(page_cache_classify_misses(cache, true));
    assert_null(page_cache_lookup(cache, 4, 0));
    assert_int_equal(page_cache_stats(cache).first_touch, 1);
    page_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(november_2014),
        cmocka_unit_test(cyclic_scans),
        cmocka_unit_test(one_slot),
        cmocka_unit_test(v5_duplicates),
        cmocka_unit_test(v5_mask_wastes_sets),
        cmocka_unit_test(two_way_mends_v5),
        cmocka_unit_test(sizes_of_old_versions),
        cmocka_unit_test(lru_inclusion),
        cmocka_unit_test(miss_classes),
        cmocka_unit_test(miss_classes_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
