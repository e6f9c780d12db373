/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_TEXT_H
#define RESULTS_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* open_memstream that ends the program if there is no memory. To fclose, then free *ret_text. */
FILE *text_stream(char **ret_text, size_t *ret_size);

/*
 * A copy of a foreign text that is safe to show: valid UTF-8 (what is not becomes U+FFFD), and no
 * control characters (each becomes a blank): no escape sequence reaches a terminal, and no line
 * break a plot. Owned by the caller.
 */
char *text_printable(const char *text);

/* The same, but only invalid UTF-8 is mended: for JSON, which escapes the rest. */
char *text_utf8(const char *text);

/* Characters (not bytes) of valid UTF-8, which are columns on a terminal for nearly all texts. */
size_t text_columns(const char *text);

/* The length in bytes of the longest start of valid UTF-8 that has at most `columns` characters. */
size_t text_cut(const char *text, size_t columns);

#endif
