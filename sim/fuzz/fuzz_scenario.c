/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any text either is refused with a message or gives a scenario, and always the same; so it is with
 * a sweep. Overrides by `-s` are taken from the text's own lines.
 *
 * A scenario can name files. The one here seems to lie in a folder that cannot exist, so that no
 * relative name leads anywhere; texts with absolute names, or with files named by an override, are
 * passed over. The fuzzer opens nothing.
 */
#include "sim/scenario.h"
#include "sim/study/sweep.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOWHERE "/dev/null/fuzz.ini"

/* Longer texts and larger sweeps are no other cases, they only take longer. */
enum { TEXT_BYTES = 4096, SWEEP_ENTRIES = 3, SWEEP_VALUE_BYTES = 12 };

static bool is_path(const char *key)
{
    const struct option *option;
    for (const struct scenario_section *s = scenario_sections; s->name; s++)
        if ((option = option_find(s->table, key)) && option->path)
            return true;
    for (size_t i = 0; workload_kinds[i]; i++)
        if ((option = option_find(workload_kinds[i]->options, key)) && option->path)
            return true;
    return false;
}

static bool names_a_file(const struct scenario_text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        const char *dot = strrchr(entry->key, '.'); /* in [sweep] and [at TIME]: section.key */
        if (strchr(entry->value, '/') == entry->value || strstr(entry->value, " /"))
            return true;
        if (entry->line == 0 && is_path(dot ? dot + 1 : entry->key))
            return true;
    }
    return false;
}

static bool is_small_sweep(const struct scenario_text *text)
{
    size_t entries = 0;
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        if (strcmp(entry->section, "sweep") != 0)
            continue;
        bool seeds = !strcmp(entry->key, "seeds");
        if (++entries > SWEEP_ENTRIES || strlen(entry->value) > (seeds ? 1 : SWEEP_VALUE_BYTES))
            return false;
    }
    return true;
}

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void compare(const struct scenario *a, const struct scenario *b)
{
    must(a->setting_count == b->setting_count);
    for (size_t i = 0; i < a->setting_count; i++) {
        must(!strcmp(a->settings[i].key, b->settings[i].key));
        must(!strcmp(a->settings[i].value, b->settings[i].value));
        must(i == 0 || strcmp(a->settings[i - 1].key, a->settings[i].key) < 0);
    }
}

static void create_sweep(const struct scenario_text *text)
{
    struct error error = {""};
    struct sweep *sweep = sweep_create(text, &error);
    must(sweep || error.text[0]);
    sweep_destroy(sweep);
}

static void create(const struct scenario_text *text)
{
    if (names_a_file(text))
        return;
    struct error error = {""}, again = {""};
    struct scenario_text *copy = scenario_text_copy(text);
    struct scenario *first = scenario_create(text, &error);
    struct scenario *second = scenario_create(copy, &again);
    must(!first == !second);
    if (first)
        compare(first, second);
    else
        must(error.text[0] && !strcmp(error.text, again.text));
    scenario_destroy(first);
    scenario_destroy(second);
    scenario_text_destroy(copy);
    if (is_small_sweep(text))
        create_sweep(text);
}

/* Each line once more, as if it had been given with -s. */
static void override(struct scenario_text *text, const uint8_t *data, size_t size)
{
    while (size) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) : size;
        char *line = must_alloc(length + 1, 1, "a line");
        struct error error = {""};
        memcpy(line, data, length);
        must(scenario_text_override(text, line, &error) || error.text[0]);
        free(line);
        length += newline != NULL;
        data += length, size -= length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {""};
    if (size > TEXT_BYTES)
        return 0;
    struct scenario_text *text = scenario_text_parse(NOWHERE, (const char *)data, size, &error);
    must(text || error.text[0]);
    if (!text)
        return 0;
    create(text);
    override(text, data, size);
    create(text);
    scenario_text_destroy(text);
    return 0;
}
