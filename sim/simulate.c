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

static void reach_time_limit(void *context)
{
    struct limit_event *event = context;
    struct record record = {0};
    char why[200], text[3][UNITS_TEXT_SIZE];
    if (migration_ended(event->migration))
        return;
    migration_report(event->migration, &record);
    const struct record_iteration *last =
        record.iteration_count ? &record.iterations[record.iteration_count - 1] : NULL;
    if (!last || !last->threshold_bytes)
        snprintf(why, sizeof why, "time limit of %s reached before memory was sent once",
                 units_format_time(event->limit_ns, text[0]));
    else
        snprintf(why, sizeof why,
                 "time limit of %s reached: the last sync left %s dirty, the threshold was %s",
                 units_format_time(event->limit_ns, text[0]),
                 units_format_size(last->remaining_bytes, text[1]),
                 units_format_size(last->threshold_bytes, text[2]));
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
        record.verified =
            simulate_verify(guest, migration_receiver(migration), migration_end(migration), &error);
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
