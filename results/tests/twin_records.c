/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/tests/twin_records.h"

#include "results/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB    ((uint64_t)1048576)
#define SECOND ((int64_t)1000000000)
#define LIMIT  (60 * SECOND)

enum { SAMPLES_MAX = 600, ITERATIONS_MAX = 64 };

/* A small mixing function in place of a random stream: noise of a seed, from 0 to 999. */
static uint64_t noise(uint64_t seed, uint64_t what)
{
    uint64_t x = (seed * 0x9e3779b97f4a7c15u) ^ (what * 0xbf58476d1ce4e5b9u);
    x ^= x >> 29, x *= 0x94d049bb133111ebu, x ^= x >> 32;
    return x % 1000;
}

static void fill_iterations(struct record *record, struct record_iteration *iterations)
{
    size_t count = record->outcome == OUTCOME_CONVERGED ? 12 : 40;
    for (size_t i = 0; i < count; i++) {
        struct record_iteration *it = &iterations[i];
        int64_t first = 9 * SECOND, step = (record->total_time_ns - first) / 39;
        if (count == 12)
            step = (record->total_time_ns - first) / 11;
        it->start_ns = i == 0 ? 2000000 : first + (int64_t)(i - 1) * step;
        it->end_ns = i + 1 == count ? record->total_time_ns : first + (int64_t)i * step;
        it->dirty_pages = i == 0 ? 262144 : 4096 - noise(record->seed, i) / 4;
        it->remaining_bytes = it->dirty_pages * RECORD_PAGE_BYTES;
        it->threshold_bytes = 35 * MIB;
        it->bandwidth_bytes_per_s = i ? 117e6 + (double)noise(record->seed, i + 100) * 1e3 : 0;
        it->sent.normal = i == 0 ? 200000 : record->xbzrle ? noise(record->seed, i) : 4096;
        it->sent.duplicate = i == 0 ? 60000 : 0;
        it->sent.xbzrle_pages = record->xbzrle && i ? 4096 - it->sent.normal : 0;
        it->sent.xbzrle_bytes = it->sent.xbzrle_pages * 40;
        it->sent.xbzrle_cache_miss = record->xbzrle && i ? it->sent.normal : 0;
        it->sent.transferred =
            it->sent.normal * 4104 + it->sent.duplicate * 9 + it->sent.xbzrle_bytes;
        it->sent.dirty_sync_count = 1;
    }
    record->iterations = iterations, record->iteration_count = count;
}

static void fill_samples(struct record *record, struct record_sample *samples)
{
    int64_t end = record->total_time_ns - record->downtime_ns, step = SECOND / 10;
    size_t count = 0;
    uint64_t remaining = 1024 * MIB;
    for (int64_t t = step; t < end && count < SAMPLES_MAX; t += step) {
        struct record_sample *sample = &samples[count];
        uint64_t sent = 11700000 + noise(record->seed, count) * 300;
        remaining = t < 9 * SECOND ? 1024 * MIB - (count + 1) * 11 * MIB
                    : count % 4    ? remaining * 2 / 3
                                   : 16 * MIB;
        sample->end_ns = t, sample->window_bytes = sent, sample->window_ns = (uint64_t)step;
        sample->remaining_bytes = remaining;
        sample->threshold_bytes = sent * 3;
        sample->dirty_sync_count = 1 + count / 4;
        sample->xbzrle_pages = record->xbzrle ? 700 * count : 0;
        sample->xbzrle_cache_miss = record->xbzrle ? 90 * count : 0;
        count++;
    }
    record->samples = samples, record->sample_count = count;
}

static void fill_counters(struct record *record, uint64_t cache_bytes)
{
    bool converged = record->outcome == OUTCOME_CONVERGED;
    uint64_t jitter = noise(record->seed, cache_bytes);
    record->counters = (struct record_counters){
        .transferred = converged ? 871234567 + 1000 * jitter : 7012345678 + 1000 * jitter,
        .normal = converged ? 204000 + jitter : 1650000 + jitter,
        .duplicate = 60000,
        .dirty_sync_count = record->iteration_count,
    };
    if (cache_bytes) {
        record->counters.xbzrle_pages = converged ? 44000 - jitter : 9000 + jitter;
        record->counters.xbzrle_bytes = record->counters.xbzrle_pages * 40;
        record->counters.xbzrle_cache_miss = converged ? 4096 + jitter : 1400000 + jitter;
        record->counters.xbzrle_overflow = jitter / 10;
        record->xbzrle_cache_miss_rate = converged ? 0.031 : 0.9923;
        record->xbzrle_encoding_rate = 102.4;
    }
    record->stream = (struct record_stream_bytes){.file_header = 26,
                                                  .setup = 170,
                                                  .framing = 7000,
                                                  .zero = 540000,
                                                  .normal = record->counters.normal * 4104,
                                                  .delta = record->counters.xbzrle_bytes,
                                                  .name = 91,
                                                  .part_eos = 5600,
                                                  .device = 320000};
}

struct record *made_up_record_with(uint64_t cache_bytes, uint64_t seed, const char *key,
                                   const char *value)
{
    char cache_text[24];
    snprintf(cache_text, sizeof cache_text, "%" PRIu64, cache_bytes ? cache_bytes : 64 * MIB);
    const struct record_setting settings[] = {
        {"guest.memory", "1073741824", true, "bytes"},
        {"link.bandwidth", "125000000", true, "bytes/s"},
        {"migration.downtime-limit", "300000000", true, "ns"},
        {"migration.xbzrle", cache_bytes ? "on" : "off", false, NULL},
        {"migration.xbzrle-cache-size", cache_text, true, "bytes"},
        {"run.time-limit", "60000000000", true, "ns"},
        {"workload.load.kind", "stride", false, ""},
        {key, value, false, ""},
    };
    bool converged = cache_bytes >= 16 * MIB;
    struct record record = {
        .source = SOURCE_SIMULATED,
        .outcome = converged ? OUTCOME_CONVERGED : OUTCOME_NOT_CONVERGED,
        .why = converged     ? ""
               : cache_bytes ? "the guest wrote 16 MiB in each iteration, more than the cache holds"
                             : "the guest wrote faster than the link carries",
        .status = converged ? "completed" : "cancelled",
        .verified = true,
        .seed = seed,
        .settings = settings,
        .setting_count = sizeof settings / sizeof *settings - (key ? 0 : 1),
        .setup_time_ns = 2123456,
        .expected_downtime_ns = 300000000,
        .ram_total = 1024 * MIB + 675840,
        .remaining = converged ? 0 : 15 * MIB,
        .dirty_pages_rate = converged ? 0 : 40960,
        .precopy_bytes = 800000000,
        .downtime_bytes = converged ? 3000000 : 0,
        .pages_per_second = 28000,
        .mbps = 941.52,
        .xbzrle = cache_bytes != 0,
        .xbzrle_cache_size = cache_bytes,
        .cost = {.sender_cpu_ns = 3 * SECOND,
                 .encoded_pages = cache_bytes ? 44000 : 0,
                 .cache_bytes = cache_bytes,
                 .guest_stopped_ns = 0},
    };
    record.total_time_ns = LIMIT;
    if (converged) {
        int64_t step = (int64_t)(64 * MIB / cache_bytes);
        record.total_time_ns =
            10 * SECOND + step * 1300000000 + (int64_t)noise(seed, 1) * (100000 + 300000 * step);
        record.downtime_ns = 31000000 + step * 42000000 +
                             (int64_t)noise(seed, cache_bytes + 2) * (10000 + 10000 * step);
        record.cost.guest_stopped_ns = record.downtime_ns - 1000000;
    }
    struct record_iteration iterations[ITERATIONS_MAX];
    struct record_sample samples[SAMPLES_MAX];
    memset(iterations, 0, sizeof iterations);
    memset(samples, 0, sizeof samples);
    fill_iterations(&record, iterations);
    fill_samples(&record, samples);
    fill_counters(&record, cache_bytes);
    return record_copy(&record);
}

struct record *made_up_record(uint64_t cache_bytes, uint64_t seed)
{
    return made_up_record_with(cache_bytes, seed, NULL, NULL);
}

static bool same_text(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

static bool same_fields(const struct field *fields, const void *a, const void *b)
{
    for (; fields->name; fields++)
        if (fields->type == FIELD_REAL ? field_real(fields, a) != field_real(fields, b)
                                       : field_integer(fields, a) != field_integer(fields, b))
            return false;
    return true;
}

bool same_records(const struct record *a, const struct record *b, bool course)
{
    bool same = a->source == b->source && a->outcome == b->outcome && a->seed == b->seed &&
                same_text(a->why, b->why) && same_text(a->status, b->status) &&
                a->setting_count == b->setting_count && same_fields(run_fields, a, b);
    for (size_t i = 0; same && i < a->setting_count; i++)
        same = same_text(a->settings[i].key, b->settings[i].key) &&
               same_text(a->settings[i].value, b->settings[i].value) &&
               same_text(a->settings[i].unit, b->settings[i].unit) &&
               a->settings[i].number == b->settings[i].number;
    if (!same || !course)
        return same;
    same = a->iteration_count == b->iteration_count && a->sample_count == b->sample_count;
    for (size_t i = 0; same && i < a->iteration_count; i++)
        same = same_fields(iteration_fields, &a->iterations[i], &b->iterations[i]);
    for (size_t i = 0; same && i < a->sample_count; i++)
        same = same_fields(sample_fields, &a->samples[i], &b->samples[i]);
    return same;
}
