/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_KV_STORE_H
#define WORKLOADS_KV_STORE_H

#include "workloads/fresh_content.h"
#include "workloads/workload.h"
#include "workloads/zipf.h"

/* The values of kind `kv`: how large they are, where they lie, how often they were updated. */
#define KV_KEYS_MAX  (1u << 22)
#define KV_VALUE_MAX (1u << 20)

enum kv_layout { KV_IN_PLACE, KV_LOG };
extern const char *const kv_layout_names[];

struct kv_options {
    struct workload_region region;
    uint64_t rate, exponent, value_size, size_spread;
    unsigned layout, value;
};

struct kv_store {
    uint64_t keys;
    uint32_t *sizes;
    uint64_t *places; /* in place: from the region's begin, rising; log: bytes appended before it */
    uint64_t *versions; /* updates so far */
    uint64_t appended;  /* to the log */
    struct zipf *popularity;
    gsl_rng *rng; /* which key is next */
    bool is_log;
};

/*
 * Sizes are exp(normal(log(value_size) - spread^2 / 2, spread)), so that value_size is their mean;
 * rounded, at least 1, at most KV_VALUE_MAX and half the region. Keys are as many as fit the
 * region; in a log, as many as fill half of it with their index. Owned by the caller.
 */
struct kv_store *kv_store_create(const struct kv_options *options, uint64_t seed);
void kv_store_destroy(struct kv_store *store);

/* One update; returns the key. */
uint64_t kv_store_update(struct kv_store *store);

/* In place: the last key that begins at or before `place`. */
uint64_t kv_store_key_at(const struct kv_store *store, uint64_t place);

/* Bytes from..to (exclusive) of a version (from 1) of a key's value. */
void kv_value(unsigned fresh, uint64_t seed, uint64_t key, uint64_t version, uint64_t from,
              uint64_t to, uint8_t *bytes);

#endif
