/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "base/units.h"
#include "results/html.h"
#include "results/report_parts.h"
#include "results/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Every setting of the study with its different values, by key and value. */
struct values {
    const struct record_setting **settings;
    size_t count;
};

/* By key, numbers by value, then texts. */
static int compare(const void *left, const void *right)
{
    const struct record_setting *a = *(const struct record_setting *const *)left,
                                *b = *(const struct record_setting *const *)right;
    int order = strcmp(a->key, b->key);
    if (!order && a->number && b->number) {
        double x = strtod(a->value, NULL), y = strtod(b->value, NULL);
        order = x < y ? -1 : x > y;
    }
    return order ? order : strcmp(a->value, b->value);
}

/* The runs of a group differ in nothing that is a setting, so one of each says all. */
static struct values find_values(const struct study_groups *groups)
{
    struct values values = {NULL, 0};
    size_t room = 0;
    for (size_t i = 0; i < groups->group_count; i++)
        room += groups->groups[i].runs[0]->setting_count;
    values.settings = must_alloc(room, sizeof(void *), "settings");
    for (size_t i = 0, at = 0; i < groups->group_count; i++)
        for (size_t k = 0; k < groups->groups[i].runs[0]->setting_count; k++)
            values.settings[at++] = &groups->groups[i].runs[0]->settings[k];
    if (room)
        qsort(values.settings, room, sizeof(void *), compare);
    for (size_t i = 0; i < room; i++)
        if (!i || compare(&values.settings[values.count - 1], &values.settings[i]) != 0)
            values.settings[values.count++] = values.settings[i];
    return values;
}

/* How many values the key at `first` has. */
static size_t values_of_key(const struct values *values, size_t first)
{
    size_t end = first + 1;
    while (end < values->count && !strcmp(values->settings[end]->key, values->settings[first]->key))
        end++;
    return end - first;
}

void report_put_settings(FILE *out, const struct study_groups *groups)
{
    enum { SHOWN = 40 };
    struct values values = find_values(groups);
    fputs("<h2>Every parameter</h2>\n<p class=\"muted\">Strong: what this study varies.</p>\n"
          "<div class=\"wide\"><table>\n<tr><th>parameter</th><th>value</th></tr>\n",
          out);
    for (size_t first = 0, count; first < values.count; first += count) {
        count = values_of_key(&values, first);
        fputs(count > 1 ? "<tr class=\"chosen\"><td><code>" : "<tr><td><code>", out);
        html_put(out, values.settings[first]->key);
        fputs("</code></td><td><bdi>", out);
        for (size_t i = 0; i < count && i < SHOWN; i++) {
            char *text = study_value_text(values.settings[first + i]);
            fputs(i ? ", " : "", out);
            html_put(out, text);
            free(text);
        }
        if (count > SHOWN)
            fprintf(out, ", and %zu more", count - SHOWN);
        fputs("</bdi></td></tr>\n", out);
    }
    fputs("</table></div>\n", out);
    free(values.settings);
}

/* As a scenario has it: with a unit, and to the last digit. */
static void put_value(FILE *out, const struct record_setting *setting)
{
    const char *unit = setting->unit ? setting->unit : "";
    char *text = study_value_text(setting), *rest;
    struct error error;
    uint64_t exact = strtoull(setting->value, &rest, 10), again = 0;
    int64_t time = 0;
    bool whole = setting->number && *unit && !*rest && exact <= INT64_MAX, same = false;
    if (!whole || exact == 0) {
        fputs(setting->value, out);
    } else {
        if (!strcmp(unit, "bytes"))
            same = units_parse_size(text, &again, &error) && again == exact;
        else if (!strcmp(unit, "bytes/s"))
            same = units_parse_rate(text, &again, &error) && again == exact;
        else if (!strcmp(unit, "ns"))
            same = units_parse_time(text, &time, &error) && (uint64_t)time == exact;
        fputs(same ? text : setting->value, out);
        if (!same)
            fputs(!strcmp(unit, "bytes") ? "B" : !strcmp(unit, "bytes/s") ? "B/s" : unit, out);
    }
    free(text);
}

/*
 * The length of the key's section: "guest" of "guest.memory", "workload.load" of
 * "workload.load.rate", "at.5000000000" of "at.5000000000.migration.downtime-limit".
 */
static size_t section_length(const char *key)
{
    const char *dot = strrchr(key, '.');
    if (!strncmp(key, "at.", 3) && strchr(key + 3, '.'))
        dot = strchr(key + 3, '.');
    return dot ? (size_t)(dot - key) : 0;
}

static void put_section(FILE *out, const char *key, size_t length)
{
    if (!strncmp(key, "at.", 3))
        fprintf(out, "[at %.*sns]\n", (int)length - 3, key + 3);
    else if (!strncmp(key, "workload.", 9))
        fprintf(out, "[workload %.*s]\n", (int)length - 9, key + 9);
    else
        fprintf(out, "[%.*s]\n", (int)length, key);
}

/* What a scenario cannot set, as it follows from other settings. */
static bool follows(const struct record *record, const struct record_setting *setting)
{
    static const char digest[] = "-digest", region[] = ".region";
    size_t length = strlen(setting->key), section = section_length(setting->key);
    char key[200];
    if (!*setting->value || length >= sizeof key)
        return true;
    if (length > strlen(digest) && !strcmp(setting->key + length - strlen(digest), digest)) {
        snprintf(key, sizeof key, "%.*s", (int)(length - strlen(digest)), setting->key);
        return record_setting(record, key) != NULL;
    }
    snprintf(key, sizeof key, "%.*s.file", (int)section, setting->key);
    return !strcmp(setting->key + section, region) && record_setting(record, key);
}

static void put_sweep(FILE *out, const struct study_groups *groups)
{
    struct values values = find_values(groups);
    for (size_t first = 0, count; first < values.count; first += count) {
        const char *key = values.settings[first]->key;
        count = values_of_key(&values, first);
        if (count < 2 || follows(groups->groups[0].runs[0], values.settings[first]))
            continue;
        fprintf(out, "%s =", key);
        for (size_t i = 0; i < count; i++) {
            fputc(' ', out);
            put_value(out, values.settings[first + i]);
        }
        fputc('\n', out);
    }
    free(values.settings);
}

/* The runs with XBZRLE on have settings that those without do not. */
static const struct record *find_richest(const struct study_groups *groups)
{
    const struct record *best = groups->groups[0].runs[0];
    for (size_t i = 1; i < groups->group_count; i++)
        if (groups->groups[i].runs[0]->setting_count > best->setting_count)
            best = groups->groups[i].runs[0];
    return best;
}

char *report_scenario(const struct study *study, const struct study_groups *groups)
{
    const struct record *record = find_richest(groups);
    uint64_t seed = UINT64_MAX;
    char *text;
    size_t size, section = 0;
    const char *open = "";
    FILE *out = text_stream(&text, &size);
    for (size_t i = 0; i < study->run_count; i++)
        seed = study->runs[i].record->seed < seed ? study->runs[i].record->seed : seed;
    for (size_t i = 0; i < record->setting_count; i++) {
        const struct record_setting *setting = &record->settings[i];
        size_t length = section_length(setting->key);
        if (!length || follows(record, setting))
            continue;
        if (length != section || strncmp(open, setting->key, length) != 0) {
            put_section(out, setting->key, length);
            if (length == 3 && !strncmp(setting->key, "run", 3))
                fprintf(out, "seed = %" PRIu64 "\n", seed);
            open = setting->key, section = length;
        }
        fprintf(out, "%s = ", setting->key + length + 1);
        put_value(out, setting);
        fputc('\n', out);
    }
    if (groups->group_count > 1 || groups->seeds > 1) {
        fputs("[sweep]\n", out);
        put_sweep(out, groups);
        if (groups->seeds > 1)
            fprintf(out, "seeds = %zu\n", groups->seeds);
    }
    fclose(out);
    return text;
}

void report_put_again(FILE *out, const struct study *study, const struct study_groups *groups)
{
    char *scenario = report_scenario(study, groups);
    /* text_printable, under html_put, would make one line of it. */
    fputs("<h2>To do it again</h2>\n<p>This scenario as <code>study.ini</code>:</p>\n"
          "<details><summary>The scenario, with every parameter</summary>\n"
          "<pre id=\"scenario\">",
          out);
    for (const char *line = scenario; *line;) {
        size_t length = strcspn(line, "\n");
        char *one = must_copy(line, "a line");
        one[length] = 0;
        html_put(out, one);
        fputc('\n', out);
        free(one);
        line += length + (line[length] == '\n');
    }
    fputs("</pre></details>\n", out);
    bool many = groups->group_count > 1 || groups->seeds > 1;
    fprintf(out,
            "<pre>migsim %s --db study.db study.ini\nmigsim report study.db -o report.html</pre>\n"
            "<p class=\"muted\">Same scenario and seed: the same run, which its digest names. What "
            "[sweep] lists is combined in all ways, which may be more than was stored here. Files "
            "are named as the scenario named them, from its own folder.</p>\n",
            many ? "sweep" : "run");
    free(scenario);
}
