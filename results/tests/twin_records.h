/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_TESTS_TWIN_RECORDS_H
#define RESULTS_TESTS_TWIN_RECORDS_H

#include "results/record.h"

/*
 * Made-up records with the shape of real ones: the load generator of the cover letter, 16 MiB
 * written, on a guest of 1 GiB at 1 Gbit/s. A cache below 16 MiB does not converge, nor does XBZRLE
 * off. Every number follows from the arguments; owned by the caller, to free().
 */
struct record *made_up_record(uint64_t cache_bytes /* 0: XBZRLE off */, uint64_t seed);

/* The same with one more setting that a sweep may vary. */
struct record *made_up_record_with(uint64_t cache_bytes, uint64_t seed, const char *key,
                                   const char *value);

/* Every member is equal, texts by their characters. With `course`: iterations and samples too. */
bool same_records(const struct record *a, const struct record *b, bool course);

#endif
