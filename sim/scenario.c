/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario.h"

#include "models/machine.h"
#include "sim/scenario_parts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const ACCEL_NAMES[] = {"kvm", "tcg", NULL};

static const struct option GUEST_OPTIONS[] = {
    {"preset", OPTION_TEXT, offsetof(struct guest_options, preset), "",
     .help = "a guest by name (migsim list presets): its memory and workloads, unless given here"},
    {"memory", OPTION_SIZE, offsetof(struct guest_options, memory_bytes), "1G",
     .help = "size of the guest's memory, whole pages", .min = 1 << 20, .max = 1ull << 43},
    {"machine", OPTION_WORD, offsetof(struct guest_options, machine), "pc",
     .help = "machine type: its RAM blocks and device state", .words = machine_names},
    {"accel", OPTION_WORD, offsetof(struct guest_options, accel), "kvm",
     .help =
         "what runs the vCPUs; under tcg a bitmap sync waits while the throttle has them asleep",
     .words = ACCEL_NAMES},
    {"uptime", OPTION_TIME, offsetof(struct guest_options, uptime_ns), "1s",
     .help = "how long the workloads have run when the migration starts",
     .max = 86400ull * 1000000000},
    {"preallocated", OPTION_SWITCH, offsetof(struct guest_options, preallocated), "on",
     .help = "the host has backed all memory; off: the first look at an untouched page costs more"},
    {0},
};

static const char *const CODEC_NAMES[] = {"xbzrle", "xbrle", NULL};
static const char *const RESIZE_NAMES[] = {"keep", "drop", "none", NULL};

/* QEMU's names and defaults (7.2), where QEMU has them. */
static const struct option MIGRATION_OPTIONS[] = {
    {"max-bandwidth", OPTION_RATE, offsetof(struct migration_options, max_bandwidth), "128MiB/s",
     .help = "rate limit of the pages while the guest runs", .zero_word = "unlimited",
     .changeable = true},
    {"downtime-limit", OPTION_TIME, offsetof(struct migration_options, downtime_limit_ns), "300ms",
     .help = "how long the last pages may take by the bandwidth estimate", .max = 2000000000000,
     .changeable = true},
    {"xbzrle", OPTION_SWITCH, offsetof(struct migration_options, xbzrle), "off",
     .help = "send changed pages as deltas from a cache of pages sent before"},
    {"codec", OPTION_WORD, offsetof(struct migration_options, codec), "xbzrle",
     .help = "the delta: QEMU's, or that of the v5 patches of 2012", .words = CODEC_NAMES},
    {"cache", OPTION_TEXT, offsetof(struct migration_options, cache), "auto",
     .help = "cache policy (migsim list caches); auto: direct, or two-way-v5 with xbrle"},
    {"xbzrle-cache-size", OPTION_SIZE, offsetof(struct migration_options, xbzrle_cache_size), "64M",
     .help = "size of that cache", .min = PAGE_SIZE, .changeable = true},
    {"cache-resize", OPTION_WORD, offsetof(struct migration_options, cache_resize), "keep",
     .help = "a new size in flight keeps pages (QEMU 1.2), drops them (2.0) or does nothing (2.11)",
     .words = RESIZE_NAMES},
    {"classify-misses", OPTION_SWITCH, offsetof(struct migration_options, classify_misses), "off",
     .help = "count cache misses by cause: first touch, capacity, conflict"},
    {0},
};

static const struct option RUN_OPTIONS[] = {
    {"time-limit", OPTION_TIME, offsetof(struct run_options, time_limit_ns), "60s",
     .help = "after this the migration is cancelled: not converged", .min = 1000000,
     .max = 1000000ull * 1000000000},
    {"seed", OPTION_INTEGER, offsetof(struct run_options, seed), "1",
     .help = "of all random streams of the run"},
    {0},
};

const struct scenario_section scenario_sections[] = {
    {"guest", "the virtual machine", GUEST_OPTIONS, offsetof(struct scenario, guest)},
    {"guest", "and the content of its memory", content_options_table,
     offsetof(struct scenario, guest) + offsetof(struct guest_options, content)},
    {"link", "the network between the hosts", link_options_table, offsetof(struct scenario, link)},
    {"migration", "QEMU's migration parameters", MIGRATION_OPTIONS,
     offsetof(struct scenario, migration)},
    {"migration", "and how it slows the guest down", auto_converge_table,
     offsetof(struct scenario, auto_converge)},
    {"host", "CPU time that the hosts need", host_cost_table, offsetof(struct scenario, host)},
    {"host", "and moments in which the vCPU does not run", stall_options_table,
     offsetof(struct scenario, stall)},
    {"run", "the simulation itself", RUN_OPTIONS, offsetof(struct scenario, run)},
    {NULL, NULL, NULL, 0},
};

static void *section_object(struct scenario *scenario, const struct scenario_section *section)
{
    return (char *)scenario + section->offset;
}

static bool known_section(const char *name)
{
    for (const struct scenario_section *s = scenario_sections; s->name; s++)
        if (!strcmp(s->name, name))
            return true;
    return !strcmp(name, "sweep") || !strncmp(name, "workload ", 9) || !strncmp(name, "at ", 3);
}

static bool check_sections(const struct scenario_text *text, struct error *error)
{
    static const char *const names[] = {"guest", "link",          "migration", "host", "run",
                                        "sweep", "workload NAME", "at TIME",   NULL};
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        if (known_section(entry->section))
            continue;
        const char *nearest = option_nearest(entry->section, names);
        return scenario_text_error(text, entry, error,
                                   "no section [%.40s]%s%s%s: there are guest, workload NAME, "
                                   "link, migration, host, at TIME, sweep, run",
                                   entry->section, nearest ? " (did you mean [" : "",
                                   nearest ? nearest : "", nearest ? "]?)" : "");
    }
    return true;
}

/* A path in a scenario file begins at the file's folder, one on the command line where we stand. */
static char *resolve_path(const struct scenario_text *text, const struct scenario_entry *entry)
{
    const char *slash = strrchr(text->file, '/');
    if (entry->value[0] == '/' || !entry->value[0] || !slash || entry->line == 0)
        return must_copy(entry->value, "a path");
    size_t folder = (size_t)(slash - text->file) + 1;
    char *path = must_alloc(folder + strlen(entry->value) + 1, 1, "a path");
    memcpy(path, text->file, folder);
    strcpy(path + folder, entry->value);
    return path;
}

bool scenario_set_option(const struct scenario_text *text, const struct scenario_entry *entry,
                         const struct option *option, void *object, struct error *error)
{
    struct error what;
    char *value = option->path ? resolve_path(text, entry) : must_copy(entry->value, "a value");
    bool ok = option_set(option, object, value, &what);
    free(value);
    return ok || scenario_text_error(text, entry, error, "%s", what.text);
}

bool scenario_unknown_key(const struct scenario_text *text, const struct scenario_entry *entry,
                          const struct option *const *tables, struct error *error)
{
    const char *names[96];
    size_t count = 0;
    for (; *tables; tables++)
        for (const struct option *o = *tables; o->name && count < 95; o++)
            names[count++] = o->name;
    names[count] = NULL;
    const char *nearest = option_nearest(entry->key, names);
    if (nearest)
        return scenario_text_error(text, entry, error, "no such parameter: did you mean %s?",
                                   nearest);
    return scenario_text_error(text, entry, error, "no such parameter: see migsim list parameters");
}

static bool set_entry(struct scenario *scenario, const struct scenario_text *text,
                      const struct scenario_entry *entry, struct error *error)
{
    const struct option *tables[4];
    size_t count = 0;
    for (const struct scenario_section *s = scenario_sections; s->name; s++) {
        if (strcmp(s->name, entry->section) != 0)
            continue;
        const struct option *option = option_find(s->table, entry->key);
        if (option)
            return scenario_set_option(text, entry, option, section_object(scenario, s), error);
        tables[count++] = s->table;
    }
    tables[count] = NULL;
    return count == 0 || scenario_unknown_key(text, entry, tables, error);
}

static struct scenario *create(const struct scenario_text *text, struct error *error)
{
    if (!check_sections(text, error))
        return NULL;
    struct scenario *scenario = must_alloc(1, sizeof *scenario, "a scenario");
    for (const struct scenario_section *s = scenario_sections; s->name; s++)
        option_set_defaults(s->table, section_object(scenario, s));
    bool ok = true;
    for (size_t i = 0; ok && i < text->count; i++)
        ok = set_entry(scenario, text, &text->entries[i], error);
    if (ok && scenario_resolve_cache(scenario, text, error) &&
        scenario_add_workloads(scenario, text, error) &&
        scenario_add_changes(scenario, text, error) && scenario_check(scenario, text, error)) {
        scenario_add_settings(scenario, text);
        return scenario;
    }
    scenario_destroy(scenario);
    return NULL;
}

struct scenario *scenario_create(const struct scenario_text *text, struct error *error)
{
    struct scenario_text *all = scenario_expand_preset(text, error);
    struct scenario *scenario = all ? create(all, error) : NULL;
    scenario_text_destroy(all);
    return scenario;
}

void scenario_destroy(struct scenario *scenario)
{
    if (!scenario)
        return;
    for (const struct scenario_section *s = scenario_sections; s->name; s++)
        option_release(s->table, section_object(scenario, s));
    for (size_t i = 0; i < scenario->workload_count; i++) {
        struct scenario_workload *workload = &scenario->workloads[i];
        if (workload->ops) {
            option_release(workload_region_table, workload->options);
            option_release(workload->ops->options, workload->options);
        }
        free(workload->label);
        free(workload->options);
    }
    for (size_t i = 0; i < scenario->setting_count; i++) {
        free((void *)(uintptr_t)scenario->settings[i].key);
        free((void *)(uintptr_t)scenario->settings[i].value);
    }
    free(scenario->workloads);
    free(scenario->changes);
    free(scenario->settings);
    free(scenario);
}
