/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_guest.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_help(const char *name, const char *help)
{
    if (!help || strlen(help) < 10 || strlen(help) > 130 || help[strlen(help) - 1] == '.' ||
        strchr(help, '\n'))
        fail_msg("%s: help is '%s'", name, help ? help : "none");
}

static void check_options(const struct workload_ops *ops)
{
    for (const struct option *option = ops->options; option->name; option++) {
        check_help(option->name, option->help);
        assert_true(strspn(option->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(option->name));
        assert_ptr_equal(option_find(ops->options, option->name), option);
        assert_null(option_find(workload_region_table, option->name)); /* would never be reached */
        assert_in_range(option->offset, sizeof(struct workload_region), ops->options_size - 1);
    }
}

/* What list, --help and the scenario parser show of every kind. */
static void test_entries(void **state)
{
    (void)state;
    assert_non_null(workload_kinds[0]);
    for (size_t i = 0; workload_kinds[i]; i++) {
        const struct workload_ops *ops = workload_kinds[i];
        assert_ptr_equal(workload_find(ops->name), ops); /* so names are unique */
        assert_true(islower((unsigned char)ops->name[0]));
        check_help(ops->name, ops->help);
        assert_non_null(ops->options);
        assert_true(ops->options_size >= sizeof(struct workload_region));
        assert_true(ops->create && ops->touch && ops->materialise && ops->destroy);
        check_options(ops);
    }
    assert_null(workload_find("Idle"));
    assert_null(workload_find(""));
}

/* Every default is valid (a bad one aborts), and a kind takes its own, save what must be given. */
static void test_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; workload_kinds[i]; i++) {
        const struct workload_ops *ops = workload_kinds[i];
        struct error error;
        void *options;
        bool complete = true;
        for (const struct option *option = ops->options; option->name; option++)
            complete = complete && option->fallback;
        bool good = twin_guest_options(ops, "", &options, &error);
        if (good != complete)
            fail_msg("%s with defaults: %s", ops->name, good ? "no file needed" : error.text);
        if (!good)
            continue;
        const struct workload_region *region = options;
        assert_int_equal(region->bytes, 16 << 20);
        assert_int_equal(region->offset, 0);
        assert_int_equal(region->fill, FILL_GUEST);
        twin_guest_options_release(ops, options);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *settings, *says;
    } rows[] = {
        {"stride", "stride=1000B region=1000K",
         "neither divide a page of 4096 bytes nor are whole"},
        {"stride", "stride=3B region=12K", "neither divide a page"},
        {"stride", "stride=6K region=24K", "stride: 6144 bytes neither divide a page"},
        {"stride", "stride=8K region=12K", "stride: 8192 bytes do not divide the region of 12288"},
        {"stride", "stride=0", "too small: at least 1B"},
        {"sequential", "write-size=96B region=12K", "write-size: 96 bytes neither divide"},
        {"sequential", "write-size=8K", "out of range: from 4B to 4KiB"},
        {"sequential", "write-size=2B", "out of range"},
        {"random", "write-size=96B", "write-size: 96 bytes do not divide a page"},
        {"random", "write-size=8K", "out of range: from 4B to 4KiB"},
        {"random", "rate=1000000001", "out of range"},
        {"random", "rate=unpaced write-time=0", "out of range"},
        {"random", "region=1K", "too small: at least 4KiB"},
        {"random", "fill=full", "none of guest|zero|random|text"},
        {"hotcold", "hot-share=0", "less than a page"},
        {"hotcold", "region=16K hot-share=20%", "less than a page"},
        {"hotcold", "hot-share=100%", "all of it"},
        {"hotcold", "hot-share=101%", "share from 0 to 1"},
        {"hotcold", "write-size=40B", "write-size: 40 bytes do not divide a page"},
        {"zipf", "exponent=4.001", "out of range: from 0 to 4"},
        {"zipf", "exponent=-1", "a number such as 0.99"},
        {"zipf", "rate=0", "out of range: from 1 to 10M"},
        {"zipf", "writes=3 write-size=2K", "3 writes of 2048 bytes, aligned to 8, do not fit"},
        {"zipf", "writes=4096 write-size=1B", "do not fit a page"},
        {"zipf", "places=spaced spacing=8B write-size=9B", "writes of 9 bytes every 8 overlap"},
        {"zipf", "places=spaced writes=5", "5 writes of 64 bytes, one every 1024, do not fit"},
        {"gaussian", "width=0", "too small: at least 1B"},
        {"gaussian", "value=new", "none of random|text|increment|toggle"},
        {"counter", "order=down", "none of random|sequential"},
        {"counter", "unchanged=2", "from 0 to 1"},
        {"append", "region=4K", "no room for records beside the head"},
        {"append", "rate=1000000000 record=2000B", "more than 1 TiB a second"},
        {"append", "record=0", "out of range: from 1B to 1GiB"},
        {"append", "value=toggle", "none of random|text"},
        {"gc", "nursery=16M", "nursery: it leaves no room in the region"},
        {"gc", "nursery=70000B", "nursery: not a whole number of pages"},
        {"gc", "nursery=4K", "too small: at least 64KiB"},
        {"gc", "live=99%", "survivors of a nursery (51 pages) and the live share do not fit"},
        {"gc", "allocation-rate=0", "out of range"},
        {"kv", "region=1G value-size=255B", "would hold more than 4194304 values"},
        {"kv", "region=12K layout=log", "a log with an index needs a region of four pages"},
        {"kv", "value-size=0", "out of range: from 8B to 1MiB"},
        {"kv", "size-spread=3.5", "out of range: from 0 to 3"},
        {"zerofill", "extent=5000B", "extent: not a whole number of pages"},
        {"zerofill", "extent=1B", "too small: at least 4KiB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {""};
        void *options;
        if (twin_guest_options(workload_find(rows[i].kind), rows[i].settings, &options, &error))
            fail_msg("%s takes %s", rows[i].kind, rows[i].settings);
        if (!strstr(error.text, rows[i].says))
            fail_msg("%s %s says '%s'", rows[i].kind, rows[i].settings, error.text);
    }
}

/* At the borders of what is allowed; a region of one page among them. */
static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *settings;
    } rows[] = {
        {"stride", "stride=1B region=4K"},
        {"stride", "stride=12K region=12K"},
        {"sequential", "write-size=4B"},
        {"random", "write-size=4K region=4K"},
        {"random", "rate=0 write-time=1ns"},
        {"hotcold", "region=8K hot-share=50%"},
        {"hotcold", "hot-writes=0"},
        {"hotcold", "hot-writes=100%"},
        {"zipf", "region=4K exponent=4"},
        {"zipf", "rate=1"},
        {"gc", "region=72K nursery=64K"},
        {"gc", "allocation-rate=64GiB/s nursery=64K"},
        {"kv", "region=4K value-size=1M"},
        {"kv", "region=16K layout=log value-size=1M"},
        {"kv", "region=64K value-size=8B size-spread=3"},
        {"append", "region=4K head=off"},
        {"append", "region=8K record=1G rate=100"},
        {"zerofill", "region=4K extent=1T"},
        {"gaussian", "region=4K width=1T"},
        {"gaussian", "width=1B drift=1024GiB/s"},
        {"counter", "region=4K align=2K"},
        {"counter", "write-size=4K writes=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct twin_guest guest;
        twin_guest_init(&guest, rows[i].kind, rows[i].settings, 1);
        assert_true(twin_guest_touch(&guest, 1000000000) > 0);
        for (uint64_t page = 0; page < guest.pages; page += 1 + page / 8)
            twin_guest_page(&guest, page, 2000000000);
        assert_true(twin_guest_touch(&guest, 2000000000) > 0);
        twin_guest_release(&guest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
