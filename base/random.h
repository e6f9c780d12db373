/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Named random streams. Each is derived from the run's seed and a label, so that adding a stream
 * never moves the draws of another. The generator is xoshiro256** (Blackman and Vigna 2018) seeded
 * by splitmix64, as a gsl_rng_type of our own: GSL's stock ones keep only 32 bits of a seed.
 */

/* Owned by the caller, to gsl_rng_free. */
gsl_rng *random_stream_create(uint64_t seed, const char *label);

/* The seed of the stream `label` under `seed`; for what draws without GSL, as below. */
uint64_t random_derive(uint64_t seed, const char *label);

/* A well mixed function of three numbers, without state: "the random number of page 17". */
uint64_t random_mix(uint64_t seed, uint64_t a, uint64_t b);

/* `size` bytes, a function of `seed` alone and the same on machines of either byte order. */
void random_bytes(uint64_t seed, uint8_t *bytes, size_t size);

#endif
