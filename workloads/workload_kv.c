/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/bytes.h"
#include "base/random.h"
#include "workloads/kinds.h"
#include "workloads/kv_store.h"
#include "workloads/ring.h"
#include "workloads/visitor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * A key-value store under updates. Popular keys are updated most (Zipf), and a value has a size of
 * its own (log-normal law) that it keeps.
 *
 *     in-place | value 0 | value 1   | value 2 | ...          each at its place, 8 bytes aligned
 *     log      | index: 8 bytes a key | values one behind another, round and round |
 *
 * In a log an update writes the value at the head, and its place to the key's entry in the index.
 */
static const struct option KV_OPTIONS[] = {
    {"rate", OPTION_COUNT, offsetof(struct kv_options, rate), "10k",
     .help = "updates a second of guest time", .min = 1, .max = 10000000},
    ZIPF_EXPONENT(struct kv_options, exponent),
    {"value-size", OPTION_SIZE, offsetof(struct kv_options, value_size), "512B",
     .help = "mean size of a value", .min = 8, .max = KV_VALUE_MAX},
    {"size-spread", OPTION_DECIMAL, offsetof(struct kv_options, size_spread), "0.5",
     .help = "standard deviation of the sizes' natural logarithm; 0: all have the mean",
     .max = 3000},
    {"layout", OPTION_WORD, offsetof(struct kv_options, layout), "in-place",
     .help = "a value is overwritten where it is, or appended to a log and found by an index",
     .words = kv_layout_names},
    {"value", OPTION_WORD, offsetof(struct kv_options, value), "random",
     .help = "what is in the values", .words = fresh_names},
    {0},
};

struct workload {
    const struct kv_options *options;
    struct page_store *memory;
    struct kv_store *store;
    struct ring log;
    uint64_t first_page, pages; /* in place: of the values; in a log: of the index */
    uint64_t seed, done;
    uint64_t *written; /* of those pages, since the last touch */
    uint64_t *stale;   /* whose bytes are older than the store */
};

static bool kv_check(void *options, struct error *error)
{
    const struct kv_options *o = options;
    if (o->region.bytes / o->value_size > KV_KEYS_MAX)
        return error_set(error,
                         "value-size: a region of %" PRIu64 " bytes would hold more than %u values",
                         o->region.bytes, KV_KEYS_MAX);
    if (o->layout == KV_LOG && o->region.bytes < 4 * PAGE_SIZE)
        return error_set(error, "a log with an index needs a region of four pages");
    return true;
}

static struct workload *kv_create(const void *options, const struct workload_env *env,
                                  struct error *error)
{
    (void)error;
    const struct kv_options *o = options;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    workload->options = o;
    workload->memory = env->memory;
    workload->first_page = env->first_page;
    workload->pages = o->region.bytes / PAGE_SIZE;
    workload->seed = random_derive(env->seed, env->label);
    workload->store = kv_store_create(o, workload->seed);
    if (o->layout == KV_LOG) {
        uint64_t all = workload->pages;
        workload->pages = (workload->store->keys * 8 - 1) / PAGE_SIZE + 1;
        ring_init(&workload->log, env->first_page + workload->pages, all - workload->pages,
                  workload->seed, o->value);
    }
    workload->written = bitmap_alloc(workload->pages, "the pages of a workload");
    workload->stale = bitmap_alloc(workload->pages, "the pages of a workload");
    return workload;
}

static void advance(struct workload *workload, int64_t guest_time)
{
    const struct kv_store *store = workload->store;
    uint64_t due = visitor_events(workload->options->rate, guest_time);
    for (; workload->done < due; workload->done++) {
        uint64_t key = kv_store_update(workload->store), first, last;
        if (workload->options->layout == KV_LOG) {
            first = last = key * 8 / PAGE_SIZE;
        } else {
            first = store->places[key] / PAGE_SIZE;
            last = (store->places[key] + store->sizes[key] - 1) / PAGE_SIZE;
        }
        for (; first <= last; first++) {
            bitmap_set(workload->written, first);
            bitmap_set(workload->stale, first);
        }
    }
}

static void kv_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    uint64_t pages = workload->pages;
    advance(workload, guest_time);
    for (uint64_t page = bitmap_next(workload->written, 0, pages); page < pages;
         page = bitmap_next(workload->written, page + 1, pages)) {
        bitmap_set(dirty, workload->first_page + page);
        bitmap_clear(workload->written, page);
    }
    if (workload->options->layout == KV_LOG)
        ring_touch(&workload->log, workload->store->appended, dirty);
}

static void show_index(const struct kv_store *store, uint64_t page, uint8_t *bytes)
{
    uint64_t key = page * (PAGE_SIZE / 8);
    for (unsigned at = 0; at < PAGE_SIZE && key < store->keys; at += 8, key++)
        if (store->versions[key])
            bytes_put_le64(bytes + at, store->places[key]);
}

/* All values on the page that were ever updated: those that have not changed since stay the same.
 */
static void show_values(const struct workload *workload, uint64_t page, uint8_t *bytes)
{
    const struct kv_store *store = workload->store;
    uint64_t start = page * PAGE_SIZE, end = start + PAGE_SIZE;
    for (uint64_t key = kv_store_key_at(store, start);
         key < store->keys && store->places[key] < end; key++) {
        uint64_t from = store->places[key], to = from + store->sizes[key];
        if (!store->versions[key] || to <= start)
            continue;
        uint64_t first = from > start ? from : start, stop = to < end ? to : end;
        kv_value(workload->options->value, workload->seed, key, store->versions[key], first - from,
                 stop - from, bytes + (first - start));
    }
}

static void kv_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    uint64_t page = page_no - workload->first_page;
    advance(workload, guest_time);
    if (page >= workload->pages) {
        ring_materialise(&workload->log, workload->store->appended, page_no, workload->memory);
        return;
    }
    if (!bitmap_get(workload->stale, page))
        return;
    bitmap_clear(workload->stale, page);
    uint8_t *bytes = page_store_write(workload->memory, page_no);
    if (workload->options->layout == KV_LOG)
        show_index(workload->store, page, bytes);
    else
        show_values(workload, page, bytes);
}

static void kv_destroy(struct workload *workload)
{
    kv_store_destroy(workload->store);
    ring_release(&workload->log);
    free(workload->written);
    free(workload->stale);
    free(workload);
}

const struct workload_ops workload_kv = {
    .name = "kv",
    .help = "updates values of a size distribution under popular keys: Redis, memcached, RocksDB, "
            "session stores",
    .options = KV_OPTIONS,
    .options_size = sizeof(struct kv_options),
    .check = kv_check,
    .create = kv_create,
    .touch = kv_touch,
    .materialise = kv_materialise,
    .destroy = kv_destroy,
};
