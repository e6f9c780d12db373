/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool error_set(struct error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return false;
}

bool error_at(struct error *error, const char *file, unsigned line, const char *format, ...)
{
    char what[sizeof error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (line)
        return error_set(error, "%.200s:%u: %.400s", file, line, what);
    return error_set(error, "%.200s: %.400s", file, what);
}

bool error_prefix(struct error *error, const char *format, ...)
{
    char front[sizeof error->text], old[sizeof error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(front, sizeof front, format, args);
    va_end(args);
    memcpy(old, error->text, sizeof old);
    return error_set(error, "%.220s%.400s", front, old);
}

static void out_of_memory(size_t count, size_t size, const char *what)
{
    fprintf(stderr, "migsim: no memory for %s: %zu times %zu bytes\n", what, count, size);
    exit(1);
}

void *must_alloc(size_t count, size_t size, const char *what)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory(count, size, what);
    return memory;
}

void *must_grow(void *old, size_t count, size_t size, const char *what)
{
    if (size && count > SIZE_MAX / size)
        out_of_memory(count, size, what);
    size_t bytes = count * size;
    void *memory = realloc(old, bytes > 0 ? bytes : 1);
    if (!memory)
        out_of_memory(count, size, what);
    return memory;
}

char *must_copy(const char *text, const char *what)
{
    char *copy = must_alloc(strlen(text) + 1, 1, what);
    return strcpy(copy, text);
}
