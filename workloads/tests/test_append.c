/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "base/random.h"
#include "workloads/fresh_content.h"
#include "workloads/tests/twin_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Kind append against its twin that appends byte by byte, and its closed forms. */
__extension__ typedef unsigned __int128 wide;

struct scene {
    const char *settings;
    uint64_t rate, record;
    unsigned fresh;
    bool head;
    uint64_t seed, done;
};

static void advance(struct twin_pair *pair, int64_t time)
{
    struct scene *scene = pair->twin;
    uint64_t size = (pair->guest.pages - scene->head) * PAGE_SIZE;
    uint8_t content[PAGE_SIZE];
    while ((wide)(scene->done + 1) * 1000000000 <= (wide)time * scene->rate) {
        for (uint64_t i = 0; i < scene->record; i++) {
            uint64_t byte = scene->done * scene->record + i, at = byte % size;
            if (i == 0 || at % PAGE_SIZE == 0)
                fresh_content(scene->fresh, scene->seed, at / PAGE_SIZE, byte / size + 1, content,
                              PAGE_SIZE);
            twin_pair_put(pair, at + scene->head * PAGE_SIZE, content[at % PAGE_SIZE]);
        }
        scene->done++;
        if (scene->head) {
            twin_pair_mark(pair, 0);
            bytes_put_le64(pair->memory.bytes, scene->done * scene->record);
            bytes_put_le64(pair->memory.bytes + 8, scene->done);
        }
    }
}

static void test_twin(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {"region=64K", 10000, 256, FRESH_TEXT, true, 0, 0},
        {"region=16K head=off rate=1234 value=random record=1B", 1234, 1, FRESH_RANDOM, false, 0,
         0},
        {"region=4K head=off rate=100k record=33B", 100000, 33, FRESH_TEXT, false, 0, 0},
        {"region=8K rate=7777 record=4095B value=random", 7777, 4095, FRESH_RANDOM, true, 0, 0},
        {"region=40K rate=500 record=4K", 500, 4096, FRESH_TEXT, true, 0, 0},
        {"region=20K rate=50 record=100000B", 50, 100000, FRESH_TEXT, true, 0, 0},
    };
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct scene scene = scenes[i];
        struct twin_pair pair;
        scene.seed = random_derive(3, TWIN_GUEST_LABEL);
        twin_pair_init(&pair, "append", scene.settings, 3);
        pair.advance = advance;
        pair.twin = &scene;
        double lap_ns = (double)(pair.guest.pages * PAGE_SIZE) / (double)scene.record * 1e9 /
                        (double)scene.rate;
        twin_pair_look(&pair, 100, 4000000000 / (int64_t)scene.rate, 1);
        twin_pair_look(&pair, 100, (int64_t)(lap_ns / 5), 2);
        twin_pair_look(&pair, 50, (int64_t)(lap_ns * 2.2), 3);
        assert_true(pair.dirty_seen > 50);
        twin_pair_release(&pair);
    }
}

/* Each record lies right behind the one before it and is all that changes, over three laps. */
static void test_wrap(void **state)
{
    (void)state;
    enum { SIZE = 16 * PAGE_SIZE, RECORD = 1000 };
    static uint8_t before[SIZE], after[SIZE];
    struct twin_guest guest;
    twin_guest_init(&guest, "append",
                    "region=64K rate=1k record=1000B head=off value=random fill=zero", 1);
    twin_guest_pages(&guest, 0, before);
    for (uint64_t n = 1; n <= 3 * SIZE / RECORD; n++) {
        uint64_t begin = (n - 1) * RECORD % SIZE, changed = 0;
        uint64_t first = begin / PAGE_SIZE, last = (begin + RECORD - 1) / PAGE_SIZE;
        assert_int_equal(twin_guest_touch(&guest, (int64_t)n * 1000000), last - first + 1);
        twin_guest_pages(&guest, (int64_t)n * 1000000, after);
        for (uint64_t at = 0; at < SIZE; at++) {
            bool inside = (at + SIZE - begin) % SIZE < RECORD;
            assert_true(inside || before[at] == after[at]);
            changed += before[at] != after[at];
        }
        assert_in_range(changed, RECORD - 20, RECORD); /* random bytes: 1/256 are as before */
        memcpy(before, after, SIZE);
    }
    twin_guest_release(&guest);
}

/* In any span, as many pages as the bytes appended reach over, and the head. */
static void test_dirty_pages(void **state)
{
    (void)state;
    struct twin_guest guest;
    twin_guest_init(&guest, "append", "region=4004K rate=3k record=100B", 1);
    uint64_t from = 0;
    for (int64_t ms = 17; ms < 10000; ms += 1 + ms % 89) {
        uint64_t to = (uint64_t)ms * 3 * 100, page = PAGE_SIZE;
        uint64_t pages = to == from ? 0 : (to - 1) / page - from / page + 1;
        assert_int_equal(twin_guest_touch(&guest, ms * 1000000), pages + (pages > 0));
        const uint8_t *head = twin_guest_page(&guest, 0, ms * 1000000);
        assert_int_equal(bytes_get_le64(head), to);
        assert_int_equal(bytes_get_le64(head + 8), to / 100);
        from = to;
    }
    twin_guest_release(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_dirty_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
