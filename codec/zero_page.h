/* SPDX-License-Identifier: MIT */
#ifndef CODEC_ZERO_PAGE_H
#define CODEC_ZERO_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages of a single byte: what a sender tests before all else. `page_size` is a multiple of 64,
 * from 64 up; any alignment. Both end early at the first bytes that differ.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* True if all bytes are 0: what QEMU sends as a zero page since 1.5. */
bool zero_page(const uint8_t *page, size_t page_size);

/* True if all bytes are equal; *ret_byte is that byte. The "dup" page of QEMU before 1.5. */
bool duplicate_page(const uint8_t *page, size_t page_size, uint8_t *ret_byte);

#ifdef __cplusplus
}
#endif

#endif
