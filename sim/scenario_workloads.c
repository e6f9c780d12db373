/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario_parts.h"

#include "base/units.h"
#include "workloads/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_REGION (16ull << 20) /* above firmware and kernel, as in the measured guests */

static const char *label_of(const char *section)
{
    const char *prefix = "workload ";
    return strncmp(section, prefix, strlen(prefix)) ? NULL : section + strlen(prefix);
}

static bool set_kind(struct scenario_workload *workload, const struct scenario_text *text,
                     const struct scenario_entry *first, struct error *error)
{
    const struct scenario_entry *kind = scenario_text_find(text, first->section, "kind");
    if (!kind)
        return scenario_text_error(text, first, error,
                                   "[%.60s] has no 'kind' (migsim list "
                                   "workloads)",
                                   first->section);
    workload->ops = workload_find(kind->value);
    if (!workload->ops) {
        const char *names[32];
        size_t count = 0;
        for (; count < 31 && workload_kinds[count]; count++)
            names[count] = workload_kinds[count]->name;
        names[count] = NULL;
        const char *nearest = option_nearest(kind->value, names);
        return scenario_text_error(text, kind, error,
                                   "no kind '%.40s'%s%s%s (migsim list "
                                   "workloads)",
                                   kind->value, nearest ? ": did you mean " : "",
                                   nearest ? nearest : "", nearest ? "?" : "");
    }
    workload->options = must_alloc(1, workload->ops->options_size, "a workload");
    option_set_defaults(workload_region_table, workload->options);
    option_set_defaults(workload->ops->options, workload->options);
    return true;
}

static bool set_options(struct scenario_workload *workload, const struct scenario_text *text,
                        const char *section, struct error *error)
{
    static const struct option none[] = {{0}};
    const struct option *region = workload->ops->clock ? none : workload_region_table;
    const struct option *tables[] = {region, workload->ops->options, NULL};
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        if (strcmp(entry->section, section) != 0 || !strcmp(entry->key, "kind"))
            continue;
        const struct option *option = option_find(region, entry->key);
        if (!option)
            option = option_find(workload->ops->options, entry->key);
        if (!option)
            return scenario_unknown_key(text, entry, tables, error);
        if (!scenario_set_option(text, entry, option, workload->options, error))
            return false;
    }
    return true;
}

static bool add_workload(struct scenario *scenario, const struct scenario_text *text,
                         const struct scenario_entry *first, struct error *error)
{
    scenario->workloads = must_grow(scenario->workloads, scenario->workload_count + 1,
                                    sizeof *scenario->workloads, "workloads");
    struct scenario_workload *workload = &scenario->workloads[scenario->workload_count++];
    *workload = (struct scenario_workload){.label = must_copy(label_of(first->section), "a label")};
    if (!set_kind(workload, text, first, error) ||
        !set_options(workload, text, first->section, error))
        return false;
    struct error what;
    if (workload->ops->check && !workload->ops->check(workload->options, &what))
        return scenario_text_error(text, first, error, "[%.60s] %s", first->section, what.text);
    if (workload->options->bytes % PAGE_SIZE || workload->options->offset % PAGE_SIZE)
        return scenario_text_error(text, first, error,
                                   "[%.60s] region and offset must be whole pages of %u bytes",
                                   first->section, PAGE_SIZE);
    return true;
}

static struct scenario_workload *find(struct scenario *scenario, const char *label)
{
    for (size_t i = 0; i < scenario->workload_count; i++)
        if (!strcmp(scenario->workloads[i].label, label))
            return &scenario->workloads[i];
    return NULL;
}

static bool no_such_workload(const struct scenario *scenario, const char *driver, const char *name,
                             struct error *error)
{
    const char *names[64];
    size_t count = 0;
    for (; count < 63 && count < scenario->workload_count; count++)
        names[count] = scenario->workloads[count].label;
    names[count] = NULL;
    const char *nearest = option_nearest(name, names);
    return error_set(error, "[workload %.60s] runs '%.60s', but there is no [workload %.60s]%s%s%s",
                     driver, name, name, nearest ? ": did you mean " : "", nearest ? nearest : "",
                     nearest ? "?" : "");
}

static bool is_driven_by(const struct scenario *scenario, const struct scenario_workload *workload,
                         const struct scenario_workload *driver)
{
    for (size_t steps = 0; steps <= scenario->workload_count && workload->driver; steps++) {
        workload = &scenario->workloads[workload->driver - 1];
        if (workload == driver)
            return true;
    }
    return false;
}

/* Who runs when: each has one driver at most, and none drives itself, by others neither. */
static bool link_driver(struct scenario *scenario, size_t index, struct error *error)
{
    struct scenario_workload *driver = &scenario->workloads[index];
    char name[CLOCK_NAME_SIZE];
    for (size_t i = 0; driver->ops->clock->driven(driver->options, i, name); i++) {
        struct scenario_workload *driven = find(scenario, name);
        if (!driven)
            return no_such_workload(scenario, driver->label, name, error);
        if (driven->driver == index + 1)
            continue;
        if (driven->driver)
            return error_set(error,
                             "[workload %.60s] is run by both [workload %.60s] and "
                             "[workload %.60s]",
                             name, scenario->workloads[driven->driver - 1].label, driver->label);
        if (driven == driver || is_driven_by(scenario, driver, driven))
            return error_set(error,
                             "[workload %.60s] and [workload %.60s] run each other in a "
                             "circle",
                             driver->label, name);
        driven->driver = index + 1;
    }
    return true;
}

/* Gives the region its place; `end` is where the one before it ends. */
static bool place(struct scenario *scenario, size_t index, uint64_t *end, struct error *error)
{
    struct scenario_workload *workload = &scenario->workloads[index];
    uint64_t size = workload->options->bytes, memory = scenario->guest.memory_bytes;
    /* A region of the guest's size is all of it: the recording of a guest. */
    uint64_t next = size == memory ? 0 : *end;
    uint64_t start = workload->options->offset ? workload->options->offset : next;
    char text[3][UNITS_TEXT_SIZE];
    if (start > memory || size > memory - start)
        return error_set(error,
                         "[workload %.60s]: a region of %s at %s does not fit the guest's memory "
                         "of %s",
                         workload->label, units_format_size(size, text[0]),
                         units_format_size(start, text[1]), units_format_size(memory, text[2]));
    for (size_t i = 0; i < index; i++) {
        uint64_t other = scenario->workloads[i].first_page * PAGE_SIZE;
        if (start < other + scenario->workloads[i].options->bytes && other < start + size)
            return error_set(error,
                             "[workload %.60s]: its region overlaps that of [workload %.60s]",
                             workload->label, scenario->workloads[i].label);
    }
    workload->first_page = start / PAGE_SIZE;
    *end = start + size;
    return true;
}

bool scenario_add_workloads(struct scenario *scenario, const struct scenario_text *text,
                            struct error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        const char *label = label_of(entry->section);
        bool known = !label;
        for (size_t k = 0; !known && k < scenario->workload_count; k++)
            known = !strcmp(scenario->workloads[k].label, label);
        if (!known && !add_workload(scenario, text, entry, error))
            return false;
    }
    struct error what;
    for (size_t i = 0; i < scenario->workload_count; i++)
        if (scenario->workloads[i].ops->clock && !link_driver(scenario, i, &what))
            return error_at(error, text->file, 0, "%s", what.text);
    uint64_t end = scenario->guest.memory_bytes > 2 * FIRST_REGION ? FIRST_REGION : 0;
    for (size_t i = 0; i < scenario->workload_count; i++) {
        if (!scenario->workloads[i].ops->clock && !place(scenario, i, &end, &what))
            return error_at(error, text->file, 0, "%s", what.text);
    }
    return true;
}
