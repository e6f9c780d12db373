/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_CONTENT_H
#define MODELS_CONTENT_H

#include "base/error.h"
#include "base/option.h"

#include <stdbool.h>
#include <stdint.h>

/* The target's page, QEMU's TARGET_PAGE_SIZE on x86. */
#define PAGE_SIZE 4096u

/*
 * What stands in the guest's memory before anyone writes to it: a pure function of the seed and the
 * page number, so that a page nobody wrote needs no storage.
 *
 *     zero     all bytes 0: sent as a `duplicate` record
 *     random   bytes of a random stream: nothing compresses it, no two pages are alike
 *     text     words of a small vocabulary in lines
 *     image    the pages of a file, zero beyond its end
 *
 * A mixture gives each aligned run of pages (free and used memory come in runs) one of the first
 * three kinds by its share. Ranges of pages (a workload's region, a firmware block) may have a fill
 * of their own.
 */
enum fill { FILL_GUEST, FILL_ZERO, FILL_RANDOM, FILL_TEXT };
extern const char *const fill_names[]; /* "guest", "zero", "random", "text", NULL */

struct content_options {
    double zero_share, text_share; /* of the runs; what remains is random */
    uint64_t run_bytes;            /* length of a run */
    char *image;                   /* file of the memory image, or "" */
};
/* For the [guest] section; offsets are those of struct content_options. */
extern const struct option content_options_table[];

struct content;

/* Whether content_create would succeed; cheap. */
bool content_check(const struct content_options *options, struct error *error);

/* Owned by the caller, to content_destroy. NULL: the image cannot be read, or shares above 1. */
struct content *content_create(const struct content_options *options, uint64_t seed,
                               struct error *error);
void content_destroy(struct content *content); /* NULL is fine */

/* Pages first..first+count-1 get a fill of their own; FILL_GUEST leaves them as they are. */
void content_set_range(struct content *content, uint64_t first, uint64_t count, enum fill fill);

/* Fills `bytes` with the page's initial content. */
void content_page(const struct content *content, uint64_t page_no, uint8_t bytes[static PAGE_SIZE]);

/* True if content_page would give zeros only. Cheap, and never wrong about FILL_ZERO. */
bool content_is_zero(const struct content *content, uint64_t page_no);

#endif
