/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/recorder_pages.h"

#include "base/bitmap.h"
#include "base/random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_PAGES  512u /* 2 MiB of addresses */
#define CHUNK_PAGES 256u

struct leaf {
    uint64_t key;      /* address / 2 MiB, plus 1; 0: an empty place in the table */
    uint32_t *numbers; /* page number plus 1; 0: none; UINT32_MAX: left out */
};

struct recorder_pages {
    uint32_t limit, count, room;
    uint64_t left_out;
    uint64_t *addresses; /* by page number, as the two bitmaps are */
    uint64_t *marked, *written;
    uint8_t **chunks;

    struct leaf *leaves; /* hash table with open addressing; its size is a power of two */
    size_t leaf_count, leaf_room;

    struct trace_place *places;
    size_t place_count, place_room, place_next;
};

struct recorder_pages *recorder_pages_create(uint32_t limit)
{
    struct recorder_pages *pages = must_alloc(1, sizeof *pages, "the recorded pages");
    pages->limit = limit;
    pages->leaf_room = 256;
    pages->leaves = must_alloc(pages->leaf_room, sizeof *pages->leaves, "the recorded pages");
    return pages;
}

void recorder_pages_destroy(struct recorder_pages *pages)
{
    if (!pages)
        return;
    for (size_t i = 0; i < pages->leaf_room; i++)
        free(pages->leaves[i].numbers);
    for (uint32_t i = 0; i < pages->room / CHUNK_PAGES; i++)
        free(pages->chunks[i]);
    free(pages->leaves);
    free(pages->chunks);
    free(pages->addresses);
    free(pages->marked);
    free(pages->written);
    free(pages->places);
    free(pages);
}

static struct leaf *find_leaf(struct leaf *leaves, size_t room, uint64_t key)
{
    size_t at = random_mix(0, key, 0) & (room - 1);
    while (leaves[at].key && leaves[at].key != key)
        at = (at + 1) & (room - 1);
    return &leaves[at];
}

static void grow_leaves(struct recorder_pages *pages)
{
    size_t room = 2 * pages->leaf_room;
    struct leaf *leaves = must_alloc(room, sizeof *leaves, "the recorded pages");
    for (size_t i = 0; i < pages->leaf_room; i++)
        if (pages->leaves[i].key)
            *find_leaf(leaves, room, pages->leaves[i].key) = pages->leaves[i];
    free(pages->leaves);
    pages->leaves = leaves;
    pages->leaf_room = room;
}

static uint32_t *number_of(struct recorder_pages *pages, uint64_t address)
{
    uint64_t page = address / PAGE_SIZE, key = page / LEAF_PAGES + 1;
    struct leaf *leaf = find_leaf(pages->leaves, pages->leaf_room, key);
    if (!leaf->key) {
        if (2 * ++pages->leaf_count > pages->leaf_room) {
            grow_leaves(pages);
            leaf = find_leaf(pages->leaves, pages->leaf_room, key);
        }
        leaf->key = key;
        leaf->numbers = must_alloc(LEAF_PAGES, sizeof *leaf->numbers, "the recorded pages");
    }
    return &leaf->numbers[page % LEAF_PAGES];
}

static void grow_pages(struct recorder_pages *pages)
{
    const char *what = "the recorded pages";
    uint32_t old = pages->room, room = old + old / 2 / CHUNK_PAGES * CHUNK_PAGES + 16 * CHUNK_PAGES;
    size_t words = BITMAP_WORDS((uint64_t)room), old_words = BITMAP_WORDS((uint64_t)old);
    pages->addresses = must_grow(pages->addresses, room, sizeof *pages->addresses, what);
    pages->marked = must_grow(pages->marked, words, sizeof *pages->marked, what);
    pages->written = must_grow(pages->written, words, sizeof *pages->written, what);
    pages->chunks = must_grow(pages->chunks, room / CHUNK_PAGES, sizeof *pages->chunks, what);
    memset(pages->marked + old_words, 0, (words - old_words) * sizeof *pages->marked);
    memset(pages->written + old_words, 0, (words - old_words) * sizeof *pages->written);
    for (uint32_t i = old / CHUNK_PAGES; i < room / CHUNK_PAGES; i++)
        pages->chunks[i] = NULL;
    pages->room = room;
}

static void add_to_places(struct recorder_pages *pages, uint32_t page_no, uint64_t address,
                          const char *name)
{
    if (pages->place_next == pages->place_count)
        pages->place_next = pages->place_count = 0;
    if (pages->place_count > pages->place_next) {
        struct trace_place *last = &pages->places[pages->place_count - 1];
        if (address == last->address + (uint64_t)last->pages * PAGE_SIZE &&
            !strcmp(last->name, name)) {
            last->pages++;
            return;
        }
    }
    if (pages->place_count == pages->place_room) {
        pages->place_room = 2 * pages->place_room + 64;
        pages->places = must_grow(pages->places, pages->place_room, sizeof *pages->places,
                                  "places of recorded pages");
    }
    struct trace_place *place = &pages->places[pages->place_count++];
    place->first_page = page_no;
    place->pages = 1;
    place->address = address;
    trace_text_clean(name, place->name, sizeof place->name);
}

static uint32_t add_page(struct recorder_pages *pages, uint64_t address, const char *name)
{
    uint32_t page_no = pages->count;
    if (page_no == pages->room)
        grow_pages(pages);
    pages->count++;
    pages->addresses[page_no] = address;
    if (!pages->chunks[page_no / CHUNK_PAGES])
        pages->chunks[page_no / CHUNK_PAGES] =
            must_alloc(CHUNK_PAGES, PAGE_SIZE, "bytes of recorded pages");
    add_to_places(pages, page_no, address, name);
    return page_no;
}

uint32_t recorder_pages_mark(struct recorder_pages *pages, uint64_t address, const char *name,
                             bool written, bool *ret_new)
{
    uint32_t *number = number_of(pages, address);
    *ret_new = *number == 0;
    if (*number == 0 && pages->count == pages->limit) {
        pages->left_out++;
        *number = UINT32_MAX;
    }
    if (*number == UINT32_MAX)
        return RECORDER_NO_PAGE;
    if (*number == 0)
        *number = add_page(pages, address, name) + 1;
    bitmap_set(pages->marked, *number - 1);
    if (written)
        bitmap_set(pages->written, *number - 1);
    return *number - 1;
}

uint32_t recorder_pages_take(struct recorder_pages *pages, uint32_t page_no, bool *ret_written)
{
    uint64_t next = bitmap_next(pages->marked, page_no, pages->count);
    if (next >= pages->count)
        return RECORDER_NO_PAGE;
    *ret_written = bitmap_get(pages->written, next);
    bitmap_clear(pages->marked, next);
    bitmap_clear(pages->written, next);
    return (uint32_t)next;
}

uint32_t recorder_pages_count(const struct recorder_pages *pages)
{
    return pages->count;
}

uint64_t recorder_pages_left_out(const struct recorder_pages *pages)
{
    return pages->left_out;
}

uint64_t recorder_pages_address(const struct recorder_pages *pages, uint32_t page_no)
{
    assert(page_no < pages->count);
    return pages->addresses[page_no];
}

uint8_t *recorder_pages_bytes(struct recorder_pages *pages, uint32_t page_no)
{
    assert(page_no < pages->count);
    return pages->chunks[page_no / CHUNK_PAGES] + page_no % CHUNK_PAGES * PAGE_SIZE;
}

bool recorder_pages_next_place(struct recorder_pages *pages, const struct trace_place **ret_place)
{
    if (pages->place_next == pages->place_count)
        return false;
    *ret_place = &pages->places[pages->place_next++];
    return true;
}
