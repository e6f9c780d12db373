/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/xbzrle.h"
#include "codec/zero_page.h"

static const size_t page_sizes[] = {64, 192, 1024, 4096, 4160};

/* A single other byte at every place of the page makes both say no, in every kernel. */
static void test_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(page_sizes) / sizeof(page_sizes[0]); i++) {
        uint8_t *room = calloc(1, page_sizes[i] + 1), *page = room + i % 2, byte;
        for (size_t at = 0; at < page_sizes[i]; at++) {
            assert_true(zero_page(page, page_sizes[i]));
            page[at] = (uint8_t)(1u << at % 8);
            assert_false(zero_page(page, page_sizes[i]));
            assert_false(duplicate_page(page, page_sizes[i], &byte));
            for (size_t k = 0; xbzrle_kernels[k]; k++) {
                if (xbzrle_kernels[k]->usable())
                    assert_false(xbzrle_kernels[k]->is_all(page, page_sizes[i], 0));
            }
            page[at] = 0;
        }
        free(room);
    }
}

static void test_every_byte(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t page[4096], byte = (uint8_t)~value;
        memset(page, (int)value, sizeof(page));
        assert_true(duplicate_page(page, sizeof(page), &byte));
        assert_int_equal(byte, value);
        assert_int_equal(zero_page(page, sizeof(page)), value == 0);
        for (size_t k = 0; xbzrle_kernels[k]; k++) {
            if (xbzrle_kernels[k]->usable())
                assert_true(xbzrle_kernels[k]->is_all(page, sizeof(page), (uint8_t)value));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_place),
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
