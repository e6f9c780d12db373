/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/field.h"

#include "results/record.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#define UNSIGNED(name, type, member)                                                               \
    {                                                                                              \
        name, FIELD_UNSIGNED, offsetof(struct type, member)                                        \
    }
#define TIME(name, type, member)                                                                   \
    {                                                                                              \
        name, FIELD_TIME, offsetof(struct type, member)                                            \
    }
#define REAL(name, type, member)                                                                   \
    {                                                                                              \
        name, FIELD_REAL, offsetof(struct type, member)                                            \
    }
#define FLAG(name, type, member)                                                                   \
    {                                                                                              \
        name, FIELD_FLAG, offsetof(struct type, member)                                            \
    }

/* The eight counters, which a run and each of its iterations have. */
#define COUNTER(name, type, counters)                                                              \
    {                                                                                              \
#name, FIELD_UNSIGNED,                                                                     \
            offsetof(struct type, counters) + offsetof(struct record_counters, name)               \
    }
#define COUNTERS(type, counters)                                                                   \
    COUNTER(transferred, type, counters), COUNTER(normal, type, counters),                         \
        COUNTER(duplicate, type, counters), COUNTER(dirty_sync_count, type, counters),             \
        COUNTER(xbzrle_pages, type, counters), COUNTER(xbzrle_bytes, type, counters),              \
        COUNTER(xbzrle_cache_miss, type, counters), COUNTER(xbzrle_overflow, type, counters)

const struct field run_fields[] = {
    FLAG("verified", record, verified),
    TIME("total_time_ns", record, total_time_ns),
    TIME("downtime_ns", record, downtime_ns),
    TIME("setup_time_ns", record, setup_time_ns),
    TIME("expected_downtime_ns", record, expected_downtime_ns),
    UNSIGNED("ram_total", record, ram_total),
    UNSIGNED("remaining", record, remaining),
    UNSIGNED("dirty_pages_rate", record, dirty_pages_rate),
    UNSIGNED("precopy_bytes", record, precopy_bytes),
    UNSIGNED("downtime_bytes", record, downtime_bytes),
    UNSIGNED("pages_per_second", record, pages_per_second),
    REAL("mbps", record, mbps),
    COUNTERS(record, counters),
    FLAG("xbzrle", record, xbzrle),
    UNSIGNED("xbzrle_cache_size", record, xbzrle_cache_size),
    REAL("xbzrle_cache_miss_rate", record, xbzrle_cache_miss_rate),
    REAL("xbzrle_encoding_rate", record, xbzrle_encoding_rate),
    UNSIGNED("stream_file_header", record, stream.file_header),
    UNSIGNED("stream_setup", record, stream.setup),
    UNSIGNED("stream_framing", record, stream.framing),
    UNSIGNED("stream_zero", record, stream.zero),
    UNSIGNED("stream_normal", record, stream.normal),
    UNSIGNED("stream_delta", record, stream.delta),
    UNSIGNED("stream_name", record, stream.name),
    UNSIGNED("stream_part_eos", record, stream.part_eos),
    UNSIGNED("stream_device", record, stream.device),
    UNSIGNED("sender_cpu_ns", record, cost.sender_cpu_ns),
    UNSIGNED("encoded_pages", record, cost.encoded_pages),
    UNSIGNED("cache_bytes", record, cost.cache_bytes),
    UNSIGNED("written_bytes", record, cost.written_bytes),
    UNSIGNED("miss_first_touch", record, cost.miss_first_touch),
    UNSIGNED("miss_capacity", record, cost.miss_capacity),
    UNSIGNED("miss_conflict", record, cost.miss_conflict),
    TIME("guest_stopped_ns", record, cost.guest_stopped_ns),
    UNSIGNED("cpu_throttle_percentage", record, cpu_throttle_percentage),
    TIME("throttled_ns", record, cost.throttled_ns),
    {NULL, FIELD_FLAG, 0},
};

const struct field iteration_fields[] = {
    TIME("start_ns", record_iteration, start_ns),
    TIME("end_ns", record_iteration, end_ns),
    UNSIGNED("dirty_pages", record_iteration, dirty_pages),
    UNSIGNED("remaining_bytes", record_iteration, remaining_bytes),
    UNSIGNED("threshold_bytes", record_iteration, threshold_bytes),
    REAL("bandwidth_bytes_per_s", record_iteration, bandwidth_bytes_per_s),
    COUNTERS(record_iteration, sent),
    {NULL, FIELD_FLAG, 0},
};

const struct field sample_fields[] = {
    TIME("end_ns", record_sample, end_ns),
    UNSIGNED("window_bytes", record_sample, window_bytes),
    UNSIGNED("window_ns", record_sample, window_ns),
    UNSIGNED("remaining_bytes", record_sample, remaining_bytes),
    UNSIGNED("threshold_bytes", record_sample, threshold_bytes),
    UNSIGNED("dirty_sync_count", record_sample, dirty_sync_count),
    UNSIGNED("xbzrle_pages", record_sample, xbzrle_pages),
    UNSIGNED("xbzrle_cache_miss", record_sample, xbzrle_cache_miss),
    {NULL, FIELD_FLAG, 0},
};

static const void *at(const struct field *field, const void *object)
{
    return (const char *)object + field->offset;
}

int64_t field_integer(const struct field *field, const void *object)
{
    assert(field->type != FIELD_REAL);
    if (field->type == FIELD_FLAG)
        return *(const bool *)at(field, object);
    return *(const int64_t *)at(field, object);
}

double field_real(const struct field *field, const void *object)
{
    assert(field->type == FIELD_REAL);
    return *(const double *)at(field, object);
}

/* An unsigned number above INT64_MAX shows here as negative: no file of ours can hold it. */
static bool check_integer(const struct field *field, int64_t value, struct error *error)
{
    if (value < 0)
        return error_set(error, "%s is %" PRId64 ", where 0 to 2^63 - 1 is allowed", field->name,
                         value);
    if (field->type == FIELD_FLAG && value > 1)
        return error_set(error, "%s is %" PRId64 ", where 0 or 1 is allowed", field->name, value);
    return true;
}

static bool check_real(const struct field *field, double value, struct error *error)
{
    return isfinite(value) || error_set(error, "%s is not a finite number", field->name);
}

bool field_check(const struct field *field, const void *object, struct error *error)
{
    if (field->type == FIELD_REAL)
        return check_real(field, field_real(field, object), error);
    return check_integer(field, field_integer(field, object), error);
}

bool field_set_integer(const struct field *field, void *object, int64_t value, struct error *error)
{
    assert(field->type != FIELD_REAL);
    if (!check_integer(field, value, error))
        return false;
    void *place = (char *)object + field->offset;
    if (field->type == FIELD_FLAG)
        *(bool *)place = value != 0;
    else
        *(int64_t *)place = value;
    return true;
}

bool field_set_real(const struct field *field, void *object, double value, struct error *error)
{
    assert(field->type == FIELD_REAL);
    if (!check_real(field, value, error))
        return false;
    *(double *)(void *)((char *)object + field->offset) = value;
    return true;
}
