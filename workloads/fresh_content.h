/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_FRESH_CONTENT_H
#define WORKLOADS_FRESH_CONTENT_H

#include <stdint.h>

/* What a program puts where nothing of the old shall stay. */
enum fresh { FRESH_RANDOM, FRESH_TEXT };
extern const char *const fresh_names[]; /* "random", "text", NULL: for an option's words */

/* `size` bytes, a function of kind, seed, a and b; fewer bytes are the beginning of more. */
void fresh_content(unsigned fresh, uint64_t seed, uint64_t a, uint64_t b, uint8_t *bytes,
                   uint64_t size);

#endif
