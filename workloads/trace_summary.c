/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/trace_summary.h"

#include "base/bitmap.h"

#include <stdlib.h>

/*
 * Counts of values in bounded memory: each value below 128 has a bucket of its own; from there on,
 * 64 buckets for each power of two.
 */
#define EXACT   128u
#define BUCKETS (EXACT + 57u * 64u)

struct histogram {
    uint64_t counts[BUCKETS], total, least, most;
};

static size_t bucket_of(uint64_t value)
{
    if (value < EXACT)
        return value;
    unsigned power = 63 - (unsigned)__builtin_clzll(value); /* 7 or more */
    return EXACT + (power - 7) * 64u + ((value >> (power - 6)) & 63);
}

static uint64_t bucket_value(size_t bucket)
{
    if (bucket < EXACT)
        return bucket;
    size_t power = (bucket - EXACT) / 64 + 7, step = (bucket - EXACT) % 64;
    return (64 + (uint64_t)step) << (power - 6);
}

static void histogram_add(struct histogram *histogram, uint64_t value)
{
    if (histogram->total == 0 || value < histogram->least)
        histogram->least = value;
    if (value > histogram->most)
        histogram->most = value;
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
}

/* The smallest value that at least `permille` of all are not above. */
static uint64_t quantile(const struct histogram *histogram, uint64_t permille)
{
    uint64_t below = 0, wanted = (histogram->total * permille + 999) / 1000;
    for (size_t i = 0; i < BUCKETS; i++) {
        below += histogram->counts[i];
        if (below >= wanted && below > 0) {
            uint64_t value = bucket_value(i);
            return value < histogram->least ? histogram->least : value;
        }
    }
    return 0;
}

static struct trace_spread spread_of(const struct histogram *histogram)
{
    return (struct trace_spread){histogram->least, quantile(histogram, 500),
                                 quantile(histogram, 900), histogram->most};
}

struct counts {
    struct histogram span_ns, epoch_pages, changed_bytes, delta_bytes;
    uint64_t in_epoch; /* changes of the epoch at hand */
    uint64_t *changed; /* pages */
    uint32_t room;     /* of that, in pages */
};

static void count_change(struct trace_summary *summary, struct counts *counts,
                         const struct trace_change *change, uint32_t pages)
{
    if (counts->room < pages) {
        size_t words = BITMAP_WORDS((uint64_t)counts->room), more = BITMAP_WORDS((uint64_t)pages);
        counts->changed = must_grow(counts->changed, more, sizeof(uint64_t), "changed pages");
        for (; words < more; words++)
            counts->changed[words] = 0;
        counts->room = pages;
    }
    summary->changes++;
    counts->in_epoch++;
    summary->working_set_pages += !bitmap_get(counts->changed, change->page_no);
    bitmap_set(counts->changed, change->page_no);
    if (change->form == TRACE_REWRITTEN) {
        summary->rewrites++;
        return;
    }
    summary->whole_pages += change->form == TRACE_WHOLE;
    histogram_add(&counts->changed_bytes, trace_change_bytes(change));
    histogram_add(&counts->delta_bytes, change->size);
}

static void count_epoch(struct counts *counts, const struct trace_epoch *epoch)
{
    histogram_add(&counts->span_ns, (uint64_t)(epoch->end_ns - epoch->begin_ns));
    histogram_add(&counts->epoch_pages, counts->in_epoch);
    counts->in_epoch = 0;
}

static void count_first(struct trace_summary *summary, uint32_t pages)
{
    if (summary->first_pages < pages)
        summary->first_pages = pages;
}

/* Counts to the end of the trace; false at damage. */
static bool count_all(struct trace_reader *reader, struct trace_summary *summary,
                      struct counts *counts, struct error *error)
{
    struct trace_item item;
    for (;;) {
        enum trace_step step = trace_reader_next(reader, &item, error);
        summary->extent = trace_reader_extent(reader);
        switch (step) {
        case TRACE_STEP_PLACE:
            if (summary->extent.epochs == 0)
                count_first(summary, item.place.first_page + item.place.pages);
            break;
        case TRACE_STEP_IMAGE:
            count_first(summary, item.change.page_no + 1);
            break;
        case TRACE_STEP_EPOCH:
            break;
        case TRACE_STEP_CHANGE:
            count_change(summary, counts, &item.change, summary->extent.pages);
            break;
        case TRACE_STEP_EPOCH_END:
            count_epoch(counts, &item.epoch);
            break;
        case TRACE_STEP_END:
            return true;
        case TRACE_STEP_DAMAGED:
            return false;
        }
    }
}

bool trace_summarise(const char *file, struct trace_summary *summary, struct error *error)
{
    *summary = (struct trace_summary){0};
    struct trace_reader *reader = trace_reader_open(file, error);
    if (!reader)
        return false;
    struct counts *counts = must_alloc(1, sizeof *counts, "the summary of a trace");
    summary->header = *trace_reader_header(reader);
    bool good = count_all(reader, summary, counts, error);
    summary->span_ns = spread_of(&counts->span_ns);
    summary->epoch_pages = spread_of(&counts->epoch_pages);
    summary->changed_bytes = spread_of(&counts->changed_bytes);
    summary->delta_bytes = spread_of(&counts->delta_bytes);
    trace_reader_close(reader);
    free(counts->changed);
    free(counts);
    return good;
}
