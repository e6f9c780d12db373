/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_VISITOR_H
#define WORKLOADS_VISITOR_H

#include "workloads/page_change.h"
#include "workloads/workload.h"

#include <gsl/gsl_rng.h>

/*
 * A program that visits one page after another, `rate` times a second, and changes something in
 * each: what `zipf`, `gaussian` and `counter` share. They differ in which page comes next.
 *
 *     visit number   1    2    3    4    5    6     number n is done at n / rate
 *     page           17   3    17   950  17   3     a draw a visit, whoever looks when
 *
 * The draws are made visit by visit (some 10 ns each), only counted for each page; the bytes of a
 * page are made when somebody looks at it. So a guest of any size that makes a million visits a
 * second costs a few hundredths of its own time.
 */
struct visitor_options {
    uint64_t rate; /* visits a second */
    struct page_change change;
};

#define VISITOR_RATE(type, member)                                                                 \
    {                                                                                              \
        "rate", OPTION_COUNT, offsetof(type, member), "10k",                                       \
            .help = "visits to pages a second of guest time", .min = 1, .max = 10000000            \
    }

/* For kinds that visit one thing after another, or any next. */
enum visit_order { ORDER_RANDOM, ORDER_SEQUENTIAL };
extern const char *const visit_order_names[];

struct visitor_path {
    /* The page of visit `number`, counted from the region's first; called for 1, 2, 3, ... */
    uint64_t (*next)(void *path, uint64_t number);
    void (*release)(void *path);
    void *path; /* owned by the visitor from visitor_create on */
};

/* `options` is borrowed. As workload_ops.create, and the other three. */
struct workload *visitor_create(const struct workload_env *env,
                                const struct workload_region *region,
                                const struct visitor_options *options,
                                const struct visitor_path *path);
void visitor_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty);
void visitor_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time);
void visitor_destroy(struct workload *workload);

/* Events of `rate` a second up to a time: the first is 1 / rate after 0. */
uint64_t visitor_events(uint64_t rate, int64_t guest_time);

/* The stream that draws the path: twins draw the same. To gsl_rng_free. */
gsl_rng *visitor_stream(const struct workload_env *env);

#endif
