/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/text_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_function_of_the_seed(void **state)
{
    (void)state;
    enum { SIZE = 5000 };
    uint8_t whole[SIZE], part[SIZE + 2];
    text_source_write(9, whole, SIZE);
    for (size_t size = 0; size <= SIZE; size = size * 3 / 2 + 1) {
        memset(part, 0x01, sizeof part);
        text_source_write(9, part + 1, size);
        assert_memory_equal(part + 1, whole, size);
        assert_int_equal(part[0], 0x01);
        assert_int_equal(part[size + 1], 0x01);
    }
    text_source_write(10, part, SIZE);
    assert_memory_not_equal(part, whole, SIZE);
}

/* Lines of words: line breaks neither rare nor everywhere, blanks between, nothing else unprinted.
 */
static void test_looks_like_text(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    uint8_t *text = malloc(SIZE);
    size_t lines = 0, blanks = 0;
    text_source_write(1, text, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        lines += text[i] == '\n';
        blanks += text[i] == ' ';
        assert_true((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n');
    }
    assert_in_range(SIZE / lines, 15, 80);
    assert_in_range(SIZE / blanks, 3, 12);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_of_the_seed),
        cmocka_unit_test(test_looks_like_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
