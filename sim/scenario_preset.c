/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario_parts.h"

#include "workloads/presets.h"

#include <string.h>

static bool no_such_preset(const struct scenario_text *text, const struct scenario_entry *entry,
                           struct error *error)
{
    const char *names[64];
    size_t count = 0;
    for (; count < 63 && presets[count].name; count++)
        names[count] = presets[count].name;
    names[count] = NULL;
    const char *nearest = option_nearest(entry->value, names);
    return scenario_text_error(text, entry, error, "no preset '%.40s'%s%s%s (migsim list presets)",
                               entry->value, nearest ? ": did you mean " : "",
                               nearest ? nearest : "", nearest ? "?" : "");
}

/*
 * The preset's entries come first, in its order: regions lie where they lie without the scenario's
 * own words, which replace its values.
 */
struct scenario_text *scenario_expand_preset(const struct scenario_text *text, struct error *error)
{
    const struct scenario_entry *entry = scenario_text_find(text, "guest", "preset");
    if (!entry || !entry->value[0])
        return scenario_text_copy(text);
    const struct preset *preset = preset_find(entry->value);
    if (!preset) {
        no_such_preset(text, entry, error);
        return NULL;
    }
    struct scenario_text *all =
        scenario_text_parse(text->file, preset->text, strlen(preset->text), error);
    for (size_t i = 0; all && i < all->count; i++)
        all->entries[i].line = SCENARIO_LINE_PRESET;
    for (size_t i = 0; all && i < text->count; i++) {
        const struct scenario_entry *own = &text->entries[i];
        scenario_text_set(all, own->section, own->key, own->value, own->line);
    }
    return all;
}
