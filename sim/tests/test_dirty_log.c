/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/dirty_log.h"

#include "base/bitmap.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The scan as a flat list of pages in the order of the blocks, with the cursor as an index in it. A
 * scan that finds nothing leaves it at the end of the block where it stood.
 */
struct twin {
    uint64_t *page_of, *block_end;
    bool *dirty;
    uint64_t count, cursor, end; /* end: of the block of the page found last */
};

static struct twin twin_create(const struct machine *machine)
{
    struct twin twin = {0};
    uint64_t all = machine->ram_bytes / PAGE_SIZE;
    twin.page_of = must_alloc(all, sizeof *twin.page_of, "a twin");
    twin.block_end = must_alloc(all, sizeof *twin.block_end, "a twin");
    twin.dirty = must_alloc(all, sizeof *twin.dirty, "a twin");
    for (size_t b = 0; b < machine->block_count; b++) {
        uint64_t pages = machine->blocks[b].bytes / PAGE_SIZE, end = twin.count + pages;
        for (uint64_t i = 0; i < pages; i++) {
            twin.block_end[twin.count] = end;
            twin.page_of[twin.count++] = machine->blocks[b].first_page + i;
        }
    }
    twin.end = twin.block_end[0];
    memset(twin.dirty, true, twin.count);
    return twin;
}

static bool twin_next(struct twin *twin, uint64_t *ret_page, bool *ret_wrapped)
{
    *ret_wrapped = false;
    for (uint64_t i = 0; i < twin->count; i++) {
        uint64_t at = twin->cursor + i;
        if (at >= twin->count)
            *ret_wrapped = true, at -= twin->count;
        if (!twin->dirty[at])
            continue;
        twin->dirty[at] = false;
        twin->cursor = at + 1;
        twin->end = twin->block_end[at];
        *ret_page = twin->page_of[at];
        return true;
    }
    twin->cursor = twin->end;
    return false;
}

static void test_scan_equals_a_flat_list(void **state)
{
    (void)state;
    struct machine *machine = machine_create(1, 4 << 20);
    struct dirty_log *log = dirty_log_create(machine);
    struct twin twin = twin_create(machine);
    uint64_t *written = bitmap_alloc(machine->page_count, "a test"), draw = 1;
    assert_int_equal(dirty_log_pages(log), twin.count);
    for (int round = 0; round < 300; round++) {
        uint64_t sends = random_mix(draw++, 0, 0) % 400, finds = 0;
        for (uint64_t i = 0; i < sends; i++) {
            uint64_t page = 0, twin_page = 0;
            unsigned block = 0;
            bool wrapped, twin_wrapped;
            bool found = dirty_log_next(log, &page, &block, &wrapped);
            assert_int_equal(found, twin_next(&twin, &twin_page, &twin_wrapped));
            if (!found)
                break;
            assert_int_equal(page, twin_page);
            assert_int_equal(wrapped, twin_wrapped);
            assert_in_range(page, machine->blocks[block].first_page,
                            machine->blocks[block].first_page +
                                machine->blocks[block].bytes / PAGE_SIZE - 1);
        }
        uint64_t writes = random_mix(draw++, 0, 0) % 60;
        for (uint64_t i = 0; i < writes; i++) {
            uint64_t at = random_mix(draw++, 0, 0) % twin.count;
            finds += !twin.dirty[at];
            twin.dirty[at] = true;
            bitmap_set(written, twin.page_of[at]);
        }
        assert_int_equal(dirty_log_sync(log, written), finds);
        assert_int_equal(bitmap_count(written, machine->page_count), 0);
    }
    free(written);
    free(twin.page_of);
    free(twin.block_end);
    free(twin.dirty);
    dirty_log_destroy(log);
    machine_destroy(machine);
}

static void test_a_page_behind_the_cursor_waits_for_the_wrap(void **state)
{
    (void)state;
    struct machine *machine = machine_create(0, 1 << 20);
    struct dirty_log *log = dirty_log_create(machine);
    uint64_t *written = bitmap_alloc(machine->page_count, "a test"), page;
    unsigned block;
    bool wrapped;
    for (int i = 0; i < 10; i++)
        assert_true(dirty_log_next(log, &page, &block, &wrapped));
    assert_int_equal(page, 9);
    bitmap_set(written, 3);
    assert_int_equal(dirty_log_sync(log, written), 1);
    bitmap_set(written, 3);
    bitmap_set(written, 100);
    assert_int_equal(dirty_log_sync(log, written), 0);
    uint64_t last = page;
    while (dirty_log_pages(log) > 1) {
        assert_true(dirty_log_next(log, &page, &block, &wrapped));
        assert_false(wrapped);
        assert_true(page > last);
        last = page;
    }
    assert_true(dirty_log_next(log, &page, &block, &wrapped));
    assert_true(wrapped);
    assert_int_equal(page, 3);
    assert_false(dirty_log_next(log, &page, &block, &wrapped));
    free(written);
    dirty_log_destroy(log);
    machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_equals_a_flat_list),
        cmocka_unit_test(test_a_page_behind_the_cursor_waits_for_the_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
