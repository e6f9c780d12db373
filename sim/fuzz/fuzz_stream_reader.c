/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream gives the same events and the same error in one piece and in pieces of any size, and
 * none of them lies outside of what was announced. The input is a stream as `migsim run --stream`
 * writes it; its last byte also says the dialect and how the pieces are cut.
 */
#include "base/random.h"
#include "models/content.h"
#include "sim/stream_reader.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCKS = 1024 };

struct events {
    XXH64_hash_t digest; /* of all events so far, in their order */
    unsigned blocks;
    uint64_t pages[BLOCKS];
};

struct outcome {
    bool good, ended;
    XXH64_hash_t digest;
    char text[sizeof(struct error)];
};

static void add(struct events *events, const void *bytes, size_t size)
{
    events->digest = XXH64(bytes, size, events->digest);
}

static void add_page(struct events *events, char kind, unsigned block, uint64_t page)
{
    if (block >= events->blocks || page >= events->pages[block])
        abort();
    add(events, &kind, sizeof kind);
    add(events, &block, sizeof block);
    add(events, &page, sizeof page);
}

static bool take_block(void *context, const char *name, uint64_t bytes, struct error *error)
{
    (void)error;
    struct events *events = context;
    if (events->blocks == BLOCKS || bytes == 0 || bytes % PAGE_SIZE)
        abort();
    events->pages[events->blocks++] = bytes / PAGE_SIZE;
    add(events, name, strlen(name));
    add(events, &bytes, sizeof bytes);
    return true;
}

static bool take_zero(void *context, unsigned block, uint64_t page, uint8_t value,
                      struct error *error)
{
    (void)error;
    add_page(context, 'z', block, page);
    add(context, &value, sizeof value);
    return true;
}

static bool take_page(void *context, unsigned block, uint64_t page, const uint8_t *bytes,
                      struct error *error)
{
    (void)error;
    add_page(context, 'p', block, page);
    add(context, bytes, PAGE_SIZE);
    return true;
}

/* An empty delta is refused here, so that a refusal by the receiver is tried as well. */
static bool take_delta(void *context, unsigned block, uint64_t page, const uint8_t *delta,
                       size_t size, struct error *error)
{
    if (size > PAGE_SIZE)
        abort();
    add_page(context, 'd', block, page);
    add(context, delta, size);
    return size > 0 || error_set(error, "refused");
}

/* `pieces` 0: all at once. The pieces are copies, so that a read behind one's end is seen. */
static struct outcome read_stream(const uint8_t *data, size_t size, enum stream_dialect dialect,
                                  uint64_t pieces)
{
    static struct events events; /* too large for a fuzzer's stack */
    memset(&events, 0, sizeof events);
    struct stream_events hooks = {take_block, take_zero, take_page, take_delta, &events};
    struct stream_reader *reader = stream_reader_create(&hooks, dialect);
    struct error error = {""};
    struct outcome outcome = {.good = true};
    for (uint64_t number = 0; outcome.good && size; number++) {
        size_t least = pieces % 2 ? 1 : 1000; /* few bytes a time, or about a page */
        size_t piece = pieces ? 1 + random_mix(pieces, number, 0) % (8 * least) : size;
        if (piece > size)
            piece = size;
        uint8_t *copy = must_alloc(piece, 1, "a piece");
        memcpy(copy, data, piece);
        outcome.good = stream_reader_feed(reader, copy, piece, &error);
        free(copy);
        data += piece, size -= piece;
    }
    outcome.ended = stream_reader_ended(reader);
    outcome.digest = events.digest;
    strcpy(outcome.text, error.text);
    stream_reader_destroy(reader);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum stream_dialect dialect = data[size - 1] & 1 ? DIALECT_V5 : DIALECT_QEMU;
    struct outcome whole = read_stream(data, size, dialect, 0);
    struct outcome pieces = read_stream(data, size, dialect, 1 + data[size - 1] / 2);
    if (whole.good != pieces.good || whole.ended != pieces.ended || whole.digest != pieces.digest ||
        strcmp(whole.text, pieces.text) != 0)
        abort();
    if (!whole.good && !whole.text[0])
        abort();
    return 0;
}
