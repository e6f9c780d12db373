/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_QUERY_H
#define RESULTS_QUERY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SQL over a study, of which neither the file nor the statement need be trusted: the connection is
 * for reading only, one SELECT is run and nothing else (no ATTACH, no extension, no temporary
 * file), and time, memory, rows and text are bounded.
 */

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON };

struct query {
    const char *what; /* a view or table, or one SELECT statement; NULL: the list of views */
    enum query_format format;
    size_t width;                /* of a table, in columns */
    bool plain;                  /* for a terminal: no control characters, in CSV too */
    uint64_t row_limit, seconds; /* more is an error */
};

enum { QUERY_ROWS = 100000, QUERY_SECONDS = 30 }; /* limits that suit most */

/*
 * The rows: a table; CSV (RFC 4180, but lines end with \n; NULL is empty); or
 *
 *     {"schema_version": 1, "columns": ["id", ...], "rows": [{"id": 1, ...}, ...]}
 *
 * Owned by the caller. NULL on failure; *ret_wrong then says that the query is at fault, and not
 * the file or the machine.
 */
char *query_text(const char *path, const struct query *query, bool *ret_wrong, struct error *error);

/* The documented views, ended by a NULL name. */
struct query_view {
    const char *name, *help;
};
extern const struct query_view query_views[];

#endif
