/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/study/cell_scenario.h"

#include "models/content.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * The guest's memory, as scripts/qemu-lab/guest.c lays it out: two pages of code and one of
 * variables at 1 MiB (the latter written all the time), the region from 16 MiB on, the pad behind
 * it.
 */
#define WORD_NS   60  /* one word written by the emulated CPU: what an unpaced stride guest takes */
#define POLL_S    0.1 /* between two polls of the laboratory */
#define SLICE_S   0.0014 /* of Linux's scheduler with two CPUs: base_slice_ns, since 6.6 */
#define UPTIME_MS 1150   /* READY, then a second and a bit, then the command */

struct builder {
    struct scenario_text *text;
    struct error *error;
    bool ok;
};

static void put(struct builder *b, const char *section, const char *key, const char *format, ...)
    ERROR_FORMAT(4, 5);

static void put(struct builder *b, const char *section, const char *key, const char *format, ...)
{
    char value[64];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    scenario_text_set(b->text, section, key, value, 0);
}

static void refuse(struct builder *b, const char *what, const char *name)
{
    if (b->ok)
        error_set(b->error, "%s '%.60s' is not known here", what, name);
    b->ok = false;
}

/* The whole number of that name, or `otherwise`; a negative one or another type is refused. */
static uint64_t number(struct builder *b, const json_t *object, const char *key, uint64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return otherwise;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        refuse(b, "a value of", key);
    return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

static const char *word(struct builder *b, const json_t *object, const char *key,
                        const char *otherwise)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_string(value))
        refuse(b, "a value of", key);
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

/* Every key of the object must be one of `known`, ended by NULL. */
static void check_keys(struct builder *b, const json_t *object, const char *what,
                       const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            refuse(b, what, key);
    }
}

static void add_writes(struct builder *b, const json_t *guest, const char *kind)
{
    static const char load[] = "workload load";
    uint64_t rate = number(b, guest, "rate_per_s", 0), words = 1;
    bool stride = !strcmp(kind, "stride");
    if (stride && !rate) {
        put(b, load, "kind", "stride"); /* the same writes, in closed form */
    } else {
        put(b, load, "kind", "lab");
        put(b, load, "pattern", "%.40s", kind);
    }
    if (stride) {
        put(b, load, "stride", "%" PRIu64 "B", number(b, guest, "step", 1024));
    } else if (!strcmp(kind, "sequential")) {
        words = PAGE_SIZE / 4;
    } else {
        words = number(b, guest, "write_bytes", 8) / 4;
        put(b, load, "write-size", "%" PRIu64 "B", words * 4);
    }
    if (!rate) {
        put(b, load, "rate", "unpaced");
        return;
    }
    put(b, load, "rate", "%" PRIu64, rate);
    put(b, load, "write-time", "%" PRIu64 "ns", (words ? words : 1) * WORD_NS);
}

/*
 * How fast an unpaced guest writes depends on the host and is an input: what it reached in the best
 * second before the migration began, or in all of them if its stalls are not told apart below. Rows
 * are [second, writes so far, writes owed].
 */
static void add_speed(struct builder *b, const json_t *run)
{
    const json_t *rate = json_object_get(run, "guest_rate"),
                 *rows = json_object_get(rate, "source");
    size_t before = (size_t)number(b, rate, "seconds_at_migrate", 0);
    json_int_t best = 0, last = 0;
    for (size_t i = 0; i < before && i < json_array_size(rows); i++) {
        json_int_t writes = json_integer_value(json_array_get(json_array_get(rows, i), 1));
        best = writes - last > best ? writes - last : best;
        last = writes;
    }
    if (best < 1) {
        refuse(b, "an unpaced guest without", "guest_rate");
        return;
    }
    bool stalls = scenario_text_find(b->text, "migration", "xbzrle") != NULL;
    put(b, "workload load", "write-time", "%.0fns",
        1e9 / (stalls ? (double)best : (double)last / (double)before));
}

/*
 * What else ran on the host is an input, too. With deltas, the migration thread never waits for the
 * link: an unpaced vCPU, that thread and a third one then have two processors between them, and for
 * the share of time in which the third wants to run each goes without for a third of it, in moments
 * as long as what the third does at a time. The laboratory polls every 100 ms, which wakes whatever
 * there is; the scheduler's slice bounds it.
 */
static void add_stalls(struct builder *b, const json_t *run)
{
    double in_s =
        json_number_value(json_object_get(json_object_get(run, "final"), "total-time")) / 1e3;
    double others_s =
        json_number_value(json_object_get(json_object_get(run, "host_load"), "other_cpu_s"));
    if (number(b, json_object_get(run, "host"), "cores", 0) != 2 || !(in_s > 0) ||
        !(others_s > 0) || !scenario_text_find(b->text, "migration", "xbzrle"))
        return;
    double others = others_s < in_s ? others_s / in_s : 1, share = others / 3;
    double stall_s = others * POLL_S < SLICE_S ? others * POLL_S : SLICE_S;
    put(b, "host", "stall-time", "%.0fns", stall_s * 1e9);
    put(b, "host", "stall-interval", "%.0fns", stall_s * (1 / share - 1) * 1e9);
}

static void add_guest(struct builder *b, const json_t *guest)
{
    static const char *const known[] = {"memory_mib",  "memory_kib", "prealloc", "kind",
                                        "region_mib",  "fill",       "pad_mib",  "rate_per_s",
                                        "write_bytes", "step",       "spin",     NULL};
    static const char *const kinds[] = {"idle",    "stride", "random", "sequential",
                                        "hotcold", "zipf",   NULL};
    check_keys(b, guest, "guest parameter", known);
    const char *kind = word(b, guest, "kind", "");
    size_t i = 0;
    while (kinds[i] && strcmp(kinds[i], kind) != 0)
        i++;
    if (!kinds[i])
        refuse(b, "guest kind", kind);
    uint64_t kib = number(b, guest, "memory_kib", number(b, guest, "memory_mib", 512) * 1024);
    put(b, "guest", "memory", "%" PRIu64 "KiB", kib);
    put(b, "guest", "zero-share", "100%%");
    put(b, "guest", "text-share", "0%%");
    put(b, "guest", "accel", "tcg");
    put(b, "guest", "uptime", "%dms", UPTIME_MS);
    if (json_is_false(json_object_get(guest, "prealloc")))
        put(b, "guest", "preallocated", "off");
    put(b, "workload code", "kind", "idle");
    put(b, "workload code", "offset", "1M");
    put(b, "workload code", "region", "8K");
    put(b, "workload code", "fill", "random");
    put(b, "workload state", "kind", "stride");
    put(b, "workload state", "offset", "1032K");
    put(b, "workload state", "region", "4K");
    put(b, "workload state", "fill", "random");
    put(b, "workload state", "stride", "4K");
    put(b, "workload state", "rate", "1000");
    if (!strcmp(kind, "zipf")) {
        put(b, "workload weights", "kind", "idle");
        put(b, "workload weights", "offset", "2M");
        put(b, "workload weights", "region", "%" PRIu64 "KiB",
            (number(b, guest, "region_mib", 0) * 256 * 4 + 1023) / 1024);
        put(b, "workload weights", "fill", "random");
    }
    put(b, "workload load", "kind", "idle");
    put(b, "workload load", "offset", "16M");
    put(b, "workload load", "region", "%" PRIu64 "M", number(b, guest, "region_mib", 0));
    put(b, "workload load", "fill", "%.20s", word(b, guest, "fill", "random"));
    if (strcmp(kind, "idle") != 0)
        add_writes(b, guest, kind);
    uint64_t pad = number(b, guest, "pad_mib", 0);
    if (pad) {
        put(b, "workload pad", "kind", "idle");
        put(b, "workload pad", "region", "%" PRIu64 "M", pad);
        put(b, "workload pad", "fill", "random");
    }
}

static void add_migration(struct builder *b, const json_t *migration)
{
    static const char *const throttle[] = {"throttle-trigger-threshold", "cpu-throttle-initial",
                                           "cpu-throttle-increment", "max-cpu-throttle", NULL};
    static const char *const known[] = {"max-bandwidth",
                                        "downtime-limit",
                                        "xbzrle-cache-size",
                                        "capabilities",
                                        "cpu-throttle-initial",
                                        "cpu-throttle-increment",
                                        "max-cpu-throttle",
                                        "cpu-throttle-tailslow",
                                        "throttle-trigger-threshold",
                                        NULL};
    static const char *const capabilities[] = {"xbzrle", "auto-converge", NULL};
    const json_t *on = json_object_get(migration, "capabilities");
    check_keys(b, on, "capability", capabilities);
    check_keys(b, migration, "migration parameter", known);
    put(b, "migration", "max-bandwidth", "%" PRIu64 "B/s",
        number(b, migration, "max-bandwidth", 134217728));
    put(b, "migration", "downtime-limit", "%" PRIu64 "ms",
        number(b, migration, "downtime-limit", 300));
    if (json_is_true(json_object_get(on, "auto-converge")))
        put(b, "migration", "auto-converge", "on");
    for (size_t i = 0; throttle[i]; i++)
        if (json_object_get(migration, throttle[i]))
            put(b, "migration", throttle[i], "%" PRIu64, number(b, migration, throttle[i], 0));
    if (json_is_true(json_object_get(migration, "cpu-throttle-tailslow")))
        put(b, "migration", "cpu-throttle-tailslow", "on");
    if (!json_is_true(json_object_get(on, "xbzrle")))
        return;
    put(b, "migration", "xbzrle", "on");
    put(b, "migration", "xbzrle-cache-size", "%" PRIu64 "B",
        number(b, migration, "xbzrle-cache-size", 64 << 20));
}

/* Without a link the stream goes over loopback: copying memory is then all that takes time. */
static void add_link(struct builder *b, const json_t *link)
{
    static const char *const known[] = {"rate_bytes_per_s", NULL};
    check_keys(b, link, "link parameter", known);
    if (link)
        put(b, "link", "bandwidth", "%" PRIu64 "B/s", number(b, link, "rate_bytes_per_s", 0));
    else
        put(b, "link", "bandwidth", CELL_LOOPBACK);
    put(b, "link", "latency", "20us");
}

struct scenario_text *cell_scenario(const char *name, const json_t *run, struct error *error)
{
    static const char *const known[] = {"id",           "group", "guest",    "migration",
                                        "time_limit_s", "link",  "settle_s", NULL};
    const json_t *cell = json_object_get(run, "cell");
    struct builder b = {must_alloc(1, sizeof *b.text, "a scenario"), error, true};
    b.text->file = must_copy(name, "a scenario");
    check_keys(&b, cell, "cell field", known);
    const json_t *guest = json_object_get(cell, "guest");
    add_guest(&b, guest);
    add_migration(&b, json_object_get(cell, "migration"));
    if (scenario_text_find(b.text, "workload load", "rate") &&
        !number(&b, guest, "rate_per_s", 0)) {
        add_speed(&b, run);
        add_stalls(&b, run);
    }
    add_link(&b, json_object_get(cell, "link"));
    put(&b, "run", "time-limit", "%" PRIu64 "s", number(&b, cell, "time_limit_s", 60));
    if (b.ok)
        return b.text;
    scenario_text_destroy(b.text);
    return NULL;
}
