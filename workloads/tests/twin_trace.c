/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_trace.h"

#include "base/bytes.h"
#include "base/random.h"
#include "workloads/trace_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "twin_trace: %s\n", what);
    abort();
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = random_mix(*state, 1, 2);
    return *state % below;
}

static void make_xor(struct twin_change *change, const struct twin_trace_shape *shape,
                     uint64_t *state)
{
    memset(change->xor, 0, PAGE_SIZE);
    if (shape->bytes > PAGE_SIZE / 2) {
        random_bytes(draw(state, UINT64_MAX), change->xor, PAGE_SIZE);
        return;
    }
    bool equal = shape->rewrites && draw(state, 4) == 0;
    for (unsigned i = 0; !equal && i < shape->bytes; i++)
        change->xor [draw(state, PAGE_SIZE)] = (uint8_t)(1 + draw(state, 255));
}

void twin_trace_make(struct twin_trace *trace, const struct twin_trace_shape *shape, uint64_t seed)
{
    uint64_t state = seed;
    int64_t now = 0;
    *trace = (struct twin_trace){
        .header = {.has_image = shape->image,
                   .has_rewrites = shape->rewrites,
                   .interval_ns = shape->span_ns,
                   .command = "twin --of 'a trace'",
                   .comment = "made in a test, \xc3\xa4\xc3\xb6\xc3\xbc"},
        .pages = shape->pages,
        .image = must_alloc(shape->pages, PAGE_SIZE, "image"),
        .epochs = must_alloc(shape->epochs, sizeof *trace->epochs, "epochs"),
        .epoch_count = shape->epochs,
    };
    for (uint32_t page = 0; shape->image && page < shape->pages; page++)
        if (draw(&state, 3) > 0)
            random_bytes(draw(&state, UINT64_MAX), trace->image + (size_t)page * PAGE_SIZE, 100);
    size_t room = 0;
    for (uint64_t e = 0; e < shape->epochs; e++) {
        int64_t span = shape->span_ns / 2 + (int64_t)draw(&state, (uint64_t)shape->span_ns + 1);
        trace->epochs[e] = (struct trace_epoch){e, now, now + (e % 7 == 3 ? 0 : span)};
        now = trace->epochs[e].end_ns;
        for (uint32_t page = 0; page < shape->pages; page++) {
            if (draw(&state, 1000) >= shape->in_thousand)
                continue;
            if (trace->change_count == room) {
                room = 2 * room + 16;
                trace->changes = must_grow(trace->changes, room, sizeof *trace->changes, "changes");
            }
            struct twin_change *change = &trace->changes[trace->change_count++];
            change->epoch = e;
            change->page_no = page;
            make_xor(change, shape, &state);
        }
    }
}

void twin_trace_release(struct twin_trace *trace)
{
    free(trace->image);
    free(trace->epochs);
    free(trace->changes);
}

void twin_trace_write(const struct twin_trace *trace, const char *file)
{
    static const struct trace_place heap = {.address = 0x55550000, .name = "[heap]"};
    struct error error;
    struct trace_place place = heap;
    struct trace_writer *writer = trace_writer_create(file, &trace->header, &error);
    must(writer, error.text);
    uint8_t *memory = must_alloc(trace->pages, PAGE_SIZE, "memory");
    size_t next = 0;

    place.pages = trace->pages;
    must(trace_writer_place(writer, &place, &error), error.text);
    memcpy(memory, trace->image, (size_t)trace->pages * PAGE_SIZE);
    for (uint32_t page = 0; trace->header.has_image && page < trace->pages; page++)
        must(trace_writer_image(writer, page, memory + (size_t)page * PAGE_SIZE, &error),
             error.text);
    for (uint64_t e = 0; e < trace->epoch_count; e++) {
        must(trace_writer_epoch_begin(writer, trace->epochs[e].end_ns, &error), error.text);
        for (; next < trace->change_count && trace->changes[next].epoch == e; next++) {
            const struct twin_change *change = &trace->changes[next];
            uint8_t *page = memory + (size_t)change->page_no * PAGE_SIZE, old[PAGE_SIZE];
            memcpy(old, page, PAGE_SIZE);
            for (size_t i = 0; i < PAGE_SIZE; i++)
                page[i] ^= change->xor [i];
            must(trace_writer_change(writer, change->page_no, old, page, &error), error.text);
        }
        must(trace_writer_epoch_end(writer, &error), error.text);
    }
    must(trace_writer_finish(writer, &error), error.text);
    trace_writer_destroy(writer);
    free(memory);
}

const char *twin_trace_file(const char *name)
{
    static char file[256];
    const char *folder = getenv("TMPDIR");
    snprintf(file, sizeof file, "%.150s/migsim-test-%ld-%.40s", folder ? folder : "/tmp",
             (long)getpid(), name);
    return file;
}

uint8_t *twin_trace_load(const char *file, size_t *ret_size)
{
    FILE *stream = fopen(file, "rb");
    must(stream && fseek(stream, 0, SEEK_END) == 0, "cannot open");
    *ret_size = (size_t)ftell(stream);
    uint8_t *bytes = must_alloc(*ret_size, 1, "a file");
    rewind(stream);
    must(fread(bytes, 1, *ret_size, stream) == *ret_size, "cannot read");
    fclose(stream);
    return bytes;
}

void twin_trace_store(const char *file, const uint8_t *bytes, size_t size)
{
    FILE *stream = fopen(file, "wb");
    must(stream && fwrite(bytes, 1, size, stream) == size, "cannot write");
    must(fclose(stream) == 0, "cannot write");
}

void twin_trace_seal(uint8_t *bytes, size_t size)
{
    if (size < TRACE_HEADER_SIZE + 8)
        return;
    size_t at = bytes_get_le32(bytes + 12);
    if (at < TRACE_HEADER_SIZE + 8 || at > size)
        return;
    uint64_t seed = XXH3_64bits(bytes, at - 8);
    bytes_put_le64(bytes + at - 8, seed);
    while (size - at >= TRACE_BLOCK_SIZE && !memcmp(bytes + at, TRACE_BLOCK_MAGIC, 4)) {
        size_t stored = bytes_get_le32(bytes + at + 16);
        if (stored > size - at - TRACE_BLOCK_SIZE)
            return;
        bytes_put_le64(bytes + at + 32,
                       XXH3_64bits_withSeed(bytes + at + TRACE_BLOCK_SIZE, stored, seed));
        bytes_put_le64(bytes + at + 40, XXH3_64bits_withSeed(bytes + at, 40, seed));
        at += TRACE_BLOCK_SIZE + stored;
    }
    if (size - at >= TRACE_TRAILER_SIZE)
        bytes_put_le64(bytes + at + 32, XXH3_64bits_withSeed(bytes + at, 32, seed));
}
