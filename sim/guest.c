/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/guest.h"

#include "base/bitmap.h"
#include "base/random.h"
#include "models/throttle.h"
#include "workloads/clock.h"

#include <assert.h>
#include <stdlib.h>

struct running {
    struct workload *workload;
    const struct scenario_workload *spec;
    uint64_t first_page, end_page;
    const struct running *driver; /* says when it runs; NULL: always */
    struct workload_clock *clock; /* of the driver, for this one */
};

struct guest {
    struct machine *machine;
    struct content *content;
    struct page_store *memory;
    struct running *workloads;
    size_t workload_count;
    uint64_t *written;
    int64_t uptime_ns; /* guest time at simulated time 0 */
    sim_time stopped;  /* SIM_TIME_NEVER while it runs */
    int64_t clock_ns;  /* the guest's clock, as of the last look at it */
    struct throttle throttle;
    struct stall *stall;
};

static void start_clocks(struct guest *guest, const struct scenario *scenario)
{
    for (size_t i = 0; i < guest->workload_count; i++) {
        struct running *running = &guest->workloads[i];
        if (running->spec->driver == 0)
            continue;
        running->driver = &guest->workloads[running->spec->driver - 1];
        const struct scenario_workload *driver = running->driver->spec;
        running->clock =
            driver->ops->clock->create(driver->options, running->spec->label,
                                       random_derive(scenario->run.seed, driver->label));
    }
}

static bool start_workloads(struct guest *guest, const struct scenario *scenario,
                            struct error *error)
{
    guest->workloads =
        must_alloc(scenario->workload_count, sizeof *guest->workloads, "the workloads");
    for (size_t i = 0; i < scenario->workload_count; i++) {
        const struct scenario_workload *spec = &scenario->workloads[i];
        struct running *running = &guest->workloads[i];
        struct workload_env env = {spec->label, scenario->run.seed, spec->first_page, guest->memory,
                                   &guest->clock_ns};
        uint64_t pages = spec->options->bytes / PAGE_SIZE;
        content_set_range(guest->content, spec->first_page, pages, (enum fill)spec->options->fill);
        running->spec = spec;
        running->first_page = spec->first_page;
        running->end_page = spec->first_page + pages;
        running->workload = spec->ops->create(spec->options, &env, error);
        if (!running->workload)
            return error_prefix(error, "[workload %s]: ", spec->label);
        guest->workload_count++;
    }
    start_clocks(guest, scenario);
    return true;
}

struct guest *guest_create(const struct scenario *scenario, struct error *error)
{
    struct guest *guest = must_alloc(1, sizeof *guest, "the guest");
    guest->content = content_create(&scenario->guest.content, scenario->run.seed, error);
    if (!guest->content) {
        free(guest);
        return NULL;
    }
    guest->machine = machine_create(scenario->guest.machine, scenario->guest.memory_bytes);
    machine_fill(guest->machine, guest->content, !scenario->guest.content.image[0]);
    guest->memory = page_store_create(guest->machine->page_count, guest->content);
    guest->written = bitmap_alloc(guest->machine->page_count, "the guest's dirty log");
    guest->uptime_ns = scenario->guest.uptime_ns;
    guest->stopped = SIM_TIME_NEVER;
    guest->throttle.late_ns = scenario->host.wake_ns;
    guest->stall = stall_create(&scenario->stall, scenario->run.seed);
    if (start_workloads(guest, scenario, error))
        return guest;
    guest_destroy(guest);
    return NULL;
}

void guest_destroy(struct guest *guest)
{
    if (!guest)
        return;
    for (size_t i = 0; i < guest->workload_count; i++) {
        struct running *running = &guest->workloads[i];
        running->spec->ops->destroy(running->workload);
        if (running->clock)
            running->driver->spec->ops->clock->destroy(running->clock);
    }
    free(guest->workloads);
    free(guest->written);
    stall_destroy(guest->stall);
    page_store_destroy(guest->memory);
    machine_destroy(guest->machine);
    content_destroy(guest->content);
    free(guest);
}

const struct machine *guest_machine(const struct guest *guest)
{
    return guest->machine;
}

const struct content *guest_content(const struct guest *guest)
{
    return guest->content;
}

uint64_t guest_written_bytes(const struct guest *guest)
{
    return page_store_stored_pages(guest->memory) * PAGE_SIZE;
}

static sim_time while_it_runs(const struct guest *guest, sim_time now)
{
    return now < guest->stopped ? now : guest->stopped;
}

/* Sets the guest's clock, too, for the workload that will be asked. */
static int64_t guest_time(struct guest *guest, sim_time now)
{
    sim_time until = while_it_runs(guest, now);
    guest->clock_ns = guest->uptime_ns + until;
    int64_t awake = until - throttle_slept(&guest->throttle, until);
    return guest->uptime_ns + awake - stall_lost(guest->stall, awake);
}

/* Of a workload that is driven, by one that may be driven itself. */
static int64_t own_time(const struct running *running, int64_t time)
{
    if (!running->driver)
        return time;
    return running->driver->spec->ops->clock->ran(running->clock, own_time(running->driver, time));
}

uint64_t *guest_written(struct guest *guest, sim_time now)
{
    for (size_t i = 0; i < guest->workload_count; i++) {
        struct running *running = &guest->workloads[i];
        running->spec->ops->touch(running->workload, own_time(running, guest_time(guest, now)),
                                  guest->written);
    }
    return guest->written;
}

static void bring_up_to_date(struct guest *guest, uint64_t page_no, sim_time now)
{
    for (size_t i = 0; i < guest->workload_count; i++) {
        struct running *running = &guest->workloads[i];
        if (page_no < running->first_page || page_no >= running->end_page)
            continue;
        running->spec->ops->materialise(running->workload, page_no,
                                        own_time(running, guest_time(guest, now)));
        return;
    }
}

const uint8_t *guest_page(struct guest *guest, uint64_t page_no, sim_time now,
                          uint8_t scratch[static PAGE_SIZE])
{
    bring_up_to_date(guest, page_no, now);
    return page_store_read(guest->memory, page_no, scratch);
}

bool guest_page_is_untouched_zero(struct guest *guest, uint64_t page_no, sim_time now)
{
    if (!content_is_zero(guest->content, page_no))
        return false;
    bring_up_to_date(guest, page_no, now);
    return !page_store_is_stored(guest->memory, page_no);
}

void guest_throttle(struct guest *guest, sim_time now, unsigned percent)
{
    throttle_set(&guest->throttle, now, percent);
}

sim_time guest_awake(struct guest *guest, sim_time now)
{
    return guest_runs(guest) ? throttle_awake(&guest->throttle, now) : now;
}

int64_t guest_throttled_ns(struct guest *guest, sim_time now)
{
    return throttle_slept(&guest->throttle, while_it_runs(guest, now));
}

void guest_stop(struct guest *guest, sim_time now)
{
    assert(guest->stopped == SIM_TIME_NEVER);
    guest->stopped = now;
}

bool guest_runs(const struct guest *guest)
{
    return guest->stopped == SIM_TIME_NEVER;
}
