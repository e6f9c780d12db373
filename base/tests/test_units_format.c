/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define KI           1024ull

struct row {
    uint64_t value;
    const char *text;
};

typedef char *formatter(uint64_t value, char text[static UNITS_TEXT_SIZE]);

static void expect_all(formatter *format, const struct row *rows, size_t count)
{
    char text[UNITS_TEXT_SIZE];
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(format(rows[i].value, text), text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, "0B"},
        {1023, "1023B"},
        {KI, "1KiB"},
        {1536, "1.50KiB"},
        {4095, "4.00KiB"},
        {64 * KI * KI, "64MiB"},
        {1536 * KI * KI, "1.50GiB"},
        {1025 * KI * KI * KI, "1.00TiB"},
        {3 * KI * KI * KI * KI, "3TiB"},
        {12345678, "11.8MiB"},
        {1234567890, "1.15GiB"},
        {987654321, "942MiB"},
        {UINT64_MAX, "16777216TiB"},
    };
    expect_all(units_format_size, rows, COUNT(rows));
}

static void test_rates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, "0bit/s"},
        {1, "8bit/s"},
        {125, "1kbit/s"},
        {125000000, "1Gbit/s"},
        {312500000, "2.50Gbit/s"},
        {12500000, "100Mbit/s"},
        {128 * KI * KI, "128MiB/s"},
        {64 * KI, "64KiB/s"},
        {123456789, "988Mbit/s"},
    };
    expect_all(units_format_rate, rows, COUNT(rows));
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {
        {0, "0ns"},
        {999, "999ns"},
        {300000000, "300ms"},
        {1500000000, "1.50s"},
        {60000000000, "60s"},
        {1234567, "1.23ms"},
        {45678901234, "45.7s"},
        {-1, "-1ns"},
        {-300000000, "-300ms"},
        {INT64_MAX, "9223372037s"},
        {INT64_MIN, "-9223372037s"},
    };
    char text[UNITS_TEXT_SIZE];
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(units_format_time(rows[i].value, text), rows[i].text);
}

static void test_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, "0"},           {999, "999"},    {1000, "1k"},
        {2500000, "2.50M"}, {2000000, "2M"}, {1234567, "1.23M"},
    };
    expect_all(units_format_count, rows, COUNT(rows));
}

/* Read back, a text is within half a unit of its last digit: 0.5 % with three digits. */
static void test_close_to_the_value(void **state)
{
    (void)state;
    struct error error;
    char text[UNITS_TEXT_SIZE];
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t value = random_mix(1, i, 0) >> (24 + i % 38), back;
        double off = 0.0051 * (double)value;
        if (!units_parse_size(units_format_size(value, text), &back, &error))
            continue; /* 1.23KiB is no whole number of bytes */
        assert_true(llabs((int64_t)(back - value)) <= (int64_t)off);
        int64_t ns;
        assert_true(units_parse_time(units_format_time((int64_t)value, text), &ns, &error));
        assert_true(llabs(ns - (int64_t)value) <= (int64_t)off);
        assert_true(units_parse_count(units_format_count(value, text), &back, &error));
        assert_true(llabs((int64_t)(back - value)) <= (int64_t)off);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_close_to_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
