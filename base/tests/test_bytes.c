/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t BIG[8] = {0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};

static void test_order(void **state)
{
    (void)state;
    assert_int_equal(bytes_get_be16(BIG), 0x8192);
    assert_int_equal(bytes_get_be32(BIG), 0x8192a3b4);
    assert_int_equal(bytes_get_be64(BIG), 0x8192a3b4c5d6e7f8);
    assert_int_equal(bytes_get_le16(BIG), 0x9281);
    assert_int_equal(bytes_get_le32(BIG), 0xb4a39281);
    assert_int_equal(bytes_get_le64(BIG), 0xf8e7d6c5b4a39281);
}

/* At every alignment what is put is got, and no byte beside it is touched. */
#define CHECK(bits, order, value)                                                                  \
    for (unsigned at = 1; at < 9; at++) {                                                          \
        uint8_t box[18] = {0}, expected[18] = {0};                                                 \
        for (unsigned i = 0; i < (bits) / 8; i++)                                                  \
            expected[at + i] = BIG[i];                                                             \
        bytes_put_##order##bits(box + at, value);                                                  \
        assert_memory_equal(box, expected, sizeof box);                                            \
        assert_int_equal(bytes_get_##order##bits(box + at), value);                                \
    }

static void test_put(void **state)
{
    (void)state;
    CHECK(16, be, 0x8192)
    CHECK(32, be, 0x8192a3b4)
    CHECK(64, be, 0x8192a3b4c5d6e7f8)
    CHECK(16, le, 0x9281)
    CHECK(32, le, 0xb4a39281)
    CHECK(64, le, 0xf8e7d6c5b4a39281)
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_put)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
