/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/study.h"

#include "base/error.h"
#include "base/units.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
        free(study->axes[i]);
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
