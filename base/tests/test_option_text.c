/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "base/random.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What an option writes: read again it is the same value, for all values there are. */

struct thing {
    union {
        uint64_t number;
        int64_t time_ns;
        double share;
        bool on;
        unsigned word;
        char *text;
    } value;
};

static const char *const WORDS[] = {"idle", "busy", "mad", NULL};

/* In the order of enum option_type. */
static const struct option OPTIONS[] = {
    {.name = "size", .type = OPTION_SIZE},
    {.name = "rate", .type = OPTION_RATE},
    {.name = "time", .type = OPTION_TIME},
    {.name = "count", .type = OPTION_COUNT},
    {.name = "number", .type = OPTION_INTEGER},
    {.name = "share", .type = OPTION_SHARE},
    {.name = "switch", .type = OPTION_SWITCH},
    {.name = "word", .type = OPTION_WORD, .words = WORDS},
    {.name = "text", .type = OPTION_TEXT},
    {.name = "exponent", .type = OPTION_DECIMAL, .max = 4000},
};
static const struct option UNPACED = {
    .name = "rate", .type = OPTION_COUNT, .zero_word = "unpaced", .min = 5};

static void expect_same_back(const struct option *option, uint64_t value)
{
    struct error error;
    struct thing thing = {.value.number = value}, back = {.value.number = ~value};
    char *text = option_text(option, &thing), *canonical = option_canonical(option, &thing);
    char number[32];
    if (!option_set(option, &back, text, &error))
        fail_msg("%s: own text '%s' refused: %s", option->name, text, error.text);
    if (back.value.number != value)
        fail_msg("%s: %" PRIu64 " gives '%s' gives %" PRIu64, option->name, value, text,
                 back.value.number);
    snprintf(number, sizeof number, "%" PRIu64, value);
    assert_string_equal(canonical, number);
    free(text), free(canonical);
}

/* Values of every length, round ones in binary and in decimal, and their neighbours. */
static void test_numbers_round_trip(void **state)
{
    (void)state;
    for (enum option_type type = OPTION_SIZE; type <= OPTION_INTEGER; type++) {
        const struct option *option = &OPTIONS[type];
        uint64_t limit = type == OPTION_INTEGER ? UINT64_MAX : INT64_MAX;
        expect_same_back(option, limit);
        for (uint64_t i = 0; i < 5000; i++)
            expect_same_back(option, random_mix(type, i, 0) >> (1 + i % 63));
        for (unsigned bit = 0; bit < 63; bit++)
            for (uint64_t i = 0; i < 3; i++)
                expect_same_back(option, (1ull << bit) + i - 1);
        for (uint64_t power = 1; power <= limit / 10; power *= 10)
            for (uint64_t i = 0; i < 11; i++)
                expect_same_back(option, power * i / 2);
    }
}

/* All shares that a scenario can say are whole billionths. */
static void test_shares_round_trip(void **state)
{
    (void)state;
    struct error error;
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t billionths = random_mix(7, i, 0) >> (34 + i % 30);
        if (billionths > 1000000000)
            continue;
        struct thing thing = {.value.share = (double)billionths / 1e9}, back = {{0}};
        char *text = option_text(&OPTIONS[OPTION_SHARE], &thing);
        char *canonical = option_canonical(&OPTIONS[OPTION_SHARE], &thing);
        if (!option_set(&OPTIONS[OPTION_SHARE], &back, text, &error))
            fail_msg("own text '%s' refused: %s", text, error.text);
        assert_true(back.value.share == thing.value.share);
        assert_true(strtod(canonical, NULL) == thing.value.share);
        free(text), free(canonical);
    }
}

static void expect(const struct option *option, struct thing thing, const char *text,
                   const char *canonical)
{
    char *written = option_text(option, &thing), *stored = option_canonical(option, &thing);
    assert_string_equal(written, text);
    assert_string_equal(stored, canonical);
    free(written), free(stored);
}

#define NUMBER(n) ((struct thing){.value.number = (n)})

static void test_forms(void **state)
{
    (void)state;
    expect(&OPTIONS[OPTION_SIZE], NUMBER(0), "0B", "0");
    expect(&OPTIONS[OPTION_SIZE], NUMBER(64 << 20), "64MiB", "67108864");
    expect(&OPTIONS[OPTION_SIZE], NUMBER(3ull << 50), "3072TiB", "3377699720527872");
    expect(&OPTIONS[OPTION_RATE], NUMBER(128 << 20), "128MiB/s", "134217728");
    expect(&OPTIONS[OPTION_TIME], NUMBER(300000000), "300ms", "300000000");
    expect(&OPTIONS[OPTION_TIME], NUMBER(90000000000), "90s", "90000000000");
    expect(&OPTIONS[OPTION_COUNT], NUMBER(10000), "10k", "10000");
    expect(&OPTIONS[OPTION_INTEGER], NUMBER(1000), "1000", "1000");
    expect(&OPTIONS[OPTION_SHARE], (struct thing){.value.share = 0.9}, "0.9", "0.9");
    expect(&OPTIONS[OPTION_SHARE], (struct thing){.value.share = 0}, "0", "0");
    expect(&OPTIONS[OPTION_SHARE], (struct thing){.value.share = 1}, "1", "1");
    expect(&OPTIONS[OPTION_SWITCH], (struct thing){.value.on = true}, "on", "on");
    expect(&OPTIONS[OPTION_SWITCH], (struct thing){.value.on = false}, "off", "off");
    expect(&OPTIONS[OPTION_WORD], (struct thing){.value.word = 2}, "mad", "mad");
    char text[] = "a \"text\"";
    expect(&OPTIONS[OPTION_TEXT], (struct thing){.value.text = text}, text, text);
    expect(&OPTIONS[OPTION_DECIMAL], NUMBER(990), "0.99", "0.99");
    expect(&OPTIONS[OPTION_DECIMAL], NUMBER(2000), "2", "2");
    expect(&OPTIONS[OPTION_DECIMAL], NUMBER(1005), "1.005", "1.005");
    expect(&OPTIONS[OPTION_DECIMAL], NUMBER(0), "0", "0");
    expect(&UNPACED, NUMBER(0), "unpaced", "0");
    expect_same_back(&UNPACED, 0);
    expect_same_back(&UNPACED, 2000000);
}

static void test_types(void **state)
{
    (void)state;
    static const char *const types[] = {"size",  "rate",   "time",          "count", "integer",
                                        "share", "on|off", "idle|busy|mad", "text",  "decimal"};
    static const char *const units[] = {"bytes", "bytes/s", "ns", "", "", "", "", "", "", ""};
    char text[64];
    for (enum option_type type = OPTION_SIZE; type <= OPTION_DECIMAL; type++) {
        assert_string_equal(option_type_text(&OPTIONS[type], text, sizeof text), types[type]);
        assert_string_equal(option_unit(&OPTIONS[type]), units[type]);
        assert_int_equal(option_is_number(&OPTIONS[type]),
                         type <= OPTION_COUNT || type == OPTION_SHARE || type == OPTION_DECIMAL);
    }
    assert_string_equal(option_type_text(&UNPACED, text, sizeof text), "count|unpaced");
}

/* A buffer too small: cut, ended, nothing beyond it. */
static void test_type_text_is_cut(void **state)
{
    (void)state;
    for (size_t size = 1; size < 16; size++) {
        char text[16];
        memset(text, '#', sizeof text);
        option_type_text(&OPTIONS[OPTION_WORD], text, size);
        assert_int_equal(strlen(text), size - 1 < 13 ? size - 1 : 13);
        assert_memory_equal(text, "idle|busy|mad", strlen(text));
        memset(text, '#', sizeof text);
        option_type_text(&UNPACED, text, size);
        assert_int_equal(strlen(text), size - 1 < 13 ? size - 1 : 13);
        assert_int_equal(text[15], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_round_trip),
        cmocka_unit_test(test_shares_round_trip),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_type_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
