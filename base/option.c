/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"

#include "base/units.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option *option_find(const struct option *table, const char *name)
{
    for (; table->name; table++)
        if (!strcmp(table->name, name))
            return table;
    return NULL;
}

static void *place(const struct option *option, void *object)
{
    return (char *)object + option->offset;
}

static const void *place_const(const struct option *option, const void *object)
{
    return (const char *)object + option->offset;
}

/* Without zeros at the end: 0.99, 1.2, 2. */
static void decimal_text(uint64_t thousandths, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "%" PRIu64 ".%03" PRIu64, thousandths / 1000,
                                     thousandths % 1000);
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.';
    text[length] = 0;
}

static char *format_base(enum option_type type, uint64_t value, char *text)
{
    switch (type) {
    case OPTION_SIZE:
        return units_format_size(value, text);
    case OPTION_RATE:
        return units_format_rate(value, text);
    case OPTION_TIME:
        return units_format_time((int64_t)value, text);
    case OPTION_COUNT:
        return units_format_count(value, text);
    case OPTION_DECIMAL:
        decimal_text(value, text, UNITS_TEXT_SIZE);
        return text;
    case OPTION_INTEGER:
    case OPTION_SHARE:
    case OPTION_SWITCH:
    case OPTION_WORD:
    case OPTION_TEXT:
        break;
    }
    snprintf(text, UNITS_TEXT_SIZE, "%" PRIu64, value);
    return text;
}

static bool check_range(const struct option *option, const char *text, uint64_t value,
                        struct error *error)
{
    char low[UNITS_TEXT_SIZE], high[UNITS_TEXT_SIZE];
    if (value >= option->min && (!option->max || value <= option->max))
        return true;
    if (!option->max)
        return error_set(error, "'%.60s' is too small: at least %s", text,
                         format_base(option->type, option->min, low));
    return error_set(error, "'%.60s' is out of range: from %s to %s", text,
                     format_base(option->type, option->min, low),
                     format_base(option->type, option->max, high));
}

static bool parse_number(const struct option *option, const char *text, uint64_t *ret,
                         struct error *error)
{
    int64_t ns;
    switch (option->type) {
    case OPTION_SIZE:
        return units_parse_size(text, ret, error);
    case OPTION_RATE:
        return units_parse_rate(text, ret, error);
    case OPTION_COUNT:
        return units_parse_count(text, ret, error);
    case OPTION_INTEGER:
        return units_parse_integer(text, ret, error);
    case OPTION_DECIMAL:
        return units_parse_decimal(text, ret, error);
    case OPTION_TIME:
        if (!units_parse_time(text, &ns, error))
            return false;
        *ret = (uint64_t)ns;
        return true;
    case OPTION_SHARE:
    case OPTION_SWITCH:
    case OPTION_WORD:
    case OPTION_TEXT:
        break;
    }
    return false;
}

static bool set_number(const struct option *option, void *object, const char *text,
                       struct error *error)
{
    uint64_t value = 0;
    if (!option->zero_word || strcmp(text, option->zero_word) != 0) {
        if (!parse_number(option, text, &value, error)) {
            if (option->zero_word)
                error_prefix(error, "'%s', or a number: ", option->zero_word);
            return false;
        }
        bool free_zero = option->zero_word && value == 0;
        if (!free_zero && !check_range(option, text, value, error))
            return false;
    }
    memcpy(place(option, object), &value, sizeof value);
    return true;
}

static bool set_switch(const struct option *option, void *object, const char *text,
                       struct error *error)
{
    static const char *const words[] = {"off", "on", "no", "yes", "false", "true", NULL};
    for (unsigned i = 0; words[i]; i++) {
        if (!strcmp(text, words[i])) {
            *(bool *)place(option, object) = i & 1;
            return true;
        }
    }
    return error_set(error, "'%.60s' is neither on nor off", text);
}

static bool set_word(const struct option *option, void *object, const char *text,
                     struct error *error)
{
    char allowed[256];
    for (unsigned i = 0; option->words[i]; i++) {
        if (!strcmp(text, option->words[i])) {
            *(unsigned *)place(option, object) = i;
            return true;
        }
    }
    return error_set(error, "'%.60s' is none of %s", text,
                     option_type_text(option, allowed, sizeof allowed));
}

bool option_set(const struct option *option, void *object, const char *text, struct error *error)
{
    switch (option->type) {
    case OPTION_SIZE:
    case OPTION_RATE:
    case OPTION_TIME:
    case OPTION_COUNT:
    case OPTION_INTEGER:
    case OPTION_DECIMAL:
        return set_number(option, object, text, error);
    case OPTION_SHARE:
        return units_parse_share(text, place(option, object), error);
    case OPTION_SWITCH:
        return set_switch(option, object, text, error);
    case OPTION_WORD:
        return set_word(option, object, text, error);
    case OPTION_TEXT:
        break;
    }
    char **value = place(option, object);
    free(*value);
    *value = must_copy(text, option->name);
    return true;
}

static size_t value_size(enum option_type type)
{
    switch (type) {
    case OPTION_SIZE:
    case OPTION_RATE:
    case OPTION_TIME:
    case OPTION_COUNT:
    case OPTION_INTEGER:
    case OPTION_DECIMAL:
        break;
    case OPTION_SHARE:
        return sizeof(double);
    case OPTION_SWITCH:
        return sizeof(bool);
    case OPTION_WORD:
        return sizeof(unsigned);
    case OPTION_TEXT:
        return sizeof(char *);
    }
    return sizeof(uint64_t);
}

void option_set_defaults(const struct option *table, void *object)
{
    struct error error;
    for (; table->name; table++) {
        const char *fallback = table->fallback;
        if (!fallback && table->type == OPTION_TEXT)
            fallback = "";
        memset(place(table, object), 0, value_size(table->type));
        if (fallback && !option_set(table, object, fallback, &error)) {
            fprintf(stderr, "option table: default of %s: %s\n", table->name, error.text);
            abort();
        }
    }
}

void option_release(const struct option *table, void *object)
{
    for (; table->name; table++) {
        if (table->type != OPTION_TEXT)
            continue;
        char **value = place(table, object);
        free(*value);
        *value = NULL;
    }
}

static uint64_t number_of(const struct option *option, const void *object)
{
    uint64_t value;
    memcpy(&value, place_const(option, object), sizeof value);
    return value;
}

/* The largest unit of which the value is a whole multiple: exact, and read back as the same. */
static void exact_text(enum option_type type, uint64_t value, char *text, size_t size)
{
    static const struct {
        enum option_type type;
        uint64_t step;
        const char *names[5];
    } ladders[] = {
        {OPTION_SIZE, 1024, {"B", "KiB", "MiB", "GiB", "TiB"}},
        {OPTION_RATE, 1024, {"B/s", "KiB/s", "MiB/s", "GiB/s", NULL}},
        {OPTION_TIME, 1000, {"ns", "us", "ms", "s", NULL}},
        {OPTION_COUNT, 1000, {"", "k", "M", "G", NULL}},
    };
    for (size_t i = 0; i < sizeof ladders / sizeof *ladders; i++) {
        if (ladders[i].type != type)
            continue;
        size_t n = 0;
        while (n < 4 && ladders[i].names[n + 1] && value && value % ladders[i].step == 0)
            value /= ladders[i].step, n++;
        snprintf(text, size, "%" PRIu64 "%s", value, ladders[i].names[n]);
        return;
    }
    snprintf(text, size, "%" PRIu64, value);
}

/* Billionths, as units_parse_share reads them: no exponent, which it would refuse. */
static void share_text(double share, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "%.9f", share);
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.';
    text[length] = 0;
}

static char *value_text(const struct option *option, const void *object, bool canonical)
{
    char text[64];
    switch (option->type) {
    case OPTION_SIZE:
    case OPTION_RATE:
    case OPTION_TIME:
    case OPTION_COUNT:
    case OPTION_INTEGER:
        if (canonical)
            snprintf(text, sizeof text, "%" PRIu64, number_of(option, object));
        else if (option->zero_word && number_of(option, object) == 0)
            snprintf(text, sizeof text, "%s", option->zero_word);
        else
            exact_text(option->type, number_of(option, object), text, sizeof text);
        break;
    case OPTION_DECIMAL:
        decimal_text(number_of(option, object), text, sizeof text);
        break;
    case OPTION_SHARE:
        share_text(*(const double *)place_const(option, object), text, sizeof text);
        break;
    case OPTION_SWITCH:
        snprintf(text, sizeof text, "%s",
                 *(const bool *)place_const(option, object) ? "on" : "off");
        break;
    case OPTION_WORD:
        return must_copy(option->words[*(const unsigned *)place_const(option, object)],
                         option->name);
    case OPTION_TEXT:
        return must_copy(*(char *const *)place_const(option, object), option->name);
    }
    return must_copy(text, option->name);
}

char *option_canonical(const struct option *option, const void *object)
{
    return value_text(option, object, true);
}

char *option_text(const struct option *option, const void *object)
{
    return value_text(option, object, false);
}

const char *option_type_text(const struct option *option, char *text, size_t size)
{
    static const char *const names[] = {
        [OPTION_SIZE] = "size",       [OPTION_RATE] = "rate",       [OPTION_TIME] = "time",
        [OPTION_COUNT] = "count",     [OPTION_INTEGER] = "integer", [OPTION_SHARE] = "share",
        [OPTION_SWITCH] = "on|off",   [OPTION_WORD] = "word",       [OPTION_TEXT] = "text",
        [OPTION_DECIMAL] = "decimal",
    };
    size_t used = 0;
    text[0] = 0;
    if (option->type != OPTION_WORD)
        used = (size_t)snprintf(text, size, "%s", names[option->type]);
    for (unsigned i = 0; option->type == OPTION_WORD && option->words[i] && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "|" : "", option->words[i]);
    if (option->zero_word && used < size)
        snprintf(text + used, size - used, "|%s", option->zero_word);
    return text;
}

bool option_is_number(const struct option *option)
{
    switch (option->type) {
    case OPTION_SIZE:
    case OPTION_RATE:
    case OPTION_TIME:
    case OPTION_COUNT:
    case OPTION_SHARE:
    case OPTION_DECIMAL:
        return true;
    case OPTION_INTEGER: /* seeds pass 2^53: a text keeps them exact in JSON */
    case OPTION_SWITCH:
    case OPTION_WORD:
    case OPTION_TEXT:
        break;
    }
    return false;
}

const char *option_unit(const struct option *option)
{
    static const char *const units[OPTION_DECIMAL + 1] = {
        [OPTION_SIZE] = "bytes", [OPTION_RATE] = "bytes/s", [OPTION_TIME] = "ns"};
    return units[option->type] ? units[option->type] : "";
}

#define NAME_MAX_LENGTH 47

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, changes, and swaps of neighbours: what fingers do. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][NAME_MAX_LENGTH + 2];
    size_t n = strlen(b);
    if (strlen(a) > NAME_MAX_LENGTH || n > NAME_MAX_LENGTH)
        return UINT_MAX; /* near to nothing */
    unsigned *row = rows[0], *above = rows[1], *two_above = rows[2];
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        unsigned *oldest = two_above;
        two_above = above, above = row, row = oldest;
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            row[j + 1] = least(above[j] + (a[i] != b[j]), least(above[j + 1], row[j]) + 1);
            if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j])
                row[j + 1] = least(row[j + 1], two_above[j - 1] + 1);
        }
    }
    return row[n];
}

const char *option_nearest(const char *text, const char *const *names)
{
    const char *nearest = NULL;
    unsigned best = (unsigned)strlen(text) / 2 + 1;
    for (; *names; names++) {
        unsigned distance = edit_distance(text, *names);
        if (distance < best)
            best = distance, nearest = *names;
    }
    return nearest;
}
