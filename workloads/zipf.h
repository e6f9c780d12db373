/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_ZIPF_H
#define WORKLOADS_ZIPF_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Zipf's law over `count` things: the one of rank r (from 1) is drawn with a probability
 * proportional to r^-exponent. 0 is no preference, 0.99 the customary skew of key-value loads.
 * Walker's alias method (GSL): a draw costs the same whatever count and exponent are.
 */
struct zipf;

/*
 * `scattered`: which thing has which rank is shuffled with draws of `rng`; else thing 0 is the most
 * popular one, thing 1 the next, ... At most 2^32 things, at 20 bytes each. Owned by the caller, to
 * zipf_destroy.
 */
struct zipf *zipf_create(uint64_t count, uint64_t exponent_thousandths, bool scattered,
                         gsl_rng *rng);
void zipf_destroy(struct zipf *zipf);

uint64_t zipf_draw(const struct zipf *zipf, gsl_rng *rng);

/* For a kind's table: an option in thousandths. */
#define ZIPF_EXPONENT(type, member)                                                                \
    {                                                                                              \
        "exponent", OPTION_DECIMAL, offsetof(type, member), "0.99",                                \
            .help = "of Zipf's law; 0: no preference, more: fewer get most of it", .max = 4000     \
    }

#endif
