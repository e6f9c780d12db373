/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The published algorithms once more, as plain as they go: splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t split(uint64_t *x)
{
    *x += 0x9e3779b97f4a7c15;
    uint64_t z = *x;
    z ^= z >> 30;
    z *= 0xbf58476d1ce4e5b9;
    z ^= z >> 27;
    z *= 0x94d049bb133111eb;
    z ^= z >> 31;
    return z;
}

/* xoshiro256** (Blackman and Vigna 2018). */
static uint64_t xoshiro(uint64_t s[4])
{
    uint64_t five = s[1] * 5, seven = (five << 7) + (five >> 57), shifted = s[1] << 17;
    uint64_t a = s[0], b = s[1], c = s[2] ^ a, d = s[3] ^ b;
    s[1] = b ^ c;
    s[0] = a ^ d;
    s[2] = c ^ shifted;
    s[3] = (d << 45) + (d >> 19);
    return seven * 9;
}

/* Known values, to hold the copies above: splitmix64 of seed 1234567, xoshiro of state 1 2 3 4. */
static void test_reference(void **state)
{
    (void)state;
    uint64_t x = 1234567, s[4] = {1, 2, 3, 4};
    assert_int_equal(split(&x), 6457827717110365317u);
    assert_int_equal(split(&x), 3203168211198807973u);
    assert_int_equal(xoshiro(s), 11520u);
    assert_int_equal(xoshiro(s), 0);
    assert_int_equal(xoshiro(s), 1509978240u);
    assert_int_equal(xoshiro(s), 1215971899390074240u);
}

static const uint64_t SEEDS[] = {0, 1, 2, 0x100000001, 1ull << 63, UINT64_MAX};
#define SEED_COUNT (sizeof SEEDS / sizeof *SEEDS)

static void test_golden_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < SEED_COUNT; i++) {
        gsl_rng *stream = random_stream_create(SEEDS[i], "golden");
        uint64_t x = random_derive(SEEDS[i], "golden"), s[4];
        for (unsigned k = 0; k < 4; k++)
            s[k] = split(&x);
        for (unsigned k = 0; k < 1000; k++) {
            if (k % 2)
                assert_int_equal(gsl_rng_get(stream), xoshiro(s));
            else
                assert_true(gsl_rng_uniform(stream) ==
                            (double)(xoshiro(s) / 2048) / 9007199254740992.0);
        }
        assert_int_equal(gsl_rng_max(stream), UINT64_MAX);
        assert_int_equal(gsl_rng_min(stream), 0);
        gsl_rng_free(stream);
    }
}

/* The numbers are part of every result: they may not change from one version to the next. */
static void test_pinned(void **state)
{
    (void)state;
    gsl_rng *stream = random_stream_create(1, "workload");
    uint64_t hash = 0xcbf29ce484222325, x = 1;
    for (const char *p = "workload"; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
    x = split(&x) ^ hash; /* random_mix(seed, FNV-1a of the label, 0) */
    x = split(&x);
    x = split(&x);
    assert_int_equal(random_derive(1, "workload"), x);
    assert_int_equal(gsl_rng_get(stream), 0xc00e9b7d05737121);
    gsl_rng_free(stream);
}

static void test_seeds_and_labels_matter(void **state)
{
    (void)state;
    static const char *const labels[] = {"", "a", "b", "aa", "ab", "ba", "when", "what"};
    enum { LABELS = sizeof labels / sizeof *labels };
    uint64_t all[SEED_COUNT * LABELS];
    size_t count = 0;
    for (size_t i = 0; i < SEED_COUNT; i++)
        for (size_t k = 0; k < LABELS; k++)
            all[count++] = random_derive(SEEDS[i], labels[k]);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(all[i], all[k]);
    /* Each single bit of the seed changes about half the bits of the first number. */
    for (unsigned bit = 0; bit < 64; bit++) {
        gsl_rng *a = random_stream_create(5, "x"), *b = random_stream_create(5 ^ 1ull << bit, "x");
        int changed = __builtin_popcountll(gsl_rng_get(a) ^ gsl_rng_get(b));
        assert_in_range(changed, 12, 52);
        gsl_rng_free(a), gsl_rng_free(b);
    }
}

/* What one stream gives does not hang on how much of another was drawn. */
static void test_streams_are_independent(void **state)
{
    (void)state;
    gsl_rng *alone = random_stream_create(3, "a"), *a = random_stream_create(3, "a"),
            *b = random_stream_create(3, "b");
    double xy = 0;
    enum { N = 20000 };
    for (unsigned i = 0; i < N; i++) {
        double x = gsl_rng_uniform(a);
        assert_true(x == gsl_rng_uniform(alone));
        xy += (x - 0.5) * (gsl_rng_uniform(b) - 0.5);
        for (unsigned k = 0; k < i % 3; k++)
            gsl_rng_get(b);
    }
    /* The sum has standard deviation sqrt(N) / 12. */
    assert_true(xy * xy < 16.0 * N / 144);
    gsl_rng_free(alone), gsl_rng_free(a), gsl_rng_free(b);
}

static void test_mix(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t x = i * 77;
        x = split(&x) ^ (i << 40);
        x = split(&x) ^ ~i;
        assert_int_equal(random_mix(i * 77, i << 40, ~i), split(&x));
    }
    assert_int_not_equal(random_mix(1, 2, 3), random_mix(1, 3, 2));
    assert_int_not_equal(random_mix(1, 2, 3), random_mix(2, 1, 3));
}

/* splitmix64's numbers as little-endian bytes; a shorter request is the beginning of a longer. */
static void test_bytes(void **state)
{
    (void)state;
    uint8_t whole[4096], part[4096 + 1];
    uint64_t x = 99;
    random_bytes(99, whole, sizeof whole);
    for (size_t i = 0; i < sizeof whole; i += 8) {
        uint64_t number = split(&x);
        for (unsigned k = 0; k < 8; k++)
            assert_int_equal(whole[i + k], number >> 8 * k & 255);
    }
    for (size_t size = 0; size <= 100; size++) {
        memset(part, 0xee, sizeof part);
        random_bytes(99, part + 1, size);
        assert_memory_equal(part + 1, whole, size);
        assert_int_equal(part[0], 0xee);
        assert_int_equal(part[size + 1], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_golden_stream),
        cmocka_unit_test(test_pinned),
        cmocka_unit_test(test_seeds_and_labels_matter),
        cmocka_unit_test(test_streams_are_independent),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
