/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_QUERY_ROWS_H
#define RESULTS_QUERY_ROWS_H

#include "results/query.h"

#include <sqlite3.h>
#include <stdio.h>

/* Rows of a statement as text, one after the other; for query.c alone. */
struct query_rows;

/* Takes the columns from the prepared statement. Owned by the caller, to query_rows_finish. */
struct query_rows *query_rows_create(const struct query *query, sqlite3_stmt *statement);

/* Adds the row at hand. */
void query_rows_add(struct query_rows *rows, sqlite3_stmt *statement);

/* Bytes of text so far. */
size_t query_rows_size(const struct query_rows *rows);

/* The whole text, owned by the caller; the rows are gone. */
char *query_rows_finish(struct query_rows *rows);

#endif
