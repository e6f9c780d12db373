/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/tests/twin_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Wrong scenarios, and a piece of the message that each must get. */
static const struct {
    const char *ini, *message;
} BAD[] = {
    {"", "no scenario: nothing is set"},
    {"memory = 1G\n", "test.ini:1: 'memory' stands before the first section"},
    {"[guest]\nmemory\n", "test.ini:2: neither a [section]"},
    {"[guest\nmemory = 1G\n", "test.ini:1: neither a [section]"},
    {"[guest]\nmemory = 1024\n", "test.ini:2: guest.memory: '1024' has no unit"},
    {"[guest]\nmemory = 1X\n", "unknown unit 'X'"},
    {"[guest]\nmemory = G\n", "is not a size"},
    {"[guest]\nmemory = -1G\n", "is not a size"},
    {"[guest]\nmemory = 0.3K\n", "is no whole number of the smallest unit"},
    {"[guest]\nmemory = 4097K\n", "guest.memory: not a whole number of pages"},
    {"[guest]\nmemory = 4K\n", "out of range: from 1MiB"},
    {"[guest]\nmemory = 99999999T\n", "too large"},
    {"[guest]\nmemory = 1G\nmemory = 2G\n", "test.ini:3: 'memory' is given twice"},
    {"[guest]\nmemroy = 1G\n", "did you mean memory?"},
    {"[guest]\nquux = 1G\n", "no such parameter: see migsim list parameters"},
    {"[guest]\nmachine = q35\n", "'q35' is none of pc|pc-vga|pc-virtio"},
    {"[guest]\nzero-share = 120%\n", "too large: write a share"},
    {"[guest]\nzero-share = 0.7\ntext-share = 0.7\n", "1.4 together: at most 1"},
    {"[guest]\ncontent-run = 5000B\n", "content-run: not a whole number of pages"},
    {"[guest]\nimage = /no/such/file\n", "image '/no/such/file': No such file"},
    {"[guest]\nimage = /\n", "image '/': not a regular file"},
    {"[gusts]\nmemory = 1G\n", "no section [gusts] (did you mean [guest]?)"},
    {"[link]\nbandwidth = 1G\n", "unknown unit 'G': write a rate"},
    {"[link]\nbandwidth = 0bit/s\n", "link.bandwidth: '0bit/s' is out of range"},
    {"[link]\nlatency = 5\n", "'5' has no unit: write a time"},
    {"[link]\nlatency = 5 parsecs\n", "unknown unit 'parsecs'"},
    {"[link]\nbuffer = 1B\n", "link.buffer: '1B' is out of range"},
    {"[migration]\nxbzrle = maybe\n", "'maybe' is neither on nor off"},
    {"[migration]\ncodec = lz4\n", "'lz4' is none of xbzrle|xbrle"},
    {"[migration]\ncache = direkt\n", "did you mean direct?"},
    {"[migration]\nxbzrle = on\nxbzrle-cache-size = 3M\n", "the nearest are 2MiB and 4MiB"},
    {"[migration]\nxbzrle = on\nxbzrle-cache-size = 2G\n", "more than the guest's memory of 1GiB"},
    {"[migration]\nxbzrle-cache-size = 1K\n", "too small: at least 4KiB"},
    {"[migration]\nmax-bandwidth = fast\n", "'unlimited', or a number"},
    {"[migration]\ndowntime-limit = 3000s\n", "out of range: from 0ns to 2000s"},
    {"[run]\ntime-limit = 0s\n", "run.time-limit: '0s' is out of range"},
    {"[run]\nseed = -1\n", "'-1' is not a whole number from 0 to 2^64 - 1"},
    {"[run]\nseed = 18446744073709551616\n", "not a whole number"},
    {"[workload w]\nregion = 1M\n", "[workload w] has no 'kind'"},
    {"[workload w]\nkind = strde\n", "no kind 'strde': did you mean stride?"},
    {"[workload w]\nkind = random\nwrite-size = 24B\n", "24 bytes do not divide a page"},
    {"[workload w]\nkind = random\nstride = 1K\n", "workload w.stride: no such parameter"},
    {"[workload w]\nkind = random\nregion = 10000B\n", "must be whole pages"},
    {"[workload w]\nkind = stride\nstride = 3000B\n", "do not divide the region"},
    {"[workload w]\nkind = stride\nregion = 12K\nstride = 6K\n", "neither divide a page"},
    {"[workload w]\nkind = stride\nregion = 2G\n", "does not fit the guest's memory of 1GiB"},
    {"[workload w]\nkind = stride\nrate = 2000000000\n", "out of range: from 0 to 1G"},
    {"[workload w]\nkind = hotcold\nhot-share = 0\n", "less than a page"},
    {"[workload w]\nkind = hotcold\nhot-share = 100%\n", "all of it"},
    {"[workload a]\nkind = idle\noffset = 1M\nregion = 2M\n[workload b]\nkind = idle\n"
     "offset = 2M\n",
     "its region overlaps that of [workload a]"},
    {"[workload w]\nkind = trace\n", "trace"},
    {"[workload w]\nkind = trace\nfile = /no/such/trace.mgt\n", "No such file"},
    {"[at noon]\nlink.bandwidth = 1Gbit\n", "'noon' is not a time"},
    {"[at 5s]\nguest.memory = 2G\n", "cannot change in flight"},
    {"[at 5s]\nlink.bandwidth = 1\n", "has no unit: write a rate"},
    {"[at 5s]\nmigration.xbzrle-cache-size = 5M\n", "no size of the policy direct"},
    {"[at 5s]\nmigration.cancel = off\n", "only 'on' makes sense here"},
};

static void test_each_wrong_scenario_says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const char *error = fixture_error(BAD[i].ini);
        if (!strstr(error, BAD[i].message))
            fail_msg("scenario %zu: '%s' should say '%s'", i, error, BAD[i].message);
        if (strncmp(error, "test.ini", 8) != 0)
            fail_msg("scenario %zu: '%s' does not say where", i, error);
    }
}

static void test_long_lines_zero_bytes_and_carriage_returns(void **state)
{
    (void)state;
    char line[4000] = "[guest]\nmemory = ";
    memset(line + strlen(line), 'x', sizeof line - strlen(line) - 1);
    assert_non_null(strstr(fixture_error(line), "test.ini:2: line too long"));
    struct error error;
    assert_null(scenario_text_parse("test.ini", "[guest]\nmem\0ry = 1G\n", 20, &error));
    assert_non_null(strstr(error.text, "test.ini:2: not a text file"));
    assert_string_equal(fixture_error("[guest]\r\nmemory = 1G\r\n"), "");
}

static void test_defaults_are_qemus(void **state)
{
    (void)state;
    struct scenario *scenario = fixture_scenario("[migration]\nxbzrle = on\n");
    assert_int_equal(scenario->migration.max_bandwidth, 134217728);
    assert_int_equal(scenario->migration.downtime_limit_ns, 300000000);
    assert_int_equal(scenario->migration.xbzrle_cache_size, 64 << 20);
    assert_string_equal(scenario->migration.cache, "direct");
    scenario_destroy(scenario);
}

static const char *setting(const struct scenario *scenario, const char *key)
{
    for (size_t i = 0; i < scenario->setting_count; i++)
        if (!strcmp(scenario->settings[i].key, key))
            return scenario->settings[i].value;
    return NULL;
}

static void test_settings_are_sorted_and_only_those_that_matter(void **state)
{
    (void)state;
    struct scenario *off = fixture_scenario("[workload w]\nkind = stride\n[migration]\n"
                                            "xbzrle-cache-size = 8M\n[at 2s]\n"
                                            "migration.downtime-limit = 1s\n");
    for (size_t i = 1; i < off->setting_count; i++)
        assert_true(strcmp(off->settings[i - 1].key, off->settings[i].key) < 0);
    assert_null(setting(off, "migration.xbzrle-cache-size"));
    assert_null(setting(off, "run.seed"));
    assert_string_equal(setting(off, "workload.w.stride"), "1024");
    assert_string_equal(setting(off, "guest.memory"), "1073741824");
    assert_string_equal(setting(off, "at.2000000000.migration.downtime-limit"), "1000000000");
    scenario_destroy(off);
    struct scenario *on = fixture_scenario("[migration]\nxbzrle = on\nxbzrle-cache-size = 8M\n");
    assert_string_equal(setting(on, "migration.xbzrle-cache-size"), "8388608");
    scenario_destroy(on);
}

static void test_overrides(void **state)
{
    (void)state;
    static const char ini[] = "[workload load]\nkind = stride\n";
    static const char *const wrong[] = {"", "a", "a=b", "=1", ".=1", "guest.=1", ".x=1"};
    struct error error;
    struct scenario_text *text = scenario_text_parse("test.ini", ini, strlen(ini), &error);
    assert_true(scenario_text_override(text, "workload.load.rate=5k", &error));
    assert_true(scenario_text_override(text, "workload load.stride = 4K", &error));
    assert_true(scenario_text_override(text, "guest.memory=64M", &error));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(scenario_text_override(text, wrong[i], &error));
    struct scenario *scenario = scenario_create(text, &error);
    assert_non_null(scenario);
    assert_int_equal(scenario->guest.memory_bytes, 64 << 20);
    assert_string_equal(setting(scenario, "workload.load.rate"), "5000");
    assert_string_equal(setting(scenario, "workload.load.stride"), "4096");
    scenario_destroy(scenario);
    assert_true(scenario_text_override(text, "guest.memory=64", &error));
    assert_null(scenario_create(text, &error));
    assert_non_null(strstr(error.text, "-s guest.memory: '64' has no unit"));
    scenario_text_destroy(text);
}

static void test_regions_follow_each_other(void **state)
{
    (void)state;
    struct scenario *scenario = fixture_scenario(
        "[workload a]\nkind = idle\nregion = 3M\n[workload b]\nkind = idle\noffset = 100M\n"
        "[workload c]\nkind = idle\nregion = 1M\n");
    assert_int_equal(scenario->workloads[0].first_page, (16 << 20) / PAGE_SIZE);
    assert_int_equal(scenario->workloads[1].first_page, (100 << 20) / PAGE_SIZE);
    assert_int_equal(scenario->workloads[2].first_page, (116 << 20) / PAGE_SIZE);
    scenario_destroy(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_wrong_scenario_says_what_is_wrong),
        cmocka_unit_test(test_long_lines_zero_bytes_and_carriage_returns),
        cmocka_unit_test(test_defaults_are_qemus),
        cmocka_unit_test(test_settings_are_sorted_and_only_those_that_matter),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_regions_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
