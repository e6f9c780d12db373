/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What went wrong with something that a user or a machine gave us, as one line for people. It says
 * where (file:line: first, if there is such a place), what was read and what is allowed.
 *
 * A function that can fail takes a `struct error *` last and returns false or NULL. Programmers'
 * errors are asserted instead.
 */
struct error {
    char text[640];
};

#define ERROR_FORMAT(text, first) __attribute__((format(printf, text, first)))

/* Sets the text, cut if too long. Always false, so that a caller writes `return error_set(...)`. */
bool error_set(struct error *error, const char *format, ...) ERROR_FORMAT(2, 3);

/* The same with "file:line: " in front; without the line if it is 0. */
bool error_at(struct error *error, const char *file, unsigned line, const char *format, ...)
    ERROR_FORMAT(4, 5);

/* Puts text in front of what is there. Always false. */
bool error_prefix(struct error *error, const char *format, ...) ERROR_FORMAT(2, 3);

/*
 * Memory of `count` times `size` bytes, zeroed, to be freed by the caller. If there is none, says
 * how much was wanted for what and ends the program with status 1: nothing here can go on then.
 */
void *must_alloc(size_t count, size_t size, const char *what);
/* `old` grown or shrunk to `count` times `size` bytes; new bytes are not zeroed. Ends as above. */
void *must_grow(void *old, size_t count, size_t size, const char *what);
char *must_copy(const char *text, const char *what);

#endif
