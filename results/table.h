/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_TABLE_H
#define RESULTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A table for terminals, files and mails:
 *
 *                        total
 *     cache               time  downtime
 *      size  converged     [s]      [ms]
 *     -----  ---------  ------  --------
 *      8MiB         no     >60         -
 *         the guest wrote 16 MiB in each iteration
 *     16MiB        yes    12.3      77.4
 *
 * Cells are never cut. The column marked `note` (one at most, and the last) takes what is left of
 * the width and breaks its text at blanks; if too little is left, it stands below its row.
 */
struct table_column {
    const char *title; /* lines are parted by '\n'; by convention the last is the unit, "[ms]" */
    bool left;         /* aligned to the left: words; numbers stand right */
    bool note;
};

struct table;

/* Copies the columns. Owned by the caller, to table_free. */
struct table *table_create(const struct table_column *columns, size_t count);
void table_free(struct table *table); /* NULL is fine */

/* Adds a row of as many cells as there are columns; NULL is an empty cell. Copies the texts. */
void table_add(struct table *table, const char *const *cells);

/*
 * The whole table, lines without trailing blanks, each ended by a newline. Control characters and
 * invalid UTF-8 in cells do not come out. Owned by the caller.
 */
char *table_text(const struct table *table, size_t width);

/* The width in columns of the widest line, notes aside. */
size_t table_width(const struct table *table);

#endif
