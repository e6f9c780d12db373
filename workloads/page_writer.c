/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/page_writer.h"

#include "base/bitmap.h"
#include "base/bytes.h"

#include <gsl/gsl_randist.h>
#include <string.h>

#define WRITE_SIZE_MIN 4u

static void put_random(uint8_t *bytes, uint64_t size, gsl_rng *rng)
{
    for (; size >= 8; bytes += 8, size -= 8)
        bytes_put_le64(bytes, gsl_rng_get(rng));
    if (size)
        bytes_put_le32(bytes, (uint32_t)gsl_rng_get(rng));
}

/* Few writes: one by one. */
static void hit_one_by_one(uint64_t *hit, uint64_t writes, uint64_t slots, gsl_rng *rng)
{
    while (writes--)
        bitmap_set(hit, gsl_rng_get(rng) % slots); /* slots is a power of two: no bias */
}

/* Many: slot by slot, of the writes left a binomial share (the multinomial law, by conditioning).
 */
static void hit_by_share(uint64_t *hit, uint64_t writes, uint64_t slots, gsl_rng *rng)
{
    for (uint64_t slot = 0; slot < slots && writes; slot++) {
        uint64_t share = writes;
        if (slot + 1 < slots)
            share = gsl_ran_binomial(rng, 1.0 / (double)(slots - slot),
                                     writes > UINT32_MAX ? UINT32_MAX : (unsigned)writes);
        if (share)
            bitmap_set(hit, slot);
        writes -= share;
    }
}

void page_writer_scatter(uint8_t bytes[static PAGE_SIZE], uint64_t writes, uint64_t write_size,
                         gsl_rng *rng)
{
    uint64_t slots = PAGE_SIZE / write_size;
    uint64_t hit[BITMAP_WORDS(PAGE_SIZE / WRITE_SIZE_MIN)] = {0};
    if (writes <= 4 * slots)
        hit_one_by_one(hit, writes, slots, rng);
    else
        hit_by_share(hit, writes, slots, rng);
    for (uint64_t slot = bitmap_next(hit, 0, slots); slot < slots;
         slot = bitmap_next(hit, slot + 1, slots))
        put_random(bytes + slot * write_size, write_size, rng);
}
