/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/migration.h"

#include "base/random.h"
#include "base/units.h"
#include "sim/auto_converge.h"
#include "sim/bandwidth.h"
#include "sim/rates.h"
#include "sim/sync_cost.h"
#include "sim/timeline.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS      1000000
#define SECTION_MAX_MS 50  /* a section ends when more whole ms than this have passed, */
#define SECTION_LOOK   64u /* looked at every so many pages */

enum phase { CONNECT, SETUP, ITERATE, SECTION, ACCOUNT, STOP, LAST_PAGES, DEVICES, ENDED };

struct migration {
    struct migration_setup setup;
    const struct scenario *scenario;
    struct sender sender;
    struct stream stream;
    struct receiver *receiver;
    struct bandwidth bandwidth;
    struct rates rates;
    struct auto_converge auto_converge;
    struct timeline timeline;
    enum phase phase;
    sim_time now;    /* the thread's own clock, never behind the engine's */
    int64_t tick_ns; /* where in a ms of the host's clock the command fell */
    int64_t downtime_limit_ns;
    uint64_t cache_size; /* as query-migrate shows it */
    sim_time setup_start, setup_end, section_start, downtime_start, stopped, end;
    unsigned section_passes;
    uint64_t precopy_bytes;
    uint64_t window_pages; /* pages put before this window */
    uint64_t pages_per_second;
    enum record_outcome outcome;
    const char *status;
    struct error why;
};

/* The thread reads its clock in whole ms; a ms of it begins anywhere in ours. */
static int64_t clock_ms(const struct migration *m)
{
    return (m->now + m->tick_ns) / NS_PER_MS;
}

static void end(struct migration *m, enum record_outcome outcome, const char *status)
{
    m->phase = ENDED;
    m->end = m->now;
    m->outcome = outcome;
    m->status = status;
    timeline_close(&m->timeline, m->now, sender_counters(&m->sender));
    engine_stop(m->setup.engine);
}

static void end_failed(struct migration *m, const char *why)
{
    error_set(&m->why, "%s", why);
    end(m, OUTCOME_FAILED, "failed");
}

/* Hands the channel's bytes to the socket, and so to the destination; blocks while it is full. */
static void flush(struct migration *m)
{
    struct error error;
    if (!m->stream.used)
        return;
    m->now = link_write(m->setup.link, m->now, m->stream.used);
    if (m->setup.stream_file &&
        fwrite(m->stream.buffer, 1, m->stream.used, m->setup.stream_file) != m->stream.used) {
        error_set(&error, "cannot write the stream: %s", strerror(errno));
        end_failed(m, error.text);
    } else if (!receiver_feed(m->receiver, m->stream.buffer, m->stream.used, &error)) {
        end_failed(m, error.text);
    }
    stream_flushed(&m->stream);
}

static void sync_bitmap(struct migration *m)
{
    sim_time start = m->now;
    bool first = m->sender.counters.dirty_sync_count == 0;
    int64_t took = sync_cost(m->scenario, m->setup.guest, m->now, first);
    uint64_t found = sender_sync(&m->sender, m->now);
    m->now += took;
    if (m->scenario->guest.accel == ACCEL_TCG)
        m->now = guest_awake(m->setup.guest, m->now);
    struct record_counters counters = sender_counters(&m->sender);
    struct rates_period period;
    timeline_sync(&m->timeline, start, found, sender_remaining_bytes(&m->sender), counters);
    if (rates_sync(&m->rates, clock_ms(m), found, &counters, m->sender.pages_put, &period) &&
        auto_converge_period(&m->auto_converge, &m->scenario->auto_converge,
                             period.dirty_pages * PAGE_SIZE, period.transferred))
        guest_throttle(m->setup.guest, m->now, m->auto_converge.percent);
}

static enum phase connect_done(struct migration *m)
{
    m->now += m->scenario->host.connect_ns;
    return SETUP;
}

static enum phase set_up(struct migration *m)
{
    m->setup_start = m->now;
    bandwidth_start(&m->bandwidth, clock_ms(m), m->scenario->migration.max_bandwidth);
    stream_put_header(&m->stream);
    m->now += m->scenario->host.setup_ns;
    sync_bitmap(m);
    stream_put_ram_start(&m->stream);
    flush(m);
    m->setup_end = m->now;
    return m->phase == ENDED ? ENDED : ITERATE;
}

/* The switchover test: a sync only when what remains is below the threshold. */
static enum phase iterate(struct migration *m)
{
    if (bandwidth_limited(&m->bandwidth, m->stream.put))
        return ACCOUNT;
    uint64_t threshold = m->bandwidth.threshold_bytes;
    if (sender_remaining_bytes(&m->sender) < threshold)
        sync_bitmap(m);
    uint64_t remaining = sender_remaining_bytes(&m->sender);
    timeline_test(&m->timeline, threshold, m->bandwidth.bytes_per_ms * 1000);
    if (remaining == 0 || remaining < threshold)
        return STOP;
    stream_begin_section(&m->stream, SECTION_PART);
    m->section_start = m->now;
    m->section_passes = 0;
    return SECTION;
}

/* One pass of QEMU's section loop: unchanged pages cost no pass, and no look at limit or clock. */
static enum sender_step send_pass(struct migration *m)
{
    enum sender_step step;
    do {
        step = sender_step(&m->sender, &m->now);
        if (stream_full(&m->stream))
            flush(m);
    } while (step == SENDER_UNCHANGED && m->phase != ENDED);
    return step;
}

static enum phase end_section(struct migration *m, uint8_t type, enum phase next)
{
    stream_end_section(&m->stream, type);
    flush(m);
    return m->phase == ENDED ? ENDED : next;
}

static bool section_took_its_time(const struct migration *m)
{
    return m->section_passes % SECTION_LOOK == 0 &&
           (m->now - m->section_start) / NS_PER_MS > SECTION_MAX_MS;
}

static enum phase send_section(struct migration *m)
{
    while (!bandwidth_limited(&m->bandwidth, m->stream.put)) {
        if (m->now > engine_next_ns(m->setup.engine))
            return SECTION;
        enum sender_step step = send_pass(m);
        if (m->phase == ENDED)
            return ENDED;
        if (step == SENDER_EMPTY || section_took_its_time(m))
            break;
        m->section_passes++;
    }
    return end_section(m, SECTION_PART, ACCOUNT);
}

static void close_window(struct migration *m, int64_t window_start_ms, uint64_t window_start_bytes)
{
    struct record_sample sample = {
        .end_ns = m->now,
        .window_bytes = m->stream.put - window_start_bytes,
        .window_ns = (uint64_t)(clock_ms(m) - window_start_ms) * NS_PER_MS,
        .remaining_bytes = sender_remaining_bytes(&m->sender),
        .threshold_bytes = m->bandwidth.threshold_bytes,
        .dirty_sync_count = m->sender.counters.dirty_sync_count,
        .xbzrle_pages = m->sender.counters.xbzrle_pages,
        .xbzrle_cache_miss = m->sender.counters.xbzrle_cache_miss,
    };
    timeline_sample(&m->timeline, &sample);
    m->pages_per_second = (m->sender.pages_put - m->window_pages) * 1000000000u / sample.window_ns;
    m->window_pages = m->sender.pages_put;
    rates_window(&m->rates, m->bandwidth.bytes_per_ms, sample.window_bytes);
    if (m->setup.watcher)
        m->setup.watcher(m->setup.watcher_context, &sample);
}

/* Counters first, then the limiter's sleep to the end of the window; so every sleep is followed by
 * a trip through the loop that does nothing but account. */
static enum phase account(struct migration *m)
{
    int64_t window_start_ms = m->bandwidth.window_start_ms;
    uint64_t window_start_bytes = m->bandwidth.window_start_bytes;
    if (bandwidth_update(&m->bandwidth, clock_ms(m), m->stream.put,
                         m->downtime_limit_ns / NS_PER_MS))
        close_window(m, window_start_ms, window_start_bytes);
    if (bandwidth_limited(&m->bandwidth, m->stream.put)) {
        int64_t sleep_ms = bandwidth_sleep_ms(&m->bandwidth, clock_ms(m));
        if (sleep_ms > 0)
            m->now += sleep_ms * NS_PER_MS + m->scenario->host.wake_ns;
    }
    return ITERATE;
}

static enum phase stop_guest(struct migration *m)
{
    m->downtime_start = m->now;
    m->precopy_bytes = stream_transferred(&m->stream);
    m->now += m->scenario->host.stop_ns;
    m->stopped = m->now;
    guest_stop(m->setup.guest, m->now);
    stream_begin_section(&m->stream, SECTION_END);
    sync_bitmap(m);
    m->sender.last_stage = true;
    return LAST_PAGES;
}

static enum phase send_last_pages(struct migration *m)
{
    for (;;) {
        if (m->now > engine_next_ns(m->setup.engine))
            return LAST_PAGES;
        enum sender_step step = send_pass(m);
        if (m->phase == ENDED)
            return ENDED;
        if (step == SENDER_EMPTY)
            return end_section(m, SECTION_END, DEVICES);
    }
}

static enum phase send_devices(struct migration *m)
{
    stream_put_devices(&m->stream);
    m->now += m->scenario->host.device_ns;
    flush(m);
    if (m->phase != ENDED)
        end(m, OUTCOME_CONVERGED, "completed");
    return ENDED;
}

static void step(void *context)
{
    struct migration *m = context;
    static enum phase (*const steps[])(struct migration *) = {
        [CONNECT] = connect_done,       [SETUP] = set_up,         [ITERATE] = iterate,
        [SECTION] = send_section,       [ACCOUNT] = account,      [STOP] = stop_guest,
        [LAST_PAGES] = send_last_pages, [DEVICES] = send_devices,
    };
    if (m->phase == ENDED) /* cancelled while it slept */
        return;
    m->now = engine_now(m->setup.engine);
    m->phase = steps[m->phase](m);
    if (m->phase != ENDED)
        engine_at(m->setup.engine, m->now, PRIORITY_STEP, step, m);
}

struct migration *migration_create(const struct migration_setup *setup, struct error *error)
{
    const struct scenario *scenario = setup->scenario;
    struct migration *m = must_alloc(1, sizeof *m, "a migration");
    m->setup = *setup;
    m->scenario = scenario;
    stream_init(&m->stream, guest_machine(setup->guest));
    if (!sender_init(&m->sender, scenario, setup->guest, &m->stream, error)) {
        stream_release(&m->stream);
        free(m);
        return NULL;
    }
    m->receiver =
        receiver_create(guest_machine(setup->guest), guest_content(setup->guest),
                        m->sender.technique ? m->sender.technique->dialect : DIALECT_QEMU);
    m->tick_ns = (int64_t)(random_derive(scenario->run.seed, "clock") % NS_PER_MS);
    m->downtime_limit_ns = scenario->migration.downtime_limit_ns;
    m->cache_size = scenario->migration.xbzrle_cache_size;
    rates_start(&m->rates, m->downtime_limit_ns);
    m->status = "active";
    engine_at(setup->engine, 0, PRIORITY_STEP, step, m);
    return m;
}

void migration_destroy(struct migration *m)
{
    if (!m)
        return;
    receiver_destroy(m->receiver);
    sender_release(&m->sender);
    stream_release(&m->stream);
    timeline_release(&m->timeline);
    free(m);
}

void migration_set_max_bandwidth(struct migration *m, uint64_t bytes_per_s)
{
    m->bandwidth.max_bandwidth = bytes_per_s;
}

void migration_set_downtime_limit(struct migration *m, int64_t ns)
{
    m->downtime_limit_ns = ns;
}

void migration_set_cache_size(struct migration *m, uint64_t bytes)
{
    m->cache_size = bytes;
    if (!sender_resize_cache(&m->sender, bytes))
        end_failed(m, "no memory for the new size of the page cache");
}

/* A guest that is stopped already is past the point where the source could go back. */
void migration_cancel(struct migration *m, const char *why)
{
    if (m->phase == ENDED || !guest_runs(m->setup.guest))
        return;
    error_set(&m->why, "%s", why);
    m->now = engine_now(m->setup.engine); /* a sleep or a write in which it is caught ends here */
    end(m, OUTCOME_NOT_CONVERGED, "cancelled");
}

bool migration_ended(const struct migration *m)
{
    return m->phase == ENDED;
}

sim_time migration_end(const struct migration *m)
{
    return m->end;
}

bool migration_completed(const struct migration *m)
{
    return m->phase == ENDED && m->outcome == OUTCOME_CONVERGED;
}

const struct receiver *migration_receiver(const struct migration *m)
{
    return m->receiver;
}

static void report_ram(const struct migration *m, struct record *record)
{
    bool completed = migration_completed(m);
    uint64_t transferred = stream_transferred(&m->stream);
    double sending_ms = (double)(m->end - m->setup_end + m->setup_start) / NS_PER_MS;
    record->ram_total = guest_machine(m->setup.guest)->ram_bytes;
    record->remaining = completed ? 0 : sender_remaining_bytes(&m->sender);
    record->dirty_pages_rate = completed ? 0 : m->rates.dirty_pages_rate;
    record->precopy_bytes = m->stopped ? m->precopy_bytes : transferred;
    record->downtime_bytes = transferred - record->precopy_bytes;
    record->pages_per_second = m->pages_per_second;
    record->mbps = sending_ms > 0 ? (double)m->stream.put * 8 / sending_ms / 1000 : 0;
}

static void report_cache(const struct migration *m, struct record_cost *cost)
{
    struct page_cache_stats stats = page_cache_stats(m->sender.cache);
    cost->cache_bytes = stats.pages_held * PAGE_SIZE;
    cost->miss_first_touch = stats.first_touch;
    cost->miss_capacity = stats.capacity;
    cost->miss_conflict = stats.conflict;
}

void migration_report(const struct migration *m, struct record *record)
{
    record->outcome = m->outcome;
    record->why = m->why.text;
    record->status = m->status;
    record->total_time_ns = m->end;
    record->downtime_ns = migration_completed(m) ? m->end - m->downtime_start : 0;
    record->setup_time_ns = m->setup_end - m->setup_start;
    record->expected_downtime_ns = m->rates.expected_downtime_ns;
    report_ram(m, record);
    record->counters = sender_counters(&m->sender);
    record->cpu_throttle_percentage = m->auto_converge.percent;
    record->xbzrle = m->sender.technique != NULL;
    record->xbzrle_cache_size = record->xbzrle ? m->cache_size : 0;
    record->xbzrle_cache_miss_rate = m->rates.cache_miss_rate;
    record->xbzrle_encoding_rate = m->rates.encoding_rate;
    record->stream = m->stream.bytes;
    record->cost = m->sender.cost;
    record->cost.throttled_ns = guest_throttled_ns(m->setup.guest, m->end);
    record->cost.written_bytes = guest_written_bytes(m->setup.guest);
    if (m->sender.cache)
        report_cache(m, &record->cost);
    if (migration_completed(m))
        record->cost.guest_stopped_ns =
            link_arrival(m->setup.link, m->end) + m->scenario->host.load_ns - m->stopped;
    record->iterations = m->timeline.iterations;
    record->iteration_count = m->timeline.iteration_count;
    record->samples = m->timeline.samples;
    record->sample_count = m->timeline.sample_count;
}
