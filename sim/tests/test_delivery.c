/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "sim/stream.h"
#include "sim/tests/twin_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A stream made by hand, and a destination to read it. */
struct fixture {
    struct machine *machine;
    struct content *content;
    struct stream stream;
    struct receiver *receiver;
};

static int set_up(void **state)
{
    struct fixture *f = must_alloc(1, sizeof *f, "a test");
    struct content_options options = {.zero_share = 0.5, .run_bytes = 65536, .image = (char[]){0}};
    struct error error;
    f->machine = machine_create(0, 1 << 20);
    f->content = content_create(&options, 1, &error);
    stream_init(&f->stream, f->machine);
    f->receiver = receiver_create(f->machine, f->content, DIALECT_QEMU);
    stream_put_header(&f->stream);
    stream_put_ram_start(&f->stream);
    stream_begin_section(&f->stream, SECTION_PART);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    receiver_destroy(f->receiver);
    stream_release(&f->stream);
    machine_destroy(f->machine);
    content_destroy(f->content);
    free(f);
    return 0;
}

static void feed(struct fixture *f)
{
    struct error error;
    if (!receiver_feed(f->receiver, f->stream.buffer, f->stream.used, &error))
        fail_msg("%s", error.text);
    stream_flushed(&f->stream);
}

static void refuse(struct fixture *f, const char *why)
{
    struct error error;
    assert_false(receiver_feed(f->receiver, f->stream.buffer, f->stream.used, &error));
    if (!strstr(error.text, why))
        fail_msg("'%s' says nothing of '%s'", error.text, why);
}

static void assert_page(struct fixture *f, uint64_t page_no, const uint8_t *bytes)
{
    uint8_t scratch[PAGE_SIZE];
    assert_memory_equal(receiver_page(f->receiver, page_no, scratch), bytes, PAGE_SIZE);
}

static void test_records_arrive_as_they_were_sent(void **state)
{
    struct fixture *f = *state;
    static const uint8_t zeros[PAGE_SIZE];
    uint8_t page[PAGE_SIZE], head[3] = {XBZRLE_RECORD_FLAGS, 0, 3}, delta[3] = {5, 1, 0x77};
    memset(page, 0x5a, sizeof page);
    stream_put_page(&f->stream, 0, 7, page, true);
    stream_put_page(&f->stream, 2, 1, page, false);
    stream_put_zero(&f->stream, 0, 9, 0);
    stream_put_delta(&f->stream, 0, 7, head, 3, delta, 3);
    stream_end_section(&f->stream, SECTION_PART);
    feed(f);
    page[5] = 0x77;
    assert_page(f, 7, page);
    page[5] = 0x5a;
    assert_page(f, f->machine->blocks[2].first_page + 1, page);
    assert_page(f, 9, zeros);
    assert_page(f, 8, zeros); /* nothing came */
    assert_false(receiver_complete(f->receiver));
    stream_begin_section(&f->stream, SECTION_END);
    stream_end_section(&f->stream, SECTION_END);
    stream_put_devices(&f->stream);
    feed(f);
    assert_true(receiver_complete(f->receiver));
}

static void test_any_cut_of_the_stream_gives_the_same(void **state)
{
    struct fixture *f = *state;
    uint8_t page[PAGE_SIZE];
    for (unsigned i = 0; i < 5; i++) {
        memset(page, (int)i + 1, sizeof page);
        stream_put_page(&f->stream, 0, i, page, true);
    }
    stream_end_section(&f->stream, SECTION_PART);
    for (size_t piece = 1; piece < f->stream.used; piece = piece * 3 + 1) {
        struct receiver *receiver = receiver_create(f->machine, f->content, DIALECT_QEMU);
        struct error error;
        uint8_t scratch[PAGE_SIZE];
        for (size_t at = 0; at < f->stream.used; at += piece) {
            size_t left = f->stream.used - at;
            assert_true(receiver_feed(receiver, f->stream.buffer + at, left < piece ? left : piece,
                                      &error));
        }
        assert_memory_equal(receiver_page(receiver, 4, scratch), page, PAGE_SIZE);
        receiver_destroy(receiver);
    }
}

static void test_a_delta_that_is_no_page_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t head[3] = {XBZRLE_RECORD_FLAGS, 0, 3}, delta[3] = {0, 0, 1};
    stream_put_delta(&f->stream, 0, 7, head, 3, delta, 3);
    refuse(f, "page 7");
}

static void test_a_page_behind_its_block_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t page[PAGE_SIZE] = {0};
    stream_put_page(&f->stream, 0, 256, page, true);
    refuse(f, "behind the end");
}

static void test_damage_in_flags_magic_and_footers_is_refused(void **state)
{
    struct fixture *f = *state;
    stream_put_zero(&f->stream, 0, 9, 0);
    stream_end_section(&f->stream, SECTION_PART);
    struct error error;
    size_t refused = 0;
    for (size_t i = 0; i < f->stream.used; i++) {
        struct receiver *receiver = receiver_create(f->machine, f->content, DIALECT_QEMU);
        f->stream.buffer[i] ^= 0x80;
        refused += !receiver_feed(receiver, f->stream.buffer, f->stream.used, &error);
        f->stream.buffer[i] ^= 0x80;
        receiver_destroy(receiver);
    }
    /* All but bytes that carry data: the machine's name, section ids, versions, low page numbers.
     */
    assert_in_range(refused, f->stream.used * 3 / 4, f->stream.used);
}

/* What one lost or changed byte at the destination does to the verdict. */
static void test_one_differing_byte_is_found_and_the_page_named(void **state)
{
    (void)state;
    struct scenario *scenario = fixture_scenario(
        "[guest]\nmemory = 4M\n[workload w]\nkind = stride\nregion = 1M\nrate = 100k\n");
    struct error error;
    struct guest *guest = guest_create(scenario, &error);
    const struct machine *machine = guest_machine(guest);
    struct receiver *receiver = receiver_create(machine, guest_content(guest), DIALECT_QEMU);
    struct stream stream;
    uint8_t scratch[PAGE_SIZE], copy[PAGE_SIZE];
    stream_init(&stream, machine);
    stream_put_header(&stream);
    stream_put_ram_start(&stream);
    stream_begin_section(&stream, SECTION_PART);
    for (unsigned b = 0; b < machine->block_count; b++) {
        for (uint64_t i = 0; i < machine->blocks[b].bytes / PAGE_SIZE; i++) {
            stream_put_page(&stream, b, i,
                            guest_page(guest, machine->blocks[b].first_page + i, 5, scratch), true);
            assert_true(receiver_feed(receiver, stream.buffer, stream.used, &error));
            stream_flushed(&stream);
        }
    }
    assert_true(simulate_verify(guest, receiver, 5, &error));
    memcpy(copy, guest_page(guest, 77, 5, scratch), PAGE_SIZE);
    copy[4000] ^= 1;
    stream_put_page(&stream, 0, 77, copy, true);
    assert_true(receiver_feed(receiver, stream.buffer, stream.used, &error));
    assert_false(simulate_verify(guest, receiver, 5, &error));
    assert_non_null(strstr(error.text, "page 77 (pc.ram + 0x4d000)"));
    assert_non_null(strstr(error.text, "byte 4000"));
    stream_release(&stream);
    receiver_destroy(receiver);
    guest_destroy(guest);
    scenario_destroy(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_records_arrive_as_they_were_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_cut_of_the_stream_gives_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_delta_that_is_no_page_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_page_behind_its_block_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage_in_flags_magic_and_footers_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test(test_one_differing_byte_is_found_and_the_page_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
