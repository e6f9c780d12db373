/* SPDX-License-Identifier: MIT */
#ifndef CODEC_BENCH_CODEC_PASSES_H
#define CODEC_BENCH_CODEC_PASSES_H

#include <stdio.h>

#include "codec/bench/page_sets.h"
#include "codec/bench/plain_codec.h"

/*
 * What is measured: passes over all pages of a set in its order, which may name each page several
 * times. Those that bring a cached page up to date bring it to the new page and back to the old
 * one by turns.
 */
enum { VARIANTS_MAX = 32, BATCH = 64 };

struct variant {
    const char *name;
    void (*pass)(struct page_set *set, const struct xbzrle_kernel *kernel);
    const struct xbzrle_kernel *kernel;
};

static struct variant variants[VARIANTS_MAX];
static size_t variant_count;

static uint8_t delta_buffer[2 * PAGE];
static uint8_t private_page[PAGE];
static volatile size_t sink;

/* The size is read at run time: a constant one makes gcc expand the call. */
static volatile size_t run_time_page = PAGE;

static void pass_memcmp(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    size_t page_size = run_time_page, differ = 0;

    (void)kernel;
    for (size_t i = 0; i < set->order_count; i++) {
        size_t at = (size_t)set->order[i] * PAGE;
        differ += memcmp(set->old_pages + at, set->cached + at, page_size) != 0;
    }
    sink = differ;
}

static void pass_memcpy(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    size_t page_size = run_time_page;

    (void)kernel;
    for (size_t i = 0; i < set->order_count; i++) {
        memcpy(private_page, set->old_pages + (size_t)set->order[i] * PAGE, page_size);
        sink = private_page[i % PAGE];
    }
}

static void pass_encode(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    size_t size;

    for (size_t i = 0; i < set->order_count; i++) {
        size_t at = (size_t)set->order[i] * PAGE;
        kernel->encode(set->old_pages + at, set->new_pages + at, PAGE, delta_buffer, PAGE, &size);
    }
}

/* Up to BATCH jobs in the order from `first` on; returns how many. */
static size_t batch_fill(struct xbzrle_job *jobs, const uint8_t *newest, uint8_t *old_pages,
                         const uint32_t *order, size_t left)
{
    size_t count = left < BATCH ? left : BATCH;

    for (size_t k = 0; k < count; k++) {
        size_t at = (size_t)order[k] * PAGE;
        jobs[k] = (struct xbzrle_job){.old_page = old_pages + at,
                                      .new_page = newest + at,
                                      .delta = delta_buffer,
                                      .capacity = PAGE};
    }
    return count;
}

static void pass_batch(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    struct xbzrle_job jobs[BATCH];

    (void)kernel;
    for (size_t i = 0; i < set->order_count; i += BATCH)
        xbzrle_encode_batch(
            jobs,
            batch_fill(jobs, set->new_pages, set->old_pages, set->order + i, set->order_count - i),
            PAGE);
}

/* What the cached pages shall become this time, and the other the next time. */
static const uint8_t *take_turn(struct page_set *set)
{
    return set->turn++ % 2 == 0 ? set->new_pages : set->old_pages;
}

static void pass_fused(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    size_t size;

    for (size_t i = 0; i < set->order_count; i += set->pairs) {
        const uint8_t *newest = take_turn(set);
        for (size_t k = i; k < i + set->pairs; k++) {
            size_t at = (size_t)set->order[k] * PAGE;
            kernel->encode_update(set->cached + at, newest + at, PAGE, delta_buffer, PAGE, &size);
        }
    }
}

static void pass_fused_batch(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    struct xbzrle_job jobs[BATCH];

    (void)kernel;
    for (size_t i = 0; i < set->order_count; i += set->pairs) {
        const uint8_t *newest = take_turn(set);
        for (size_t k = 0; k < set->pairs; k += BATCH)
            xbzrle_encode_update_batch(
                jobs, batch_fill(jobs, newest, set->cached, set->order + i + k, set->pairs - k),
                PAGE);
    }
}

/* What QEMU does with a page: a private copy, the delta to it, and the copy into the cache. */
static void pass_three_steps(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    size_t page_size = run_time_page, size;

    for (size_t i = 0; i < set->order_count; i += set->pairs) {
        const uint8_t *newest = take_turn(set);
        for (size_t k = i; k < i + set->pairs; k++) {
            size_t at = (size_t)set->order[k] * PAGE;
            memcpy(private_page, newest + at, page_size);
            if (kernel->encode(set->cached + at, private_page, PAGE, delta_buffer, PAGE, &size) !=
                ENCODE_UNCHANGED)
                memcpy(set->cached + at, private_page, page_size);
        }
    }
}

/* Onto the new pages, which stay as they are thereby. */
static void pass_decode(struct page_set *set, const struct xbzrle_kernel *kernel)
{
    for (size_t i = 0; i < set->order_count; i++) {
        size_t page = set->order[i], at = set->delta_at[page];
        sink = kernel->decode(set->deltas + at, set->delta_at[page + 1] - at,
                              set->new_pages + page * PAGE, PAGE);
    }
}

static void add_variant(const char *prefix, const struct xbzrle_kernel *kernel,
                        void (*pass)(struct page_set *, const struct xbzrle_kernel *))
{
    static char names[VARIANTS_MAX][32];
    char *name = names[variant_count];

    snprintf(name, sizeof(names[0]), "%s%s%s", prefix, kernel ? " " : "",
             kernel ? kernel->name : "");
    variants[variant_count++] = (struct variant){name, pass, kernel};
}

/* memcmp and memcpy stay in the places 0 and 1. */
static void make_variants(void)
{
    const struct xbzrle_kernel *best = xbzrle_kernel_best();

    add_variant("memcmp", NULL, pass_memcmp);
    add_variant("memcpy", NULL, pass_memcpy);
    add_variant("encode", &plain_kernel, pass_encode);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (xbzrle_kernels[i]->usable())
            add_variant("encode", xbzrle_kernels[i], pass_encode);
    }
    add_variant("batch", NULL, pass_batch);
    add_variant("copy-encode-copy", best, pass_three_steps);
    add_variant("fused", best, pass_fused);
    add_variant("fused batch", NULL, pass_fused_batch);
    add_variant("decode", &plain_kernel, pass_decode);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (xbzrle_kernels[i]->usable())
            add_variant("decode", xbzrle_kernels[i], pass_decode);
    }
}

#endif
