/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_LAB_GENERATOR_H
#define WORKLOADS_LAB_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The writes of the laboratory's guest, one after another, as the comment on top of
 * scripts/qemu-lab/guest.c specifies them: xorshift32 (Marsaglia 2003) with seed 88675123, and
 * below(n) = floor(draw * n / 2^32).
 */
enum lab_pattern { LAB_STRIDE, LAB_RANDOM, LAB_SEQUENTIAL, LAB_HOTCOLD, LAB_ZIPF };
extern const char *const lab_pattern_names[];

struct lab_generator {
    enum lab_pattern pattern;
    uint64_t pages;
    uint32_t write_size, stride;
    uint32_t rng;
    uint64_t cursor;        /* stride: byte; sequential: page */
    uint32_t *zipf_weights; /* cumulative, a page each; or NULL */
};

struct lab_write {
    uint64_t page; /* from the region's first */
    uint32_t offset, size;
    bool increment; /* the byte at `offset`; else `size` new bytes */
};

/* The table of weights is allocated for zipf only: lab_generator_release frees it. */
void lab_generator_init(struct lab_generator *generator, enum lab_pattern pattern, uint64_t pages,
                        uint64_t write_size, uint64_t stride);
void lab_generator_release(struct lab_generator *generator);

/* The next write; its bytes (at most a page) go to `value`. */
struct lab_write lab_generator_next(struct lab_generator *generator, uint8_t *value);

/* The guest's table of weights wants 2^n pages. */
bool lab_pages_fit_zipf(uint64_t pages);

#endif
