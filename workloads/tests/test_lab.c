/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/bytes.h"
#include "workloads/kinds.h"
#include "workloads/lab_generator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The specification on top of scripts/qemu-lab/guest.c once more, in the plainest words. */
static uint32_t x = 88675123u;

static uint32_t draw(void)
{
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)((uint64_t)draw() * n / 4294967296u);
}

static void assert_words(const uint8_t *value, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 4)
        assert_int_equal(bytes_get_le32(value + i), draw());
}

static void test_xorshift_begins_as_marsaglias(void **state)
{
    (void)state;
    x = 2463534242u;
    assert_int_equal(draw(), 723471715u); /* the first number of xorshift32 in his paper's notes */
}

static void test_random_and_hotcold_draw_in_the_stated_order(void **state)
{
    (void)state;
    struct lab_generator generator;
    uint8_t value[PAGE_SIZE];
    lab_generator_init(&generator, LAB_RANDOM, 1000, 64, 0);
    x = 88675123u;
    for (int i = 0; i < 1000; i++) {
        struct lab_write write = lab_generator_next(&generator, value);
        assert_int_equal(write.page, below(1000));
        assert_int_equal(write.offset, below(64) * 64);
        assert_int_equal(write.size, 64);
        assert_words(value, 64);
    }
    lab_generator_init(&generator, LAB_HOTCOLD, 1000, 8, 0);
    x = 88675123u;
    for (int i = 0; i < 1000; i++) {
        struct lab_write write = lab_generator_next(&generator, value);
        bool hot = draw() < 3865470566u;
        assert_int_equal(write.page, hot ? below(100) : 100 + below(900));
        assert_int_equal(write.offset, below(512) * 8);
        assert_words(value, 8);
    }
}

static void test_sequential_and_stride_go_round(void **state)
{
    (void)state;
    struct lab_generator generator;
    uint8_t value[PAGE_SIZE];
    lab_generator_init(&generator, LAB_SEQUENTIAL, 3, 8, 0);
    x = 88675123u;
    for (uint64_t i = 0; i < 7; i++) {
        struct lab_write write = lab_generator_next(&generator, value);
        assert_int_equal(write.page, i % 3);
        assert_int_equal(write.size, PAGE_SIZE);
        assert_words(value, PAGE_SIZE);
    }
    lab_generator_init(&generator, LAB_STRIDE, 2, 8, 1024);
    for (uint64_t i = 0; i < 20; i++) {
        struct lab_write write = lab_generator_next(&generator, value);
        assert_true(write.increment);
        assert_int_equal(write.page * PAGE_SIZE + write.offset, i % 8 * 1024);
    }
}

static void test_zipf_ranks_are_scattered_and_weighted(void **state)
{
    (void)state;
    enum { PAGES = 1024, DRAWS = 200000 };
    static unsigned hits[PAGES];
    struct lab_generator generator;
    uint8_t value[PAGE_SIZE];
    lab_generator_init(&generator, LAB_ZIPF, PAGES, 8, 0);
    for (int i = 0; i < DRAWS; i++)
        hits[lab_generator_next(&generator, value).page]++;
    double harmonic = 0;
    for (int rank = 1; rank <= PAGES; rank++)
        harmonic += 1.0 / rank;
    for (uint32_t rank = 0; rank < 8; rank++) {
        double expected = DRAWS / harmonic / (rank + 1), got = hits[rank * 2654435761u % PAGES];
        assert_true(got > 0.95 * expected && got < 1.05 * expected);
    }
    lab_generator_release(&generator);
    assert_true(lab_pages_fit_zipf(16384));
    assert_false(lab_pages_fit_zipf(1000));
    assert_false(lab_pages_fit_zipf(0));
}

struct fixture {
    struct content *content;
    struct page_store *memory;
    void *options;
    struct workload *workload;
};

static int64_t guest_clock_ns;

static void touch_at(struct fixture *f, int64_t clock_ns, int64_t guest_time, uint64_t *dirty)
{
    guest_clock_ns = clock_ns;
    workload_lab.touch(f->workload, guest_time, dirty);
}

static struct fixture make(const char *const (*settings)[2])
{
    struct fixture f;
    struct error error;
    struct content_options zero = {.zero_share = 1, .run_bytes = 1 << 20, .image = (char[]){0}};
    f.content = content_create(&zero, 1, &error);
    f.memory = page_store_create(256, f.content);
    f.options = must_alloc(1, workload_lab.options_size, "a test");
    option_set_defaults(workload_region_table, f.options);
    option_set_defaults(workload_lab.options, f.options);
    for (; (*settings)[0]; settings++) {
        const struct option *option = option_find(workload_region_table, (*settings)[0]);
        if (!option)
            option = option_find(workload_lab.options, (*settings)[0]);
        assert_true(option_set(option, f.options, (*settings)[1], &error));
    }
    assert_true(workload_lab.check(f.options, &error));
    struct workload_env env = {"w", 1, 100, f.memory, &guest_clock_ns};
    f.workload = workload_lab.create(f.options, &env, &error);
    return f;
}

static void unmake(struct fixture *f)
{
    workload_lab.destroy(f->workload);
    free(f->options);
    page_store_destroy(f->memory);
    content_destroy(f->content);
}

/* 1193182 / 1193 interrupts a second, and at each all that is due since the beginning. */
static void test_paced_writes_come_at_timer_interrupts(void **state)
{
    (void)state;
    static const char *const settings[][2] = {{"region", "400K"},
                                              {"pattern", "stride"},
                                              {"stride", "4K"},
                                              {"rate", "2000"},
                                              {NULL, NULL}};
    struct fixture f = make(settings);
    uint64_t dirty[4] = {0};
    touch_at(&f, 999000, 999000, dirty);
    assert_int_equal(bitmap_count(dirty, 256), 0);
    touch_at(&f, 999900, 999900, dirty);
    assert_int_equal(bitmap_count(dirty, 256), 1); /* 0.99985 ms * 2000 = 1.9997 */
    touch_at(&f, 50000000, 50000000, dirty);
    assert_int_equal(bitmap_count(dirty, 256), 99);
    uint8_t scratch[PAGE_SIZE];
    assert_int_equal(page_store_read(f.memory, 100, scratch)[0], 1);
    memset(dirty, 0, sizeof dirty);
    guest_clock_ns = 51000000;
    workload_lab.materialise(f.workload, 100, 51000000);
    touch_at(&f, 51000000, 51000000, dirty);
    assert_in_range(bitmap_count(dirty, 256), 1, 2); /* what materialise saw is not lost */
    unmake(&f);
}

static void test_first_writes_cost_an_unpaced_guest_more(void **state)
{
    (void)state;
    static const char *const settings[][2] = {
        {"region", "400K"},    {"pattern", "stride"},       {"stride", "4K"}, {"rate", "unpaced"},
        {"write-time", "1us"}, {"first-write-time", "9us"}, {NULL, NULL}};
    struct fixture f = make(settings);
    uint64_t dirty[4] = {0};
    touch_at(&f, 500000, 500000, dirty); /* 10 us a page while all are clean */
    assert_int_equal(bitmap_count(dirty, 256), 50);
    touch_at(&f, 1500000, 1500000, dirty);
    assert_int_equal(bitmap_count(dirty, 256), 100);
    unmake(&f);
}

/* The clock runs on while the vCPU does not; then the guest makes up for what it missed. */
static void test_a_paced_guest_makes_up_for_time_lost(void **state)
{
    (void)state;
    static const char *const settings[][2] = {{"region", "400K"},    {"pattern", "stride"},
                                              {"stride", "4K"},      {"rate", "2000"},
                                              {"write-time", "1us"}, {NULL, NULL}};
    struct fixture f = make(settings);
    uint64_t dirty[4] = {0};
    touch_at(&f, 10000000, 10000000, dirty);
    assert_int_equal(bitmap_count(dirty, 256), 19);
    memset(dirty, 0, sizeof dirty);
    touch_at(&f, 30000000, 10000000, dirty); /* asleep: nothing */
    assert_int_equal(bitmap_count(dirty, 256), 0);
    touch_at(&f, 30005000, 10005000, dirty); /* 5 us awake: 5 writes of the 40 that are due */
    assert_int_equal(bitmap_count(dirty, 256), 5);
    memset(dirty, 0, sizeof dirty);
    touch_at(&f, 30100000, 10100000, dirty);
    assert_int_equal(bitmap_count(dirty, 256), 35);
    unmake(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xorshift_begins_as_marsaglias),
        cmocka_unit_test(test_random_and_hotcold_draw_in_the_stated_order),
        cmocka_unit_test(test_sequential_and_stride_go_round),
        cmocka_unit_test(test_zipf_ranks_are_scattered_and_weighted),
        cmocka_unit_test(test_paced_writes_come_at_timer_interrupts),
        cmocka_unit_test(test_a_paced_guest_makes_up_for_time_lost),
        cmocka_unit_test(test_first_writes_cost_an_unpaced_guest_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
