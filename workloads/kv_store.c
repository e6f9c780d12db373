/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/kv_store.h"

#include "base/random.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const kv_layout_names[] = {"in-place", "log", NULL};

static uint32_t draw_size(const struct kv_options *options, gsl_rng *rng)
{
    double spread = (double)options->size_spread / 1000;
    double zeta = log((double)options->value_size) - spread * spread / 2;
    double size = round(gsl_ran_lognormal(rng, zeta, spread));
    double most = (double)options->region.bytes / 2;
    if (most > KV_VALUE_MAX)
        most = KV_VALUE_MAX;
    return (uint32_t)(size < 1 ? 1 : size > most ? most : size);
}

/* In a log a key takes its value and its entry in the index, and half the region is used. */
static void draw_keys(struct kv_store *store, const struct kv_options *options, gsl_rng *rng)
{
    uint64_t limit = store->is_log ? options->region.bytes / 2 : options->region.bytes;
    uint64_t used = 0, room = 0;
    while (store->keys < KV_KEYS_MAX) {
        uint32_t size = draw_size(options, rng);
        if (used + size + 8 * store->is_log > limit && store->keys)
            break;
        if (store->keys == room) {
            room = room * 2 + 1024;
            store->sizes = must_grow(store->sizes, room, sizeof *store->sizes, "keys");
            store->places = must_grow(store->places, room, sizeof *store->places, "keys");
        }
        store->sizes[store->keys] = size;
        store->places[store->keys++] = used;
        used += store->is_log ? size + 8 : (size + 7) / 8 * 8;
    }
    store->versions = must_alloc(store->keys, sizeof *store->versions, "keys");
}

struct kv_store *kv_store_create(const struct kv_options *options, uint64_t seed)
{
    struct kv_store *store = must_alloc(1, sizeof *store, "a key-value store");
    gsl_rng *sizes = random_stream_create(seed, "sizes");
    store->is_log = options->layout == KV_LOG;
    draw_keys(store, options, sizes);
    gsl_rng_free(sizes);
    store->rng = random_stream_create(seed, "keys");
    store->popularity = zipf_create(store->keys, options->exponent, true, store->rng);
    return store;
}

void kv_store_destroy(struct kv_store *store)
{
    free(store->sizes);
    free(store->places);
    free(store->versions);
    zipf_destroy(store->popularity);
    gsl_rng_free(store->rng);
    free(store);
}

uint64_t kv_store_update(struct kv_store *store)
{
    uint64_t key = zipf_draw(store->popularity, store->rng);
    store->versions[key]++;
    if (store->is_log) {
        store->places[key] = store->appended;
        store->appended += store->sizes[key];
    }
    return key;
}

uint64_t kv_store_key_at(const struct kv_store *store, uint64_t place)
{
    uint64_t low = 0, high = store->keys - 1;
    while (low < high) {
        uint64_t middle = (low + high + 1) / 2;
        if (store->places[middle] <= place)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* In blocks of a page, so that the end of a long value does not cost the whole of it. */
void kv_value(unsigned fresh, uint64_t seed, uint64_t key, uint64_t version, uint64_t from,
              uint64_t to, uint8_t *bytes)
{
    uint64_t own = random_mix(seed, key, version);
    while (from < to) {
        uint8_t block[PAGE_SIZE];
        uint64_t number = from / PAGE_SIZE, start = number * PAGE_SIZE;
        uint64_t end = to < start + PAGE_SIZE ? to : start + PAGE_SIZE;
        fresh_content(fresh, own, number, 0, block, end - start);
        memcpy(bytes, block + (from - start), end - from);
        bytes += end - from;
        from = end;
    }
}
