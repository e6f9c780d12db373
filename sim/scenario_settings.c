/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void add(struct scenario *scenario, const char *section, const char *key, char *value,
                bool number, const char *unit)
{
    char name[192];
    snprintf(name, sizeof name, "%s.%s", section, key);
    scenario->settings = must_grow(scenario->settings, scenario->setting_count + 1,
                                   sizeof *scenario->settings, "settings");
    scenario->settings[scenario->setting_count++] =
        (struct record_setting){must_copy(name, "a setting"), value, number, unit};
}

/* What a file holds, as 32 hexadecimal digits; "unreadable" if it went away meanwhile. */
static char *file_digest(const char *path)
{
    uint8_t bytes[1 << 14];
    char text[33] = "unreadable";
    FILE *file = fopen(path, "rb");
    XXH3_state_t *state = XXH3_createState();
    if (file && state && XXH3_128bits_reset(state) == XXH_OK) {
        size_t size;
        while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
            XXH3_128bits_update(state, bytes, size);
        XXH128_hash_t hash = XXH3_128bits_digest(state);
        if (!ferror(file))
            snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, hash.high64, hash.low64);
    }
    XXH3_freeState(state);
    if (file)
        fclose(file);
    return must_copy(text, "a setting");
}

/*
 * Files are echoed as written, with a digest of what they hold: where they lie on this machine is
 * no part of the scenario, their bytes are.
 */
static void add_file(struct scenario *scenario, const char *prefix, const struct option *option,
                     const struct scenario_entry *entry, const void *object)
{
    const char *path = *(char *const *)(const void *)((const char *)object + option->offset);
    char key[96];
    snprintf(key, sizeof key, "%s-digest", option->name);
    add(scenario, prefix, option->name, must_copy(entry ? entry->value : path, "a setting"), false,
        "");
    if (path[0])
        add(scenario, prefix, key, file_digest(path), false, "");
}

static void add_table(struct scenario *scenario, const struct scenario_text *text,
                      const char *section, const char *prefix, const struct option *table,
                      const void *object)
{
    for (; table->name; table++) {
        const struct scenario_entry *entry = scenario_text_find(text, section, table->name);
        if (table->path)
            add_file(scenario, prefix, table, entry, object);
        else
            add(scenario, prefix, table->name, option_canonical(table, object),
                option_is_number(table), option_unit(table));
    }
}

static bool is_among(const char *key, const char *const *keys)
{
    while (*keys && strcmp(key, *keys) != 0)
        keys++;
    return *keys != NULL;
}

/* A parameter that cannot change this run is left out: off with any cache size is one run. */
static bool matters(const struct scenario *scenario, const char *key)
{
    static const char *const delta[] = {
        "migration.codec",        "migration.cache",           "migration.xbzrle-cache-size",
        "migration.cache-resize", "migration.classify-misses", "host.encode-time",
        "host.insert-time",       "host.cache-page-time",      NULL};
    static const char *const throttle[] = {
        "migration.throttle-trigger-threshold", "migration.cpu-throttle-initial",
        "migration.cpu-throttle-increment",     "migration.max-cpu-throttle",
        "migration.cpu-throttle-tailslow",      NULL};
    static const char *const tcg[] = {"host.sync-page-time", "host.sync-dirty-page-time", NULL};
    if (!strcmp(key, "guest.preset"))
        return scenario->guest.preset[0] != 0;
    return strcmp(key, "run.seed") != 0 && (scenario->migration.xbzrle || !is_among(key, delta)) &&
           (scenario->auto_converge.on || !is_among(key, throttle)) &&
           (scenario->guest.accel == ACCEL_TCG || !is_among(key, tcg));
}

static void drop_idle_settings(struct scenario *scenario)
{
    size_t kept = 0;
    for (size_t i = 0; i < scenario->setting_count; i++) {
        if (matters(scenario, scenario->settings[i].key)) {
            scenario->settings[kept++] = scenario->settings[i];
            continue;
        }
        free((void *)(uintptr_t)scenario->settings[i].key);
        free((void *)(uintptr_t)scenario->settings[i].value);
    }
    scenario->setting_count = kept;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct record_setting *)a)->key, ((const struct record_setting *)b)->key);
}

static void add_change(struct scenario *scenario, const struct scenario_change *change)
{
    static const char *const keys[] = {
        [CHANGE_BANDWIDTH] = "link.bandwidth",
        [CHANGE_MAX_BANDWIDTH] = "migration.max-bandwidth",
        [CHANGE_DOWNTIME_LIMIT] = "migration.downtime-limit",
        [CHANGE_CACHE_SIZE] = "migration.xbzrle-cache-size",
        [CHANGE_CANCEL] = "migration.cancel",
    };
    static const char *const units[] = {[CHANGE_BANDWIDTH] = "bytes/s",
                                        [CHANGE_MAX_BANDWIDTH] = "bytes/s",
                                        [CHANGE_DOWNTIME_LIMIT] = "ns",
                                        [CHANGE_CACHE_SIZE] = "bytes",
                                        [CHANGE_CANCEL] = ""};
    char section[40], value[24];
    snprintf(section, sizeof section, "at.%" PRId64, change->time);
    snprintf(value, sizeof value, "%" PRIu64, change->value);
    bool cancel = change->kind == CHANGE_CANCEL;
    add(scenario, section, keys[change->kind], must_copy(cancel ? "on" : value, "a setting"),
        !cancel, units[change->kind]);
}

void scenario_add_settings(struct scenario *scenario, const struct scenario_text *text)
{
    for (const struct scenario_section *s = scenario_sections; s->name; s++)
        add_table(scenario, text, s->name, s->name, s->table, (char *)scenario + s->offset);
    for (size_t i = 0; i < scenario->workload_count; i++) {
        const struct scenario_workload *workload = &scenario->workloads[i];
        char section[80], prefix[80];
        snprintf(section, sizeof section, "workload %.60s", workload->label);
        snprintf(prefix, sizeof prefix, "workload.%.60s", workload->label);
        add(scenario, prefix, "kind", must_copy(workload->ops->name, "a setting"), false, "");
        if (!workload->ops->clock)
            add_table(scenario, text, section, prefix, workload_region_table, workload->options);
        add_table(scenario, text, section, prefix, workload->ops->options, workload->options);
    }
    for (size_t i = 0; i < scenario->change_count; i++)
        add_change(scenario, &scenario->changes[i]);
    drop_idle_settings(scenario);
    qsort(scenario->settings, scenario->setting_count, sizeof *scenario->settings, by_key);
}
