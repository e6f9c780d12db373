/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario_parts.h"

#include "base/units.h"

#include <assert.h>
#include <string.h>

/* What may change in flight: the option that parses the value, and what it means. */
static const struct {
    const char *section, *key;
    enum change_kind kind;
} CHANGES[] = {
    {"link", "bandwidth", CHANGE_BANDWIDTH},
    {"migration", "max-bandwidth", CHANGE_MAX_BANDWIDTH},
    {"migration", "downtime-limit", CHANGE_DOWNTIME_LIMIT},
    {"migration", "xbzrle-cache-size", CHANGE_CACHE_SIZE},
};

/* The table's entry, aimed at a change's value. */
static struct option option_for(const char *section, const char *key)
{
    struct option option = {0};
    for (const struct scenario_section *s = scenario_sections; s->name; s++) {
        const struct option *found = strcmp(s->name, section) ? NULL : option_find(s->table, key);
        if (found && found->changeable)
            option = *found;
    }
    assert(option.name);
    option.offset = offsetof(struct scenario_change, value);
    return option;
}

static bool parse_change(const struct scenario *scenario, const struct scenario_text *text,
                         const struct scenario_entry *entry, struct scenario_change *change,
                         struct error *error)
{
    struct error what;
    if (!strcmp(entry->key, "migration.cancel")) {
        if (strcmp(entry->value, "on") != 0)
            return scenario_text_error(text, entry, error, "'%.40s': only 'on' makes sense here",
                                       entry->value);
        change->kind = CHANGE_CANCEL;
        return true;
    }
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        size_t length = strlen(CHANGES[i].section);
        if (strncmp(entry->key, CHANGES[i].section, length) || entry->key[length] != '.' ||
            strcmp(entry->key + length + 1, CHANGES[i].key))
            continue;
        struct option option = option_for(CHANGES[i].section, CHANGES[i].key);
        change->kind = CHANGES[i].kind;
        if (!scenario_set_option(text, entry, &option, change, error))
            return false;
        if (change->kind == CHANGE_CACHE_SIZE &&
            !scenario_check_cache_size(scenario, change->value, &what))
            return scenario_text_error(text, entry, error, "%s", what.text);
        return true;
    }
    return scenario_text_error(text, entry, error,
                               "cannot change in flight; what can: link.bandwidth, "
                               "migration.max-bandwidth, migration.downtime-limit, "
                               "migration.xbzrle-cache-size, migration.cancel");
}

bool scenario_add_changes(struct scenario *scenario, const struct scenario_text *text,
                          struct error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        struct scenario_change change = {0};
        struct error what;
        if (strncmp(entry->section, "at ", 3) != 0)
            continue;
        if (!units_parse_time(entry->section + 3, &change.time, &what))
            return scenario_text_error(text, entry, error, "%s", what.text);
        if (!parse_change(scenario, text, entry, &change, error))
            return false;
        scenario->changes = must_grow(scenario->changes, scenario->change_count + 1,
                                      sizeof *scenario->changes, "changes");
        size_t at = scenario->change_count++;
        for (; at > 0 && scenario->changes[at - 1].time > change.time; at--)
            scenario->changes[at] = scenario->changes[at - 1];
        scenario->changes[at] = change;
    }
    return true;
}
