/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* madvise */
#include "models/page_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LEAF_PAGES  512u
#define CHUNK_PAGES 512u

struct page_store {
    const struct content *content;
    uint64_t page_count;
    uint32_t **table; /* leaves of slot numbers, counted from 1 */
    uint8_t **chunks;
    size_t chunk_count, chunk_room;
    uint64_t stored;
};

struct page_store *page_store_create(uint64_t page_count, const struct content *content)
{
    struct page_store *store = must_alloc(1, sizeof *store, "page store");
    store->content = content;
    store->page_count = page_count;
    store->table = must_alloc((page_count + LEAF_PAGES - 1) / LEAF_PAGES, sizeof *store->table,
                              "the table of guest pages");
    return store;
}

void page_store_destroy(struct page_store *store)
{
    if (!store)
        return;
    for (uint64_t i = 0; i < (store->page_count + LEAF_PAGES - 1) / LEAF_PAGES; i++)
        free(store->table[i]);
    for (size_t i = 0; i < store->chunk_count; i++)
        free(store->chunks[i]);
    free(store->table);
    free(store->chunks);
    free(store);
}

static uint8_t *slot_bytes(const struct page_store *store, uint32_t slot)
{
    return store->chunks[(slot - 1) / CHUNK_PAGES] + (slot - 1) % CHUNK_PAGES * PAGE_SIZE;
}

static uint8_t *stored_bytes(const struct page_store *store, uint64_t page_no)
{
    assert(page_no < store->page_count);
    const uint32_t *leaf = store->table[page_no / LEAF_PAGES];
    uint32_t slot = leaf ? leaf[page_no % LEAF_PAGES] : 0;
    return slot ? slot_bytes(store, slot) : NULL;
}

const uint8_t *page_store_read(const struct page_store *store, uint64_t page_no,
                               uint8_t scratch[static PAGE_SIZE])
{
    const uint8_t *bytes = stored_bytes(store, page_no);
    if (bytes)
        return bytes;
    content_page(store->content, page_no, scratch);
    return scratch;
}

/* Huge pages where the kernel has them: a run is a burst of first touches. */
static uint8_t *add_chunk(void)
{
    const size_t size = (size_t)CHUNK_PAGES * PAGE_SIZE;
    uint8_t *chunk = aligned_alloc(size, size);
    if (!chunk)
        return must_alloc(CHUNK_PAGES, PAGE_SIZE, "guest pages");
    madvise(chunk, size, MADV_HUGEPAGE);
    return chunk;
}

static uint8_t *store_page(struct page_store *store, uint64_t page_no)
{
    uint32_t **leaf = &store->table[page_no / LEAF_PAGES];
    if (!*leaf)
        *leaf = must_alloc(LEAF_PAGES, sizeof **leaf, "the table of guest pages");
    if (store->stored == store->chunk_count * CHUNK_PAGES) {
        if (store->chunk_count == store->chunk_room) {
            store->chunk_room = store->chunk_room * 2 + 16;
            store->chunks =
                must_grow(store->chunks, store->chunk_room, sizeof *store->chunks, "guest pages");
        }
        store->chunks[store->chunk_count++] = add_chunk();
    }
    (*leaf)[page_no % LEAF_PAGES] = (uint32_t)++store->stored;
    return slot_bytes(store, (uint32_t)store->stored);
}

uint8_t *page_store_write(struct page_store *store, uint64_t page_no)
{
    uint8_t *bytes = stored_bytes(store, page_no);
    if (!bytes) {
        bytes = store_page(store, page_no);
        content_page(store->content, page_no, bytes);
    }
    return bytes;
}

uint8_t *page_store_replace(struct page_store *store, uint64_t page_no)
{
    uint8_t *bytes = stored_bytes(store, page_no);
    return bytes ? bytes : store_page(store, page_no);
}

bool page_store_is_stored(const struct page_store *store, uint64_t page_no)
{
    return stored_bytes(store, page_no) != NULL;
}

uint64_t page_store_stored_pages(const struct page_store *store)
{
    return store->stored;
}
