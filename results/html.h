/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_HTML_H
#define RESULTS_HTML_H

#include <stdbool.h>
#include <stdio.h>

/* The pieces of a page. Every text goes through html_put: names come from files of anybody. */

/* The text, escaped for element content and quoted attributes; controls become blanks. */
void html_put(FILE *out, const char *text);

/* "<tag>text</tag>" and a line's end. */
void html_put_element(FILE *out, const char *tag, const char *text);

/* A cell; numbers stand right. `strong` marks what the reader should find. */
void html_put_cell(FILE *out, const char *text, bool number);

/* Everything up to the body's first element: one page, in light and dark, that loads nothing. */
void html_put_head(FILE *out, const char *title);
void html_put_foot(FILE *out);

#endif
