/* SPDX-License-Identifier: MIT */
#ifndef CODEC_BENCH_PAGE_SETS_H
#define CODEC_BENCH_PAGE_SETS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "codec/tests/twin_patterns.h"
#include "codec/xbzrle.h"

/* The pairs of pages that are measured. */

enum { PAGE = PATTERN_PAGE, PATTERNS = PAGE_PATTERNS, ORDER_LEAST = 2048 };

struct page_set {
    size_t pairs;
    uint8_t *old_pages;
    uint8_t *new_pages; /* the pattern is applied to them */
    uint8_t *cached;    /* equal to the old pages between two measurements */
    uint8_t *deltas;    /* one behind another, in the order of the pages */
    size_t *delta_at;   /* pairs + 1 of them */
    uint32_t *order;    /* which page comes next */
    size_t order_count; /* a multiple of `pairs` */
    size_t turn;        /* even: the cached pages are the old ones */
};

/* On huge pages where the system has them, as a guest's memory is; else page walks are measured. */
static uint8_t *pages_allocate(size_t size)
{
    enum { HUGE_PAGE = 1 << 21 };
    void *pages = NULL;

    if (posix_memalign(&pages, HUGE_PAGE, (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE) != 0)
        abort();
    madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

static void page_set_create(struct page_set *set, size_t pairs)
{
    set->pairs = pairs;
    set->turn = 0;
    set->old_pages = pages_allocate(pairs * PAGE);
    set->new_pages = pages_allocate(pairs * PAGE);
    set->cached = pages_allocate(pairs * PAGE);
    set->deltas = pages_allocate(pairs * PAGE);
    set->delta_at = malloc((pairs + 1) * sizeof(*set->delta_at));
    set->order_count = pairs < ORDER_LEAST ? ORDER_LEAST / pairs * pairs : pairs;
    set->order = malloc(set->order_count * sizeof(*set->order));
    if (!set->delta_at || !set->order)
        abort();
}

static void page_set_free(struct page_set *set)
{
    free(set->order);
    free(set->delta_at);
    free(set->deltas);
    free(set->cached);
    free(set->new_pages);
    free(set->old_pages);
}

/*
 * In order, or shuffled: one permutation of the pages after another, each its own, so that a small
 * set does not teach the branch predictor its differences by heart.
 */
static void page_set_order(struct page_set *set, bool shuffled)
{
    struct page_random random = {.state = 7};

    for (size_t i = 0; i < set->order_count; i++)
        set->order[i] = (uint32_t)(i % set->pairs);
    for (size_t first = 0; shuffled && first < set->order_count; first += set->pairs) {
        for (size_t i = set->pairs - 1; i > 0; i--) {
            size_t k = page_random_below(&random, i + 1);
            uint32_t page = set->order[first + i];
            set->order[first + i] = set->order[first + k];
            set->order[first + k] = page;
        }
    }
}

static void page_set_fill(struct page_set *set, const struct page_pattern *pattern)
{
    struct page_random random = {.state = 1};

    page_random_fill(&random, set->old_pages, set->pairs * PAGE);
    memcpy(set->new_pages, set->old_pages, set->pairs * PAGE);
    memcpy(set->cached, set->old_pages, set->pairs * PAGE);
    size_t at = 0;
    for (size_t i = 0; i < set->pairs; i++) {
        size_t size;
        pattern->apply(&random, set->new_pages + i * PAGE);
        xbzrle_encode(set->old_pages + i * PAGE, set->new_pages + i * PAGE, PAGE, set->deltas + at,
                      PAGE, &size);
        set->delta_at[i] = at;
        at += size;
    }
    set->delta_at[set->pairs] = at;
}

#endif
