/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Parameters as data. One table describes the parameters of one section; the scenario parser, `-s`,
 * `--help`, `migsim list parameters`, the JSON echo and the man page's list all come from it.
 *
 *     struct link_options { uint64_t bandwidth; int64_t latency_ns; };
 *
 *     static const struct option LINK_OPTIONS[] = {
 *         {"bandwidth", OPTION_RATE, offsetof(struct link_options, bandwidth), "1Gbit/s",
 *          .min = 1, .help = "what the wire carries"},
 *         ...
 *         {0},
 *     };
 *
 * A value lies in the object at `offset`, in the type that the kind states below.
 */
enum option_type {
    OPTION_SIZE,    /* uint64_t bytes */
    OPTION_RATE,    /* uint64_t bytes/s */
    OPTION_TIME,    /* int64_t ns */
    OPTION_COUNT,   /* uint64_t, thousands as k M G */
    OPTION_INTEGER, /* uint64_t, no suffix: seeds, ports of a table */
    OPTION_SHARE,   /* double from 0 to 1 */
    OPTION_SWITCH,  /* bool: on, off */
    OPTION_WORD,    /* unsigned: index into `words` */
    OPTION_TEXT,    /* char *, owned by the object, never NULL */
    OPTION_DECIMAL, /* uint64_t thousandths, written as 0.99: exponents */
};

struct option {
    const char *name; /* NULL ends a table */
    enum option_type type;
    size_t offset;
    const char *fallback;     /* the default, as one would write it; NULL: must be given */
    const char *help;         /* one line, without full stop */
    uint64_t min, max;        /* allowed range in base units; max 0 means no limit but the type's */
    const char *const *words; /* OPTION_WORD: the allowed words, ended by NULL */
    const char *zero_word;    /* a word for 0 besides numbers: "unlimited", "unpaced"; or NULL */
    bool changeable;          /* an [at TIME] section may change it */
    bool path; /* OPTION_TEXT: a file; relative ones begin at the scenario's folder */
};

/* The option of that name in the table, or NULL. */
const struct option *option_find(const struct option *table, const char *name);

/*
 * Reads `text` into the object. On failure the object is as before and the error says what was read
 * and what is allowed; the caller puts file, line and key in front.
 */
bool option_set(const struct option *option, void *object, const char *text, struct error *error);

/*
 * Sets every option of the table to its default; an option without one to zero (text to ""). The
 * object must be released or fresh.
 */
void option_set_defaults(const struct option *table, void *object);

/* Frees the texts in the object. */
void option_release(const struct option *table, void *object);

/*
 * The value in base units, as results store it: bytes, bytes/s, ns as whole numbers, "on" or "off",
 * the word, the text. Owned by the caller, to free.
 */
char *option_canonical(const struct option *option, const void *object);

/* The value as option_set takes it back: "64MiB", "300ms", exactly. Owned by the caller. */
char *option_text(const struct option *option, const void *object);

/* "size", "rate", ... or the words with bars between, in `text` of `size` bytes. Returns `text`. */
const char *option_type_text(const struct option *option, char *text, size_t size);

/* True if the canonical value is a number (and not a text to be quoted in JSON). */
bool option_is_number(const struct option *option);

/* What the canonical number counts: "bytes", "bytes/s", "ns"; "" if it has no unit. */
const char *option_unit(const struct option *option);

/*
 * The name of those given that is nearest to `text` by edit distance, for "did you mean"; NULL if
 * none is near. `names` is ended by NULL.
 */
const char *option_nearest(const char *text, const char *const *names);

#endif
