/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/study.h"

#include "base/error.h"
#include "base/units.h"
#include "results/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char KEY_XBZRLE[] = "migration.xbzrle";
static const char KEY_CACHE_SIZE[] = "migration.xbzrle-cache-size";

struct study *study_create(const char *name, const char *const *axes, size_t axis_count)
{
    struct study *study = must_alloc(1, sizeof *study, "a study");
    study->name = must_copy(name, "a study's name");
    study->axes = must_alloc(axis_count, sizeof *study->axes, "a study's axes");
    study->axis_count = axis_count;
    for (size_t i = 0; i < axis_count; i++)
        study->axes[i] = must_copy(axes[i], "a study's axis");
    return study;
}

void study_free(struct study *study)
{
    if (!study)
        return;
    for (size_t i = 0; i < study->run_count; i++)
        free(study->runs[i].record);
    for (size_t i = 0; i < study->axis_count; i++)
        free((void *)(uintptr_t)study->axes[i]);
    free(study->runs);
    free(study->axes);
    free(study->name);
    free(study);
}

void study_take(struct study *study, int64_t id, struct record *record)
{
    assert(!study->run_count || id > study->runs[study->run_count - 1].id);
    if (study->run_count == study->run_room) {
        study->run_room = study->run_room ? 2 * study->run_room : 16;
        study->runs =
            must_grow(study->runs, study->run_room, sizeof *study->runs, "a study's runs");
    }
    struct study_run *run = &study->runs[study->run_count++];
    run->id = id;
    run->record = record;
    record_digest(record->settings, record->setting_count, run->digest);
}

void study_add(struct study *study, const struct record *record)
{
    int64_t last = study->run_count ? study->runs[study->run_count - 1].id : 0;
    study_take(study, last + 1, record_copy(record));
}

/* Runs of one group stand side by side: by source, digest and seed. */
static int compare_runs(const void *left, const void *right)
{
    const struct study_run *a = left, *b = right;
    if (a->record->source != b->record->source)
        return a->record->source < b->record->source ? -1 : 1;
    int order = strcmp(a->digest, b->digest);
    if (order)
        return order;
    if (a->record->seed != b->record->seed)
        return a->record->seed < b->record->seed ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void make_groups(struct study_groups *groups, const struct study *study)
{
    size_t count = study->run_count;
    struct study_run *sorted = must_alloc(count, sizeof *sorted, "runs to sort");
    if (count)
        memcpy(sorted, study->runs, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_runs);
    groups->groups = must_alloc(count, sizeof *groups->groups, "groups of runs");
    groups->place = must_alloc(count, sizeof *groups->place, "runs of groups");
    for (size_t i = 0; i < count; i++) {
        const struct record *record = sorted[i].record;
        groups->place[i] = record;
        if (i == 0 || record->source != sorted[i - 1].record->source ||
            strcmp(sorted[i].digest, sorted[i - 1].digest) != 0)
            groups->groups[groups->group_count++].runs = &groups->place[i];
        struct study_group *group = &groups->groups[groups->group_count - 1];
        group->run_count++;
        group->converged += record->outcome == OUTCOME_CONVERGED;
        group->failed += record->outcome == OUTCOME_FAILED;
        groups->seeds = group->run_count > groups->seeds ? group->run_count : groups->seeds;
        groups->source_varies |= record->source != sorted[0].record->source;
    }
    free(sorted);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* Does any other group have another value of this key than the first? */
static bool key_varies(const struct study_groups *groups, const char *key)
{
    const char *first = record_setting(groups->groups[0].runs[0], key);
    for (size_t i = 1; i < groups->group_count; i++)
        if (!same_text(first, record_setting(groups->groups[i].runs[0], key)))
            return true;
    return false;
}

static bool is_cache_key(const char *key)
{
    return !strcmp(key, KEY_XBZRLE) || !strcmp(key, KEY_CACHE_SIZE);
}

static bool is_listed(const struct study_groups *groups, const char *key)
{
    for (size_t i = 0; i < groups->varying_count; i++)
        if (!strcmp(groups->varying[i], key))
            return true;
    return false;
}

static void list_varying(struct study_groups *groups, const char *key)
{
    if (is_cache_key(key) || is_listed(groups, key))
        return;
    groups->varying = must_grow(groups->varying, groups->varying_count + 1, sizeof *groups->varying,
                                "varying settings");
    groups->varying[groups->varying_count++] = key;
}

/* Lists the keys of `record` that `other` has not, or has with another value. */
static void list_differences(struct study_groups *groups, const struct record *record,
                             const struct record *other)
{
    for (size_t i = 0; i < record->setting_count; i++) {
        const struct record_setting *setting = &record->settings[i];
        if (!same_text(setting->value, record_setting(other, setting->key)))
            list_varying(groups, setting->key);
    }
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* A setting varies if and only if it differs between some two neighbours, in whatever order. */
static void find_varying(struct study_groups *groups, const struct study *study)
{
    for (size_t i = 0; i < study->axis_count; i++)
        if (key_varies(groups, study->axes[i]))
            list_varying(groups, study->axes[i]);
    size_t from_axes = groups->varying_count;
    for (size_t i = 1; i < groups->group_count; i++) {
        const struct record *record = groups->groups[i].runs[0];
        const struct record *last = groups->groups[i - 1].runs[0];
        list_differences(groups, record, last);
        list_differences(groups, last, record);
    }
    if (groups->varying_count > from_axes)
        qsort(groups->varying + from_axes, groups->varying_count - from_axes,
              sizeof *groups->varying, compare_texts);
}

/* Missing first, then numbers by value, then texts. */
static int compare_settings(const struct record_setting *a, const struct record_setting *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    if (a->number && b->number) {
        char *rest_a, *rest_b;
        double x = strtod(a->value, &rest_a), y = strtod(b->value, &rest_b);
        if (!*rest_a && !*rest_b && x != y)
            return x < y ? -1 : 1;
    }
    return strcmp(a->value, b->value);
}

static int compare_cache(const struct record *a, const struct record *b)
{
    if (a->xbzrle != b->xbzrle)
        return a->xbzrle ? 1 : -1;
    if (!a->xbzrle || a->xbzrle_cache_size == b->xbzrle_cache_size)
        return 0;
    return a->xbzrle_cache_size < b->xbzrle_cache_size ? -1 : 1;
}

/* What qsort moves: C hands no context to its comparison, so each carries it. */
struct sort_item {
    const struct study_groups *groups;
    struct study_group group;
};

static int compare_groups(const void *left, const void *right)
{
    const struct sort_item *x = left, *y = right;
    const struct record *a = x->group.runs[0], *b = y->group.runs[0];
    int order = 0;
    for (size_t i = 0; !order && i < x->groups->varying_count; i++)
        order = compare_settings(record_find_setting(a, x->groups->varying[i]),
                                 record_find_setting(b, x->groups->varying[i]));
    if (!order)
        order = compare_cache(a, b);
    /* Two runs with XBZRLE off may still name two sizes. */
    if (!order)
        order = compare_settings(record_find_setting(a, KEY_CACHE_SIZE),
                                 record_find_setting(b, KEY_CACHE_SIZE));
    if (!order && a->source != b->source)
        order = a->source < b->source ? -1 : 1;
    return order;
}

static void sort_groups(struct study_groups *groups)
{
    struct sort_item *items = must_alloc(groups->group_count, sizeof *items, "groups to sort");
    for (size_t i = 0; i < groups->group_count; i++)
        items[i] = (struct sort_item){groups, groups->groups[i]};
    qsort(items, groups->group_count, sizeof *items, compare_groups);
    for (size_t i = 0; i < groups->group_count; i++)
        groups->groups[i] = items[i].group;
    free(items);
}

struct study_groups *study_group(const struct study *study)
{
    struct study_groups *groups = must_alloc(1, sizeof *groups, "groups of a study");
    make_groups(groups, study);
    if (groups->group_count) {
        find_varying(groups, study);
        for (size_t i = 1; i < groups->group_count; i++)
            groups->cache_varies |=
                compare_cache(groups->groups[0].runs[0], groups->groups[i].runs[0]) != 0;
        sort_groups(groups);
    }
    return groups;
}

void study_groups_free(struct study_groups *groups)
{
    if (!groups)
        return;
    free(groups->groups);
    free(groups->place);
    free(groups->varying);
    free(groups);
}

char *study_value_text(const struct record_setting *setting)
{
    char text[UNITS_TEXT_SIZE];
    if (!setting)
        return must_copy("-", "a value");
    const char *unit = setting->unit ? setting->unit : "";
    char *rest;
    unsigned long long value = strtoull(setting->value, &rest, 10);
    if (!setting->number || *rest || value > INT64_MAX || strchr(setting->value, '-'))
        return must_copy(setting->value, "a value");
    if (!strcmp(unit, "bytes"))
        units_format_size(value, text);
    else if (!strcmp(unit, "bytes/s"))
        units_format_rate(value, text);
    else if (!strcmp(unit, "ns"))
        units_format_time((int64_t)value, text);
    else
        return must_copy(setting->value, "a value");
    return must_copy(text, "a value");
}

char *study_group_label(const struct study_groups *groups, size_t index, bool with_cache)
{
    assert(index < groups->group_count);
    const struct record *record = groups->groups[index].runs[0];
    char *text = NULL;
    size_t size;
    FILE *out = text_stream(&text, &size);
    const char *comma = "";
    for (size_t i = 0; i < groups->varying_count; i++, comma = ", ") {
        const char *key = groups->varying[i], *dot = strrchr(key, '.');
        char *value = study_value_text(record_find_setting(record, key));
        fprintf(out, "%s%s %s", comma, dot ? dot + 1 : key, value);
        free(value);
    }
    if (with_cache && groups->cache_varies) {
        char cache[UNITS_TEXT_SIZE];
        if (record->xbzrle)
            fprintf(out, "%scache %s", comma, units_format_size(record->xbzrle_cache_size, cache));
        else
            fprintf(out, "%sXBZRLE off", comma);
        comma = ", ";
    }
    if (groups->source_varies)
        fprintf(out, "%s%s", comma, record_source_name(record->source));
    fclose(out);
    return text;
}
