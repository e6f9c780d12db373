/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"

#include "base/bytes.h"

#include <string.h>

struct xoshiro {
    uint64_t s[4];
};

static uint64_t splitmix_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, unsigned k)
{
    return x << k | x >> (64 - k);
}

static uint64_t xoshiro_next(struct xoshiro *x)
{
    uint64_t *s = x->s, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

static void xoshiro_seed(struct xoshiro *x, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        x->s[i] = splitmix_next(&seed);
}

static void stream_set(void *state, unsigned long seed)
{
    xoshiro_seed(state, seed);
}

static unsigned long stream_get(void *state)
{
    return (unsigned long)xoshiro_next(state);
}

static double stream_get_double(void *state)
{
    return (double)(xoshiro_next(state) >> 11) * 0x1p-53;
}

_Static_assert(sizeof(unsigned long) == 8, "gsl_rng's numbers are unsigned long: 64 bits wanted");

static const gsl_rng_type XOSHIRO256SS = {
    .name = "xoshiro256**",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(struct xoshiro),
    .set = stream_set,
    .get = stream_get,
    .get_double = stream_get_double,
};

uint64_t random_derive(uint64_t seed, const char *label)
{
    /* FNV-1a spreads the label, splitmix mixes it with the seed. */
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *label; label++)
        hash = (hash ^ (uint8_t)*label) * 0x100000001b3u;
    return random_mix(seed, hash, 0);
}

uint64_t random_mix(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t state = seed;
    state = splitmix_next(&state) ^ a;
    state = splitmix_next(&state) ^ b;
    return splitmix_next(&state);
}

gsl_rng *random_stream_create(uint64_t seed, const char *label)
{
    gsl_rng *stream = gsl_rng_alloc(&XOSHIRO256SS);
    if (stream)
        gsl_rng_set(stream, random_derive(seed, label));
    return stream;
}

/* The splitmix64 sequence: every number is a function of its place, so that they overlap in time.
 */
void random_bytes(uint64_t seed, uint8_t *bytes, size_t size)
{
    for (; size >= 8; bytes += 8, size -= 8)
        bytes_put_le64(bytes, splitmix_next(&seed));
    if (size) {
        uint8_t last[8];
        bytes_put_le64(last, splitmix_next(&seed));
        memcpy(bytes, last, size);
    }
}
