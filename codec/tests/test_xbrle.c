/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/tests/twin_pages.h"
#include "codec/tests/twin_xbzrle.h"
#include "codec/xbrle.h"

#define PAGE 4096u

static void test_unchanged_page_costs_34_bytes(void **state)
{
    uint8_t page[PAGE] = {1, 2, 3}, copy[PAGE], pairs[PAGE];
    size_t size;

    (void)state;
    memcpy(copy, page, PAGE);
    assert_int_equal(xbrle_encode(page, copy, PAGE, pairs, PAGE, &size), ENCODE_DELTA);
    assert_int_equal(size, 34);
    for (size_t i = 0; i < 34; i += 2) {
        assert_int_equal(pairs[i], i < 32 ? 255 : 16);
        assert_int_equal(pairs[i + 1], 0);
    }
    assert_true(xbrle_decode(pairs, size, page, PAGE));
    assert_memory_equal(page, copy, PAGE);
}

static void test_golden_pairs(void **state)
{
    /* The header's drawing, then 4090 = 16 * 255 + 10 equal bytes. */
    static const uint8_t want[] = {3, 0, 2, 7, 1, 8, 255, 0};
    uint8_t old_page[PAGE], new_page[PAGE], pairs[PAGE];
    size_t size;

    (void)state;
    memset(old_page, 0xa5, PAGE);
    memcpy(new_page, old_page, PAGE);
    new_page[3] ^= 7;
    new_page[4] ^= 7;
    new_page[5] ^= 8;
    assert_int_equal(xbrle_encode(old_page, new_page, PAGE, pairs, PAGE, &size), ENCODE_DELTA);
    assert_int_equal(size, 6 + 34);
    assert_memory_equal(pairs, want, sizeof(want));
    assert_int_equal(pairs[size - 2], 10);
}

/* 1365 is odd, so 1364 bytes, 682 pairs, are the longest. */
static void test_limit_is_a_third(void **state)
{
    uint8_t old_page[PAGE] = {0}, new_page[PAGE] = {0}, pairs[PAGE];
    size_t size;

    (void)state;
    assert_int_equal(xbrle_limit(PAGE), 1365);
    /* 666 pairs of one byte, then 3430 = 13 * 255 + 115 zeros in 14 pairs. */
    for (size_t i = 1; i <= 666; i++)
        new_page[i] = (uint8_t)(i % 2 + 1);
    size_t rest = PAGE - 667;
    size_t want = 2 * (1 + 666 + (rest + 254) / 255);
    assert_int_equal(want, 1362);
    assert_int_equal(xbrle_encode(old_page, new_page, PAGE, pairs, PAGE, &size), ENCODE_DELTA);
    assert_int_equal(size, want);
    new_page[667] = 3;
    assert_int_equal(xbrle_encode(old_page, new_page, PAGE, pairs, PAGE, &size), ENCODE_DELTA);
    assert_int_equal(size, want + 2);
    new_page[668] = 4;
    assert_int_equal(xbrle_encode(old_page, new_page, PAGE, pairs, PAGE, &size), ENCODE_OVERFLOW);
    assert_int_equal(size, 0);
}

static void test_header_on_the_wire(void **state)
{
    static const uint8_t want[8] = {1, 0, 0x55, 0x05, 0, 0, 0, 0};
    struct xbrle_header header = {.flags = 1, .length = 1365};
    uint8_t wire[XBRLE_HEADER_SIZE];

    (void)state;
    memset(wire, 0xee, sizeof(wire));
    xbrle_header_put(wire, &header);
    assert_memory_equal(wire, want, sizeof(want));
    header = xbrle_header_get((const uint8_t[]){2, 0xff, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12});
    assert_int_equal(header.flags, 2);
    assert_int_equal(header.length, 0x1234);
    assert_int_equal(header.checksum, 0x12345678);
}

static void test_decoder_refuses_all_but_one_page(void **state)
{
    uint8_t page[PAGE], before[PAGE], pairs[40];

    (void)state;
    memset(before, 7, PAGE);
    memcpy(page, before, PAGE);
    for (size_t i = 0; i < 34; i += 2) {
        pairs[i] = i < 32 ? 255 : 16;
        pairs[i + 1] = 1;
    }
    assert_false(xbrle_decode(pairs, 0, page, PAGE));
    assert_false(xbrle_decode(pairs, 33, page, PAGE));
    assert_false(xbrle_decode(pairs, 32, page, PAGE));
    pairs[32] = 15;
    assert_false(xbrle_decode(pairs, 34, page, PAGE));
    pairs[32] = 17;
    assert_false(xbrle_decode(pairs, 34, page, PAGE));
    pairs[32] = 16;
    pairs[34] = 0;
    pairs[35] = 1;
    assert_false(xbrle_decode(pairs, 36, page, PAGE));
    assert_false(xbrle_decode(pairs, 35, page, PAGE));
    assert_memory_equal(page, before, PAGE);
    assert_true(xbrle_decode(pairs, 34, page, PAGE));
    memset(before, 6, PAGE);
    assert_memory_equal(page, before, PAGE);
}

static void test_against_twin(void **state)
{
    struct page_random random = {.state = 3};
    uint8_t old_page[PAGE], new_page[PAGE], want_pairs[PAGE];

    (void)state;
    for (size_t round = 0; round < 5000; round++) {
        size_t size, want_size;
        page_pair_make(&random, old_page, new_page, PAGE);
        size_t capacity = round % 3 ? PAGE : page_random_below(&random, 1500);
        uint8_t *pairs = malloc(capacity ? capacity : 1);
        enum encode_result want =
            twin_xbrle_encode(old_page, new_page, PAGE, want_pairs, capacity, &want_size);
        assert_int_equal(xbrle_encode(old_page, new_page, PAGE, pairs, capacity, &size), want);
        assert_int_equal(size, want_size);
        assert_memory_equal(pairs, want_pairs, size);
        if (want == ENCODE_DELTA) {
            assert_true(xbrle_decode(pairs, size, old_page, PAGE));
            assert_memory_equal(old_page, new_page, PAGE);
        }
        free(pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged_page_costs_34_bytes),
        cmocka_unit_test(test_golden_pairs),
        cmocka_unit_test(test_limit_is_a_third),
        cmocka_unit_test(test_header_on_the_wire),
        cmocka_unit_test(test_decoder_refuses_all_but_one_page),
        cmocka_unit_test(test_against_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
