/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/fresh_content.h"

#include "base/random.h"
#include "models/text_source.h"

#include <stddef.h>

const char *const fresh_names[] = {"random", "text", NULL};

void fresh_content(unsigned fresh, uint64_t seed, uint64_t a, uint64_t b, uint8_t *bytes,
                   uint64_t size)
{
    if (fresh == FRESH_TEXT)
        text_source_write(random_mix(seed, a, b), bytes, size);
    else
        random_bytes(random_mix(seed, a, b), bytes, size);
}
