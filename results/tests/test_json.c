/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/json.h"

#include "results/tests/twin_records.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#define MIB ((uint64_t)1048576)

static json_t *parse(struct record *record)
{
    char *text = json_text(json_of_record(record));
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("%s in %s", error.text, text);
    free(text);
    free(record);
    return value;
}

static json_int_t integer(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* The keys of an object in their order, with blanks between. */
static void expect_keys(json_t *object, const char *wanted)
{
    char keys[1024] = "";
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        strcat(keys, *keys ? " " : "");
        strcat(keys, key);
    }
    assert_string_equal(keys, wanted);
}

static void has_the_shape_of_query_migrate(void **state)
{
    (void)state;
    struct record *record = made_up_record(64 * MIB, 1);
    record->downtime_ns = 73999999, record->total_time_ns = 11314999999;
    uint64_t transferred = record->counters.transferred,
             total = record_stream_total(&record->stream);
    json_t *run = parse(record);
    expect_keys(run, "schema_version scenario seed source outcome why verified migration "
                     "iterations stream cost");
    assert_int_equal(integer(run, "schema_version"), 1);
    json_t *migration = json_object_get(run, "migration");
    expect_keys(migration, "status total-time downtime setup-time ram xbzrle-cache");
    assert_int_equal(integer(migration, "downtime"), 73);
    assert_int_equal(integer(migration, "total-time"), 11314);
    assert_int_equal(integer(migration, "setup-time"), 2);
    json_t *ram = json_object_get(migration, "ram");
    expect_keys(ram, "total transferred remaining duplicate skipped normal normal-bytes "
                     "dirty-pages-rate mbps dirty-sync-count postcopy-requests page-size "
                     "multifd-bytes pages-per-second precopy-bytes downtime-bytes postcopy-bytes "
                     "dirty-sync-missed-zero-copy");
    assert_int_equal(integer(ram, "transferred"), transferred);
    assert_int_equal(integer(ram, "normal-bytes"), 4096 * integer(ram, "normal"));
    assert_true(json_real_value(json_object_get(ram, "mbps")) == 941.52);
    expect_keys(json_object_get(migration, "xbzrle-cache"),
                "cache-size bytes pages cache-miss cache-miss-rate encoding-rate overflow");
    json_t *stream = json_object_get(run, "stream");
    expect_keys(stream, "file-header setup framing zero normal delta name part-eos device total");
    assert_int_equal(integer(stream, "total"), total);
    expect_keys(json_object_get(run, "cost"),
                "sender-cpu-ns encoded-pages cache-bytes written-bytes "
                "miss-first-touch miss-capacity miss-conflict throttled-ns guest-stopped-ns");
    json_t *iterations = json_object_get(run, "iterations");
    assert_int_equal(json_array_size(iterations), 12);
    expect_keys(json_array_get(iterations, 3),
                "start-ns end-ns dirty-pages remaining-bytes threshold-bytes "
                "bandwidth-bytes-per-s transferred normal duplicate dirty-sync-count xbzrle-pages "
                "xbzrle-bytes xbzrle-cache-miss xbzrle-overflow");
    json_t *scenario = json_object_get(run, "scenario");
    assert_int_equal(integer(scenario, "guest.memory"), 1073741824);
    assert_string_equal(json_string_value(json_object_get(scenario, "migration.xbzrle")), "on");
    json_decref(run);
}

static void what_does_not_apply_is_absent(void **state)
{
    (void)state;
    json_t *run = parse(made_up_record(0, 1));
    assert_string_equal(json_string_value(json_object_get(run, "outcome")), "not-converged");
    json_t *migration = json_object_get(run, "migration");
    expect_keys(migration, "status total-time expected-downtime setup-time ram");
    assert_string_equal(json_string_value(json_object_get(migration, "status")), "cancelled");
    json_decref(run);
}

static void seeds_and_settings_keep_their_value(void **state)
{
    (void)state;
    const struct {
        uint64_t seed;
        const char *text;
    } seeds[] = {{0, "\"seed\": 0,"},
                 {(1ull << 53) - 1, "\"seed\": 9007199254740991,"},
                 {1ull << 53, "\"seed\": \"9007199254740992\","},
                 {UINT64_MAX, "\"seed\": \"18446744073709551615\","}};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct record *record = made_up_record(0, 1);
        record->seed = seeds[i].seed;
        char *text = json_text(json_of_record(record));
        assert_non_null(strstr(text, seeds[i].text));
        free(text);
        free(record);
    }
    const struct record_setting settings[] = {
        {"a", "0.9", true, ""},
        {"b", "9223372036854775807", true, ""},
        {"c", "0x10", true, ""},
        {"d", "nan", true, ""},
        {"e", "12", false, ""},
        {"f", "\"\\\n\x01\xff", false, NULL},
        {"g", "", true, "bytes"},
        {"h", "-7", true, ""},
        {"i", "99999999999999999999", true, ""},
    };
    const struct record record = {.why = "",
                                  .status = "completed",
                                  .settings = settings,
                                  .setting_count = sizeof settings / sizeof *settings};
    char *text = json_text(json_of_record(&record));
    const char *const wanted[] = {"\"a\": 0.90000000000000002,",
                                  "\"b\": 9223372036854775807,",
                                  "\"c\": \"0x10\",",
                                  "\"d\": \"nan\",",
                                  "\"e\": \"12\",",
                                  "\"f\": \"\\\"\\\\\\n\\u0001\xef\xbf\xbd\",",
                                  "\"g\": \"\",",
                                  "\"h\": -7,",
                                  "\"i\": 1e20\n"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("no %s in %s", wanted[i], text);
    free(text);
}

static void reals_that_are_none_are_null(void **state)
{
    (void)state;
    struct record *record = made_up_record(64 * MIB, 1);
    record->mbps = (double)NAN;
    record->xbzrle_encoding_rate = (double)INFINITY;
    char *text = json_text(json_of_record(record));
    assert_non_null(strstr(text, "\"mbps\": null"));
    assert_non_null(strstr(text, "\"encoding-rate\": null"));
    free(text);
    free(record);
}

static void many_runs_are_an_array(void **state)
{
    (void)state;
    struct record *records[2] = {made_up_record(0, 1), made_up_record(64 * MIB, 2)};
    const struct record *const view[2] = {records[0], records[1]};
    char *text = json_text(json_of_runs(view, 2)), *again = json_text(json_of_runs(view, 2));
    assert_string_equal(text, again);
    json_t *value = json_loads(text, 0, NULL);
    expect_keys(value, "schema_version runs");
    assert_int_equal(json_array_size(json_object_get(value, "runs")), 2);
    assert_int_equal(integer(json_array_get(json_object_get(value, "runs"), 1), "seed"), 2);
    json_decref(value);
    free(text);
    free(again);
    text = json_text(json_of_runs(NULL, 0));
    assert_non_null(strstr(text, "\"runs\": []"));
    free(text);
    free(records[0]);
    free(records[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_shape_of_query_migrate),
        cmocka_unit_test(what_does_not_apply_is_absent),
        cmocka_unit_test(seeds_and_settings_keep_their_value),
        cmocka_unit_test(reals_that_are_none_are_null),
        cmocka_unit_test(many_runs_are_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
