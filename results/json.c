/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/json.h"

#include "base/error.h"
#include "results/apart.h"
#include "results/field.h"
#include "results/summary_cells.h"
#include "results/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* jansson says out of memory by NULL; for us that is the end, as everywhere. */
static json_t *must(json_t *value)
{
    if (!value)
        must_alloc(1, SIZE_MAX / 2, "JSON");
    return value;
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, must(value)) != 0)
        must(NULL);
}

static json_t *text_value(const char *text)
{
    char *clean = text_utf8(text ? text : "");
    json_t *value = must(json_string(clean));
    free(clean);
    return value;
}

static json_t *real_value(double value)
{
    return must(isfinite(value) ? json_real(value) : json_null());
}

static json_t *whole_value(uint64_t value)
{
    return value <= INT64_MAX ? must(json_integer((json_int_t)value)) : real_value((double)value);
}

static json_t *milliseconds(int64_t ns)
{
    return must(json_integer(ns / 1000000));
}

static json_t *seed_value(uint64_t seed)
{
    return seed < 1ull << 53 ? whole_value(seed)
                             : must(json_sprintf("%llu", (unsigned long long)seed));
}

static json_t *setting_value(const struct record_setting *setting)
{
    const char *text = setting->value;
    size_t length = strlen(text);
    if (setting->number && length && strspn(text, "0123456789.e+-") == length) {
        char *rest;
        errno = 0;
        long long whole = strtoll(text, &rest, 10);
        if (!*rest && errno == 0)
            return must(json_integer(whole));
        double real = strtod(text, &rest);
        if (!*rest && isfinite(real))
            return real_value(real);
    }
    return text_value(text);
}

static json_t *scenario_object(const struct record *record)
{
    json_t *object = must(json_object());
    for (size_t i = 0; i < record->setting_count; i++) {
        char *key = text_utf8(record->settings[i].key);
        put(object, key, setting_value(&record->settings[i]));
        free(key);
    }
    return object;
}

/* Those of query-migrate that a precopy of pages of one size leaves at 0 are here as well. */
static json_t *ram_object(const struct record *record)
{
    const struct record_counters *counters = &record->counters;
    const struct {
        const char *key;
        uint64_t value;
    } before[] =
        {
            {"total", record->ram_total},
            {"transferred", counters->transferred},
            {"remaining", record->remaining},
            {"duplicate", counters->duplicate},
            {"skipped", 0},
            {"normal", counters->normal},
            {"normal-bytes", counters->normal * RECORD_PAGE_BYTES},
            {"dirty-pages-rate", record->dirty_pages_rate},
        },
      after[] = {
          {"dirty-sync-count", counters->dirty_sync_count},
          {"postcopy-requests", 0},
          {"page-size", RECORD_PAGE_BYTES},
          {"multifd-bytes", 0},
          {"pages-per-second", record->pages_per_second},
          {"precopy-bytes", record->precopy_bytes},
          {"downtime-bytes", record->downtime_bytes},
          {"postcopy-bytes", 0},
          {"dirty-sync-missed-zero-copy", 0},
      };
    json_t *object = must(json_object());
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        put(object, before[i].key, whole_value(before[i].value));
    put(object, "mbps", real_value(record->mbps));
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        put(object, after[i].key, whole_value(after[i].value));
    return object;
}

static json_t *cache_object(const struct record *record)
{
    json_t *object = must(json_object());
    put(object, "cache-size", whole_value(record->xbzrle_cache_size));
    put(object, "bytes", whole_value(record->counters.xbzrle_bytes));
    put(object, "pages", whole_value(record->counters.xbzrle_pages));
    put(object, "cache-miss", whole_value(record->counters.xbzrle_cache_miss));
    put(object, "cache-miss-rate", real_value(record->xbzrle_cache_miss_rate));
    put(object, "encoding-rate", real_value(record->xbzrle_encoding_rate));
    put(object, "overflow", whole_value(record->counters.xbzrle_overflow));
    return object;
}

static json_t *migration_object(const struct record *record)
{
    json_t *object = must(json_object());
    put(object, "status", text_value(record->status));
    put(object, "total-time", milliseconds(record->total_time_ns));
    if (!strcmp(record->status, "completed"))
        put(object, "downtime", milliseconds(record->downtime_ns));
    else
        put(object, "expected-downtime", milliseconds(record->expected_downtime_ns));
    put(object, "setup-time", milliseconds(record->setup_time_ns));
    if (record->cpu_throttle_percentage)
        put(object, "cpu-throttle-percentage", whole_value(record->cpu_throttle_percentage));
    put(object, "ram", ram_object(record));
    if (record->xbzrle)
        put(object, "xbzrle-cache", cache_object(record));
    return object;
}

/* The fields whose names start with `prefix` (which is left out), as keys with '-' for '_'. */
static void put_fields(json_t *object, const struct field *fields, const void *source,
                       const char *prefix)
{
    size_t skip = strlen(prefix);
    for (; fields->name; fields++) {
        if (strncmp(fields->name, prefix, skip) != 0)
            continue;
        char key[64];
        size_t length = strlen(fields->name + skip);
        for (size_t i = 0; i <= length && i < sizeof key; i++)
            key[i] = fields->name[skip + i] == '_' ? '-' : fields->name[skip + i];
        put(object, key,
            fields->type == FIELD_REAL ? real_value(field_real(fields, source))
                                       : whole_value((uint64_t)field_integer(fields, source)));
    }
}

static json_t *iterations_array(const struct record *record)
{
    json_t *array = must(json_array());
    for (size_t i = 0; i < record->iteration_count; i++) {
        json_t *object = must(json_object());
        put_fields(object, iteration_fields, &record->iterations[i], "");
        if (json_array_append_new(array, object) != 0)
            must(NULL);
    }
    return array;
}

static void put_record(json_t *object, const struct record *record)
{
    put(object, "scenario", scenario_object(record));
    put(object, "seed", seed_value(record->seed));
    put(object, "source", text_value(record_source_name(record->source)));
    put(object, "outcome", text_value(record_outcome_name(record->outcome)));
    put(object, "why", text_value(record->why));
    put(object, "verified", json_boolean(record->verified));
    put(object, "migration", migration_object(record));
    put(object, "iterations", iterations_array(record));
    json_t *stream = must(json_object()), *cost = must(json_object());
    put_fields(stream, run_fields, record, "stream_");
    put(stream, "total", whole_value(record_stream_total(&record->stream)));
    put(object, "stream", stream);
    put(cost, "sender-cpu-ns", whole_value(record->cost.sender_cpu_ns));
    put(cost, "encoded-pages", whole_value(record->cost.encoded_pages));
    put(cost, "cache-bytes", whole_value(record->cost.cache_bytes));
    put(cost, "written-bytes", whole_value(record->cost.written_bytes));
    put(cost, "miss-first-touch", whole_value(record->cost.miss_first_touch));
    put(cost, "miss-capacity", whole_value(record->cost.miss_capacity));
    put(cost, "miss-conflict", whole_value(record->cost.miss_conflict));
    put(cost, "throttled-ns", must(json_integer(record->cost.throttled_ns)));
    put(cost, "guest-stopped-ns", must(json_integer(record->cost.guest_stopped_ns)));
    put(object, "cost", cost);
}

json_t *json_of_record(const struct record *record)
{
    json_t *object = must(json_object());
    put(object, "schema_version", json_integer(JSON_SCHEMA_VERSION));
    put_record(object, record);
    return object;
}

json_t *json_of_runs(const struct record *const *records, size_t count)
{
    json_t *object = must(json_object()), *runs = must(json_array());
    put(object, "schema_version", json_integer(JSON_SCHEMA_VERSION));
    for (size_t i = 0; i < count; i++) {
        json_t *run = must(json_object());
        put_record(run, records[i]);
        if (json_array_append_new(runs, run) != 0)
            must(NULL);
    }
    put(object, "runs", runs);
    return object;
}

static json_t *spread_object(enum quantity_id id, const struct study_group *group)
{
    struct spread spread = quantity_spread(id, group->runs, group->run_count);
    if (!spread.count)
        return must(json_null());
    json_t *object = must(json_object());
    put(object, "count", whole_value(spread.count));
    put(object, "median", real_value(spread.median));
    put(object, "min", real_value(spread.min));
    put(object, "max", real_value(spread.max));
    bool interval = spread_is_interval(&spread);
    put(object, "low", interval ? real_value(spread.low) : json_null());
    put(object, "high", interval ? real_value(spread.high) : json_null());
    return object;
}

static json_t *group_object(const struct study_groups *groups, size_t index)
{
    const struct study_group *group = &groups->groups[index];
    const struct record *record = group->runs[0];
    struct share_interval share = share_interval_of(group->converged, group->run_count);
    json_t *object = must(json_object()), *varying = must(json_object()),
           *converged = must(json_object());
    for (size_t i = 0; i < groups->varying_count; i++) {
        const struct record_setting *setting = record_find_setting(record, groups->varying[i]);
        if (setting)
            put(varying, groups->varying[i], setting_value(setting));
    }
    put(object, "varying", varying);
    put(object, "source", text_value(record_source_name(record->source)));
    put(object, "xbzrle-cache-size",
        record->xbzrle ? whole_value(record->xbzrle_cache_size) : json_null());
    put(object, "seeds", whole_value(group->run_count));
    put(converged, "count", whole_value(group->converged));
    put(converged, "low", real_value(share.low));
    put(converged, "high", real_value(share.high));
    put(object, "converged", converged);
    put(object, "failed", whole_value(group->failed));
    put(object, "total-time-s", spread_object(QUANTITY_TOTAL_TIME, group));
    put(object, "downtime-ms", spread_object(QUANTITY_DOWNTIME, group));
    put(object, "transferred-mib", spread_object(QUANTITY_TRANSFERRED, group));
    put(object, "miss-percent", spread_object(QUANTITY_MISS_RATIO, group));
    return object;
}

json_t *json_of_study(const struct study *study)
{
    const struct record **records =
        must_alloc(study->run_count, sizeof *records, "the records of a study");
    for (size_t i = 0; i < study->run_count; i++)
        records[i] = study->runs[i].record;
    json_t *object = json_of_runs(records, study->run_count), *array = must(json_array());
    struct study_groups *groups = study_group(study);
    for (size_t i = 0; i < groups->group_count; i++)
        if (json_array_append_new(array, group_object(groups, i)) != 0)
            must(NULL);
    put(object, "groups", array);
    char *note = apart_note(study);
    put(object, "note", text_value(note));
    free(note);
    study_groups_free(groups);
    free(records);
    return object;
}

char *json_text(json_t *value)
{
    size_t size;
    char *text;
    FILE *out = text_stream(&text, &size);
    if (json_dumpf(value, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0)
        must(NULL);
    fputc('\n', out);
    fclose(out);
    json_decref(value);
    return text;
}
