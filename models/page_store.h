/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_PAGE_STORE_H
#define MODELS_PAGE_STORE_H

#include "models/content.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A guest's memory, of which only the pages that were written are stored; the others are what
 * `content` says.
 *
 *     page_no ──> table[page_no / 512] ──> slot number ──> chunk of 512 pages
 *                 (NULL: none of the     (0: this page
 *                 512 pages is stored)   is not stored)
 *
 * Memory grows in chunks and is not returned before the end.
 */
struct page_store;

/* Owned by the caller, to page_store_destroy. `content` is borrowed and must outlive the store. */
struct page_store *page_store_create(uint64_t page_count, const struct content *content);
void page_store_destroy(struct page_store *store); /* NULL is fine */

/* The page's bytes: those stored (borrowed, until destroy), else `scratch` filled with content. */
const uint8_t *page_store_read(const struct page_store *store, uint64_t page_no,
                               uint8_t scratch[static PAGE_SIZE]);

/* The stored bytes, to be changed; a page not stored yet starts as its content. Never NULL. */
uint8_t *page_store_write(struct page_store *store, uint64_t page_no);

/* The same for a page that will be overwritten whole: its bytes may be anything. */
uint8_t *page_store_replace(struct page_store *store, uint64_t page_no);

bool page_store_is_stored(const struct page_store *store, uint64_t page_no);
uint64_t page_store_stored_pages(const struct page_store *store);

#endif
