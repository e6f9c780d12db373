/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The codec benchmark of August 2011 with this tree's codecs, one core: bench_published. A line for
 * each kind of pages and codec; sizes are in percent of a page, without record headers.
 */
#include "codec/xbrle.h"
#include "codec/xbzrle.h"
#include "sim/tests/published_pages.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BYTES = 512 << 20 }; /* encoded by each codec */

struct bench {
    const struct published_pages *pages;
    uint8_t *old_pages, *new_pages, *deltas;
    size_t *sizes;
};

struct codec {
    const char *name;
    enum encode_result (*encode)(const uint8_t *, const uint8_t *, size_t, uint8_t *, size_t,
                                 size_t *);
    bool (*decode)(const uint8_t *, size_t, uint8_t *, size_t);
};

static const struct codec CODECS[] = {
    {"xbrle", xbrle_encode, xbrle_decode},
    {"xbzrle", xbzrle_encode, xbzrle_decode},
};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *must_have(size_t bytes)
{
    void *memory = malloc(bytes);
    if (!memory) {
        fprintf(stderr, "no memory for %zu bytes of pages\n", bytes);
        exit(1);
    }
    return memory;
}

static void encode(const struct bench *bench, const struct codec *codec)
{
    for (size_t i = 0; i < bench->pages->step; i++) {
        size_t at = i * PAGE_SIZE;
        enum encode_result result =
            codec->encode(bench->old_pages + at, bench->new_pages + at, PAGE_SIZE,
                          bench->deltas + at, PAGE_SIZE, &bench->sizes[i]);
        assert(result == ENCODE_DELTA);
        (void)result;
    }
}

/* In place; XBRLE's deltas turn every second pass back, which costs the same. */
static void decode(const struct bench *bench, const struct codec *codec)
{
    for (size_t i = 0; i < bench->pages->step; i++)
        if (!codec->decode(bench->deltas + i * PAGE_SIZE, bench->sizes[i],
                           bench->old_pages + i * PAGE_SIZE, PAGE_SIZE))
            abort();
}

static double mb_per_s(const struct bench *bench, const struct codec *codec,
                       void (*pass)(const struct bench *, const struct codec *))
{
    unsigned passes = BYTES / (bench->pages->step * PAGE_SIZE);
    double start = now_s();
    for (unsigned i = 0; i < passes; i++)
        pass(bench, codec);
    return (double)passes * bench->pages->step * PAGE_SIZE / (now_s() - start) / 1e6;
}

static void run(const struct published_pages *pages, const struct codec *codec)
{
    size_t bytes = (size_t)pages->step * PAGE_SIZE, total = 0;
    struct bench bench = {pages, must_have(bytes), must_have(bytes), must_have(bytes),
                          must_have(pages->step * sizeof(size_t))};
    for (unsigned i = 0; i < pages->step; i++)
        published_page(pages, i, bench.old_pages + (size_t)i * PAGE_SIZE,
                       bench.new_pages + (size_t)i * PAGE_SIZE);
    encode(&bench, codec);
    for (size_t i = 0; i < pages->step; i++)
        total += bench.sizes[i];
    double encoded = mb_per_s(&bench, codec, encode);
    printf("%-6s  %-6s  %5.2f  %11.0f  %11.0f\n", pages->name, codec->name,
           100 * (double)total / (double)bytes, encoded, mb_per_s(&bench, codec, decode));
    free(bench.old_pages), free(bench.new_pages), free(bench.deltas), free(bench.sizes);
}

int main(void)
{
    printf("pages   codec   size %%  encode MB/s  decode MB/s\n");
    for (size_t p = 0; p < sizeof PUBLISHED_PAGES / sizeof *PUBLISHED_PAGES; p++)
        for (size_t c = 0; c < sizeof CODECS / sizeof *CODECS; c++)
            run(&PUBLISHED_PAGES[p], &CODECS[c]);
    return 0;
}
