/* SPDX-License-Identifier: MIT */
#ifndef CODEC_TESTS_TWIN_GUARD_H
#define CODEC_TESTS_TWIN_GUARD_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory between two pages that nobody may touch: an access outside a buffer at its edge ends the
 * program at once, whatever instruction made it.
 *
 *     | forbidden | room ........................ | forbidden |
 *                 ^ guard_low          guard_high ^
 */
struct guard {
    uint8_t *room;
    size_t size; /* of the room: what was asked for, rounded up to whole pages */
};

/* Ends the program if memory cannot be had. */
struct guard guard_create(size_t size);
void guard_free(struct guard *guard);

/* A buffer of `size` bytes at the room's start, or at its end. */
uint8_t *guard_low(const struct guard *guard);
uint8_t *guard_high(const struct guard *guard, size_t size);

#endif
