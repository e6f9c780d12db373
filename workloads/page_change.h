/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_PAGE_CHANGE_H
#define WORKLOADS_PAGE_CHANGE_H

#include "base/option.h"
#include "models/page_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What one visit of a program to a page changes in it: `writes` pieces of `write_size` bytes.
 *
 *     random   |..##....|...##...|##......|.....##.|   each somewhere in its equal part of the
 *     own      |...##...|##......|....##..|.##.....|   page, elsewhere at each visit; or at the
 *     spaced   |##.........##.........##..........|    page's own places; or every `spacing` bytes
 *
 * All is a function of seed, page and the number of the visit, so that a lazy workload may make
 * many visits at once, and a naive one each in its turn, to the same bytes.
 */
enum change_places { PLACES_RANDOM, PLACES_OWN, PLACES_SPACED };
enum change_value { VALUE_RANDOM, VALUE_TEXT, VALUE_INCREMENT, VALUE_TOGGLE };
extern const char *const change_places_names[], *const change_value_names[];

struct page_change {
    uint64_t write_size, writes, align, spacing;
    unsigned places, value;
    double unchanged; /* share of the visits that write what is there: dirty, with an empty delta */
};

/* The options, for a kind's table whose struct holds a struct page_change as `member`. */
#define PAGE_CHANGE_OPTIONS(type, member, size_default, writes_default, places_default,            \
                            value_default)                                                         \
    {"write-size",                                                                                 \
     OPTION_SIZE,                                                                                  \
     offsetof(type, member.write_size),                                                            \
     size_default,                                                                                 \
     .help = "bytes of one write, in one piece",                                                   \
     .min = 1,                                                                                     \
     .max = PAGE_SIZE},                                                                            \
        {"writes",                                                                                 \
         OPTION_COUNT,                                                                             \
         offsetof(type, member.writes),                                                            \
         writes_default,                                                                           \
         .help = "writes of one visit to a page; more than one lie scattered over it",             \
         .min = 1,                                                                                 \
         .max = PAGE_SIZE},                                                                        \
        {"places",                                                                                 \
         OPTION_WORD,                                                                              \
         offsetof(type, member.places),                                                            \
         places_default,                                                                           \
         .help = "elsewhere at each visit, the page's own, or one every `spacing` bytes",          \
         .words = change_places_names},                                                            \
        {"spacing",                                                                                \
         OPTION_SIZE,                                                                              \
         offsetof(type, member.spacing),                                                           \
         "1K",                                                                                     \
         .help = "places spaced: distance from one write of a visit to the next",                  \
         .min = 1,                                                                                 \
         .max = PAGE_SIZE},                                                                        \
        {"align",                                                                                  \
         OPTION_SIZE,                                                                              \
         offsetof(type, member.align),                                                             \
         "8B",                                                                                     \
         .help = "places random and own: each begins at a multiple of this",                       \
         .min = 1,                                                                                 \
         .max = PAGE_SIZE},                                                                        \
        {"value",                                                                                  \
         OPTION_WORD,                                                                              \
         offsetof(type, member.value),                                                             \
         value_default,                                                                            \
         .help = "new bytes, new text, words of 8 bytes counted up, or the lowest bit of bytes",   \
         .words = change_value_names},                                                             \
    {                                                                                              \
        "unchanged", OPTION_SHARE, offsetof(type, member.unchanged), "0",                          \
            .help = "share of the visits that write the same bytes again: dirty, nothing to send"  \
    }

/* Whether the writes of a visit fit a page. */
bool page_change_check(const struct page_change *change, struct error *error);

/* Of one workload, so that where, what and whether do not hang on one another. */
struct page_change_seeds {
    uint64_t places, values, unchanged;
};
struct page_change_seeds page_change_seeds(uint64_t seed);

/* True if visit `number` (from 1) of the page writes anything new. */
bool page_change_is_new(const struct page_change *change, const struct page_change_seeds *seeds,
                        uint64_t page, uint64_t number);

/* Where write `index` of that visit begins in the page. */
uint64_t page_change_place(const struct page_change *change, const struct page_change_seeds *seeds,
                           uint64_t page, uint64_t number, uint64_t index);

/* The write_size bytes that it puts there, values random and text. */
void page_change_value(const struct page_change *change, const struct page_change_seeds *seeds,
                       uint64_t page, uint64_t number, uint64_t index, uint8_t *value);

/* Brings the page from visit `first` to visit `last`: what first+1..last leave in its bytes. */
void page_change_apply(const struct page_change *change, const struct page_change_seeds *seeds,
                       uint64_t page, uint64_t first, uint64_t last,
                       uint8_t bytes[static PAGE_SIZE]);

#endif
