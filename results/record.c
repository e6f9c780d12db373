/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/record.h"

#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
/* The state lies on the stack; its size is part of the library's ABI. */
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

const char *record_outcome_name(enum record_outcome outcome)
{
    static const char *const names[] = {"converged", "not-converged", "failed"};
    assert((unsigned)outcome < sizeof names / sizeof *names);
    return names[outcome];
}

const char *record_source_name(enum record_source source)
{
    static const char *const names[] = {"simulated", "measured"};
    assert((unsigned)source < sizeof names / sizeof *names);
    return names[source];
}

uint64_t record_stream_total(const struct record_stream_bytes *bytes)
{
    return bytes->file_header + bytes->setup + bytes->framing + bytes->zero + bytes->normal +
           bytes->delta + bytes->name + bytes->part_eos + bytes->device;
}

const struct record_setting *record_find_setting(const struct record *record, const char *key)
{
    for (size_t i = 0; i < record->setting_count; i++)
        if (!strcmp(record->settings[i].key, key))
            return &record->settings[i];
    return NULL;
}

const char *record_setting(const struct record *record, const char *key)
{
    const struct record_setting *setting = record_find_setting(record, key);
    return setting ? setting->value : NULL;
}

void record_digest(const struct record_setting *settings, size_t count,
                   char text[static RECORD_DIGEST_SIZE])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    /* The closing zeros keep "ab" + "c" apart from "a" + "bc". */
    for (size_t i = 0; i < count; i++) {
        XXH3_128bits_update(&state, settings[i].key, strlen(settings[i].key) + 1);
        XXH3_128bits_update(&state, settings[i].value, strlen(settings[i].value) + 1);
    }
    XXH128_canonical_t bytes; /* big-endian on every machine */
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(&state));
    for (size_t i = 0; i < sizeof bytes.digest; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes.digest[i]);
}

/*
 * The copy's one allocation: the record, its settings, iterations and samples, then all texts. The
 * three arrays need no more than the alignment of the record itself, as each holds 64-bit members
 * or pointers.
 */
struct layout {
    size_t settings, iterations, samples, texts, end;
};

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static struct layout layout_of(const struct record *record)
{
    struct layout layout = {.settings = sizeof *record};
    layout.iterations = layout.settings + record->setting_count * sizeof *record->settings;
    layout.samples = layout.iterations + record->iteration_count * sizeof *record->iterations;
    layout.texts = layout.samples + record->sample_count * sizeof *record->samples;
    layout.end = layout.texts + text_size(record->why) + text_size(record->status);
    for (size_t i = 0; i < record->setting_count; i++) {
        const struct record_setting *setting = &record->settings[i];
        layout.end +=
            text_size(setting->key) + text_size(setting->value) + text_size(setting->unit);
    }
    return layout;
}

static const char *put_text(char **place, const char *text)
{
    if (!text)
        return NULL;
    char *copy = *place;
    *place += text_size(text);
    return memcpy(copy, text, text_size(text));
}

static const void *put_array(char *place, const void *array, size_t bytes)
{
    return bytes ? memcpy(place, array, bytes) : NULL;
}

struct record *record_copy(const struct record *record)
{
    _Static_assert(sizeof(struct record) % _Alignof(struct record_setting) == 0, "alignment");
    _Static_assert(sizeof(struct record_setting) % _Alignof(struct record_iteration) == 0,
                   "alignment");
    struct layout layout = layout_of(record);
    char *memory = must_alloc(1, layout.end, "a record");
    struct record *copy = (struct record *)(void *)memory;
    *copy = *record;
    char *texts = memory + layout.texts;
    copy->why = put_text(&texts, record->why);
    copy->status = put_text(&texts, record->status);
    struct record_setting *settings = (struct record_setting *)(void *)(memory + layout.settings);
    for (size_t i = 0; i < record->setting_count; i++) {
        settings[i] = record->settings[i];
        settings[i].key = put_text(&texts, record->settings[i].key);
        settings[i].value = put_text(&texts, record->settings[i].value);
        settings[i].unit = put_text(&texts, record->settings[i].unit);
    }
    copy->settings = record->setting_count ? settings : NULL;
    copy->iterations = put_array(memory + layout.iterations, record->iterations,
                                 record->iteration_count * sizeof *record->iterations);
    copy->samples = put_array(memory + layout.samples, record->samples,
                              record->sample_count * sizeof *record->samples);
    return copy;
}

size_t record_copy_size(const struct record *copy)
{
    return layout_of(copy).end;
}

static const void *moved(const void *pointer, const void *from, const void *to)
{
    if (!pointer)
        return NULL;
    return (const char *)to + ((uintptr_t)pointer - (uintptr_t)from);
}

void record_moved(struct record *copy, const void *from)
{
    copy->why = moved(copy->why, from, copy);
    copy->status = moved(copy->status, from, copy);
    copy->settings = moved(copy->settings, from, copy);
    copy->iterations = moved(copy->iterations, from, copy);
    copy->samples = moved(copy->samples, from, copy);
    /* As layout_of says: the settings follow the record. */
    struct record_setting *settings = (struct record_setting *)(void *)(copy + 1);
    for (size_t i = 0; i < copy->setting_count; i++) {
        settings[i].key = moved(settings[i].key, from, copy);
        settings[i].value = moved(settings[i].value, from, copy);
        settings[i].unit = moved(settings[i].unit, from, copy);
    }
}
