/* SPDX-License-Identifier: MIT */
#ifndef CODEC_TESTS_TWIN_XBZRLE_H
#define CODEC_TESTS_TWIN_XBZRLE_H

#include "codec/xbzrle.h"

/*
 * The codec again, a byte at a time and as the rules are worded, for comparison: overflow when
 * fewer than two bytes are free before a zrun, or before an nzrun's length, or when the nzrun's
 * bytes do not fit.
 */
enum encode_result twin_xbzrle_encode(const uint8_t *old_page, const uint8_t *new_page,
                                      size_t page_size, uint8_t *delta, size_t capacity,
                                      size_t *ret_size);
bool twin_xbzrle_decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size);

/* The size of the delta if there were no limit. */
size_t twin_xbzrle_size(const uint8_t *old_page, const uint8_t *new_page, size_t page_size);

/* The v5 pairs, a byte at a time. */
enum encode_result twin_xbrle_encode(const uint8_t *old_page, const uint8_t *new_page,
                                     size_t page_size, uint8_t *pairs, size_t capacity,
                                     size_t *ret_size);

#endif
