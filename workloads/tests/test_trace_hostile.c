/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/random.h"
#include "workloads/tests/twin_trace.h"
#include "workloads/trace_reader.h"

/*
 * Traces whose checksums are right and whose content is wrong, as someone may make them on purpose.
 * Each is refused for its own reason. The base is one data block of hand-made records:
 *
 *     place, image of one page, epoch 0 with changes of pages 1 and 3, epoch 1 with none
 */
#define ROOM 32768u

struct forged {
    uint8_t bytes[ROOM];
    size_t size;
    size_t block, place, image, part, change, second, last; /* where things lie */
};

static size_t put_part(struct forged *f, uint32_t tag, uint32_t count, uint64_t number,
                       int64_t begin_ns, int64_t end_ns)
{
    size_t at = f->size;
    struct trace_part part = {
        (enum trace_tag)tag, count, TRACE_PART_FIRST | TRACE_PART_LAST, {number, begin_ns, end_ns}};
    trace_part_pack(&part, f->bytes + f->size);
    f->size += TRACE_PART_SIZE;
    return at;
}

static size_t put_change(struct forged *f, uint32_t page_no, enum trace_form form,
                         const uint8_t *bytes, uint32_t size)
{
    size_t at = f->size;
    struct trace_change change = {page_no, form, size, bytes};
    trace_change_pack(&change, f->bytes + f->size);
    if (size)
        memcpy(f->bytes + f->size + TRACE_CHANGE_SIZE, bytes, size);
    f->size += TRACE_CHANGE_SIZE + size;
    return at;
}

static void forge(struct forged *f)
{
    static const uint8_t delta[] = {0x03, 0x02, 0xab, 0xcd};
    static const struct trace_place place = {0, 5, 0x1000, "heap"};
    const struct trace_header header = {
        .has_image = true, .has_rewrites = true, .command = "x", .interval_ns = 100};
    uint64_t seed;

    memset(f, 0, sizeof *f);
    f->size = f->block = trace_header_pack(&header, f->bytes, &seed);
    f->size += TRACE_BLOCK_SIZE;
    f->place = f->size;
    trace_place_pack(&place, f->bytes + f->size);
    memcpy(f->bytes + f->size + TRACE_PLACE_SIZE, "heap", 4);
    f->size += TRACE_PLACE_SIZE + 4;
    f->image = put_part(f, TRACE_TAG_IMAGE, 1, 0, 0, 0);
    put_change(f, 2, TRACE_DELTA, delta, sizeof delta);
    f->part = put_part(f, TRACE_TAG_EPOCH, 2, 0, 0, 100);
    f->change = put_change(f, 1, TRACE_DELTA, delta, sizeof delta);
    f->last = put_change(f, 3, TRACE_REWRITTEN, NULL, 0);
    f->second = put_part(f, TRACE_TAG_EPOCH, 0, 1, 100, 250);
}

/* Writes the block's header over its records as they are now, and the index and trailer behind. */
static void close_forged(struct forged *f, uint32_t pages)
{
    struct trace_block block = {.kind = TRACE_DATA, .pages = pages};
    uint64_t seed = bytes_get_le64(f->bytes + f->block - 8);
    block.raw_bytes = block.stored_bytes = (uint32_t)(f->size - f->block - TRACE_BLOCK_SIZE);
    trace_block_seal(&block, f->bytes + f->block + TRACE_BLOCK_SIZE, seed, f->bytes + f->block);
    struct trace_entry entry = {f->block, 0, block.header_sum, 0};
    struct trace_trailer trailer = {.index_offset = f->size, .epochs = 2, .end_ns = 250};
    struct trace_block index = {.kind = TRACE_INDEX,
                                .number = 1,
                                .pages = pages,
                                .begin_ns = 250,
                                .raw_bytes = TRACE_ENTRY_SIZE,
                                .stored_bytes = TRACE_ENTRY_SIZE};
    trace_entry_pack(&entry, f->bytes + f->size + TRACE_BLOCK_SIZE);
    trace_block_seal(&index, f->bytes + f->size + TRACE_BLOCK_SIZE, seed, f->bytes + f->size);
    f->size += TRACE_BLOCK_SIZE + TRACE_ENTRY_SIZE;
    trace_trailer_pack(&trailer, seed, f->bytes + f->size);
    f->size += TRACE_TRAILER_SIZE;
}

/* Reads it all; the error's text, or "" if it is good. */
static const char *read_forged(struct forged *f)
{
    static struct error error;
    struct trace_item item;
    enum trace_step step;
    struct trace_reader *reader =
        trace_reader_open_stream(fmemopen(f->bytes, f->size, "rb"), "x.mgt", &error);
    if (!reader)
        return error.text;
    do
        step = trace_reader_next(reader, &item, &error);
    while (step != TRACE_STEP_END && step != TRACE_STEP_DAMAGED);
    if (step == TRACE_STEP_END)
        snprintf(error.text, sizeof error.text, "%s", trace_reader_extent(reader).cut ? "cut" : "");
    trace_reader_close(reader);
    return error.text;
}

static void test_the_base_is_good(void **state)
{
    static struct forged f;
    (void)state;
    forge(&f);
    close_forged(&f, 5);
    assert_string_equal(read_forged(&f), "");
}

/* One number of a record replaced, 1, 2, 4 or 8 bytes long. */
struct wrong {
    const char *says;
    size_t offset_of; /* of the place in struct forged */
    size_t at, length;
    uint64_t value;
};
#define AT(member) offsetof(struct forged, member)

static const struct wrong WRONG[] = {
    {"impossible lengths of a place", AT(place), 4, 4, UINT32_MAX},
    {"impossible lengths of a place", AT(place), 8, 4, UINT32_MAX},
    {"impossible lengths of a place", AT(place), 12, 4, 4000},
    {"a place inside an epoch, or beyond the trace's pages", AT(place), 4, 4, 1},
    {"a record that goes beyond its block", AT(place), 12, 4, 250},
    {"control characters in a place's name", AT(place), 24, 1, 27},
    {"control characters in a place's name", AT(place), 24, 1, 0xff},
    {"a record of unknown kind", AT(image), 0, 4, 4},
    {"a record of unknown kind", AT(image), 12, 4, 1},
    {"a record of unknown kind", AT(part), 8, 4, 8},
    {"an image with a time", AT(image), 16, 8, 1},
    {"an image with a time", AT(image), 32, 8, 100},
    {"an image with a time", AT(image), 8, 4, 1},
    {"an epoch that ends before it begins", AT(second), 24, 8, 251},
    {"an epoch that ends before it begins", AT(part), 32, 8, UINT64_MAX},
    {"an epoch that ends before it begins", AT(part), 24, 8, UINT64_MAX},
    {"an epoch that does not follow the one before", AT(part), 16, 8, 1},
    {"an epoch that does not follow the one before", AT(second), 16, 8, 2},
    {"an epoch that does not follow the one before", AT(second), 24, 8, 99},
    {"an epoch that does not follow the one before", AT(second), 24, 8, 101},
    {"a part that does not go on with the epoch before it", AT(part), 8, 4, 2},
    {"an epoch that does not follow the one before", AT(part), 8, 4, 1},
    {"the index in the middle of an epoch", AT(second), 8, 4, 1},
    {"a part that goes beyond its block", AT(second), 4, 4, 1},
    {"a part that goes beyond its block", AT(second), 4, 4, UINT32_MAX},
    {"a page out of order, or beyond the trace's pages", AT(part), 4, 4, 3},
    {"an epoch that does not follow the one before", AT(part), 4, 4, 1},
    {"a change of unknown form or impossible length", AT(change), 4, 2, 3},
    {"a change of unknown form or impossible length", AT(change), 6, 2, 0},
    {"a change of unknown form or impossible length", AT(change), 6, 2, 4097},
    {"a part that goes beyond its block", AT(change), 6, 2, 4096},
    {"a change of unknown form or impossible length", AT(last), 6, 2, 1},
    {"a part that goes beyond its block", AT(last), 4, 4, 4096u << 16 | 2},
    {"a page out of order, or beyond the trace's pages", AT(change), 0, 4, 3},
    {"a page out of order, or beyond the trace's pages", AT(change), 0, 4, 4},
    {"a page out of order, or beyond the trace's pages", AT(last), 0, 4, 5},
    {"a page out of order, or beyond the trace's pages", AT(last), 0, 4, UINT32_MAX},
    {"a malformed XBZRLE delta", AT(change), 8, 2, 0xffff},
    {"a malformed XBZRLE delta", AT(change), 9, 1, 0},
    {"a malformed XBZRLE delta", AT(change), 9, 1, 3},
    {"a page written with equal bytes where none may be", AT(image), 44, 4, 0},
    {"an image where none may be", AT(second), 0, 4, 2},
};

static void test_wrong_records(void **state)
{
    static struct forged f;
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const struct wrong *wrong = &WRONG[i];
        uint8_t value[8];
        size_t place;
        forge(&f);
        memcpy(&place, (const char *)&f + wrong->offset_of, sizeof place);
        bytes_put_le64(value, wrong->value);
        memcpy(f.bytes + place + wrong->at, value, wrong->length);
        if (!strcmp(wrong->says, "an image where none may be")) /* its times must be none */
            memset(f.bytes + place + 16, 0, 24);
        close_forged(&f, 5);
        const char *said = read_forged(&f);
        if (!strstr(said, wrong->says) || !strstr(said, "x.mgt: damaged at byte "))
            fail_msg("row %zu: '%s' does not say '%s'", i, said, wrong->says);
    }
}

/* The same for the header of the block and of the file, the index and the trailer. */
static void expect_sealed(const char *says, size_t offset, size_t length, uint64_t value)
{
    static struct forged f;
    uint8_t bytes[8];
    forge(&f);
    close_forged(&f, 5);
    size_t at = offset < ROOM ? offset : f.size - (offset - ROOM);
    bytes_put_le64(bytes, value);
    memcpy(f.bytes + at, bytes, length);
    twin_trace_seal(f.bytes, f.size);
    const char *said = read_forged(&f);
    if (!strstr(said, says) || strstr(said, "x.mgt: ") != said)
        fail_msg("byte %zu: '%s' does not say '%s'", at, said, says);
}
#define FROM_END(n) (ROOM + (n))

static void test_wrong_frames(void **state)
{
    const size_t block = TRACE_HEADER_SIZE + 1 + 8;
    const size_t index = FROM_END(TRACE_TRAILER_SIZE + TRACE_ENTRY_SIZE + TRACE_BLOCK_SIZE);
    (void)state;
    expect_sealed("a version of the trace format that this program does not know", 8, 4, 2);
    expect_sealed("impossible lengths in the header", 12, 4, UINT32_MAX);
    expect_sealed("impossible lengths in the header", 32, 4, UINT32_MAX);
    expect_sealed("impossible lengths in the header", 36, 4, 4097);
    expect_sealed("page size is not 4096", 16, 4, 0);
    expect_sealed("impossible flags or interval", 20, 4, 4);
    expect_sealed("impossible flags or interval", 24, 8, UINT64_MAX);
    expect_sealed("control characters in the header's texts", 40, 1, '\n');
    expect_sealed("an image where none may be", 20, 4, 2);
    expect_sealed("a page written with equal bytes where none may be", 20, 4, 1);
    expect_sealed("a block of unknown kind", block + 4, 4, 3);
    expect_sealed("a block that belongs elsewhere", block + 8, 4, 1);
    expect_sealed("impossible lengths in a block's header", block + 12, 4, 0);
    expect_sealed("impossible lengths in a block's header", block + 12, 4, UINT32_MAX);
    expect_sealed("a block that does not unpack", block + 12, 4, TRACE_RAW_MAX);
    expect_sealed("impossible lengths in a block's header", block + 20, 4, UINT32_MAX);
    expect_sealed("a place inside an epoch, or beyond the trace's pages", block + 20, 4, 4);
    expect_sealed("impossible lengths in a block's header", block + 24, 8, UINT64_MAX);
    expect_sealed("a block whose time or pages do not follow", block + 24, 8, 1);
    expect_sealed("a block whose time or pages do not follow", block + 20, 4, 6);
    expect_sealed("a block whose time or pages do not follow", index - 20, 4, 4);
    expect_sealed("a block whose time or pages do not follow", index - 24, 8, 249);
    expect_sealed("half an entry of the index", index - 12, 8, 31ull << 32 | 31);
    expect_sealed("an index that does not fit the blocks", FROM_END(72), 8, 1);
    expect_sealed("an index that does not fit the blocks", FROM_END(64), 8, 1);
    expect_sealed("an index that does not fit the blocks", FROM_END(56), 8, 1);
    expect_sealed("an index that does not fit the blocks", FROM_END(48), 8, 1);
    expect_sealed("neither a block nor the trailer begins here", FROM_END(40), 1, 'm');
    expect_sealed("a trailer that does not fit the blocks", FROM_END(32), 8, 7);
    expect_sealed("a trailer that does not fit the blocks", FROM_END(24), 8, 249);
    expect_sealed("a trailer that does not fit the blocks", FROM_END(16), 8, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_base_is_good),
        cmocka_unit_test(test_wrong_records),
        cmocka_unit_test(test_wrong_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
