/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/ring.h"

#include "base/bitmap.h"
#include "workloads/fresh_content.h"

#include <stdlib.h>
#include <string.h>

void ring_init(struct ring *ring, uint64_t first_page, uint64_t pages, uint64_t seed,
               unsigned fresh)
{
    *ring = (struct ring){.first_page = first_page, .pages = pages, .seed = seed, .fresh = fresh};
    ring->shown = must_alloc(pages, sizeof *ring->shown, "the pages of a log");
}

void ring_release(struct ring *ring)
{
    free(ring->shown);
}

/* The bytes from..to of a lap, of which `from` is inside the ring. */
static void mark(const struct ring *ring, uint64_t from, uint64_t to, uint64_t *dirty)
{
    uint64_t first = from / PAGE_SIZE, last = (to - 1) / PAGE_SIZE;
    bitmap_set_range(dirty, ring->first_page + first, last - first + 1);
}

void ring_touch(struct ring *ring, uint64_t written, uint64_t *dirty)
{
    uint64_t size = ring->pages * PAGE_SIZE, news = written - ring->touched;
    uint64_t from = ring->touched % size;
    ring->touched = written;
    if (news == 0)
        return;
    if (news >= size) {
        mark(ring, 0, size, dirty);
    } else if (from + news <= size) {
        mark(ring, from, from + news, dirty);
    } else {
        mark(ring, from, size, dirty);
        mark(ring, 0, from + news - size, dirty);
    }
}

/* How often the byte at `place` was written. */
static uint64_t laps(const struct ring *ring, uint64_t written, uint64_t place)
{
    uint64_t size = ring->pages * PAGE_SIZE;
    return written / size + (place < written % size);
}

void ring_materialise(struct ring *ring, uint64_t written, uint64_t page_no,
                      struct page_store *memory)
{
    uint64_t page = page_no - ring->first_page, start = page * PAGE_SIZE, end = start + PAGE_SIZE;
    uint64_t before = ring->shown[page], head = written % (ring->pages * PAGE_SIZE);
    ring->shown[page] = written;
    uint64_t newer = head > start && head < end ? head - start : PAGE_SIZE;
    uint64_t lap = laps(ring, written, start);
    if (lap == laps(ring, before, start + newer - 1))
        return; /* the byte of the page that was written last is no newer */
    uint8_t *bytes = page_store_write(memory, page_no), older[PAGE_SIZE];
    fresh_content(ring->fresh, ring->seed, page, lap, bytes, newer);
    if (newer == PAGE_SIZE || lap - 1 == laps(ring, before, end - 1))
        return;
    fresh_content(ring->fresh, ring->seed, page, lap - 1, older, PAGE_SIZE);
    memcpy(bytes + newer, older + newer, PAGE_SIZE - newer);
}
