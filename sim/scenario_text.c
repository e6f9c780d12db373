/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario_text.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (1u << 20) /* a scenario is a page of text; anything near this is no scenario */

/* What inih asks for line by line; it tells its handler no line number, so it is counted here. */
struct reader {
    const char *at, *end;
    unsigned line;
    bool continued; /* the line began with a blank: it goes on with the value before it */
    struct scenario_text *text;
    struct error *error;
    unsigned failed; /* the line of the error; 0: none */
};

static void fail(struct reader *reader, const char *format, ...) ERROR_FORMAT(2, 3);

static void fail(struct reader *reader, const char *format, ...)
{
    char message[200];
    if (reader->failed)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    error_at(reader->error, reader->text->file, reader->line, "%s", message);
    reader->failed = reader->line;
}

static char *next_line(char *buffer, int size, void *context)
{
    struct reader *reader = context;
    if (reader->at == reader->end || reader->failed)
        return NULL;
    const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    const char *stop = newline ? newline : reader->end;
    size_t length = (size_t)(stop - reader->at);
    reader->line++;
    if (memchr(reader->at, 0, length)) {
        fail(reader, "%s", "not a text file: it holds a zero byte");
        return NULL;
    }
    if (length + 2 > (size_t)size) {
        fail(reader, "%s", "line too long: continue it on the next line, indented");
        return NULL;
    }
    reader->continued = length > 0 && isspace((unsigned char)reader->at[0]);
    memcpy(buffer, reader->at, length);
    buffer[length] = '\n', buffer[length + 1] = 0;
    reader->at = newline ? newline + 1 : reader->end;
    return buffer;
}

static void append_value(char **value, const char *more)
{
    size_t old = strlen(*value);
    *value = must_grow(*value, old + strlen(more) + 2, 1, "a scenario");
    (*value)[old] = ' ';
    strcpy(*value + old + 1, more);
}

static void add(struct scenario_text *text, const char *section, const char *key, const char *value,
                unsigned line)
{
    text->entries = must_grow(text->entries, text->count + 1, sizeof *text->entries, "a scenario");
    text->entries[text->count++] =
        (struct scenario_entry){must_copy(section, "a scenario"), must_copy(key, "a scenario"),
                                must_copy(value, "a scenario"), line};
}

static int take(void *context, const char *section, const char *name, const char *value)
{
    struct reader *reader = context;
    if (reader->failed)
        return 0;
    if (reader->continued && reader->text->count) {
        append_value(&reader->text->entries[reader->text->count - 1].value, value);
        return 1;
    }
    if (!section[0])
        fail(reader, "'%.40s' stands before the first section: write [migration] or so above it",
             name);
    else if (!name[0])
        fail(reader, "no name before '=' in section [%.40s]", section);
    else if (scenario_text_find(reader->text, section, name))
        fail(reader, "'%.40s' is given twice in this section", name);
    else
        add(reader->text, section, name, value, reader->line);
    return !reader->failed;
}

struct scenario_text *scenario_text_parse(const char *name, const char *bytes, size_t size,
                                          struct error *error)
{
    struct scenario_text *text = must_alloc(1, sizeof *text, "a scenario");
    text->file = must_copy(name, "a scenario");
    struct reader reader = {bytes, bytes + size, 0, false, text, error, 0};
    int status = ini_parse_stream(next_line, &reader, take, &reader);
    if (!reader.failed && status == 0 && text->count)
        return text;
    if (status > 0 && (!reader.failed || (unsigned)status < reader.failed))
        error_at(error, name, (unsigned)status,
                 "neither a [section], a 'key = value' nor a comment");
    else if (!reader.failed)
        error_at(error, name, 0, status == 0 ? "no scenario: nothing is set" : "cannot be parsed");
    scenario_text_destroy(text);
    return NULL;
}

#define PRESET "preset:"

static struct scenario_text *preset_alone(const char *file)
{
    struct scenario_text *text = must_alloc(1, sizeof *text, "a scenario");
    text->file = must_copy(file, "a scenario");
    add(text, "guest", "preset", file + strlen(PRESET), 1);
    return text;
}

struct scenario_text *scenario_text_read(const char *file, struct error *error)
{
    if (!strncmp(file, PRESET, strlen(PRESET)))
        return preset_alone(file);
    bool standard_input = !strcmp(file, "-");
    const char *name = standard_input ? "standard input" : file;
    FILE *stream = standard_input ? stdin : fopen(file, "rb");
    struct stat stat;
    if (!stream) {
        error_at(error, name, 0, "%s", strerror(errno));
        return NULL;
    }
    struct scenario_text *text = NULL;
    char *bytes = must_alloc(FILE_MAX, 1, "a scenario file");
    size_t size = 0;
    if (fstat(fileno(stream), &stat) == 0 && S_ISDIR(stat.st_mode)) {
        error_at(error, name, 0, "is a directory, not a scenario file");
    } else {
        size = fread(bytes, 1, FILE_MAX, stream);
        if (ferror(stream))
            error_at(error, name, 0, "%s", strerror(errno));
        else if (size == FILE_MAX)
            error_at(error, name, 0, "no scenario: it is larger than %u KiB", FILE_MAX >> 10);
        else
            text = scenario_text_parse(name, bytes, size, error);
    }
    free(bytes);
    if (!standard_input)
        fclose(stream);
    return text;
}

struct scenario_text *scenario_text_copy(const struct scenario_text *text)
{
    struct scenario_text *copy = must_alloc(1, sizeof *copy, "a scenario");
    copy->file = must_copy(text->file, "a scenario");
    for (size_t i = 0; i < text->count; i++) {
        const struct scenario_entry *entry = &text->entries[i];
        add(copy, entry->section, entry->key, entry->value, entry->line);
    }
    return copy;
}

void scenario_text_destroy(struct scenario_text *text)
{
    if (!text)
        return;
    for (size_t i = 0; i < text->count; i++) {
        free(text->entries[i].section);
        free(text->entries[i].key);
        free(text->entries[i].value);
    }
    free(text->entries);
    free(text->file);
    free(text);
}

static struct scenario_entry *find(const struct scenario_text *text, const char *section,
                                   const char *key)
{
    for (size_t i = 0; i < text->count; i++)
        if (!strcmp(text->entries[i].section, section) && !strcmp(text->entries[i].key, key))
            return &text->entries[i];
    return NULL;
}

const struct scenario_entry *scenario_text_find(const struct scenario_text *text,
                                                const char *section, const char *key)
{
    return find(text, section, key);
}

void scenario_text_set(struct scenario_text *text, const char *section, const char *key,
                       const char *value, unsigned line)
{
    struct scenario_entry *entry = find(text, section, key);
    if (!entry) {
        add(text, section, key, value, line);
        return;
    }
    free(entry->value);
    entry->value = must_copy(value, "a scenario");
    entry->line = line;
}

static char *trimmed_copy(const char *text, size_t length)
{
    while (length && isspace((unsigned char)*text))
        text++, length--;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    char *copy = must_alloc(length + 1, 1, "a scenario");
    memcpy(copy, text, length);
    return copy;
}

bool scenario_text_split_key(const char *name, size_t length, char **ret_section, char **ret_key)
{
    size_t dot = length;
    while (dot > 0 && name[dot - 1] != '.')
        dot--;
    if (dot < 2 || dot == length)
        return false;
    *ret_section = trimmed_copy(name, dot - 1);
    *ret_key = trimmed_copy(name + dot, length - dot);
    if (!strncmp(*ret_section, "workload.", 9))
        (*ret_section)[8] = ' ';
    return true;
}

bool scenario_text_override(struct scenario_text *text, const char *assignment, struct error *error)
{
    const char *equals = strchr(assignment, '=');
    char *section = NULL, *key = NULL;
    if (!equals ||
        !scenario_text_split_key(assignment, (size_t)(equals - assignment), &section, &key))
        return error_set(error, "-s '%.80s': write section.key=value, such as migration.xbzrle=off",
                         assignment);
    char *value = trimmed_copy(equals + 1, strlen(equals + 1));
    scenario_text_set(text, section, key, value, 0);
    free(section);
    free(key);
    free(value);
    return true;
}

bool scenario_text_error(const struct scenario_text *text, const struct scenario_entry *entry,
                         struct error *error, const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (entry->line == SCENARIO_LINE_PRESET)
        return error_at(error, text->file, 0, "%.60s.%.60s of the preset: %s", entry->section,
                        entry->key, what);
    if (entry->line)
        return error_at(error, text->file, entry->line, "%.60s.%.60s: %s", entry->section,
                        entry->key, what);
    return error_set(error, "-s %.60s.%.60s: %s", entry->section, entry->key, what);
}
