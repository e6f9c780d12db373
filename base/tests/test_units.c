/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the parsers take. What they write is in test_units_format.c. */

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define KI           1024ull

struct row {
    const char *text;
    uint64_t value;
};

typedef bool parser(const char *text, uint64_t *ret_value, struct error *error);

static bool parse_time(const char *text, uint64_t *ret_value, struct error *error)
{
    int64_t ns = -1;
    bool good = units_parse_time(text, &ns, error);
    if (good)
        *ret_value = (uint64_t)ns;
    return good;
}

static void expect_all(parser *parse, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {"none"};
        uint64_t value = 12345678987654321;
        if (!parse(rows[i].text, &value, &error))
            fail_msg("'%s' refused: %s", rows[i].text, error.text);
        if (value != rows[i].value)
            fail_msg("'%s': %ju, not %ju", rows[i].text, (uintmax_t)value,
                     (uintmax_t)rows[i].value);
        assert_string_equal(error.text, "none");
    }
}

/* Refused, the value left alone, and the error shows what was read and the words of `hint`. */
static void refuse_all(parser *parse, const char *const *texts, size_t count, const char *hint)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {""};
        uint64_t value = 12345678987654321;
        char quoted[64];
        if (parse(texts[i], &value, &error))
            fail_msg("'%s' taken as %ju", texts[i], (uintmax_t)value);
        assert_int_equal(value, 12345678987654321);
        snprintf(quoted, sizeof quoted, "'%.60s", texts[i]);
        if (!strstr(error.text, quoted) || !strstr(error.text, hint))
            fail_msg("'%s': error '%s' lacks text or '%s'", texts[i], error.text, hint);
    }
}

static void test_decimals(void **state)
{
    (void)state;
    static const struct row rows[] = {{"0", 0},        {"0.99", 990}, {"1", 1000},
                                      {" 1.2 ", 1200}, {".5", 500},   {"12.345", 12345}};
    static const char *const wrong[] = {"",   "x",   "-1",  "1.2345",
                                        "1k", "90%", "1e3", "99999999999999999"};
    expect_all(units_parse_decimal, rows, COUNT(rows));
    refuse_all(units_parse_decimal, wrong, COUNT(wrong), "a number such as 0.99");
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"0B", 0},
        {"00.00", 0},
        {"1B", 1},
        {"4096B", 4096},
        {"1K", KI},
        {"1KiB", KI},
        {"16M", 16 * KI * KI},
        {"16MiB", 16 * KI * KI},
        {"3G", 3 * KI * KI * KI},
        {"3GiB", 3 * KI * KI * KI},
        {"2T", 2 * KI * KI * KI * KI},
        {"2TiB", 2 * KI * KI * KI * KI},
        {"7kB", 7000},
        {"7MB", 7000000},
        {"7GB", 7000000000},
        {"7TB", 7000000000000},
        {"1.5GiB", 3 * KI * KI * KI / 2},
        {".5K", 512},
        {"2.K", 2048},
        {"0.0009765625K", 1},
        {"0.001kB", 1},
        {"  8 M\t", 8 * KI * KI},
        {"9223372036854775807B", INT64_MAX},
        {"00000000000000000001K", KI},
    };
    static const char *const bad[] = {
        "",          " ",
        ".",         "1",
        "1024",      "M",
        "K1",        "-1M",
        "+1M",       "1m",
        "1k",        "1Mb",
        "1Mib",      "1 M B",
        "1MM",       "1e3B",
        "0x10B",     "1,5G",
        "1..5G",     "1.5.5G",
        "0.5B",      "0.001K",
        "1M extra",  "9223372036854775808B",
        "8388608T",  "99999999999999999999T",
        "\xff\xfeM", "000000000000000000001K",
        "infinity",  "nan",
        "1%n%n%s",   "1000000000000000000000000000000000000000000000000000000000000000000000B",
    };
    expect_all(units_parse_size, rows, COUNT(rows));
    refuse_all(units_parse_size, bad, COUNT(bad), "64M");
}

static void test_rates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"1B/s", 1},
        {"1K/s", KI},
        {"1KiB/s", KI},
        {"125M/s", 125 * KI * KI},
        {"125MiB/s", 125 * KI * KI},
        {"3G/s", 3 * KI * KI * KI},
        {"3GiB/s", 3 * KI * KI * KI},
        {"5kB/s", 5000},
        {"5MB/s", 5000000},
        {"5GB/s", 5000000000},
        {"8bit", 1},
        {"8bit/s", 1},
        {"8kbit", 1000},
        {"8kbit/s", 1000},
        {"100Mbit", 12500000},
        {"100Mbit/s", 12500000},
        {"10Gbit", 1250000000},
        {"10Gbit/s", 1250000000},
        {"2.5Gbit", 312500000},
        {"0.064kbit", 8},
        {" 1 Gbit/s ", 125000000},
    };
    static const char *const bad[] = {
        "",         "1",        "125M",     "125MiB", "1Gib",    "1gbit", "1Kbit", "1bit", "9bit/s",
        "1Gbit/ s", "1Gbit/ms", "1Gbit /s", "-1Gbit", "1GBit/s", "1T/s",  "/s",    "1/s",
    };
    expect_all(units_parse_rate, rows, COUNT(rows));
    refuse_all(units_parse_rate, bad, COUNT(bad), "1Gbit/s or 125MiB/s");
}

static void test_times(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"1ns", 1},
        {"200us", 200000},
        {"300ms", 300000000},
        {"1.5s", 1500000000},
        {"2min", 120000000000},
        {"0.5h", 1800000000000},
        {"0.000000001s", 1},
        {"9223372036854775807ns", INT64_MAX},
        {"2562047h", 2562047 * 3600000000000},
    };
    static const char *const bad[] = {
        "", "300", "-1s", "1m", "1S", "1sec", "0.1ns", "1.5ns", "2562048h", "1d", "1 h 5 min",
    };
    expect_all(parse_time, rows, COUNT(rows));
    refuse_all(parse_time, bad, COUNT(bad), "300ms or 1.5s");
}

static void test_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"1", 1},
        {"2000000", 2000000},
        {"10k", 10000},
        {"2M", 2000000},
        {"0.5k", 500},
        {"3G", 3000000000},
        {" 7 ", 7},
        {"5.0", 5},
        {"1.5M", 1500000},
        {"9223372036854775807", INT64_MAX},
    };
    static const char *const bad[] = {
        "", "1.5", "-1", "1K", "1m", "1KiB", "9223372036854775808", "10 000", "1T", "0x10",
    };
    expect_all(units_parse_count, rows, COUNT(rows));
    refuse_all(units_parse_count, bad, COUNT(bad), "2000000 or 2M");
}

static void test_integers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"007", 7},
        {" 42 ", 42},
        {"18446744073709551615", UINT64_MAX},
        {"0xffffffffffffffff", UINT64_MAX},
        {"0XdeadBEEF", 0xdeadbeef},
        {"0x0", 0},
    };
    static const char *const bad[] = {
        "",
        "-1",
        "+1",
        "1.0",
        "1k",
        "0x",
        "x10",
        "12a",
        "18446744073709551616",
        "0xg",
        "1 2",
        "0x10000000000000000",
        "99999999999999999999999999999999",
    };
    expect_all(units_parse_integer, rows, COUNT(rows));
    refuse_all(units_parse_integer, bad, COUNT(bad), "whole number from 0 to 2^64 - 1");
}

static void test_shares(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"0", 0},  {"1", 1},         {"0.9", 0.9},          {"90%", 0.9},  {"100%", 1},
        {"0%", 0}, {"12.5%", 0.125}, {"0.000000001", 1e-9}, {".25", 0.25}, {" 5 % ", 0.05},
    };
    static const char *const bad[] = {
        "", "1.1", "101%", "-0.5", "2", "0.0000000001", "100.0000001%", "1%%", "half", "1e-3",
    };
    struct error error;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double share = -1;
        assert_true(units_parse_share(rows[i].text, &share, &error));
        assert_true(share == rows[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        double share = -1;
        assert_false(units_parse_share(bad[i], &share, &error));
        assert_true(share == -1);
        assert_non_null(strstr(error.text, "share from 0 to 1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),  cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_rates),  cmocka_unit_test(test_times),
        cmocka_unit_test(test_counts), cmocka_unit_test(test_integers),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
