/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "base/random.h"
#include "workloads/fresh_content.h"
#include "workloads/tests/twin_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Kind gc against a twin that is a collector: it makes objects byte by byte and copies pages from
 * where they lie. And its cycle against the closed form.
 */
__extension__ typedef unsigned __int128 wide;

struct heap {
    const char *settings;
    uint64_t allocation_rate, copy_rate, nursery, space; /* bytes/s, bytes/s, pages, pages */
    double survivors, live;
    unsigned fresh;
    /* state */
    uint64_t seed, lap, top, done, living;
    int64_t begin;
    unsigned in_use, doing; /* doing: 0 allocating, 1 full copy, 2 minor copy */
    uint64_t full_copies;
};

static void copy_page(struct twin_pair *pair, uint64_t from, uint64_t to, bool first)
{
    uint8_t *bytes = pair->memory.bytes;
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        twin_pair_put(pair, to * PAGE_SIZE + i, bytes[from * PAGE_SIZE + i]);
    uint8_t *age = bytes + to * PAGE_SIZE;
    bytes_put_le64(age, first ? 1 : bytes_get_le64(age) + 1);
}

static void allocate_byte(struct twin_pair *pair, const struct heap *heap, uint64_t at)
{
    static uint8_t content[PAGE_SIZE];
    static uint64_t page, lap;
    static const struct heap *of;
    if (of != heap || page != at / PAGE_SIZE || lap != heap->lap)
        fresh_content(heap->fresh, heap->seed, at / PAGE_SIZE, heap->lap, content, PAGE_SIZE);
    of = heap, page = at / PAGE_SIZE, lap = heap->lap;
    twin_pair_put(pair, at, content[at % PAGE_SIZE]);
}

static void one_step(struct twin_pair *pair, struct heap *heap)
{
    uint64_t old = heap->nursery + heap->in_use * heap->space;
    uint64_t new = heap->nursery + !heap->in_use * heap->space;
    uint64_t survivors = (uint64_t)((double)heap->nursery * heap->survivors);
    if (heap->doing == 0)
        allocate_byte(pair, heap, heap->done);
    else if (heap->doing == 1)
        copy_page(pair, old + heap->done * heap->top / heap->living, new + heap->done, false);
    else
        copy_page(pair, heap->done * heap->nursery / survivors, old + heap->top + heap->done, true);
    heap->done++;
}

static void go_on(struct heap *heap)
{
    uint64_t survivors = (uint64_t)((double)heap->nursery * heap->survivors);
    heap->done = 0;
    if (heap->doing == 0 && heap->top + survivors > heap->space) {
        heap->doing = 1;
        heap->full_copies++;
        heap->living = (uint64_t)((double)heap->top * heap->live);
        return;
    }
    if (heap->doing == 1)
        heap->in_use = !heap->in_use, heap->top = heap->living;
    if (heap->doing == 2)
        heap->top += survivors, heap->lap++, heap->doing = 0;
    else
        heap->doing = 2;
}

static void advance(struct twin_pair *pair, int64_t time)
{
    struct heap *heap = pair->twin;
    for (;;) {
        uint64_t unit = heap->doing ? PAGE_SIZE : 1;
        uint64_t rate = heap->doing ? heap->copy_rate : heap->allocation_rate;
        uint64_t survivors = (uint64_t)((double)heap->nursery * heap->survivors);
        uint64_t size = heap->doing == 0   ? heap->nursery * PAGE_SIZE
                        : heap->doing == 1 ? heap->living
                                           : survivors;
        /* A byte or page is there at the first whole ns at which all of it can be done. */
        while (heap->done < size &&
               (wide)(heap->done + 1) * unit * 1000000000 <= (wide)(time - heap->begin) * rate)
            one_step(pair, heap);
        if (heap->done < size)
            return;
        int64_t took = 0;
        while ((wide)took * rate < (wide)size * unit * 1000000000)
            took += 1 + (int64_t)(((wide)size * unit * 1000000000 - (wide)took * rate) / rate) / 2;
        while (took > 0 && (wide)(took - 1) * rate >= (wide)size * unit * 1000000000)
            took--;
        heap->begin += took;
        go_on(heap);
    }
}

static void test_twin(void **state)
{
    (void)state;
    static const struct heap heaps[] = {
        {"region=192K nursery=64K allocation-rate=1MiB/s copy-rate=8MiB/s survivors=20%", 1 << 20,
         8 << 20, 16, 16, 0.2, 0.6, FRESH_TEXT, 0, 1, 0, 0, 0, 0, 0, 0, 0},
        {"region=108K nursery=64K allocation-rate=700kB/s copy-rate=3MiB/s survivors=15% live=40% "
         "value=random",
         700000, 3 << 20, 16, 5, 0.15, 0.4, FRESH_RANDOM, 0, 1, 0, 0, 0, 0, 0, 0, 0},
        {"region=72K nursery=64K survivors=0 live=100% allocation-rate=3MB/s", 3000000, 1 << 30, 16,
         1, 0, 1, FRESH_TEXT, 0, 1, 0, 0, 0, 0, 0, 0, 0},
        {"region=96K nursery=64K survivors=7% live=0 allocation-rate=1MB/s copy-rate=400KiB/s",
         1000000, 409600, 16, 4, 0.07, 0, FRESH_TEXT, 0, 1, 0, 0, 0, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
        struct heap heap = heaps[i];
        struct twin_pair pair;
        heap.seed = random_derive(7, TWIN_GUEST_LABEL);
        twin_pair_init(&pair, "gc", heap.settings, 7);
        pair.advance = advance;
        pair.twin = &heap;
        twin_pair_look(&pair, 150, 3000000, 1);
        twin_pair_look(&pair, 150, 60000000, 2);
        twin_pair_look(&pair, 20, 900000000, 3);
        assert_true(pair.dirty_seen > 200);
        assert_true(heap.survivors > 0 ? heap.full_copies > 1 : heap.full_copies == 0);
        twin_pair_release(&pair);
    }
}

static unsigned touch_pages(struct twin_guest *guest, double time_s, uint64_t from, uint64_t to)
{
    unsigned count = 0;
    twin_guest_touch(guest, (int64_t)(time_s * 1e9));
    for (uint64_t page = from; page < to; page++)
        count += twin_guest_is_dirty(guest, page);
    return count;
}

/*
 * A nursery of 1 MiB at 1 MiB/s takes 1 s; then 25.6 (25) pages are copied at 100 pages a second.
 * Spaces of 60 pages take two of these; at the third, half of the 50 pages go to the other first.
 */
static void test_cycle(void **state)
{
    (void)state;
    struct twin_guest guest;
    static uint8_t young[256 * PAGE_SIZE];
    twin_guest_init(&guest, "gc",
                    "region=1504K nursery=1M allocation-rate=1MiB/s copy-rate=400KiB/s "
                    "survivors=10% live=50% value=random",
                    1);
    double now = 0, copy = 0.25;
    for (unsigned cycle = 1; cycle <= 2; cycle++) {
        assert_int_equal(touch_pages(&guest, now + 0.5, 0, 376), 128);
        now += 1;
        assert_int_equal(touch_pages(&guest, now, 0, 376), 128);
        for (uint64_t page = 0; page < 256; page++)
            memcpy(young + page * PAGE_SIZE, twin_guest_page(&guest, page, (int64_t)(now * 1e9)),
                   PAGE_SIZE);
        now += copy;
        assert_int_equal(touch_pages(&guest, now, 0, 376), 25);
        for (unsigned i = 0; i < 25; i++) {
            uint64_t page = 256 + (cycle - 1) * 25 + i, from = i * 256 / 25;
            assert_true(twin_guest_is_dirty(&guest, page));
            const uint8_t *bytes = twin_guest_page(&guest, page, (int64_t)(now * 1e9));
            assert_int_equal(bytes_get_le64(bytes), 1);
            assert_memory_equal(bytes + 8, young + from * PAGE_SIZE + 8, PAGE_SIZE - 8);
        }
    }
    now += 1;
    assert_int_equal(touch_pages(&guest, now, 0, 256), 256);
    now += copy;
    assert_int_equal(touch_pages(&guest, now, 0, 376), 25); /* the living half of 50 */
    assert_true(twin_guest_is_dirty(&guest, 256 + 60));
    assert_int_equal(bytes_get_le64(twin_guest_page(&guest, 256 + 60, (int64_t)(now * 1e9))), 2);
    assert_int_equal(touch_pages(&guest, now + copy, 256 + 60 + 25, 256 + 60 + 50), 25);
    twin_guest_release(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
