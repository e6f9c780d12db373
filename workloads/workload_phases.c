/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"
#include "workloads/clock.h"
#include "workloads/idle.h"
#include "workloads/kinds.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * A day's work: other workloads in turn, again from the beginning after the last.
 *
 *     schedule = load 2min, dump + log 30s, idle 1min
 *
 * Each phase names the workloads that run in it, and for how long; `idle` is nobody.
 */
struct phases_options {
    struct workload_region region;
    char *schedule;
    bool loop;
};

static const struct option PHASES_OPTIONS[] = {
    {"schedule", OPTION_TEXT, offsetof(struct phases_options, schedule),
     .help = "what runs how long: 'load 2min, dump + log 30s, idle 1min'; names of [workload]s"},
    {"loop", OPTION_SWITCH, offsetof(struct phases_options, loop), "on",
     .help = "begin again after the last phase; off: nothing runs from then on"},
    {0},
};

/* One phase, as it stands in the schedule. */
struct phase {
    const char *names;
    size_t length;
    int64_t ns;
};

/* Reads the phase at `*at` and goes on behind it; false at the end, or on error with its text. */
static bool next_phase(const char **at, struct phase *phase, struct error *error)
{
    const char *begin = *at;
    char time[32];
    error->text[0] = 0;
    if (!begin)
        return false;
    while (isspace((unsigned char)*begin))
        begin++;
    size_t length = strcspn(begin, ",");
    *at = begin[length] ? begin + length + 1 : NULL;
    while (length > 0 && isspace((unsigned char)begin[length - 1]))
        length--;
    size_t word = length;
    while (word > 0 && !isspace((unsigned char)begin[word - 1]))
        word--;
    if (length == 0)
        return error_set(error, "schedule: a phase is missing; write 'load 10s, idle 5s'");
    if (word == 0 || length - word >= sizeof time)
        return error_set(error, "schedule: '%.*s' is no phase: write a name and a time, 'load 10s'",
                         length < 60 ? (int)length : 60, begin);
    memcpy(time, begin + word, length - word);
    time[length - word] = 0;
    if (!units_parse_time(time, &phase->ns, error))
        return error_prefix(error, "schedule: ");
    if (phase->ns == 0)
        return error_set(error, "schedule: '%.*s' lasts no time", length < 60 ? (int)length : 60,
                         begin);
    phase->names = begin;
    phase->length = word;
    return clock_check_names(begin, word, error) || error_prefix(error, "schedule: ");
}

static bool is_idle(const char *name)
{
    return !strcmp(name, "idle");
}

static bool phases_driven(const void *options, size_t index, char name[static CLOCK_NAME_SIZE])
{
    const struct phases_options *o = options;
    const char *at = o->schedule;
    struct phase phase;
    struct error error;
    while (next_phase(&at, &phase, &error))
        for (size_t i = 0; clock_name(phase.names, phase.length, i, name); i++)
            if (!is_idle(name) && index-- == 0)
                return true;
    return false;
}

static bool phases_check(void *options, struct error *error)
{
    struct phases_options *o = options;
    const char *at = o->schedule;
    char name[CLOCK_NAME_SIZE];
    struct phase phase;
    int64_t left = INT64_MAX;
    o->region.bytes = 0;
    if (!at[strspn(at, " \t")])
        return error_set(error, "kind phases needs a 'schedule', such as 'load 10s, idle 5s'");
    while (next_phase(&at, &phase, error)) {
        if (phase.ns > left)
            return error_set(error, "schedule: all phases together are too long");
        left -= phase.ns;
    }
    if (error->text[0])
        return false;
    if (!phases_driven(options, 0, name))
        return error_set(error, "schedule: it names no workload but idle");
    return true;
}

struct slot {
    int64_t end_ns, ran_before_ns; /* of the schedule: its end, and how long was run before it */
    bool runs;
};

struct workload_clock {
    struct slot *slots;
    size_t count;
    int64_t ran_ns; /* in the whole schedule */
    bool loop;
};

static struct workload_clock *phases_create(const void *options, const char *name, uint64_t seed)
{
    (void)seed;
    const struct phases_options *o = options;
    const char *at = o->schedule;
    struct workload_clock *clock = must_alloc(1, sizeof *clock, "a schedule");
    struct phase phase;
    struct error error;
    int64_t end = 0;
    clock->loop = o->loop;
    while (next_phase(&at, &phase, &error)) {
        char other[CLOCK_NAME_SIZE];
        bool runs = false;
        for (size_t i = 0; !runs && clock_name(phase.names, phase.length, i, other); i++)
            runs = !strcmp(other, name);
        end += phase.ns;
        clock->slots = must_grow(clock->slots, clock->count + 1, sizeof *clock->slots, "phases");
        clock->slots[clock->count++] = (struct slot){end, clock->ran_ns, runs};
        clock->ran_ns += runs ? phase.ns : 0;
    }
    return clock;
}

static int64_t phases_time(struct workload_clock *clock, int64_t time)
{
    int64_t total = clock->slots[clock->count - 1].end_ns, ran = 0, begin = 0;
    if (clock->loop) {
        ran = time / total * clock->ran_ns;
        time %= total;
    } else if (time >= total) {
        return clock->ran_ns;
    }
    size_t i = 0;
    for (; time >= clock->slots[i].end_ns; i++)
        begin = clock->slots[i].end_ns;
    return ran + clock->slots[i].ran_before_ns + (clock->slots[i].runs ? time - begin : 0);
}

static void phases_destroy(struct workload_clock *clock)
{
    free(clock->slots);
    free(clock);
}

static const struct workload_clock_ops CLOCK = {phases_driven, phases_create, phases_time,
                                                phases_destroy};

const struct workload_ops workload_phases = {
    .name = "phases",
    .help = "runs other workloads by a schedule, round and round: batch jobs, nightly dumps, "
            "passes of a program",
    .options = PHASES_OPTIONS,
    .options_size = sizeof(struct phases_options),
    .check = phases_check,
    .create = idle_create,
    .touch = idle_touch,
    .materialise = idle_materialise,
    .destroy = idle_destroy,
    .clock = &CLOCK,
};
