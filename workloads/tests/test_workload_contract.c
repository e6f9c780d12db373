/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/random.h"
#include "workloads/tests/twin_guest.h"
#include "workloads/tests/twin_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * What workload.h promises, of every kind in the table. Rates are low enough that a written page
 * never comes back to the bytes that it had: so "written" can be seen from outside.
 */
#define SPAN_NS 300000000 /* at most, between two syncs */

static char trace_file[300];

/* Only what a kind cannot do without, or what keeps it slow. */
static void settings_of(const struct workload_ops *ops, char *settings, size_t size)
{
    static const struct {
        const char *kind, *settings;
    } own[] = {
        /* In order: else one extent may be zeroed, filled and zeroed between two looks. */
        {"gc", "nursery=64K allocation-rate=150KiB/s survivors=10% live=50%"},
        {"zerofill", "rate=60 extent=4K order=sequential"},
    };
    int used = snprintf(settings, size, "region=96K fill=text ");
    if (option_find(ops->options, "file"))
        snprintf(settings, size, "file=%s", trace_file);
    else if (option_find(ops->options, "rate"))
        snprintf(settings + used, size - (size_t)used, "rate=150");
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(own[i].kind, ops->name))
            snprintf(settings + used, size - (size_t)used, "%s", own[i].settings);
}

static void start(struct twin_guest *guest, const struct workload_ops *ops, uint64_t seed)
{
    char settings[400];
    settings_of(ops, settings, sizeof settings);
    twin_guest_init(guest, ops->name, settings, seed);
}

static bool is_idle(const struct workload_ops *ops)
{
    return !strcmp(ops->name, "idle");
}

static int64_t later(gsl_rng *rng, int64_t now)
{
    return gsl_rng_uniform_int(rng, 6) ? now + (int64_t)gsl_rng_uniform_int(rng, SPAN_NS) : now;
}

static uint8_t *copy_make(const struct twin_guest *guest)
{
    return malloc(guest->pages * (size_t)PAGE_SIZE);
}

static bool differs(const uint8_t *a, const uint8_t *b, uint64_t page)
{
    return memcmp(a + page * PAGE_SIZE, b + page * PAGE_SIZE, PAGE_SIZE) != 0;
}

/*
 * Dirty if and only if the bytes at this sync differ from those at the last one, whatever pages
 * were materialised in between, up to the moment of the sync itself.
 */
static void dirty_means_changed(const struct workload_ops *ops)
{
    struct twin_guest guest;
    start(&guest, ops, 1);
    gsl_rng *rng = random_stream_create(1, ops->name);
    uint8_t *last = copy_make(&guest), *bytes = copy_make(&guest);
    uint64_t dirty = 0, clean = 0;
    int64_t now = 0;
    twin_guest_pages(&guest, 0, last);
    for (unsigned sync = 0; sync < 400; sync++) {
        int64_t end = later(rng, now);
        for (unsigned long looks = gsl_rng_uniform_int(rng, 40); looks > 0; looks--) {
            now += (int64_t)gsl_rng_uniform_int(rng, (uint64_t)(end - now) + 1);
            twin_guest_page(&guest, gsl_rng_uniform_int(rng, guest.pages), now);
        }
        if (sync % 4 == 0)
            twin_guest_page(&guest, gsl_rng_uniform_int(rng, guest.pages), end);
        now = end;
        twin_guest_touch(&guest, now);
        twin_guest_pages(&guest, now, bytes);
        for (uint64_t page = 0; page < guest.pages; page++) {
            bool is_dirty = twin_guest_is_dirty(&guest, page);
            if (is_dirty != differs(last, bytes, page))
                fail_msg("%s: page %ju at %jd ns is %s", ops->name, (uintmax_t)page, (intmax_t)now,
                         is_dirty ? "dirty, but the same" : "changed, but clean");
            is_dirty ? dirty++ : clean++;
        }
        memcpy(last, bytes, guest.pages * (size_t)PAGE_SIZE);
    }
    assert_true(is_idle(ops) ? dirty == 0 : dirty > 500);
    assert_true(clean > 500);
    free(last), free(bytes);
    gsl_rng_free(rng);
    twin_guest_release(&guest);
}

/* Written between sync and send: sent with the new bytes, and dirty again though nothing is new. */
static void written_before_sent(const struct workload_ops *ops)
{
    struct twin_guest guest;
    start(&guest, ops, 2);
    uint8_t *synced = copy_make(&guest), *sent = copy_make(&guest), *bytes = copy_make(&guest);
    uint64_t empty = 0;
    for (int64_t sync = 1; sync <= 100; sync++) {
        int64_t now = sync * 40000000;
        twin_guest_touch(&guest, now);
        twin_guest_pages(&guest, now, synced);
        twin_guest_pages(&guest, now + 20000000, sent);
        twin_guest_touch(&guest, now + 25000000);
        twin_guest_pages(&guest, now + 25000000, bytes);
        for (uint64_t page = 0; page < guest.pages; page++) {
            if (!differs(synced, sent, page))
                continue;
            assert_true(twin_guest_is_dirty(&guest, page));
            empty += !differs(sent, bytes, page);
        }
    }
    assert_true(is_idle(ops) ? empty == 0 : empty > 50);
    free(synced), free(sent), free(bytes);
    twin_guest_release(&guest);
}

/* No write at time 0, and none between two calls at one time. */
static void no_time_no_writes(const struct workload_ops *ops)
{
    struct twin_guest guest;
    start(&guest, ops, 3);
    uint8_t *first = copy_make(&guest), *second = copy_make(&guest), scratch[PAGE_SIZE];
    for (uint64_t page = 0; page < guest.pages; page++)
        memcpy(first + page * PAGE_SIZE,
               page_store_read(guest.memory, guest.first_page + page, scratch), PAGE_SIZE);
    assert_int_equal(twin_guest_touch(&guest, 0), 0);
    twin_guest_pages(&guest, 0, second);
    assert_memory_equal(first, second, guest.pages * PAGE_SIZE);
    for (int64_t now = 0; now < 5000000000; now += 50000000) {
        twin_guest_pages(&guest, now, first);
        twin_guest_touch(&guest, now);
        assert_int_equal(twin_guest_touch(&guest, now), 0);
        twin_guest_pages(&guest, now, second);
        assert_memory_equal(first, second, guest.pages * PAGE_SIZE);
        assert_int_equal(twin_guest_touch(&guest, now), 0);
    }
    free(first), free(second);
    twin_guest_release(&guest);
}

/* Nothing outside the region is written or marked, and touch clears no mark. */
static void stays_inside(const struct workload_ops *ops)
{
    struct twin_guest guest;
    start(&guest, ops, 4);
    uint64_t *marks = bitmap_alloc(guest.guest_pages, "marks");
    bitmap_set_range(marks, 0, guest.guest_pages);
    bitmap_clear(marks, 0);
    for (int64_t now = 0; now < 20000000000; now += 100000000) {
        twin_guest_touch(&guest, now);
        for (uint64_t page = 0; page < guest.guest_pages; page++)
            if (bitmap_get(guest.dirty, page))
                assert_in_range(page, guest.first_page, guest.first_page + guest.pages - 1);
        for (uint64_t page = 0; page < guest.pages; page++)
            twin_guest_page(&guest, page, now);
        guest.ops->touch(guest.workload, now + 50000000, marks);
        assert_int_equal(bitmap_count(marks, guest.guest_pages), guest.guest_pages - 1);
    }
    for (uint64_t page = 0; page < guest.guest_pages; page++)
        if (page < guest.first_page || page >= guest.first_page + guest.pages)
            assert_false(page_store_is_stored(guest.memory, page));
    free(marks);
    twin_guest_release(&guest);
}

/* Looking stores nothing: a page that was never written needs no memory. */
static void stores_what_was_written(const struct workload_ops *ops)
{
    struct twin_guest guest;
    start(&guest, ops, 6);
    uint64_t *written = bitmap_alloc(guest.guest_pages, "written pages");
    for (uint64_t page = 0; page < guest.guest_pages; page++)
        if (page_store_is_stored(guest.memory, page)) /* an image */
            bitmap_set(written, page);
    for (int64_t now = 0; now < 120000000; now += 10000000) {
        guest.ops->touch(guest.workload, now, written);
        for (uint64_t page = 0; page < guest.pages; page++)
            twin_guest_page(&guest, page, now);
        assert_int_equal(page_store_stored_pages(guest.memory),
                         bitmap_count(written, guest.guest_pages));
    }
    free(written);
    twin_guest_release(&guest);
}

/* Two guests with one seed, asked the same: the same answers. */
static void same_seed_same_bytes(const struct workload_ops *ops)
{
    struct twin_guest a, b;
    start(&a, ops, 5);
    start(&b, ops, 5);
    gsl_rng *rng = random_stream_create(2, ops->name);
    int64_t now = 0;
    for (unsigned look = 0; look < 1000; look++) {
        uint8_t bytes[PAGE_SIZE];
        uint64_t page = gsl_rng_uniform_int(rng, a.pages);
        now = look % 8 ? now : later(rng, now);
        if (gsl_rng_uniform_int(rng, 10) == 0) {
            assert_int_equal(twin_guest_touch(&a, now), twin_guest_touch(&b, now));
            assert_memory_equal(a.dirty, b.dirty, BITMAP_WORDS(a.guest_pages) * sizeof *a.dirty);
        }
        memcpy(bytes, twin_guest_page(&a, page, now), PAGE_SIZE);
        assert_memory_equal(bytes, twin_guest_page(&b, page, now), PAGE_SIZE);
    }
    assert_int_equal(page_store_stored_pages(a.memory), page_store_stored_pages(b.memory));
    gsl_rng_free(rng);
    twin_guest_release(&a);
    twin_guest_release(&b);
}

static void for_all(void (*check)(const struct workload_ops *ops))
{
    for (size_t i = 0; workload_kinds[i]; i++)
        if (!workload_kinds[i]->clock) /* test_clock.c */
            check(workload_kinds[i]);
}

#define CONTRACT_TEST(name)                                                                        \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        for_all(name);                                                                             \
    }

CONTRACT_TEST(dirty_means_changed)
CONTRACT_TEST(written_before_sent)
CONTRACT_TEST(no_time_no_writes)
CONTRACT_TEST(stays_inside)
CONTRACT_TEST(stores_what_was_written)
CONTRACT_TEST(same_seed_same_bytes)

/* A recorded guest, for the kind that replays one. */
static int make_trace(void **state)
{
    (void)state;
    const struct twin_trace_shape shape = {.pages = 24,
                                           .epochs = 120,
                                           .span_ns = 100000000,
                                           .in_thousand = 100,
                                           .bytes = 40,
                                           .image = true};
    struct twin_trace trace;
    snprintf(trace_file, sizeof trace_file, "%s", twin_trace_file("contract.mgt"));
    twin_trace_make(&trace, &shape, 1);
    twin_trace_write(&trace, trace_file);
    twin_trace_release(&trace);
    return 0;
}

static int remove_trace(void **state)
{
    (void)state;
    return unlink(trace_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dirty_means_changed),     cmocka_unit_test(test_written_before_sent),
        cmocka_unit_test(test_no_time_no_writes),       cmocka_unit_test(test_stays_inside),
        cmocka_unit_test(test_stores_what_was_written), cmocka_unit_test(test_same_seed_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_trace, remove_trace);
}
