/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* One unit is worth times/divide of the base unit. */
struct unit {
    const char *name;
    uint64_t times, divide;
};

#define KI 1024ull
#define K  1000ull

static const struct unit SIZES[] = {
    {"B", 1, 1},
    {"K", KI, 1},
    {"KiB", KI, 1},
    {"M", KI *KI, 1},
    {"MiB", KI *KI, 1},
    {"G", KI *KI *KI, 1},
    {"GiB", KI *KI *KI, 1},
    {"T", KI *KI *KI *KI, 1},
    {"TiB", KI *KI *KI *KI, 1},
    {"kB", K, 1},
    {"MB", K *K, 1},
    {"GB", K *K *K, 1},
    {"TB", K *K *K *K, 1},
    {NULL, 0, 0},
};
static const struct unit RATES[] = {
    {"B/s", 1, 1},
    {"K/s", KI, 1},
    {"KiB/s", KI, 1},
    {"M/s", KI *KI, 1},
    {"MiB/s", KI *KI, 1},
    {"G/s", KI *KI *KI, 1},
    {"GiB/s", KI *KI *KI, 1},
    {"kB/s", K, 1},
    {"MB/s", K *K, 1},
    {"GB/s", K *K *K, 1},
    {"bit/s", 1, 8},
    {"kbit/s", K, 8},
    {"Mbit/s", K *K, 8},
    {"Gbit/s", K *K *K, 8},
    {"bit", 1, 8},
    {"kbit", K, 8},
    {"Mbit", K *K, 8},
    {"Gbit", K *K *K, 8},
    {NULL, 0, 0},
};
static const struct unit TIMES[] = {
    {"ns", 1, 1},
    {"us", K, 1},
    {"ms", K *K, 1},
    {"s", K *K *K, 1},
    {"min", 60 * K *K *K, 1},
    {"h", 3600 * K *K *K, 1},
    {NULL, 0, 0},
};
static const struct unit COUNTS[] = {
    {"", 1, 1}, {"k", K, 1}, {"M", K *K, 1}, {"G", K *K *K, 1}, {NULL, 0, 0},
};

static const char SIZE_HINT[] = "a size such as 64M or 1.5GiB (B, K, M, G, T; kB, MB, GB, TB)";
static const char RATE_HINT[] = "a rate such as 1Gbit/s or 125MiB/s";
static const char TIME_HINT[] = "a time such as 300ms or 1.5s (ns, us, ms, s, min, h)";
static const char COUNT_HINT[] = "a whole number such as 2000000 or 2M (k, M, G are thousands)";

static const char *skip_blanks(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

/* Digits with an optional fraction as digits / 10^places; false if there is no number. */
static bool read_number(const char **text, wide *ret_digits, unsigned *ret_places)
{
    const char *p = *text;
    wide digits = 0;
    unsigned places = 0, seen = 0;
    bool fraction = false;
    for (;; p++) {
        if (*p == '.' && !fraction) {
            fraction = true;
        } else if (isdigit((unsigned char)*p)) {
            if (++seen > 20)
                return false;
            digits = digits * 10 + (unsigned)(*p - '0');
            places += fraction;
        } else {
            break;
        }
    }
    *text = p, *ret_digits = digits, *ret_places = places;
    return seen > 0;
}

static const struct unit *find_unit(const struct unit *units, const char *name, size_t length)
{
    for (; units->name; units++)
        if (strlen(units->name) == length && !memcmp(units->name, name, length))
            return units;
    return NULL;
}

static bool parse(const char *text, const struct unit *units, uint64_t limit, const char *hint,
                  uint64_t *ret_value, struct error *error)
{
    const char *start = skip_blanks(text), *p = start;
    size_t length = strlen(start);
    while (length && isspace((unsigned char)start[length - 1]))
        length--;
    wide digits;
    unsigned places;
    if (!read_number(&p, &digits, &places))
        return error_set(error, "'%.60s' is not %s", text, hint);
    const char *name = skip_blanks(p);
    size_t name_length = name < start + length ? (size_t)(start + length - name) : 0;
    const struct unit *unit = find_unit(units, name, name_length);
    if (!unit && name_length == 0 && digits == 0)
        unit = units;
    if (!unit && name_length == 0)
        return error_set(error, "'%.60s' has no unit: write %s", text, hint);
    if (!unit)
        return error_set(error, "'%.60s' has the unknown unit '%.*s': write %s", text,
                         (int)(name_length > 20 ? 20 : name_length), name, hint);
    wide divide = unit->divide;
    for (unsigned i = 0; i < places; i++)
        divide *= 10;
    /* digits < 10^20 < 2^67 and no unit is above 2^43, so the product fits. */
    wide product = digits * unit->times;
    if (product % divide)
        return error_set(error, "'%.60s' is no whole number of the smallest unit: write %s", text,
                         hint);
    if (product / divide > limit)
        return error_set(error, "'%.60s' is too large: write %s", text, hint);
    *ret_value = (uint64_t)(product / divide);
    return true;
}

bool units_parse_size(const char *text, uint64_t *ret_bytes, struct error *error)
{
    return parse(text, SIZES, INT64_MAX, SIZE_HINT, ret_bytes, error);
}

bool units_parse_rate(const char *text, uint64_t *ret_bytes_per_s, struct error *error)
{
    return parse(text, RATES, INT64_MAX, RATE_HINT, ret_bytes_per_s, error);
}

bool units_parse_time(const char *text, int64_t *ret_ns, struct error *error)
{
    uint64_t ns;
    if (!parse(text, TIMES, INT64_MAX, TIME_HINT, &ns, error))
        return false;
    *ret_ns = (int64_t)ns;
    return true;
}

bool units_parse_count(const char *text, uint64_t *ret_count, struct error *error)
{
    return parse(text, COUNTS, INT64_MAX, COUNT_HINT, ret_count, error);
}

bool units_parse_share(const char *text, double *ret_share, struct error *error)
{
    static const struct unit shares[] = {{"", K * K * K, 1}, {"%", K * K * 10, 1}, {NULL, 0, 0}};
    uint64_t billionths;
    if (!parse(text, shares, K * K * K, "a share from 0 to 1, or a percentage such as 90%",
               &billionths, error))
        return false;
    *ret_share = (double)billionths / 1e9;
    return true;
}

bool units_parse_decimal(const char *text, uint64_t *ret_thousandths, struct error *error)
{
    static const struct unit thousandths[] = {{"", K, 1}, {NULL, 0, 0}};
    return parse(text, thousandths, INT64_MAX, "a number such as 0.99, of three places at most",
                 ret_thousandths, error);
}

bool units_parse_integer(const char *text, uint64_t *ret_value, struct error *error)
{
    const char *p = skip_blanks(text);
    unsigned base = 10;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        base = 16, p += 2;
    uint64_t value = 0;
    size_t digits = 0;
    for (; isxdigit((unsigned char)*p); p++, digits++) {
        unsigned digit = isdigit((unsigned char)*p)
                             ? (unsigned)(*p - '0')
                             : (unsigned)(tolower((unsigned char)*p) - 'a') + 10;
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return error_set(error, "'%.60s' is not a whole number from 0 to 2^64 - 1", text);
        value = value * base + digit;
    }
    if (!digits || *skip_blanks(p))
        return error_set(error, "'%.60s' is not a whole number from 0 to 2^64 - 1", text);
    *ret_value = value;
    return true;
}

/* A value in steps of `step`, named: exact if it is a whole number of its unit, else rounded. */
static char *format_steps(uint64_t value, uint64_t step, const char *const *names, size_t count,
                          char *text)
{
    size_t i = 0;
    uint64_t unit = 1;
    while (i + 1 < count && value / unit >= step)
        unit *= step, i++;
    double shown = (double)value / (double)unit;
    if (value % unit == 0)
        snprintf(text, UNITS_TEXT_SIZE, "%" PRIu64 "%s", value / unit, names[i]);
    else
        snprintf(text, UNITS_TEXT_SIZE, "%.*f%s",
                 shown < 10    ? 2
                 : shown < 100 ? 1
                               : 0,
                 shown, names[i]);
    return text;
}

char *units_format_size(uint64_t bytes, char text[static UNITS_TEXT_SIZE])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    return format_steps(bytes, KI, names, 5, text);
}

char *units_format_rate(uint64_t bytes_per_s, char text[static UNITS_TEXT_SIZE])
{
    static const char *const bits[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
    static const char *const bytes[] = {"B/s", "KiB/s", "MiB/s", "GiB/s"};
    bool binary = bytes_per_s % (64 * KI) == 0 && bytes_per_s;
    if (binary)
        return format_steps(bytes_per_s, KI, bytes, 4, text);
    return format_steps(bytes_per_s > UINT64_MAX / 8 ? UINT64_MAX : bytes_per_s * 8, K, bits, 4,
                        text);
}

char *units_format_time(int64_t ns, char text[static UNITS_TEXT_SIZE])
{
    static const char *const names[] = {"ns", "us", "ms", "s"};
    if (ns < 0) {
        text[0] = '-';
        char rest[UNITS_TEXT_SIZE];
        format_steps((uint64_t) - (ns + 1) + 1, K, names, 4, rest);
        snprintf(text + 1, UNITS_TEXT_SIZE - 1, "%.30s", rest);
        return text;
    }
    return format_steps((uint64_t)ns, K, names, 4, text);
}

char *units_format_count(uint64_t count, char text[static UNITS_TEXT_SIZE])
{
    static const char *const names[] = {"", "k", "M", "G"};
    return format_steps(count, K, names, 4, text);
}
