/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_FIELD_H
#define RESULTS_FIELD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The numbers of a record as data: the database's columns and the CSV's are made from these tables,
 * so that a counter has one name everywhere. A name is the column's; the same with '-' for '_' is
 * the JSON key.
 */
enum field_type {
    FIELD_UNSIGNED, /* uint64_t, at most INT64_MAX in a file */
    FIELD_TIME,     /* int64_t ns, not negative */
    FIELD_REAL,     /* double, finite */
    FIELD_FLAG,     /* bool */
};

struct field {
    const char *name; /* NULL ends a table */
    enum field_type type;
    size_t offset; /* in the object that the table describes */
};

extern const struct field run_fields[];       /* of struct record */
extern const struct field iteration_fields[]; /* of struct record_iteration */
extern const struct field sample_fields[];    /* of struct record_sample */

/* A field of the object: the first for whole numbers, times and flags, the second for reals. */
int64_t field_integer(const struct field *field, const void *object);
double field_real(const struct field *field, const void *object);

/* False with the field's name and value if it lies outside of what the type above allows. */
bool field_check(const struct field *field, const void *object, struct error *error);

/* The value must be allowed by the type; the error says what was wrong. */
bool field_set_integer(const struct field *field, void *object, int64_t value, struct error *error);
bool field_set_real(const struct field *field, void *object, double value, struct error *error);

#endif
