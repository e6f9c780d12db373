/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cache/page_cache.h"
#include "codec/xbzrle.h"
#include "models/machine.h"
#include "results/plot.h"
#include "results/table.h"
#include "sim/cli/cli.h"
#include "sim/scenario.h"
#include "workloads/presets.h"
#include "workloads/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct argument TABLE[] = {{0}};
static const struct arguments ARGUMENTS = {
    .command = "list",
    .usage = "workloads|presets|caches|codecs|machines|plots|parameters|preset:NAME",
    .description =
        "Lists what there is: kinds of workload, presets (guests by name), cache policies, "
        "codecs with\n"
        "the kernels that this processor runs, machine types, kinds of plot; or all "
        "parameters of a\n"
        "scenario with their types, defaults and meanings. preset:NAME prints that "
        "preset as a scenario\n"
        "to start from.",
    .example = "migsim list parameters",
    .table = TABLE,
};

static struct table *create_list(const char *first)
{
    const struct table_column columns[] = {{first, true, false}, {"what it is", true, true}};
    return table_create(columns, 2);
}

static struct table *create_parameters(void)
{
    static const struct table_column columns[] = {{"parameter", true, false},
                                                  {"type", true, false},
                                                  {"default", true, false},
                                                  {"meaning", true, true}};
    return table_create(columns, 4);
}

static void add_parameters(struct table *table, const char *section, const struct option *option)
{
    for (; option->name; option++) {
        char name[96], type[160];
        snprintf(name, sizeof name, "%s.%s", section, option->name);
        const char *cells[] = {name, option_type_text(option, type, sizeof type),
                               option->fallback ? option->fallback : "", option->help};
        table_add(table, cells);
    }
}

static char *finish(struct table *table)
{
    char *text = table_text(table, cli_width());
    table_free(table);
    return text;
}

static char *list_workloads(void)
{
    struct table *table = create_list("workload");
    for (size_t i = 0; workload_kinds[i]; i++) {
        const char *cells[] = {workload_kinds[i]->name, workload_kinds[i]->help};
        table_add(table, cells);
    }
    return finish(table);
}

static char *list_presets(void)
{
    struct table *table = create_list("preset");
    for (const struct preset *preset = presets; preset->name; preset++) {
        char text[400];
        snprintf(text, sizeof text, "%s (%s)", preset->help,
                 preset->figure[0] ? preset->figure : "no figures: all assumed");
        const char *cells[] = {preset->name, text};
        table_add(table, cells);
    }
    return finish(table);
}

/* A scenario, with where its numbers are from in front. NULL if there is no such preset. */
static char *preset_as_scenario(const char *name)
{
    const struct preset *preset = preset_find(name);
    if (!preset)
        return NULL;
    size_t size = strlen(preset->text) + 2000;
    char *text = must_alloc(size, 1, "a preset");
    size_t used = (size_t)snprintf(text, size, "; %s: %s.\n", preset->name, preset->help);
    if (preset->source[0])
        used += (size_t)snprintf(text + used, size - used, "; Source: %s.\n; Figure: %s.\n",
                                 preset->source, preset->figure);
    snprintf(text + used, size - used, "; Assumed: %s.\n%s", preset->assumed, preset->text);
    return text;
}

static char *list_caches(void)
{
    struct table *table = create_list("cache");
    for (size_t i = 0; page_cache_policies[i]; i++) {
        const char *cells[] = {page_cache_policy_name(page_cache_policies[i]),
                               page_cache_policy_summary(page_cache_policies[i])};
        table_add(table, cells);
    }
    return finish(table);
}

static char *list_codecs(void)
{
    char kernels[200] = "QEMU's delta: runs of unchanged and changed bytes; kernels here:";
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (!xbzrle_kernels[i]->usable())
            continue;
        size_t used = strlen(kernels);
        snprintf(kernels + used, sizeof kernels - used, " %s", xbzrle_kernels[i]->name);
    }
    struct table *table = create_list("codec");
    const char *xbzrle[] = {"xbzrle", kernels};
    const char *xbrle[] = {"xbrle", "the v5 patches of January 2012: (run, byte) pairs of the xor"};
    table_add(table, xbzrle);
    table_add(table, xbrle);
    return finish(table);
}

static char *list_machines(void)
{
    struct table *table = create_list("machine");
    for (unsigned i = 0; machine_names[i]; i++) {
        const char *cells[] = {machine_names[i], machine_help(i)};
        table_add(table, cells);
    }
    return finish(table);
}

static char *list_plots(void)
{
    struct table *table = create_list("plot");
    for (size_t i = 0; plot_kinds[i]; i++) {
        const char *cells[] = {plot_kinds[i]->name, plot_kinds[i]->help};
        table_add(table, cells);
    }
    return finish(table);
}

static char *list_parameters(void)
{
    struct table *table = create_parameters();
    for (const struct scenario_section *s = scenario_sections; s->name; s++)
        add_parameters(table, s->name, s->table);
    add_parameters(table, "workload NAME", workload_region_table);
    for (size_t i = 0; workload_kinds[i]; i++) {
        char section[64];
        snprintf(section, sizeof section, "workload NAME (%s)", workload_kinds[i]->name);
        add_parameters(table, section, workload_kinds[i]->options);
    }
    return finish(table);
}

static const struct list {
    const char *name;
    char *(*text)(void);
} LISTS[] = {
    {"workloads", list_workloads},   {"presets", list_presets},   {"caches", list_caches},
    {"codecs", list_codecs},         {"machines", list_machines}, {"plots", list_plots},
    {"parameters", list_parameters},
};

static bool take_none(void *context, size_t index, const char *value)
{
    (void)context, (void)index, (void)value;
    return true;
}

int cmd_list(int argc, char **argv)
{
    int rest;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take_none, NULL, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (rest + 1 != argc)
        return message_usage("list", "say one of %s", ARGUMENTS.usage);
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (!strcmp(LISTS[i].name, argv[rest]))
            return cli_print("list", LISTS[i].text()) ? STATUS_DONE : STATUS_FAILED;
    char *preset = strncmp(argv[rest], "preset:", 7) ? NULL : preset_as_scenario(argv[rest] + 7);
    if (preset)
        return cli_print("list", preset) ? STATUS_DONE : STATUS_FAILED;
    return message_usage("list", "no list '%s': there are %s", argv[rest], ARGUMENTS.usage);
}
