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
    groups->place = must_alloc(count, sizeof(const struct record *), "runs of groups");
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

static bool is_cache_key(const char *key)
{
    return !strcmp(key, KEY_XBZRLE) || !strcmp(key, KEY_CACHE_SIZE);
}

/* What all groups say about one key. */
struct key_survey {
    const char *key, *value; /* of the first group that has it */
    size_t groups;           /* that have it */
    bool differs;
};

struct survey {
    struct key_survey *keys; /* by name */
    size_t count, room;
};

static struct key_survey *survey_key(struct survey *survey, size_t place,
                                     const struct record_setting *setting)
{
    if (place < survey->count && !strcmp(survey->keys[place].key, setting->key))
        return &survey->keys[place];
    if (survey->count == survey->room) {
        survey->room = survey->room ? 2 * survey->room : 64;
        survey->keys = must_grow(survey->keys, survey->room, sizeof *survey->keys, "settings");
    }
    struct key_survey *keys = survey->keys;
    memmove(&keys[place + 1], &keys[place], (survey->count - place) * sizeof *keys);
    survey->count++;
    keys[place] = (struct key_survey){setting->key, setting->value, 0, false};
    return &keys[place];
}

/* Both lists are sorted by key, and walked side by side. */
static void survey_record(struct survey *survey, const struct record *record)
{
    size_t place = 0;
    for (size_t i = 0; i < record->setting_count; i++) {
        const struct record_setting *setting = &record->settings[i];
        while (place < survey->count && strcmp(survey->keys[place].key, setting->key) < 0)
            place++;
        struct key_survey *key = survey_key(survey, place, setting);
        key->groups++;
        key->differs |= strcmp(key->value, setting->value) != 0;
    }
}

static bool is_listed(const struct study_groups *groups, const char *key)
{
    for (size_t i = 0; i < groups->varying_count; i++)
        if (!strcmp(groups->varying[i], key))
            return true;
    return false;
}

static void list_if_varying(struct study_groups *groups, const struct key_survey *key,
                            bool missing_counts)
{
    bool varies = key->differs || (missing_counts && key->groups < groups->group_count);
    if (varies && !is_cache_key(key->key) && !is_listed(groups, key->key))
        groups->varying[groups->varying_count++] = key->key;
}

/* Makes the list anew. Its keys are borrowed from the records. */
static void list_varying(struct study_groups *groups, const struct survey *survey,
                         const struct study *study, bool missing_counts)
{
    groups->varying_count = 0;
    for (size_t i = 0; i < study->axis_count; i++)
        for (size_t k = 0; k < survey->count; k++)
            if (!strcmp(study->axes[i], survey->keys[k].key))
                list_if_varying(groups, &survey->keys[k], missing_counts);
    for (size_t k = 0; k < survey->count; k++)
        list_if_varying(groups, &survey->keys[k], missing_counts);
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
    if (!order && a->source != b->source)
        order = a->source < b->source ? -1 : 1;
    if (!order)
        order = compare_cache(a, b);
    /* Two runs with XBZRLE off may still name two sizes. */
    if (!order)
        order = compare_settings(record_find_setting(a, KEY_CACHE_SIZE),
                                 record_find_setting(b, KEY_CACHE_SIZE));
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

static bool some_are_alike(const struct study_groups *groups)
{
    for (size_t i = 1; i < groups->group_count; i++) {
        struct sort_item one = {groups, groups->groups[i - 1]}, two = {groups, groups->groups[i]};
        if (compare_groups(&one, &two) == 0)
            return true;
    }
    return false;
}

static void find_varying(struct study_groups *groups, const struct study *study)
{
    struct survey survey = {NULL, 0, 0};
    for (size_t i = 0; i < groups->group_count; i++) {
        survey_record(&survey, groups->groups[i].runs[0]);
        groups->cache_varies |=
            compare_cache(groups->groups[0].runs[0], groups->groups[i].runs[0]) != 0;
    }
    groups->varying = must_alloc(survey.count, sizeof *groups->varying, "varying settings");
    list_varying(groups, &survey, study, false);
    sort_groups(groups);
    if (some_are_alike(groups)) {
        list_varying(groups, &survey, study, true);
        sort_groups(groups);
    }
    free(survey.keys);
}

struct study_groups *study_group(const struct study *study)
{
    struct study_groups *groups = must_alloc(1, sizeof *groups, "groups of a study");
    make_groups(groups, study);
    if (groups->group_count)
        find_varying(groups, study);
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

char *study_group_label(const struct study_groups *groups, size_t index, bool with_cache)
{
    assert(index < groups->group_count);
    const struct record *record = groups->groups[index].runs[0];
    char *text = NULL;
    size_t size;
    FILE *out = text_stream(&text, &size);
    const char *comma = "";
    for (size_t i = 0; i < groups->varying_count; i++) {
        const char *key = groups->varying[i], *dot = strrchr(key, '.');
        const struct record_setting *setting = record_find_setting(record, key);
        if (!setting)
            continue;
        char *value = study_value_text(setting);
        fprintf(out, "%s%s %s", comma, dot ? dot + 1 : key, value);
        free(value);
        comma = ", ";
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
