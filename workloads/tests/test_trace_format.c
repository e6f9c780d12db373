/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "workloads/tests/twin_trace.h"
#include "workloads/trace_reader.h"
#include "workloads/trace_writer.h"

/* Three kinds of trace: some blocks of small epochs, epochs of several blocks, nothing at all. */
static const struct twin_trace_shape SMALL = {.pages = 9,
                                              .epochs = 12,
                                              .span_ns = 900000000,
                                              .in_thousand = 300,
                                              .bytes = 5,
                                              .image = true,
                                              .rewrites = true};
static const struct twin_trace_shape LARGE = {
    .pages = 1500, .epochs = 5, .span_ns = 100000000, .in_thousand = 700, .bytes = 4096};
static const struct twin_trace_shape EMPTY = {.pages = 3, .image = true};

/* Reads to the end and compares each step with the twin's list. */
static void expect_equal(const struct twin_trace *twin, struct trace_reader *reader)
{
    struct trace_item item;
    struct error error;
    size_t change = 0;
    uint64_t epoch = 0;
    uint32_t image = 0;
    uint8_t page[PAGE_SIZE];

    assert_string_equal(trace_reader_header(reader)->command, twin->header.command);
    assert_string_equal(trace_reader_header(reader)->comment, twin->header.comment);
    assert_int_equal(trace_reader_header(reader)->interval_ns, twin->header.interval_ns);
    for (;;) {
        enum trace_step step = trace_reader_next(reader, &item, &error);
        if (step == TRACE_STEP_END)
            break;
        switch (step) {
        case TRACE_STEP_PLACE:
            assert_string_equal(item.place.name, "[heap]");
            assert_int_equal(item.place.pages, twin->pages);
            break;
        case TRACE_STEP_IMAGE:
            memset(page, 0, sizeof page);
            trace_change_apply(&item.change, page);
            assert_memory_equal(page, twin->image + (size_t)item.change.page_no * PAGE_SIZE,
                                PAGE_SIZE);
            image++;
            break;
        case TRACE_STEP_EPOCH:
            assert_memory_equal(&item.epoch, &twin->epochs[epoch], sizeof item.epoch);
            break;
        case TRACE_STEP_CHANGE:
            assert_true(change < twin->change_count);
            assert_int_equal(item.epoch.number, twin->changes[change].epoch);
            assert_int_equal(item.change.page_no, twin->changes[change].page_no);
            memset(page, 0, sizeof page);
            trace_change_apply(&item.change, page);
            assert_memory_equal(page, twin->changes[change++].xor, PAGE_SIZE);
            break;
        case TRACE_STEP_EPOCH_END:
            epoch++;
            break;
        case TRACE_STEP_END:
        case TRACE_STEP_DAMAGED:
            fail_msg("%s", error.text);
        }
    }
    struct trace_extent extent = trace_reader_extent(reader);
    assert_int_equal(change, twin->change_count);
    assert_int_equal(epoch, twin->epoch_count);
    assert_int_equal(extent.epochs, twin->epoch_count);
    assert_int_equal(extent.image_pages, image);
    assert_int_equal(extent.pages, twin->pages);
    assert_true(extent.ended && !extent.cut && !extent.partial);
    assert_int_equal(extent.good_bytes, extent.file_bytes);
}

static void expect_round_trip(const struct twin_trace_shape *shape)
{
    struct twin_trace twin;
    struct error error;
    const char *file = twin_trace_file("round-trip");

    twin_trace_make(&twin, shape, 7);
    twin_trace_write(&twin, file);
    struct trace_reader *reader = trace_reader_open(file, &error);
    assert_non_null(reader);
    struct trace_mark start = trace_reader_mark(reader);
    expect_equal(&twin, reader);
    trace_reader_rewind(reader, &start);
    expect_equal(&twin, reader);
    trace_reader_close(reader);
    twin_trace_release(&twin);
    unlink(file);
}

static void test_round_trip(void **state)
{
    (void)state;
    expect_round_trip(&SMALL);
    expect_round_trip(&LARGE);
    expect_round_trip(&EMPTY);
}

/* From any mark, the same steps follow. */
static void test_rewind_anywhere(void **state)
{
    struct twin_trace twin;
    struct trace_item item, again;
    struct error error;
    const char *file = twin_trace_file("rewind");
    struct trace_mark mark = {0};
    enum trace_step step, wanted = TRACE_STEP_END;

    (void)state;
    twin_trace_make(&twin, &LARGE, 11);
    twin_trace_write(&twin, file);
    struct trace_reader *reader = trace_reader_open(file, &error);
    assert_non_null(reader);
    for (size_t i = 0;; i++) {
        struct trace_mark here = trace_reader_mark(reader);
        step = trace_reader_next(reader, &item, &error);
        assert_int_not_equal(step, TRACE_STEP_DAMAGED);
        if (step == TRACE_STEP_END)
            break;
        if (i % 500 == 0) {
            mark = here;
            wanted = step;
        } else if (i % 500 == 250) { /* some blocks later: back, look, and forth again */
            here = trace_reader_mark(reader);
            trace_reader_rewind(reader, &mark);
            assert_int_equal(trace_reader_next(reader, &again, &error), wanted);
            trace_reader_rewind(reader, &here);
        }
    }
    assert_int_equal(trace_reader_extent(reader).epochs, twin.epoch_count);
    assert_false(trace_reader_extent(reader).cut);
    trace_reader_close(reader);
    twin_trace_release(&twin);
    unlink(file);
}

static void test_seek(void **state)
{
    static const struct twin_trace_shape *const shapes[] = {&SMALL, &LARGE, &EMPTY};
    struct twin_trace twin;
    struct trace_item item;
    struct error error;

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        const char *file = twin_trace_file("seek");
        twin_trace_make(&twin, shapes[s], 3);
        twin_trace_write(&twin, file);
        struct trace_reader *reader = trace_reader_open(file, &error);
        assert_non_null(reader);
        int64_t end = twin.epoch_count ? twin.epochs[twin.epoch_count - 1].end_ns : 0;
        for (int64_t t = 0; t < end + 10; t += end / 50 + 1) {
            uint64_t wanted = 0;
            while (wanted < twin.epoch_count && twin.epochs[wanted].end_ns <= t)
                wanted++;
            if (!trace_reader_seek(reader, t, &error))
                fail_msg("%s", error.text);
            enum trace_step step = trace_reader_next(reader, &item, &error);
            if (wanted == twin.epoch_count) {
                assert_int_equal(step, TRACE_STEP_END);
                continue;
            }
            assert_int_equal(step, TRACE_STEP_EPOCH);
            assert_int_equal(item.epoch.number, wanted);
            do
                step = trace_reader_next(reader, &item, &error);
            while (step != TRACE_STEP_END && step != TRACE_STEP_DAMAGED);
            assert_int_equal(step, TRACE_STEP_END);
        }
        trace_reader_close(reader);
        twin_trace_release(&twin);
        unlink(file);
    }
}

/* The ends of the blocks of a file that is whole. */
static size_t block_ends(const uint8_t *bytes, size_t size, size_t *ret_ends, size_t room)
{
    struct trace_header header;
    struct trace_block block;
    size_t at, count = 0;
    uint64_t seed;
    assert_null(trace_header_unpack(bytes, size, &header, &at, &seed));
    for (ret_ends[count++] = at; !trace_block_unpack(bytes + at, seed, &block);) {
        at += TRACE_BLOCK_SIZE + block.stored_bytes;
        assert_true(count < room);
        ret_ends[count++] = at;
    }
    assert_int_equal(at + TRACE_TRAILER_SIZE, size);
    return count;
}

/* Cut to any length: good up to the last whole block, and it says that it is cut. */
static void expect_cuts(const struct twin_trace_shape *shape, size_t step)
{
    struct twin_trace twin;
    struct trace_extent extent;
    struct error error;
    char file[256];
    size_t size, ends[100];

    snprintf(file, sizeof file, "%s", twin_trace_file("cut"));
    twin_trace_make(&twin, shape, 5);
    twin_trace_write(&twin, file);
    uint8_t *bytes = twin_trace_load(file, &size);
    size_t count = block_ends(bytes, size, ends, 100), last = 0;
    uint64_t epochs = 0;
    for (size_t length = 0; length < size;
         length = length + step < size || length == size - 1 ? length + step : size - 1) {
        bool boundary = last < count && ends[last] <= length;
        twin_trace_store(file, bytes, length);
        bool good = trace_verify(file, NULL, &extent, &error);
        assert_int_equal(good, length >= ends[0]);
        if (!good) {
            assert_non_null(strstr(error.text, file));
            continue;
        }
        while (last < count && ends[last] <= length)
            last++;
        assert_true(extent.cut);
        assert_int_equal(extent.good_bytes, ends[last - 1]);
        assert_true(extent.epochs >= epochs);
        assert_true(extent.epochs == epochs || boundary);
        epochs = extent.epochs;
    }
    assert_int_equal(epochs, twin.epoch_count);
    free(bytes);
    twin_trace_release(&twin);
    unlink(file);
}

static void test_cut_short(void **state)
{
    (void)state;
    expect_cuts(&SMALL, 1);
    expect_cuts(&LARGE, 999983);
}

/* Every bit of a small trace, flipped: noticed, with the file and the place named. */
static void test_every_flipped_bit_is_noticed(void **state)
{
    struct twin_trace twin;
    struct error error;
    char file[256];
    size_t size;

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("flip"));
    twin_trace_make(&twin, &SMALL, 5);
    twin_trace_write(&twin, file);
    uint8_t *bytes = twin_trace_load(file, &size);
    assert_true(size < 20000);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1u << bit);
            FILE *stream = fmemopen(bytes, size, "rb");
            struct trace_reader *reader = trace_reader_open_stream(stream, "x.mgt", &error);
            enum trace_step step = reader ? TRACE_STEP_END : TRACE_STEP_DAMAGED;
            struct trace_item item;
            if (reader)
                do
                    step = trace_reader_next(reader, &item, &error);
                while (step != TRACE_STEP_END && step != TRACE_STEP_DAMAGED);
            if (step != TRACE_STEP_DAMAGED)
                fail_msg("bit %u of byte %zu of %zu is not noticed", bit, i, size);
            assert_ptr_equal(strstr(error.text, "x.mgt: "), error.text);
            if (reader)
                assert_non_null(strstr(error.text, "damaged at byte "));
            trace_reader_close(reader);
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(bytes);
    twin_trace_release(&twin);
    unlink(file);
}

static void expect_error(const char *file, const char *part)
{
    struct error error = {{0}};
    assert_false(trace_verify(file, NULL, NULL, &error));
    if (!strstr(error.text, part))
        fail_msg("'%s' does not say '%s'", error.text, part);
}

static void test_files_that_are_no_trace(void **state)
{
    char file[256];
    snprintf(file, sizeof file, "%s", twin_trace_file("none"));
    (void)state;
    unlink(file);
    expect_error(file, "cannot open: No such file");
    expect_error("/tmp", "not a regular file");
    twin_trace_store(file, (const uint8_t *)"", 0);
    expect_error(file, "not a trace (.mgt)");
    twin_trace_store(file, (const uint8_t *)"kind = stride\n", 14);
    expect_error(file, "not a trace (.mgt)");
    unlink(file);
}

/* Blocks that are sound each, but not in their place. */
static void test_blocks_in_the_wrong_place(void **state)
{
    struct twin_trace twin;
    char file[256];
    size_t size, ends[100];

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("place"));
    twin_trace_make(&twin, &SMALL, 5);
    twin_trace_write(&twin, file);
    uint8_t *bytes = twin_trace_load(file, &size);
    uint8_t *other = must_alloc(1, 2 * size, "a file");
    size_t count = block_ends(bytes, size, ends, 100), first = ends[1] - ends[0];
    assert_true(count > 4);

    /* The second block is missing. */
    memcpy(other, bytes, ends[1]);
    memcpy(other + ends[1], bytes + ends[2], size - ends[2]);
    twin_trace_store(file, other, size - (ends[2] - ends[1]));
    expect_error(file, "a block that belongs elsewhere");
    /* The first block comes twice. */
    memcpy(other, bytes, ends[1]);
    memcpy(other + ends[1], bytes + ends[0], size - ends[0]);
    twin_trace_store(file, other, size + first);
    expect_error(file, "a block that belongs elsewhere");
    /* Something after the end. */
    memcpy(other, bytes, size);
    twin_trace_store(file, other, size + 3);
    expect_error(file, "bytes after the end");
    /* Another trace's header in front. */
    memcpy(other, bytes, size);
    other[TRACE_HEADER_SIZE] = 'T';
    uint64_t seed;
    uint8_t header[TRACE_HEADER_BYTES_MAX];
    twin.header.command[0] = 'T';
    size_t header_size = trace_header_pack(&twin.header, header, &seed);
    assert_int_equal(header_size, ends[0]);
    memcpy(other, header, header_size);
    twin_trace_store(file, other, size);
    expect_error(file, "bad checksum of a block's header");
    free(other);
    free(bytes);
    twin_trace_release(&twin);
    unlink(file);
}

static void test_output_that_cannot_be_written(void **state)
{
    struct trace_header header = {.has_image = true, .command = "x"};
    struct error error;

    (void)state;
    assert_null(trace_writer_create("/nonexistent/x.mgt", &header, &error));
    assert_string_equal(error.text, "/nonexistent/x.mgt: cannot create: No such file or directory");
    if (access("/dev/full", W_OK) != 0) {
        print_message("SKIPPED: no /dev/full here\n");
        return;
    }
    assert_null(trace_writer_create("/dev/full", &header, &error));
    assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
}

/* The disk is full in the middle of a recording: an error, and what is there can be read. */
static void test_disk_full_later(void **state)
{
    struct trace_header header = {.command = "x"};
    struct rlimit limit, small = {1500000, 1500000};
    struct trace_extent extent;
    struct error error = {{0}};
    uint8_t zeros[PAGE_SIZE] = {0}, page[PAGE_SIZE];
    char file[256];

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("full"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small.rlim_max = limit.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct trace_writer *writer = trace_writer_create(file, &header, &error);
    assert_non_null(writer);
    bool good = true;
    for (int epoch = 0; good && epoch < 1000; epoch++) {
        good = trace_writer_epoch_begin(writer, epoch * 100, &error);
        for (uint32_t i = 0; good && i < 50; i++) {
            random_bytes(i, page, sizeof page);
            good = trace_writer_change(writer, i, zeros, page, &error);
        }
        good = good && trace_writer_epoch_end(writer, &error);
    }
    trace_writer_destroy(writer);
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(good);
    assert_non_null(strstr(error.text, ": cannot write: File too large"));
    assert_true(trace_verify(file, NULL, &extent, &error));
    assert_true(extent.cut && extent.epochs > 0);
    unlink(file);
}

static void test_texts(void **state)
{
    char text[16];
    (void)state;
    assert_true(trace_text_ok("abc \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", 15));
    assert_false(trace_text_ok("a\nb", 3));
    assert_false(trace_text_ok("\x1b[31m", 5));
    assert_false(trace_text_ok("\xc2\x9b", 2));         /* a control character of two bytes */
    assert_false(trace_text_ok("\xc3", 1));             /* cut */
    assert_false(trace_text_ok("\xe0\x80\x80", 3));     /* longer than need be */
    assert_false(trace_text_ok("\xed\xa0\x80", 3));     /* a surrogate */
    assert_false(trace_text_ok("\xf4\x90\x80\x80", 4)); /* beyond Unicode */
    assert_string_equal(trace_text_clean("a\tb\xff\xc3\xa4", text, sizeof text), "a?b?\xc3\xa4");
    assert_string_equal(trace_text_clean("0123456789abcde\xc3\xa4", text, sizeof text),
                        "0123456789abcde");
    assert_string_equal(trace_text_clean("0123456789abcd\xc3\xa4", text, sizeof text),
                        "0123456789abcd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_rewind_anywhere),
        cmocka_unit_test(test_seek),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_every_flipped_bit_is_noticed),
        cmocka_unit_test(test_files_that_are_no_trace),
        cmocka_unit_test(test_blocks_in_the_wrong_place),
        cmocka_unit_test(test_output_that_cannot_be_written),
        cmocka_unit_test(test_disk_full_later),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
