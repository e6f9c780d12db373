/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/put_json.h"

#include "base/error.h"
#include "results/text.h"

#include <stdlib.h>

void put_json(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        must_alloc(SIZE_MAX, 1, "JSON");
}

void put_json_count(json_t *object, const char *key, uint64_t value)
{
    put_json(object, key, json_integer((json_int_t)value));
}

void put_json_text(json_t *object, const char *key, const char *text)
{
    char *clean = text_utf8(text);
    put_json(object, key, json_string(clean));
    free(clean);
}

void put_json_element(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        must_alloc(SIZE_MAX, 1, "JSON");
}
