/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/tests/twin_pages.h"
#include "codec/tests/twin_xbzrle.h"

#define PAGE  4096u
#define GUARD 256u

struct decode_case {
    const char *what;
    bool want;
    size_t size;
    uint8_t delta[16];
};

static const struct decode_case cases[] = {
    {"empty", true, 0, {0}},
    {"one byte", false, 1, {3}},
    {"zrun alone", false, 2, {3, 1}},
    {"zrun in two bytes alone", false, 2, {0x83, 1}},
    {"nzrun's length alone", false, 3, {0x83, 1, 1}},
    {"shortest", true, 3, {0, 1, 9}},
    {"zrun 0 first, zrun 0 second", false, 6, {0, 1, 9, 0, 1, 9}},
    {"zrun 0 in two bytes, second", false, 7, {0, 1, 9, 0x80, 0, 1, 9}},
    {"nzrun 0", false, 3, {3, 0, 9}},
    {"nzrun 0 in two bytes", false, 4, {3, 0x80, 0, 9}},
    {"length longer than it needs", true, 5, {0x83, 0, 0x81, 0, 9}},
    {"third byte of a zrun", false, 6, {0x83, 0x80, 0, 1, 9, 9}},
    {"third byte of an nzrun", false, 6, {3, 0x81, 0x80, 0, 9, 9}},
    {"last byte of the page", true, 4, {0xff, 0x1f, 1, 9}},
    {"zrun to the end, nzrun behind it", false, 4, {0x80, 0x20, 1, 9}},
    {"zrun beyond the page", false, 4, {0x81, 0x20, 1, 9}},
    {"longest zrun", false, 4, {0xff, 0x7f, 1, 9}},
    {"nzrun beyond the page", false, 5, {0xff, 0x1f, 2, 9, 9}},
    {"nzrun beyond the input", false, 4, {3, 3, 9, 9}},
    {"nzrun of two bytes beyond the input", false, 5, {3, 0x80, 1, 9, 9}},
    {"second run beyond the page", false, 7, {0xfe, 0x1f, 1, 9, 1, 1, 9}},
    {"rest of one byte", false, 4, {0, 1, 9, 1}},
};

/* All kernels agree with the check, keep to their page, and leave the input alone. */
static void expect_decoding(const uint8_t *delta, size_t size, size_t page_size, bool want)
{
    uint8_t *exact = malloc(size ? size : 1);
    uint8_t *area = malloc(GUARD + page_size + GUARD), *twin = malloc(page_size);
    uint8_t *page = malloc(page_size);

    memcpy(exact, delta, size);
    memset(twin, 0x5a, page_size);
    assert_int_equal(xbzrle_check(exact, size, page_size), want);
    assert_int_equal(twin_xbzrle_decode(delta, size, twin, page_size), want);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (!xbzrle_kernels[i]->usable())
            continue;
        memset(area, 0x5a, GUARD + page_size + GUARD);
        memset(page, 0x5a, page_size);
        assert_int_equal(xbzrle_kernels[i]->decode(exact, size, area + GUARD, page_size), want);
        assert_int_equal(xbzrle_kernels[i]->decode(exact, size, page, page_size), want);
        for (size_t k = 0; k < GUARD; k++) {
            assert_int_equal(area[k], 0x5a);
            assert_int_equal(area[GUARD + page_size + k], 0x5a);
        }
        if (want)
            assert_memory_equal(area + GUARD, twin, page_size);
    }
    memset(page, 0x5a, page_size);
    assert_int_equal(xbzrle_decode_checked(exact, size, page, page_size), want);
    if (!want)
        memset(twin, 0x5a, page_size);
    assert_memory_equal(page, twin, page_size);
    assert_memory_equal(exact, delta, size);
    free(page);
    free(twin);
    free(area);
    free(exact);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (xbzrle_check(cases[i].delta, cases[i].size, PAGE) != cases[i].want)
            fail_msg("case: %s", cases[i].what);
        expect_decoding(cases[i].delta, cases[i].size, PAGE, cases[i].want);
    }
}

static void test_third_length_byte_in_large_pages(void **state)
{
    static const uint8_t three[] = {0x80, 0x80, 1, 1, 9}, four[] = {0x80, 0x80, 0x81, 0, 1, 9};

    (void)state;
    expect_decoding(three, sizeof(three), 65536, true);
    expect_decoding(three, sizeof(three), 16448, true);
    expect_decoding(three, sizeof(three), 16320, false);
    expect_decoding(four, sizeof(four), 65536, false);
    expect_decoding(three, 2, 65536, false);
}

/* Valid deltas with a few bytes spoiled, cut or lengthened. */
static void test_spoiled_deltas(void **state)
{
    struct page_random random = {.state = 2};
    uint8_t old_page[PAGE], new_page[PAGE], delta[PAGE + 8], scratch[PAGE];
    size_t size;

    (void)state;
    for (size_t round = 0; round < 4000; round++) {
        page_pair_make(&random, old_page, new_page, PAGE);
        page_random_fill(&random, delta, sizeof(delta));
        if (xbzrle_encode(old_page, new_page, PAGE, delta, PAGE, &size) == ENCODE_OVERFLOW)
            size = page_random_below(&random, PAGE);
        for (size_t n = page_random_below(&random, 4); n > 0 && size > 0; n--)
            delta[page_random_below(&random, size)] = (uint8_t)page_random_next(&random);
        if (size > 8)
            size += 8 - page_random_below(&random, 16);
        expect_decoding(delta, size, PAGE, twin_xbzrle_decode(delta, size, scratch, PAGE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_third_length_byte_in_large_pages),
        cmocka_unit_test(test_spoiled_deltas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
