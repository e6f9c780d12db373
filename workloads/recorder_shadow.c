/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* SEEK_DATA */
#include "workloads/recorder_shadow.h"

#include "base/bitmap.h"
#include "codec/zero_page.h"

#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_PAGES 256u

struct recorder_shadow {
    const uint8_t *map;
    int fd;
    uint32_t pages;
    uint64_t *kept; /* pages that have a copy */
    uint8_t **chunks;
    uint32_t data_begin, data_end; /* the file's next data, from where it was last looked for */
    struct recorder_changed changed;
    struct sigaction bus_before;
};

static const uint8_t ZEROS[PAGE_SIZE];

/*
 * A mapped file that shrinks raises SIGBUS at the next read, between any two instructions, so no
 * test beforehand helps. The way out of a handler is a global; each thread has its own.
 */
static _Thread_local sigjmp_buf *volatile way_out;

static void on_bus_error(int number)
{
    if (way_out)
        siglongjmp(*way_out, 1);
    signal(number, SIG_DFL); /* not in a look: as without us, when the instruction runs again */
}

struct recorder_shadow *recorder_shadow_create(const uint8_t *map, int fd, uint32_t pages)
{
    struct recorder_shadow *shadow = must_alloc(1, sizeof *shadow, "a copy of a memory file");
    shadow->map = map;
    shadow->fd = fd;
    shadow->pages = pages;
    shadow->kept = bitmap_alloc(pages, "a copy of a memory file");
    shadow->chunks = must_alloc((pages + CHUNK_PAGES - 1) / CHUNK_PAGES, sizeof *shadow->chunks,
                                "a copy of a memory file");
    shadow->changed.bytes =
        must_alloc(RECORDER_SHADOW_BATCH, PAGE_SIZE, "changed pages of a memory file");
    struct sigaction action = {.sa_handler = on_bus_error};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &shadow->bus_before);
    return shadow;
}

void recorder_shadow_destroy(struct recorder_shadow *shadow)
{
    if (!shadow)
        return;
    sigaction(SIGBUS, &shadow->bus_before, NULL);
    for (uint32_t i = 0; i < (shadow->pages + CHUNK_PAGES - 1) / CHUNK_PAGES; i++)
        free(shadow->chunks[i]);
    free(shadow->chunks);
    free(shadow->kept);
    free(shadow->changed.bytes);
    free(shadow);
}

const uint8_t *recorder_shadow_bytes(const struct recorder_shadow *shadow, uint32_t page_no)
{
    assert(page_no < shadow->pages);
    if (!bitmap_get(shadow->kept, page_no))
        return ZEROS;
    return shadow->chunks[page_no / CHUNK_PAGES] + page_no % CHUNK_PAGES * PAGE_SIZE;
}

void recorder_shadow_keep(struct recorder_shadow *shadow, uint32_t page_no,
                          const uint8_t bytes[static PAGE_SIZE])
{
    assert(page_no < shadow->pages);
    uint8_t **chunk = &shadow->chunks[page_no / CHUNK_PAGES];
    if (!*chunk)
        *chunk = must_alloc(CHUNK_PAGES, PAGE_SIZE, "a copy of a memory file");
    bitmap_set(shadow->kept, page_no);
    memcpy(*chunk + page_no % CHUNK_PAGES * PAGE_SIZE, bytes, PAGE_SIZE);
}

uint32_t recorder_shadow_next(const struct recorder_shadow *shadow, uint32_t page_no)
{
    return (uint32_t)bitmap_next(shadow->kept, page_no, shadow->pages);
}

/* Where the file's data lies from `page_no` on. A file system that cannot tell: all of it. */
static void find_data(struct recorder_shadow *shadow, uint32_t page_no)
{
    off_t begin = lseek(shadow->fd, (off_t)page_no * PAGE_SIZE, SEEK_DATA);
    off_t end = begin < 0 ? -1 : lseek(shadow->fd, begin, SEEK_HOLE);
    uint64_t first = begin < 0 ? shadow->pages : (uint64_t)begin / PAGE_SIZE;
    uint64_t last = end < 0 ? shadow->pages : ((uint64_t)end + PAGE_SIZE - 1) / PAGE_SIZE;
    shadow->data_begin = first < shadow->pages ? (uint32_t)first : shadow->pages;
    shadow->data_end = last < shadow->pages ? (uint32_t)last : shadow->pages;
}

/*
 * Takes a copy of a page that was seen to differ. The guest goes on writing: by the time of the
 * copy the page may be again what it was.
 */
static void add_changed(struct recorder_shadow *shadow, uint32_t page_no, const uint8_t *bytes)
{
    struct recorder_changed *changed = &shadow->changed;
    uint8_t *copy = changed->bytes + changed->count * PAGE_SIZE;
    memcpy(copy, bytes, PAGE_SIZE);
    if (memcmp(copy, recorder_shadow_bytes(shadow, page_no), PAGE_SIZE) != 0)
        changed->numbers[changed->count++] = page_no;
}

/* Pages that hold nothing now; those that held something have changed. */
static uint32_t look_at_hole(struct recorder_shadow *shadow, uint32_t page_no, uint32_t end)
{
    while (shadow->changed.count < RECORDER_SHADOW_BATCH) {
        page_no = (uint32_t)bitmap_next(shadow->kept, page_no, end);
        if (page_no == end)
            break;
        if (!zero_page(recorder_shadow_bytes(shadow, page_no), PAGE_SIZE))
            add_changed(shadow, page_no, ZEROS);
        page_no++;
    }
    return page_no;
}

static void compare(struct recorder_shadow *shadow, uint32_t page_no, uint32_t end)
{
    for (; page_no < end; page_no++) {
        const uint8_t *now = shadow->map + (size_t)page_no * PAGE_SIZE;
        bool same = bitmap_get(shadow->kept, page_no)
                        ? memcmp(now, recorder_shadow_bytes(shadow, page_no), PAGE_SIZE) == 0
                        : zero_page(now, PAGE_SIZE);
        if (!same)
            add_changed(shadow, page_no, now);
    }
}

static bool compare_guarded(struct recorder_shadow *shadow, uint32_t page_no, uint32_t end)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 1) != 0) {
        way_out = NULL;
        return false;
    }
    way_out = &here;
    compare(shadow, page_no, end);
    way_out = NULL;
    return true;
}

bool recorder_shadow_look(struct recorder_shadow *shadow, uint32_t *page_no, uint64_t *ret_compared,
                          struct recorder_changed *ret_changed)
{
    uint32_t first = *page_no;
    bool good = true;
    assert(first < shadow->pages);
    shadow->changed.count = 0;
    if (first == 0 || first >= shadow->data_end)
        find_data(shadow, first);
    if (first < shadow->data_begin) {
        *page_no = look_at_hole(shadow, first, shadow->data_begin);
    } else {
        uint32_t left = shadow->data_end - first;
        uint32_t end = first + (left < RECORDER_SHADOW_BATCH ? left : RECORDER_SHADOW_BATCH);
        good = compare_guarded(shadow, first, end);
        *ret_compared += end - first;
        *page_no = end;
    }
    *ret_changed = shadow->changed;
    return good;
}
