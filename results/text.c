/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/text.h"

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

FILE *text_stream(char **ret_text, size_t *ret_size)
{
    FILE *out = open_memstream(ret_text, ret_size);
    /* It fails for want of memory only; base/error.h has the words and the way out for that. */
    if (!out)
        must_alloc(1, SIZE_MAX / 2, "a text");
    return out;
}

/*
 * The length of the UTF-8 character at `p`, 0 if there is none: RFC 3629, section 4, which leaves
 * out overlong forms, surrogates and what lies above U+10FFFF. The text ends with a zero byte,
 * which is no continuation, so nothing is read beyond it.
 */
static size_t character_length(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    unsigned char low = 0x80, high = 0xbf;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return length;
}

/* C0 and C1 controls, and DEL. */
static bool is_control(const unsigned char *p)
{
    return p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0);
}

static char *clean(const char *text, bool keep_controls)
{
    static const unsigned char replacement[3] = {0xef, 0xbf, 0xbd}; /* U+FFFD */
    const unsigned char *p = (const unsigned char *)text;
    char *copy = must_alloc(3 * strlen(text) + 1, 1, "a text"), *end = copy;
    while (*p) {
        size_t length = character_length(p);
        if (length == 0) {
            memcpy(end, replacement, sizeof replacement);
            end += sizeof replacement, length = 1;
        } else if (!keep_controls && is_control(p)) {
            *end++ = ' ';
        } else {
            memcpy(end, p, length);
            end += length;
        }
        p += length;
    }
    return copy;
}

char *text_printable(const char *text)
{
    return clean(text, false);
}

char *text_utf8(const char *text)
{
    return clean(text, true);
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t text_columns(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += starts_character(*text);
    return columns;
}

size_t text_cut(const char *text, size_t columns)
{
    size_t length = 0;
    for (; text[length]; length++)
        if (starts_character(text[length]) && columns-- == 0)
            break;
    return length;
}
