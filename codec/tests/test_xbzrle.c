/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "codec/tests/twin_pages.h"
#include "codec/tests/twin_xbzrle.h"

#define PAGE 4096u

/* Every kernel that this processor runs gives `want`, and so do the plain functions. */
static void expect_delta(const uint8_t *old_page, const uint8_t *new_page, size_t capacity,
                         enum encode_result want, const uint8_t *want_delta, size_t want_size)
{
    uint8_t delta[PAGE + 1];
    size_t size = 77;

    assert_int_equal(xbzrle_encode(old_page, new_page, PAGE, delta, capacity, &size), want);
    assert_int_equal(size, want_size);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (!xbzrle_kernels[i]->usable())
            continue;
        size = 77;
        assert_int_equal(
            xbzrle_kernels[i]->encode(old_page, new_page, PAGE, delta, capacity, &size), want);
        assert_int_equal(size, want_size);
        if (want_delta)
            assert_memory_equal(delta, want_delta, size);
    }
}

static void expect_encoding(const uint8_t *old_page, const uint8_t *new_page, size_t capacity,
                            enum encode_result want, size_t want_size)
{
    expect_delta(old_page, new_page, capacity, want, NULL, want_size);
}

/*
 * Golden vectors: the new page is the old one with the bytes first..last inverted. What the delta
 * begins with, both lengths, is written out by hand; the changed bytes follow.
 */
static void expect_changed_range(size_t first, size_t last, enum encode_result want,
                                 const uint8_t *lengths, size_t lengths_size)
{
    uint8_t old_page[PAGE], new_page[PAGE], delta[PAGE + 4];
    size_t size = 0;

    for (size_t i = 0; i < PAGE; i++)
        old_page[i] = (uint8_t)(i * 7);
    memcpy(new_page, old_page, PAGE);
    for (size_t i = first; i <= last; i++)
        new_page[i] ^= 0xff;
    if (want == ENCODE_DELTA) {
        memcpy(delta, lengths, lengths_size);
        memcpy(delta + lengths_size, new_page + first, last + 1 - first);
        size = lengths_size + last + 1 - first;
    }
    expect_delta(old_page, new_page, PAGE, want, delta, size);
}

/* A row of the table of cases: changed range, result, lengths. */
#define RANGE(first, last, ...)                                                                    \
    expect_changed_range(first, last, ENCODE_DELTA, (const uint8_t[]){__VA_ARGS__},                \
                         sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_golden_rows_of_the_table(void **state)
{
    (void)state;
    expect_changed_range(1, 0, ENCODE_UNCHANGED, NULL, 0);
    RANGE(0, 0, 0x00, 0x01);              /* 3 bytes */
    RANGE(1000, 1007, 0xe8, 0x07, 0x08);  /* 11 */
    RANGE(3, PAGE - 1, 0x03, 0xfd, 0x1f); /* 4096, the longest */
    RANGE(0, PAGE - 6, 0x00, 0xfb, 0x1f); /* 4094, and two bytes for the equal tail */
    expect_changed_range(0, PAGE - 1, ENCODE_OVERFLOW, NULL, 0);
    expect_changed_range(2, PAGE - 1, ENCODE_OVERFLOW, NULL, 0);
    expect_changed_range(0, PAGE - 5, ENCODE_OVERFLOW, NULL, 0);
    expect_changed_range(0, PAGE - 4, ENCODE_OVERFLOW, NULL, 0);
}

static void test_every_second_byte_overflows(void **state)
{
    uint8_t old_page[PAGE] = {0}, new_page[PAGE] = {0};

    (void)state;
    for (size_t i = 0; i < PAGE; i += 2)
        new_page[i] = 1;
    expect_encoding(old_page, new_page, PAGE, ENCODE_OVERFLOW, 0);
    assert_int_equal(twin_xbzrle_size(old_page, new_page, PAGE), 3 * PAGE / 2);
}

/* The example of the review of January 2012, there still with the trailing run 94 18. */
static void test_golden_review_example(void **state)
{
    static const uint8_t want[] = {0xe8, 0x07, 0x04, 1, 2, 3, 4};
    uint8_t old_page[PAGE] = {0}, new_page[PAGE] = {0}, delta[PAGE];
    size_t size;

    (void)state;
    memcpy(new_page + 1000, want + 3, 4);
    assert_int_equal(xbzrle_encode(old_page, new_page, PAGE, delta, PAGE, &size), ENCODE_DELTA);
    assert_int_equal(size, sizeof(want));
    assert_memory_equal(delta, want, sizeof(want));
    /* A trailing run alone, as v6 sent it, has no nzrun and is refused today. */
    assert_false(xbzrle_check((const uint8_t[]){0xe8, 0x07, 4, 1, 2, 3, 4, 0x94, 0x18}, 9, PAGE));
}

static void test_golden_header_drawing(void **state)
{
    static const uint8_t want[] = {3, 2, 'B', 'C', 5, 1, 'D'};
    uint8_t old_page[PAGE], new_page[PAGE], delta[PAGE];
    size_t size;

    (void)state;
    memset(old_page, 'k', PAGE);
    memcpy(new_page, old_page, PAGE);
    memcpy(new_page + 3, "BC", 2);
    new_page[10] = 'D';
    assert_int_equal(xbzrle_encode(old_page, new_page, PAGE, delta, PAGE, &size), ENCODE_DELTA);
    assert_int_equal(size, sizeof(want));
    assert_memory_equal(delta, want, sizeof(want));
}

/* With an equal tail two bytes more must be free; equal pages need two bytes as well. */
static void test_corner_at_the_limit(void **state)
{
    uint8_t old_page[PAGE] = {0}, new_page[PAGE] = {0};

    (void)state;
    expect_encoding(old_page, new_page, 0, ENCODE_OVERFLOW, 0);
    expect_encoding(old_page, new_page, 1, ENCODE_OVERFLOW, 0);
    expect_encoding(old_page, new_page, 2, ENCODE_UNCHANGED, 0);
    new_page[5] = 1;
    expect_encoding(old_page, new_page, 4, ENCODE_OVERFLOW, 0);
    expect_encoding(old_page, new_page, 5, ENCODE_DELTA, 3);
    new_page[5] = 0;
    new_page[PAGE - 1] = 1;
    expect_encoding(old_page, new_page, 3, ENCODE_OVERFLOW, 0);
    expect_encoding(old_page, new_page, 4, ENCODE_DELTA, 4);
}

/* Lengths of one, two and three bytes: runs on either side of 128 and of 16384. */
static void test_lengths(void **state)
{
    enum { BIG = 65536 };
    static const size_t lengths[] = {1, 127, 128, 129, 16383, 16384, 16385, 40000};
    static uint8_t old_page[BIG], new_page[BIG], page[BIG], delta[BIG], twin[BIG];

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
            size_t size, twin_size;
            if (lengths[i] + lengths[k] >= BIG)
                continue;
            memset(new_page, 0, BIG);
            memset(page, 0, BIG);
            memset(new_page + lengths[i], 9, lengths[k]);
            assert_int_equal(xbzrle_encode(old_page, new_page, BIG, delta, BIG, &size),
                             ENCODE_DELTA);
            twin_xbzrle_encode(old_page, new_page, BIG, twin, BIG, &twin_size);
            assert_int_equal(size, twin_size);
            assert_memory_equal(delta, twin, size);
            assert_true(xbzrle_decode(delta, size, page, BIG));
            assert_memory_equal(page, new_page, BIG);
        }
    }
}

/* The two wordings of the limit say the same: the twin's, step by step, and the closed one. */
static void test_two_wordings_of_the_limit(void **state)
{
    struct page_random random = {.state = 1};
    uint8_t old_page[PAGE], new_page[PAGE], delta[PAGE + 8];

    (void)state;
    for (size_t round = 0; round < 4000; round++) {
        page_pair_make(&random, old_page, new_page, PAGE);
        size_t size = twin_xbzrle_size(old_page, new_page, PAGE), twin_size;
        size_t capacity = size % PAGE + page_random_below(&random, 8);
        bool equal_tail = old_page[PAGE - 1] == new_page[PAGE - 1];
        enum encode_result result =
            twin_xbzrle_encode(old_page, new_page, PAGE, delta, capacity, &twin_size);
        assert_int_equal(result == ENCODE_OVERFLOW,
                         size > capacity || (equal_tail && size + 2 > capacity));
    }
}

/* A batch gives what the single calls give, in any order of the pages, and sets size and result. */
static void test_batch(void **state)
{
    enum { JOBS = 40 };
    struct page_random random = {.state = 2};
    static uint8_t old_pages[JOBS][PAGE], new_pages[JOBS][PAGE], deltas[JOBS][PAGE];
    struct xbzrle_job jobs[JOBS];
    uint8_t delta[PAGE];

    (void)state;
    for (size_t i = 0; i < JOBS; i++) {
        size_t at = i * 27 % JOBS;
        page_pair_make(&random, old_pages[at], new_pages[at], PAGE);
        jobs[i] = (struct xbzrle_job){.old_page = old_pages[at],
                                      .new_page = new_pages[at],
                                      .delta = deltas[i],
                                      .capacity = PAGE - i};
    }
    for (int update = 0; update < 2; update++) {
        if (update)
            xbzrle_encode_update_batch(jobs, JOBS, PAGE);
        else
            xbzrle_encode_batch(jobs, JOBS, PAGE);
        for (size_t i = 0; i < JOBS; i++) {
            size_t size, at = i * 27 % JOBS;
            if (update) {
                assert_memory_equal(old_pages[at], new_pages[at], PAGE);
                continue;
            }
            assert_int_equal(
                xbzrle_encode(old_pages[at], new_pages[at], PAGE, delta, PAGE - i, &size),
                jobs[i].result);
            assert_int_equal(jobs[i].size, size);
            assert_memory_equal(deltas[i], delta, size);
        }
    }
    xbzrle_encode_batch(jobs, 0, PAGE);
}

/* The table is in order, holds scalar at least, and the best is the last that can run. */
static void test_kernels(void **state)
{
    const struct xbzrle_kernel *last = NULL;

    (void)state;
    assert_string_equal(xbzrle_kernels[0]->name, "scalar");
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (xbzrle_kernels[i]->usable())
            last = xbzrle_kernels[i];
    }
    assert_ptr_equal(xbzrle_kernel_best(), last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_rows_of_the_table),
        cmocka_unit_test(test_every_second_byte_overflows),
        cmocka_unit_test(test_golden_review_example),
        cmocka_unit_test(test_golden_header_drawing),
        cmocka_unit_test(test_corner_at_the_limit),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_two_wordings_of_the_limit),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
