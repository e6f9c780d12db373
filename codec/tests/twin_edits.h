/* SPDX-License-Identifier: MIT */
#ifndef CODEC_TESTS_TWIN_EDITS_H
#define CODEC_TESTS_TWIN_EDITS_H

#include "codec/xbzrle.h"

/*
 * Two pages from a fuzzer's input: the new one is the old one with edits.
 *
 *     input    | page size | capacity (2) | gap (2) count value | gap (2) count value | ...
 */
struct twin_edits {
    uint8_t *old_page, *new_page;
    uint8_t *cached; /* equal to the old page */
    uint8_t *delta;  /* exactly `capacity` bytes, so that one written behind them is seen */
    size_t page_size, capacity;
};

/* False: too little input for any. Else the caller frees. */
bool twin_edits_make(struct twin_edits *edits, const uint8_t *data, size_t size);
void twin_edits_free(struct twin_edits *edits);

/* Exactly `size` bytes. */
uint8_t *twin_buffer(size_t size);

/* Aborts unless it holds: what a fuzzer takes note of. */
void twin_require(bool holds);

#endif
