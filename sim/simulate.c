/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/simulate.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct change_event {
    const struct scenario_change *change;
    struct migration *migration;
    struct link *link;
};

static void apply_change(void *context)
{
    struct change_event *event = context;
    const struct scenario_change *change = event->change;
    char why[96], text[UNITS_TEXT_SIZE];
    if (migration_ended(event->migration))
        return;
    switch (change->kind) {
    case CHANGE_BANDWIDTH:
        link_set_bandwidth(event->link, change->time, change->value);
        break;
    case CHANGE_MAX_BANDWIDTH:
        migration_set_max_bandwidth(event->migration, change->value);
        break;
    case CHANGE_DOWNTIME_LIMIT:
        migration_set_downtime_limit(event->migration, (int64_t)change->value);
        break;
    case CHANGE_CACHE_SIZE:
        migration_set_cache_size(event->migration, change->value);
        break;
    case CHANGE_CANCEL:
        snprintf(why, sizeof why, "cancelled at %s, as the scenario says",
                 units_format_time(change->time, text));
        migration_cancel(event->migration, why);
        break;
    }
}

struct limit_event {
    struct migration *migration;
    int64_t limit_ns;
};

/* What was waiting after a sync at most, over the last iterations: what the guest keeps writing. */
static uint64_t written_again(const struct record *record)
{
    size_t first = record->iteration_count > 10 ? record->iteration_count - 10 : 1;
    uint64_t most = 0;
    for (size_t i = first; i < record->iteration_count; i++)
        if (record->iterations[i].remaining_bytes > most)
            most = record->iterations[i].remaining_bytes;
    return most;
}

/* Why deltas did not help, if they were on and one reason stands out. */
static void explain_deltas(const struct record *record, uint64_t written, char *why, size_t size)
{
    const struct record_counters *counters = &record->counters;
    uint64_t lookups = counters->xbzrle_pages + counters->xbzrle_cache_miss;
    char text[2][UNITS_TEXT_SIZE];
    why[0] = 0;
    if (!record->xbzrle || !lookups)
        return;
    if (record->xbzrle_cache_size < written)
        snprintf(why, size, "; the cache of %s holds less than the %s written again and again",
                 units_format_size(record->xbzrle_cache_size, text[0]),
                 units_format_size(written, text[1]));
    else if (counters->xbzrle_overflow * 2 > counters->xbzrle_pages)
        snprintf(why, size, "; %.0f%% of the deltas were longer than a page",
                 100 * (double)counters->xbzrle_overflow / (double)counters->xbzrle_pages);
    else if (counters->xbzrle_cache_miss * 2 > lookups)
        snprintf(why, size, "; %.0f%% of the lookups missed the cache",
                 100 * (double)counters->xbzrle_cache_miss / (double)lookups);
}

static void explain_time_limit(const struct record *record, int64_t limit_ns, char *why,
                               size_t size)
{
    char text[3][UNITS_TEXT_SIZE], deltas[120];
    const struct record_iteration *last =
        record->iteration_count ? &record->iterations[record->iteration_count - 1] : NULL;
    if (!last || !last->threshold_bytes || record->iteration_count < 2) {
        snprintf(why, size, "time limit of %s reached before memory was sent once",
                 units_format_time(limit_ns, text[0]));
        return;
    }
    explain_deltas(record, written_again(record), deltas, sizeof deltas);
    snprintf(why, size, "each sync leaves about %s dirty, the threshold is %s%s",
             units_format_size(written_again(record), text[0]),
             units_format_size(last->threshold_bytes, text[1]), deltas);
}

static void reach_time_limit(void *context)
{
    struct limit_event *event = context;
    struct record record = {0};
    char why[240];
    if (migration_ended(event->migration))
        return;
    migration_report(event->migration, &record);
    explain_time_limit(&record, event->limit_ns, why, sizeof why);
    migration_cancel(event->migration, why);
}

static const char *block_of(const struct machine *machine, uint64_t page_no, uint64_t *ret_offset)
{
    *ret_offset = 0;
    for (size_t i = 0; i < machine->block_count; i++) {
        const struct machine_block *block = &machine->blocks[i];
        *ret_offset = (page_no - block->first_page) * PAGE_SIZE;
        if (page_no >= block->first_page && *ret_offset < block->bytes)
            return block->name;
    }
    return "?";
}

static bool verify_page(struct guest *guest, const struct receiver *receiver, uint64_t page_no,
                        sim_time now, struct error *error)
{
    uint8_t here[PAGE_SIZE], there[PAGE_SIZE];
    const uint8_t *source = guest_page(guest, page_no, now, here);
    if (source == here && receiver_holds_content(receiver, page_no))
        return true;
    const uint8_t *destination = receiver_page(receiver, page_no, there);
    if (!memcmp(source, destination, PAGE_SIZE))
        return true;
    uint64_t offset;
    unsigned byte = 0;
    while (source[byte] == destination[byte])
        byte++;
    const char *block = block_of(guest_machine(guest), page_no, &offset);
    return error_set(error,
                     "page %" PRIu64 " (%s + 0x%" PRIx64 ") differs at the destination from byte "
                     "%u on: 0x%02x, not 0x%02x",
                     page_no, block, offset, byte, destination[byte], source[byte]);
}

bool simulate_verify(struct guest *guest, const struct receiver *receiver, sim_time now,
                     struct error *error)
{
    const struct machine *machine = guest_machine(guest);
    for (size_t i = 0; i < machine->block_count; i++) {
        uint64_t first = machine->blocks[i].first_page;
        for (uint64_t page = 0; page < machine->blocks[i].bytes / PAGE_SIZE; page++)
            if (!verify_page(guest, receiver, first + page, now, error))
                return false;
    }
    return true;
}

static struct record *report(const struct scenario *scenario, struct migration *migration,
                             struct guest *guest)
{
    struct record record = {
        .source = SOURCE_SIMULATED,
        .seed = scenario->run.seed,
        .settings = scenario->settings,
        .setting_count = scenario->setting_count,
    };
    struct error error;
    migration_report(migration, &record);
    if (migration_completed(migration)) {
        const struct receiver *receiver = migration_receiver(migration);
        error_set(&error, "the destination waits for more of the guest's memory");
        record.verified = receiver_complete(receiver) &&
                          simulate_verify(guest, receiver, migration_end(migration), &error);
        if (!record.verified) {
            record.outcome = OUTCOME_FAILED;
            record.status = "failed";
            record.why = error.text;
        }
    }
    return record_copy(&record);
}

static struct record *run(const struct scenario *scenario, const struct migration_setup *setup,
                          struct error *error)
{
    struct migration *migration = migration_create(setup, error);
    if (!migration)
        return NULL;
    struct change_event *changes =
        must_alloc(scenario->change_count, sizeof *changes, "the scenario's changes");
    for (size_t i = 0; i < scenario->change_count; i++) {
        changes[i] = (struct change_event){&scenario->changes[i], migration, setup->link};
        engine_at(setup->engine, scenario->changes[i].time, PRIORITY_CHANGE, apply_change,
                  &changes[i]);
    }
    struct limit_event limit = {migration, scenario->run.time_limit_ns};
    engine_at(setup->engine, limit.limit_ns, PRIORITY_CHANGE, reach_time_limit, &limit);
    engine_run(setup->engine);
    struct record *record = report(scenario, migration, setup->guest);
    free(changes);
    migration_destroy(migration);
    return record;
}

struct record *simulate(const struct scenario *scenario, const struct simulate_options *options,
                        struct error *error)
{
    struct link link;
    struct guest *guest = guest_create(scenario, error);
    if (!guest)
        return NULL;
    link_init(&link, &scenario->link);
    struct engine *engine = engine_create();
    struct migration_setup setup = {
        .scenario = scenario, .engine = engine, .guest = guest, .link = &link};
    if (options) {
        setup.stream_file = options->stream_file;
        setup.watcher = options->watcher;
        setup.watcher_context = options->watcher_context;
    }
    struct record *record = run(scenario, &setup, error);
    engine_destroy(engine);
    guest_destroy(guest);
    return record;
}
