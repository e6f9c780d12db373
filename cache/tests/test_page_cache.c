/* SPDX-License-Identifier: MIT */
/* What page_cache.h promises, of every policy in the table. */
#include "cache/page_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 4096, SLOTS = 64 };

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static struct page_cache *create(const struct page_cache_policy *policy, uint64_t size_bytes)
{
    struct page_cache *cache;
    assert_int_equal(page_cache_create(policy, size_bytes, PAGE, &cache), PAGE_CACHE_OK);
    assert_non_null(cache);
    return cache;
}

static const uint8_t *page_of(uint64_t page_no)
{
    static uint8_t bytes[PAGE];
    memset(bytes, (int)(page_no & 0xff), sizeof(bytes));
    memcpy(bytes, &page_no, sizeof(page_no));
    memcpy(bytes + PAGE - sizeof(page_no), &page_no, sizeof(page_no));
    return bytes;
}

static void expect_page(struct page_cache *cache, uint64_t page_no, uint64_t now)
{
    const uint8_t *bytes = page_cache_lookup(cache, page_no, now);
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    assert_memory_equal(bytes, page_of(page_no), PAGE);
}

static void names(const struct page_cache_policy *policy)
{
    assert_ptr_equal(page_cache_policy_find(page_cache_policy_name(policy)), policy);
    assert_true(strlen(page_cache_policy_summary(policy)) > 0);
}

static void empty_cache_misses(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    assert_null(page_cache_lookup(cache, 0, 0));
    assert_null(page_cache_lookup(cache, UINT64_MAX - 1, 0));
    struct page_cache_stats stats = page_cache_stats(cache);
    assert_int_equal(stats.lookups, 2);
    assert_int_equal(stats.hits, 0);
    assert_int_equal(stats.pages_held, 0);
    assert_int_equal(stats.slots, SLOTS);
    assert_true(stats.memory_bytes >= SLOTS * PAGE);
    assert_true(page_cache_check(cache));
    page_cache_destroy(cache);
}

/* As many neighbouring pages as slots: no policy may lose one. */
static void full_cache_hits(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    for (uint64_t page = 0; page < SLOTS; page++)
        assert_non_null(page_cache_insert(cache, 1000 + page, page_of(1000 + page), 1));
    for (uint64_t page = 0; page < SLOTS; page++)
        expect_page(cache, 1000 + page, 1);
    struct page_cache_stats stats = page_cache_stats(cache);
    assert_int_equal(stats.inserts, SLOTS);
    assert_int_equal(stats.replacements, 0);
    assert_int_equal(stats.refusals, 0);
    assert_int_equal(stats.pages_held, SLOTS);
    assert_true(page_cache_check(cache));
    page_cache_destroy(cache);
}

/* As many pages as ways, of one set, alike in all but the upper half of their numbers. */
static void far_pages_are_told_apart(const struct page_cache_policy *policy)
{
    uint64_t set_bytes, below, ways;
    page_cache_sizes_around(policy, 1, PAGE, &below, &set_bytes);
    ways = set_bytes / PAGE;
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    for (uint64_t i = 0; i < ways; i++) {
        assert_null(page_cache_lookup(cache, (i << 32) + 5, 1));
        assert_non_null(page_cache_insert(cache, (i << 32) + 5, page_of((i << 32) + 5), 1));
    }
    for (uint64_t i = 0; i < ways; i++)
        expect_page(cache, (i << 32) + 5, 1);
    assert_null(page_cache_lookup(cache, (ways << 32) + 5, 1));
    assert_true(page_cache_check(cache));
    page_cache_destroy(cache);
}

static void prefetch_changes_nothing(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    page_cache_insert(cache, 5, page_of(5), 1);
    struct page_cache_stats before = page_cache_stats(cache);
    for (uint64_t page_no = 0; page_no < 2 * SLOTS; page_no++)
        page_cache_prefetch(cache, page_no);
    page_cache_prefetch(cache, UINT64_MAX - 1);
    struct page_cache_stats after = page_cache_stats(cache);
    assert_memory_equal(&before, &after, sizeof(before));
    expect_page(cache, 5, 1);
    page_cache_destroy(cache);
}

static void hit_may_be_written(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    uint8_t *bytes = page_cache_insert(cache, 7, page_of(7), 1);
    assert_memory_equal(bytes, page_of(7), PAGE);
    assert_ptr_equal(page_cache_lookup(cache, 7, 2), bytes);
    memcpy(bytes, page_of(8), PAGE);
    assert_memory_equal(page_cache_lookup(cache, 7, 3), page_of(8), PAGE);
    page_cache_insert(cache, 7, page_of(9), 4);
    assert_memory_equal(page_cache_lookup(cache, 7, 5), page_of(9), PAGE);
    page_cache_insert(cache, 7, page_of(9), 6);
    assert_int_equal(page_cache_stats(cache).inserts, 3);
    assert_int_equal(page_cache_stats(cache).replacements, 0); /* no other page was put out */
    page_cache_destroy(cache);
}

/* After enough generations every policy gives room. */
static void old_pages_yield(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    for (uint64_t page = 0; page < 4 * SLOTS; page++)
        assert_non_null(page_cache_insert(cache, page, page_of(page), 10 * (page / SLOTS)));
    for (uint64_t page = 3 * SLOTS; page < 4 * SLOTS; page++)
        expect_page(cache, page, 100);
    struct page_cache_stats stats = page_cache_stats(cache);
    assert_int_equal(stats.inserts, 4 * SLOTS);
    assert_int_equal(stats.replacements, 3 * SLOTS);
    assert_int_equal(stats.pages_held, SLOTS);
    page_cache_destroy(cache);
}

static void sizes(const struct page_cache_policy *policy)
{
    uint64_t below, above;
    page_cache_sizes_around(policy, 0, PAGE, &below, &above);
    assert_int_equal(below, 0);
    assert_true(above >= PAGE);
    uint64_t least = above;
    for (uint64_t size = 0; size < 40 * PAGE; size += PAGE / 4) {
        page_cache_sizes_around(policy, size, PAGE, &below, &above);
        assert_true(below <= size && size <= above);
        assert_int_equal(below == 0, size < least);
        struct page_cache *cache;
        enum page_cache_status status = page_cache_create(policy, size, PAGE, &cache);
        bool valid = size > 0 && below == size && above == size;
        assert_int_equal(status, valid ? PAGE_CACHE_OK : PAGE_CACHE_BAD_SIZE);
        assert_int_equal(cache != NULL, valid);
        if (valid)
            assert_true(page_cache_stats(cache).slots * PAGE <= size);
        page_cache_destroy(cache);
        if (below > 0)
            page_cache_destroy(create(policy, below));
        page_cache_destroy(create(policy, above));
    }
    page_cache_sizes_around(policy, 64 * MIB, PAGE, &below, &above);
    assert_int_equal(below, 64 * MIB);
    assert_int_equal(above, 64 * MIB);
    page_cache_sizes_around(policy, UINT64_MAX, PAGE, &below, &above);
    assert_true(below >= UINT64_C(1) << 63);
    assert_true(above == 0 || above == UINT64_MAX); /* never wrapped round */
}

static void no_memory(const struct page_cache_policy *policy)
{
    struct page_cache *cache;
    for (unsigned shift = 50; shift < 64; shift++) {
        assert_int_equal(page_cache_create(policy, UINT64_C(1) << shift, PAGE, &cache),
                         PAGE_CACHE_NO_MEMORY);
        assert_null(cache);
    }
    /* Few enough slots, but no machine has such addresses: the kernel's refusal. */
    uint64_t size = UINT64_C(1) << 51;
    assert_int_equal(page_cache_create(policy, size, MIB, &cache), PAGE_CACHE_NO_MEMORY);
    assert_null(cache);
}

static void failed_resize_changes_nothing(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    for (uint64_t page = 0; page < SLOTS; page++)
        page_cache_insert(cache, page, page_of(page), 1);
    uint8_t *bytes = page_cache_lookup(cache, 5, 1);
    struct page_cache_stats before = page_cache_stats(cache);
    uint64_t dropped = 42;
    assert_int_equal(page_cache_resize(cache, UINT64_C(1) << 52, &dropped), PAGE_CACHE_NO_MEMORY);
    assert_int_equal(page_cache_resize(cache, PAGE / 2, &dropped), PAGE_CACHE_BAD_SIZE);
    assert_int_equal(dropped, 42);
    struct page_cache_stats after = page_cache_stats(cache);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_ptr_equal(page_cache_lookup(cache, 5, 1), bytes);
    for (uint64_t page = 0; page < SLOTS; page++)
        expect_page(cache, page, 1);
    page_cache_destroy(cache);
}

static void resize_keeps_what_fits(const struct page_cache_policy *policy)
{
    struct page_cache *cache = create(policy, SLOTS * PAGE);
    for (uint64_t page = 0; page < SLOTS; page++)
        page_cache_insert(cache, page, page_of(page), page < SLOTS / 2 ? 1 : 2);
    uint64_t dropped;
    assert_int_equal(page_cache_resize(cache, 4 * SLOTS * PAGE, &dropped), PAGE_CACHE_OK);
    assert_int_equal(dropped, 0);
    assert_int_equal(page_cache_stats(cache).slots, 4 * SLOTS);
    assert_true(page_cache_check(cache));
    assert_int_equal(page_cache_resize(cache, SLOTS / 2 * PAGE, &dropped), PAGE_CACHE_OK);
    assert_int_equal(dropped, SLOTS / 2);
    assert_true(page_cache_check(cache));
    for (uint64_t page = 0; page < SLOTS / 2; page++)
        assert_null(page_cache_lookup(cache, page, 2));
    for (uint64_t page = SLOTS / 2; page < SLOTS; page++)
        expect_page(cache, page, 2);
    assert_int_equal(page_cache_resize(cache, SLOTS * PAGE, NULL), PAGE_CACHE_OK);
    assert_int_equal(page_cache_stats(cache).replacements, 0);
    page_cache_destroy(cache);
}

static uint64_t resident_bytes(void)
{
    unsigned long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &total, &resident), 2);
    fclose(file);
    return resident * (uint64_t)4096;
}

/* 1 GiB of slots, some pages in it, lookups all over it, a resize: a few MiB. */
static void untouched_slots_cost_no_memory(const struct page_cache_policy *policy)
{
    uint64_t before = resident_bytes();
    struct page_cache *cache = create(policy, GIB);
    for (uint64_t page = 0; page < 100; page++)
        page_cache_insert(cache, page, page_of(page), 1);
    for (uint64_t page = 0; page < GIB / PAGE; page += 16)
        page_cache_lookup(cache, page, 1);
    assert_int_equal(page_cache_resize(cache, GIB / 2, NULL), PAGE_CACHE_OK);
    assert_true(resident_bytes() - before < 32 * MIB);
    expect_page(cache, 99, 1);
    page_cache_destroy(cache);
    assert_true(resident_bytes() - before < 4 * MIB);
}

static void for_every_policy(void **state)
{
    void (*const *check)(const struct page_cache_policy *) = *state;
    for (size_t i = 0; page_cache_policies[i]; i++) {
        print_message("           %s\n", page_cache_policy_name(page_cache_policies[i]));
        (*check)(page_cache_policies[i]);
    }
}

static void unknown_policy(void **state)
{
    (void)state;
    assert_null(page_cache_policy_find("none such"));
    assert_null(page_cache_policy_find(""));
    page_cache_destroy(NULL);
}

#define CONTRACT(function)                                                                         \
    {                                                                                              \
#function, for_every_policy, NULL, NULL, &(void (*[])(const struct page_cache_policy *))   \
        {                                                                                          \
            function                                                                               \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_policy),
        CONTRACT(names),
        CONTRACT(empty_cache_misses),
        CONTRACT(full_cache_hits),
        CONTRACT(far_pages_are_told_apart),
        CONTRACT(prefetch_changes_nothing),
        CONTRACT(hit_may_be_written),
        CONTRACT(old_pages_yield),
        CONTRACT(sizes),
        CONTRACT(no_memory),
        CONTRACT(failed_resize_changes_nothing),
        CONTRACT(resize_keeps_what_fits),
        CONTRACT(untouched_slots_cost_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
