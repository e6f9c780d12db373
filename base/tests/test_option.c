/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One option of each type, with each kind of limit. */

struct thing {
    uint64_t size, rate, count, number, free;
    int64_t time_ns;
    double share;
    bool on;
    unsigned word;
    char *text, *must;
};

static const char *const WORDS[] = {"idle", "busy", "mad", NULL};

static const struct option TABLE[] = {
    {"size", OPTION_SIZE, offsetof(struct thing, size), "16M", .min = 4096, .max = 1 << 30},
    {"rate", OPTION_RATE, offsetof(struct thing, rate), "unlimited", .zero_word = "unlimited",
     .min = 1000},
    {"time", OPTION_TIME, offsetof(struct thing, time_ns), "300ms", .max = 2000000000},
    {"count", OPTION_COUNT, offsetof(struct thing, count), "10k", .min = 5},
    {"number", OPTION_INTEGER, offsetof(struct thing, number), "1", .help = "no limits"},
    {"share", OPTION_SHARE, offsetof(struct thing, share), "90%", .help = "no limits"},
    {"switch", OPTION_SWITCH, offsetof(struct thing, on), "on", .help = "no limits"},
    {"word", OPTION_WORD, offsetof(struct thing, word), "busy", .words = WORDS},
    {"text", OPTION_TEXT, offsetof(struct thing, text), "none at all", .help = "no limits"},
    {"must", OPTION_TEXT, offsetof(struct thing, must), .help = "no limits"},
    {"free", OPTION_COUNT, offsetof(struct thing, free), .help = "no limits"},
    {0},
};

static bool set(struct thing *thing, const char *name, const char *text, struct error *error)
{
    const struct option *option = option_find(TABLE, name);
    assert_non_null(option);
    error->text[0] = 0;
    bool good = option_set(option, thing, text, error);
    assert_int_equal(good, error->text[0] == 0);
    return good;
}

static void test_defaults(void **state)
{
    (void)state;
    struct thing thing = {.free = 77};
    option_set_defaults(TABLE, &thing);
    assert_int_equal(thing.size, 16 << 20);
    assert_int_equal(thing.rate, 0);
    assert_int_equal(thing.time_ns, 300000000);
    assert_int_equal(thing.count, 10000);
    assert_int_equal(thing.number, 1);
    assert_true(thing.share == 0.9);
    assert_true(thing.on);
    assert_int_equal(thing.word, 1);
    assert_string_equal(thing.text, "none at all");
    assert_string_equal(thing.must, "");
    assert_int_equal(thing.free, 0);
    option_release(TABLE, &thing);
    assert_null(thing.text);
    assert_null(thing.must);
    option_set_defaults(TABLE, &thing); /* a released object may be used again */
    assert_string_equal(thing.text, "none at all");
    option_release(TABLE, &thing);
}

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(option_find(TABLE, "time"), &TABLE[2]);
    assert_null(option_find(TABLE, "Time"));
    assert_null(option_find(TABLE, "tim"));
    assert_null(option_find(TABLE, "times"));
    assert_null(option_find(TABLE, ""));
}

static void test_values(void **state)
{
    (void)state;
    struct thing thing = {0};
    struct error error;
    assert_true(set(&thing, "size", "4096B", &error));
    assert_int_equal(thing.size, 4096);
    assert_true(set(&thing, "size", "1G", &error));
    assert_int_equal(thing.size, 1 << 30);
    assert_true(set(&thing, "rate", "1Gbit", &error));
    assert_int_equal(thing.rate, 125000000);
    assert_true(set(&thing, "rate", "unlimited", &error));
    assert_int_equal(thing.rate, 0);
    assert_true(set(&thing, "rate", "1Gbit", &error));
    assert_true(set(&thing, "rate", "0", &error)); /* the word's number, below the minimum */
    assert_int_equal(thing.rate, 0);
    assert_true(set(&thing, "time", "1.5s", &error));
    assert_int_equal(thing.time_ns, 1500000000);
    assert_true(set(&thing, "number", "0xffffffffffffffff", &error));
    assert_true(thing.number == UINT64_MAX);
    assert_true(set(&thing, "share", "0.25", &error));
    assert_true(thing.share == 0.25);
    assert_true(set(&thing, "word", "mad", &error));
    assert_int_equal(thing.word, 2);
    static const char *const switches[] = {"off", "on", "no", "yes", "false", "true"};
    for (unsigned i = 0; i < 6; i++) {
        assert_true(set(&thing, "switch", switches[i], &error));
        assert_int_equal(thing.on, i % 2);
    }
}

/* On failure the object is the same byte by byte, and the error says what is allowed. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *says;
    } rows[] = {
        {"size", "4095B", "'4095B' is out of range: from 4KiB to 1GiB"},
        {"size", "1025M", "'1025M' is out of range: from 4KiB to 1GiB"},
        {"size", "0", "from 4KiB to 1GiB"},
        {"size", "16", "'16' has no unit: write a size"},
        {"rate", "7kbit", "'7kbit' is too small: at least 8kbit/s"},
        {"rate", "unlimite", "'unlimited', or a number: 'unlimite' is not a rate"},
        {"time", "2001ms", "'2001ms' is out of range: from 0ns to 2s"},
        {"count", "4", "'4' is too small: at least 5"},
        {"number", "-1", "'-1' is not a whole number"},
        {"share", "110%", "share from 0 to 1"},
        {"switch", "ON", "'ON' is neither on nor off"},
        {"switch", "1", "neither on nor off"},
        {"word", "bus", "'bus' is none of idle|busy|mad"},
        {"word", "", "'' is none of idle|busy|mad"},
    };
    struct thing thing, before;
    struct error error;
    memset(&thing, 0, sizeof thing);
    option_set_defaults(TABLE, &thing);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memcpy(&before, &thing, sizeof thing);
        assert_false(set(&thing, rows[i].name, rows[i].text, &error));
        if (!strstr(error.text, rows[i].says))
            fail_msg("%s = %s says '%s'", rows[i].name, rows[i].text, error.text);
        assert_memory_equal(&before, &thing, sizeof thing);
    }
    option_release(TABLE, &thing);
}

static void test_texts_are_owned(void **state)
{
    (void)state;
    struct thing thing = {0};
    struct error error;
    option_set_defaults(TABLE, &thing);
    char text[] = "first";
    assert_true(set(&thing, "text", text, &error));
    text[0] = 'X';
    assert_string_equal(thing.text, "first");
    assert_true(set(&thing, "text", " any; \"thing\" = goes", &error));
    assert_string_equal(thing.text, " any; \"thing\" = goes");
    option_release(TABLE, &thing);
    assert_null(thing.text);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"bandwidth", "latency", "buffer", "rt", "rate", "x", NULL};
    static const struct {
        const char *text, *nearest;
    } rows[] = {
        {"bandwith", "bandwidth"}, {"bandwidht", "bandwidth"},
        {"latency", "latency"},    {"Latency", "latency"},
        {"bufer", "buffer"},       {"buffers", "buffer"},
        {"rtae", "rate"},          {"grate", "rate"},
        {"zzzzzz", NULL},          {"", NULL},
        {"tempo", NULL},           {"y", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *nearest = option_nearest(rows[i].text, names);
        if (nearest != rows[i].nearest &&
            (!nearest || !rows[i].nearest || strcmp(nearest, rows[i].nearest) != 0))
            fail_msg("'%s' gives %s", rows[i].text, nearest ? nearest : "nothing");
    }
    char huge[5000];
    for (size_t length = 40; length < sizeof huge; length = length * 5 / 4) {
        memset(huge, 'q', length);
        huge[length] = 0;
        assert_null(option_nearest(huge, names));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),        cmocka_unit_test(test_find),
        cmocka_unit_test(test_values),          cmocka_unit_test(test_refused),
        cmocka_unit_test(test_texts_are_owned), cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
