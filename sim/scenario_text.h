/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SCENARIO_TEXT_H
#define SIM_SCENARIO_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A scenario as written: a list of section, key and value, each with the place where it stood. What
 * the words mean is scenario.h's business.
 *
 *     [migration]                      section "migration"
 *     xbzrle-cache-size = 64M          key "xbzrle-cache-size", value "64M", line 2
 *
 * A later override of the same section and key takes its place.
 */
struct scenario_entry {
    char *section, *key, *value;
    unsigned line; /* 0: given on the command line; or SCENARIO_LINE_PRESET */
};
#define SCENARIO_LINE_PRESET ((unsigned)-1) /* not written by the user: it is from a preset */

struct scenario_text {
    char *file; /* as given; its folder is where relative paths in it begin */
    struct scenario_entry *entries;
    size_t count;
};

/* Reads a file, "-" for standard input, or "preset:NAME" for that preset alone. Owned by the
 * caller, to scenario_text_destroy. */
struct scenario_text *scenario_text_read(const char *file, struct error *error);
/* The same from memory; `name` stands for the file in messages. */
struct scenario_text *scenario_text_parse(const char *name, const char *bytes, size_t size,
                                          struct error *error);
struct scenario_text *scenario_text_copy(const struct scenario_text *text);
void scenario_text_destroy(struct scenario_text *text); /* NULL is fine */

/*
 * "workload.load.rate" is key `rate` of section `workload load`. False if there is no such pair in
 * the `length` bytes of `name`; else both are owned by the caller, to free.
 */
bool scenario_text_split_key(const char *name, size_t length, char **ret_section, char **ret_key);

/* "migration.xbzrle=off", "workload load.rate=2M" or "workload.load.rate=2M". */
bool scenario_text_override(struct scenario_text *text, const char *assignment,
                            struct error *error);
/* The same in parts; `line` is where the value was written, 0 for the command line. */
void scenario_text_set(struct scenario_text *text, const char *section, const char *key,
                       const char *value, unsigned line);

/* The entry, or NULL. */
const struct scenario_entry *scenario_text_find(const struct scenario_text *text,
                                                const char *section, const char *key);

/* Sets the error with the entry's place in front: "a.ini:7: migration.xbzrle: ...". False. */
bool scenario_text_error(const struct scenario_text *text, const struct scenario_entry *entry,
                         struct error *error, const char *format, ...) ERROR_FORMAT(4, 5);

#endif
