/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_PAGES_H
#define WORKLOADS_RECORDER_PAGES_H

#include "workloads/trace_format.h"

/*
 * The memory of the trace: virtual pages of the process, numbered in the order in which they were
 * first seen with something in them. A guest's kernel gives out frames much the same way, by first
 * touch; and mappings of terabytes with nothing in them cost nothing.
 *
 *     address ──> leaf of 512 numbers ──> page number ──> address, bytes as last recorded, marks
 */
struct recorder_pages;

#define RECORDER_NO_PAGE UINT32_MAX

/* At most `limit` pages get a number. Owned by the caller, to recorder_pages_destroy. */
struct recorder_pages *recorder_pages_create(uint32_t limit);
void recorder_pages_destroy(struct recorder_pages *pages); /* NULL is fine */

/*
 * Marks the page to be looked at, numbering it if it is new; *ret_new then. `written` if it is
 * known that it was written, whatever its bytes. RECORDER_NO_PAGE if the limit is reached. `name`
 * is that of its mapping.
 */
uint32_t recorder_pages_mark(struct recorder_pages *pages, uint64_t address, const char *name,
                             bool written, bool *ret_new);

/* The first marked page from `page_no` on, its mark taken off; RECORDER_NO_PAGE if none is left. */
uint32_t recorder_pages_take(struct recorder_pages *pages, uint32_t page_no, bool *ret_written);

uint32_t recorder_pages_count(const struct recorder_pages *pages);
uint64_t recorder_pages_left_out(const struct recorder_pages *pages); /* for want of numbers */
uint64_t recorder_pages_address(const struct recorder_pages *pages, uint32_t page_no);
/* As last recorded, to be changed; zeros at first. */
uint8_t *recorder_pages_bytes(struct recorder_pages *pages, uint32_t page_no);

/*
 * The runs of new pages since the last call, one at a time: false if there is none left. Borrowed
 * until the next mark.
 */
bool recorder_pages_next_place(struct recorder_pages *pages, const struct trace_place **ret_place);

#endif
