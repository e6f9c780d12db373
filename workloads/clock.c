/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/clock.h"

#include <ctype.h>
#include <string.h>

/* Part `index` between '+', trimmed; NULL behind the last one. */
static const char *part(const char *names, size_t length, size_t index, size_t *ret_length)
{
    const char *end = names + length;
    for (; index > 0; index--) {
        names = memchr(names, '+', (size_t)(end - names));
        if (!names)
            return NULL;
        names++;
    }
    const char *plus = memchr(names, '+', (size_t)(end - names));
    if (plus)
        end = plus;
    while (names < end && isspace((unsigned char)*names))
        names++;
    while (names < end && isspace((unsigned char)end[-1]))
        end--;
    *ret_length = (size_t)(end - names);
    return names;
}

bool clock_name(const char *names, size_t length, size_t index, char name[static CLOCK_NAME_SIZE])
{
    size_t size;
    const char *found = part(names, length, index, &size);
    if (!found)
        return false;
    if (size >= CLOCK_NAME_SIZE)
        size = CLOCK_NAME_SIZE - 1;
    memcpy(name, found, size);
    name[size] = 0;
    return true;
}

bool clock_check_names(const char *names, size_t length, struct error *error)
{
    size_t size, other_size;
    const char *name, *other;
    for (size_t i = 0; (name = part(names, length, i, &size)); i++) {
        if (size == 0)
            return error_set(error, "'%.*s' lacks the name of a workload", (int)length, names);
        if (size >= CLOCK_NAME_SIZE)
            return error_set(error, "'%.*s...' is longer than a name can be", 40, name);
        for (size_t k = 0; k < i; k++) {
            other = part(names, length, k, &other_size);
            if (size == other_size && !memcmp(name, other, size))
                return error_set(error, "'%.*s' names '%.*s' twice", (int)length, names, (int)size,
                                 name);
        }
    }
    return true;
}
