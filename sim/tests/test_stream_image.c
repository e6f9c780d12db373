/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "codec/xbzrle.h"
#include "models/page_store.h"
#include "sim/stream.h"
#include "sim/stream_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A stream of a guest of 1 MiB made by hand, and the memory that it stands for. */
struct fixture {
    struct machine *machine;
    struct stream stream;
    uint8_t *all; /* the stream so far */
    size_t size;
    uint8_t memory[1 << 20]; /* pc.ram */
    char path[64];
};

static void keep(struct fixture *f)
{
    f->all = must_grow(f->all, f->size + f->stream.used, 1, "a test");
    memcpy(f->all + f->size, f->stream.buffer, f->stream.used);
    f->size += f->stream.used;
    stream_flushed(&f->stream);
}

static void put_page(struct fixture *f, uint64_t page, uint8_t byte)
{
    memset(f->memory + page * PAGE_SIZE, byte, PAGE_SIZE);
    stream_put_page(&f->stream, 0, page, f->memory + page * PAGE_SIZE, false);
}

/* Writes `size` bytes at `offset` of the page and sends that as a delta. */
static void put_delta(struct fixture *f, uint64_t page, size_t offset, const char *text)
{
    uint8_t old_page[PAGE_SIZE], delta[PAGE_SIZE], head[3] = {XBZRLE_RECORD_FLAGS};
    uint8_t *now = f->memory + page * PAGE_SIZE;
    size_t size;
    memcpy(old_page, now, PAGE_SIZE);
    memcpy(now + offset, text, strlen(text));
    assert_int_equal(xbzrle_encode(old_page, now, PAGE_SIZE, delta, sizeof delta, &size),
                     ENCODE_DELTA);
    bytes_put_be16(head + 1, (uint16_t)size);
    stream_put_delta(&f->stream, 0, page, head, sizeof head, delta, size);
}

static int set_up(void **state)
{
    struct fixture *f = must_alloc(1, sizeof *f, "a test");
    f->machine = machine_create(0, sizeof f->memory);
    stream_init(&f->stream, f->machine);
    strcpy(f->path, "/tmp/migsim-stream-XXXXXX");
    int file = mkstemp(f->path);
    if (file < 0)
        return -1;
    close(file);
    stream_put_header(&f->stream);
    stream_put_ram_start(&f->stream);
    stream_begin_section(&f->stream, SECTION_PART);
    put_page(f, 3, 0x11);
    put_page(f, 5, 0x22);
    stream_put_zero(&f->stream, 0, 7, 0);
    put_delta(f, 5, 1, "x");
    stream_end_section(&f->stream, SECTION_PART);
    stream_begin_section(&f->stream, SECTION_END);
    put_delta(f, 3, 100, "abc");
    put_delta(f, 9, 0, "first bytes of a page that was zero");
    stream_put_zero(&f->stream, 0, 5, 0);
    memset(f->memory + 5 * PAGE_SIZE, 0, PAGE_SIZE);
    stream_end_section(&f->stream, SECTION_END);
    keep(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    stream_release(&f->stream);
    machine_destroy(f->machine);
    free(f->all);
    free(f);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Rebuilt from what the fixture holds, in pieces of `step` bytes. */
static struct stream_image *rebuild(const struct fixture *f, size_t step)
{
    struct error error;
    struct stream_image *image = stream_image_create(DIALECT_QEMU);
    for (size_t at = 0; at < f->size; at += step)
        if (!stream_image_feed(image, f->all + at, f->size - at < step ? f->size - at : step,
                               &error))
            fail_msg("%s", error.text);
    return image;
}

static void test_memory_is_rebuilt_whatever_the_pieces(void **state)
{
    struct fixture *f = *state;
    static const size_t steps[] = {1, 7, 4096, 1 << 20};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        uint8_t scratch[PAGE_SIZE];
        struct stream_image *image = rebuild(f, steps[i]);
        assert_true(stream_image_complete(image));
        const struct stream_image_block *ram = stream_image_find(image, "pc.ram");
        assert_non_null(ram);
        assert_int_equal(ram->pages, 256);
        for (uint64_t page = 0; page < ram->pages; page++)
            assert_memory_equal(page_store_read(ram->memory, page, scratch),
                                f->memory + page * PAGE_SIZE, PAGE_SIZE);
        assert_int_equal(image->deltas, 3);
        assert_int_equal(image->same_deltas, 3);
        assert_int_equal(image->stored_pages, 3); /* no zero page was stored for its zeros */
        stream_image_destroy(image);
    }
}

static void test_a_delta_of_another_encoder_is_good_but_not_the_same(void **state)
{
    struct fixture *f = *state;
    /* Bytes 1 and 2, the second of which did not change: QEMU's encoder never writes this. */
    static const uint8_t head[] = {XBZRLE_RECORD_FLAGS, 0, 4}, delta[] = {1, 2, 7, 0x11};
    f->size -= 8 + 5; /* the end of the END section is taken back */
    stream_put_delta(&f->stream, 0, 3, head, sizeof head, delta, sizeof delta);
    stream_end_section(&f->stream, SECTION_END);
    keep(f);
    f->memory[3 * PAGE_SIZE + 1] = 7;
    struct stream_image *image = rebuild(f, f->size);
    assert_true(stream_image_complete(image));
    uint8_t scratch[PAGE_SIZE];
    assert_memory_equal(page_store_read(image->blocks[0].memory, 3, scratch),
                        f->memory + 3 * PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(image->deltas, 4);
    assert_int_equal(image->same_deltas, 3);
    stream_image_destroy(image);
}

static void test_whole_pages_that_do_not_fit_a_delta(void **state)
{
    struct fixture *f = *state;
    f->size -= 8 + 5;                  /* the end of the END section is taken back */
    f->memory[3 * PAGE_SIZE + 9] ^= 1; /* would fit */
    stream_put_page(&f->stream, 0, 3, f->memory + 3 * PAGE_SIZE, false);
    put_page(f, 3, 0x44);
    put_page(f, 20, 0x44); /* nothing was there */
    stream_end_section(&f->stream, SECTION_END);
    keep(f);
    struct stream_image *image = rebuild(f, f->size);
    assert_int_equal(image->unfit_pages, 1);
    stream_image_destroy(image);
}

static void test_equal_and_different_files(void **state)
{
    struct fixture *f = *state;
    struct error error;
    struct stream_difference d;
    struct stream_image *image = rebuild(f, f->size);
    const struct stream_image_block *ram = stream_image_find(image, "pc.ram");
    write_file(f->path, f->memory, sizeof f->memory);
    assert_true(stream_image_compare_file(ram, f->path, 0, false, &d, &error));
    assert_int_equal(d.count, 0);
    assert_int_equal(d.compared, 256);
    f->memory[9 * PAGE_SIZE + 4095] ^= 1;
    f->memory[200 * PAGE_SIZE] ^= 0xff;
    write_file(f->path, f->memory, sizeof f->memory);
    assert_true(stream_image_compare_file(ram, f->path, 0, false, &d, &error));
    assert_int_equal(d.count, 2);
    assert_int_equal(d.first_page, 9);
    assert_int_equal(d.first_byte, 4095);
    assert_int_equal(d.here, 0);
    assert_int_equal(d.there, 1);
    write_file(f->path, f->memory + 8 * PAGE_SIZE, 4 * PAGE_SIZE);
    assert_true(stream_image_compare_file(ram, f->path, 8 * PAGE_SIZE, true, &d, &error));
    assert_int_equal(d.compared, 4);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.first_page, 9);
    stream_image_destroy(image);
}

static void test_files_that_do_not_fit(void **state)
{
    struct fixture *f = *state;
    struct stream_image *image = rebuild(f, f->size);
    const struct stream_image_block *ram = stream_image_find(image, "pc.ram");
    static const struct {
        size_t size;
        uint64_t offset;
        bool part;
        const char *why;
    } cases[] = {
        {4096, 0, false, "has 1048576"},
        {0, 0, true, "size not 0"},
        {4095, 0, true, "multiples"},
        {4096, 1, true, "multiples"},
        {8192, (1 << 20) - 4096, true, "beyond the end"},
        {4096, UINT64_MAX - 4095, true, "beyond the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {.text = ""};
        struct stream_difference d;
        write_file(f->path, f->memory, cases[i].size);
        assert_false(
            stream_image_compare_file(ram, f->path, cases[i].offset, cases[i].part, &d, &error));
        if (!strstr(error.text, cases[i].why) || !strstr(error.text, f->path))
            fail_msg("%zu: %s", i, error.text);
    }
    stream_image_destroy(image);
}

static void test_the_image_written_is_the_memory(void **state)
{
    struct fixture *f = *state;
    struct error error;
    struct stream_difference d;
    struct stream_image *image = rebuild(f, f->size);
    const struct stream_image_block *ram = stream_image_find(image, "pc.ram");
    assert_true(stream_image_write(ram, f->path, &error));
    FILE *file = fopen(f->path, "rb");
    uint8_t *bytes = must_alloc(sizeof f->memory + 1, 1, "a test");
    assert_int_equal(fread(bytes, 1, sizeof f->memory + 1, file), sizeof f->memory);
    assert_memory_equal(bytes, f->memory, sizeof f->memory);
    fclose(file);
    free(bytes);
    assert_true(stream_image_compare_file(ram, f->path, 0, false, &d, &error));
    assert_int_equal(d.count, 0);
    stream_image_destroy(image);
}

static void test_two_streams(void **state)
{
    struct fixture *f = *state;
    struct stream_difference d;
    struct stream_image *one = rebuild(f, f->size), *other;
    f->all[26 + 170 + 5 + 8 + 7 + 50] ^= 1; /* header, list, section, record, name: in page 3 */
    other = rebuild(f, f->size);
    stream_image_compare_block(&one->blocks[0], &one->blocks[0], &d);
    assert_int_equal(d.count, 0);
    assert_int_equal(d.compared, 256);
    stream_image_compare_block(&one->blocks[0], &other->blocks[0], &d);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.first_page, 3);
    assert_int_equal(d.first_byte, 50);
    stream_image_destroy(one);
    stream_image_destroy(other);
}

static void test_every_cut_is_noticed(void **state)
{
    struct fixture *f = *state;
    for (size_t size = 0; size < f->size - 5; size += size < 300 ? 1 : 97) { /* 5: the footer */
        struct error error = {.text = ""};
        write_file(f->path, f->all, size);
        assert_null(stream_image_read(f->path, DIALECT_QEMU, &error));
        assert_non_null(strstr(error.text, "ends before all of RAM has come"));
    }
    write_file(f->path, f->all, f->size);
    struct error error;
    struct stream_image *image = stream_image_read(f->path, DIALECT_QEMU, &error);
    assert_non_null(image);
    stream_image_destroy(image);
}

/* QEMU with a capability that the destination must share, a uuid, a return path and a ping. */
static const uint8_t CONFIGURED[] =
    "QEVM\0\0\0\3"
    "\7\0\0\0\5q35-9"
    "\5\32configuration/capabilities\0\0\0\1\0\0\0\1\17x-ignore-shared"
    "\5\22configuration/uuid\0\0\0\1"
    "0123456789abcdef"
    "\10\0\1\0\0"
    "\10\0\2\0\4\0\0\0\1"
    "\1\0\0\0\2\3ram\0\0\0\0\0\0\0\4"
    "\0\0\0\0\0\0\x10\4\3ram\0\0\0\0\0\0\x10\0\0\0\0\0\xfd\0\0\0"
    "\0\0\0\0\0\0\0\x10\x7e\0\0\0\2"
    "\3\0\0\0\2\0\0\0\0\0\0\0\x10\x7e\0\0\0\2";

static void test_parts_of_a_configuration(void **state)
{
    (void)state;
    struct error error;
    struct stream_image *image = stream_image_create(DIALECT_QEMU);
    for (size_t i = 0; i < sizeof CONFIGURED - 1; i++)
        if (!stream_image_feed(image, CONFIGURED + i, 1, &error))
            fail_msg("%s", error.text);
    assert_true(stream_image_complete(image));
    assert_string_equal(stream_reader_machine(image->reader), "q35-9");
    struct stream_tally tally = stream_reader_tally(image->reader);
    assert_int_equal(record_stream_total(&tally.bytes), sizeof CONFIGURED - 1);
    assert_int_equal(tally.bytes.file_header, 8 + 10 + 52 + 40 + 5 + 9);
    assert_int_equal(tally.bytes.setup, 17 + 8 + 20 + 8 + 5);
    assert_int_equal(tally.bytes.framing, 18);
    stream_image_destroy(image);
}

struct watched {
    unsigned count;
    struct stream_section last;
    struct stream_tally sum;
};

static void watch(void *context, const struct stream_section *section)
{
    struct watched *watched = context;
    watched->count++;
    watched->last = *section;
    watched->sum.normal += section->tally.normal;
    watched->sum.delta += section->tally.delta;
    watched->sum.bytes.normal += record_stream_total(&section->tally.bytes);
}

static void test_the_tally_counts_what_the_stream_counted(void **state)
{
    struct fixture *f = *state;
    stream_put_devices(&f->stream);
    keep(f);
    static const size_t steps[] = {1, 13, 1 << 20};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct watched watched = {0};
        struct error error;
        struct stream_image *image = stream_image_create(DIALECT_QEMU);
        stream_reader_watch(image->reader, watch, &watched);
        for (size_t at = 0; at < f->size; at += steps[i]) {
            size_t size = f->size - at < steps[i] ? f->size - at : steps[i];
            assert_true(stream_image_feed(image, f->all + at, size, &error));
        }
        struct stream_tally tally = stream_reader_tally(image->reader);
        assert_memory_equal(&tally.bytes, &f->stream.bytes, sizeof tally.bytes);
        assert_int_equal(tally.normal, 2);
        assert_int_equal(tally.duplicate, 2);
        assert_int_equal(tally.delta, 3);
        assert_int_equal(watched.count, 3); /* START, PART, END */
        assert_int_equal(watched.last.type, SECTION_END);
        assert_int_equal(watched.last.tally.delta, 2);
        assert_int_equal(watched.last.tally.normal, 0);
        assert_int_equal(watched.last.offset + record_stream_total(&watched.last.tally.bytes),
                         f->size - tally.bytes.device);
        assert_int_equal(watched.sum.normal, 2);
        assert_int_equal(watched.sum.bytes.normal,
                         f->size - tally.bytes.device - tally.bytes.file_header);
        stream_image_destroy(image);
    }
}

static void refuse(const void *bytes, size_t size, const char *why)
{
    struct error error = {.text = ""};
    struct stream_image *image = stream_image_create(DIALECT_QEMU);
    assert_false(stream_image_feed(image, bytes, size, &error));
    if (!strstr(error.text, why))
        fail_msg("'%s' instead of '%s'", error.text, why);
    stream_image_destroy(image);
}

static void test_hostile_starts(void **state)
{
    (void)state;
#define REFUSE(text, why) refuse("QEVM\0\0\0\3" text, sizeof "QEVM\0\0\0\3" text - 1, why)
    REFUSE("\7\0\0\1\1", "longer than 256");
    REFUSE("\5\7unknown\0\0\0\1", "unknown part of the configuration");
    REFUSE("\5\36configuration/target-page-bits\0\0\0\1\0\0\0\20", "another size than 4096");
    REFUSE("\10\0\7\0\4", "postcopy");
    REFUSE("\10\0\1\4\1", "not supported");
    REFUSE("\1\0\0\0\2\4disk\0\0\0\0\0\0\0\1", "other than ram");
    REFUSE("\1\0\0\0\2\3ram\0\0\0\0\0\0\0\4\0\x40\0\0\0\0\x10\4\1a\0\x40\0\0\0\0\x10\0",
           "more than 64 TiB");
#undef REFUSE
}

static void test_ram_is_over_at_its_end(void **state)
{
    struct fixture *f = *state;
    stream_begin_section(&f->stream, SECTION_PART);
    keep(f);
    refuse(f->all, f->size, "behind its end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory_is_rebuilt_whatever_the_pieces, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_delta_of_another_encoder_is_good_but_not_the_same,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whole_pages_that_do_not_fit_a_delta, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_equal_and_different_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_that_do_not_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_image_written_is_the_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_streams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_cut_is_noticed, set_up, tear_down),
        cmocka_unit_test(test_parts_of_a_configuration),
        cmocka_unit_test_setup_teardown(test_the_tally_counts_what_the_stream_counted, set_up,
                                        tear_down),
        cmocka_unit_test(test_hostile_starts),
        cmocka_unit_test_setup_teardown(test_ram_is_over_at_its_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
