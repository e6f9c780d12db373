/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "workloads/page_writer.h"
#include "workloads/tests/twin_statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include <cmocka.h>

#define SLOTS_MAX 1024u

/*
 * The occupancy law: the probability that `writes` writes to `slots` places hit k different ones.
 * Step by step: with k hit, the next one hits an old place with probability k / slots.
 */
static void occupancy(unsigned slots, uint64_t writes, double *probability)
{
    memset(probability, 0, (slots + 1) * sizeof *probability);
    probability[0] = 1;
    for (uint64_t n = 0; n < writes; n++) {
        for (unsigned k = slots; k > 0; k--)
            probability[k] =
                probability[k] * k / slots + probability[k - 1] * (double)(slots - (k - 1)) / slots;
        probability[0] = 0;
    }
}

static void moments_of(const double *probability, unsigned slots, double *ret_mean,
                       double *ret_variance)
{
    double mean = 0, square = 0;
    for (unsigned k = 0; k <= slots; k++)
        mean += k * probability[k], square += (double)k * k * probability[k];
    *ret_mean = mean, *ret_variance = square - mean * mean;
}

/* Which places of a page of zeros have changed; adds them to `hits`. */
static unsigned places_hit(const uint8_t *bytes, unsigned slots, uint64_t *hits)
{
    static const uint8_t zeros[PAGE_SIZE];
    unsigned size = PAGE_SIZE / slots, count = 0;
    for (unsigned i = 0; i < slots; i++) {
        bool hit = memcmp(bytes + i * size, zeros, size) != 0;
        hits[i] += hit;
        count += hit;
    }
    return count;
}

static void check_law(unsigned slots, uint64_t writes, unsigned pages)
{
    double probability[SLOTS_MAX + 1], mean, variance;
    uint64_t hits[SLOTS_MAX] = {0};
    struct sample sample = {0};
    char what[64];
    gsl_rng *rng = random_stream_create(writes, "scatter");
    snprintf(what, sizeof what, "%ju writes to %u places", (uintmax_t)writes, slots);
    for (unsigned page = 0; page < pages; page++) {
        uint8_t bytes[PAGE_SIZE] = {0};
        page_writer_scatter(bytes, writes, PAGE_SIZE / slots, rng);
        sample_add(&sample, places_hit(bytes, slots, hits));
    }
    gsl_rng_free(rng);
    occupancy(slots, writes, probability);
    moments_of(probability, slots, &mean, &variance);
    if (variance > 1e-9) {
        expect_moments(what, &sample, mean, variance);
        expect_law(what, &sample, probability, slots + 1);
    } else {
        assert_true(sample_mean(&sample) == mean);
    }
    /* No place is better than another: each is hit in mean / slots of the pages. */
    double each = mean / slots;
    for (unsigned i = 0; i < slots; i++) {
        double off = (double)hits[i] - pages * each;
        if (off * off > 4.5 * 4.5 * pages * each * (1 - each) + 1e-9)
            fail_msg("%s: place %u hit %ju times", what, i, (uintmax_t)hits[i]);
    }
}

/* Few, many (one by one up to four for each place, then by shares), very many. */
static void test_distinct_places(void **state)
{
    (void)state;
    check_law(64, 1, 3000);
    check_law(64, 2, 3000);
    check_law(64, 20, 3000);
    check_law(64, 64, 3000);
    check_law(64, 256, 3000);
    check_law(64, 257, 3000);
    check_law(64, 400, 3000);
    check_law(1, 1, 10);
    check_law(1, 5, 10);
    check_law(2, 3, 3000);
    check_law(2, 9, 3000);
    check_law(8, 33, 3000);
    check_law(1024, 700, 1000);
    check_law(1024, 5000, 1000);
}

static void test_all_places(void **state)
{
    (void)state;
    static const uint64_t writes[] = {1u << 20, UINT32_MAX, 1ull << 32, 1ull << 40, UINT64_MAX};
    gsl_rng *rng = random_stream_create(1, "scatter");
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        for (unsigned slots = 1; slots <= SLOTS_MAX; slots *= 2) {
            uint64_t hits[SLOTS_MAX];
            uint8_t bytes[PAGE_SIZE] = {0};
            page_writer_scatter(bytes, writes[i], PAGE_SIZE / slots, rng);
            assert_int_equal(places_hit(bytes, slots, hits), slots);
        }
    }
    gsl_rng_free(rng);
}

/* No write changes nothing; one write changes one aligned place, all of it, and nothing else. */
static void test_bytes(void **state)
{
    (void)state;
    gsl_rng *rng = random_stream_create(1, "scatter");
    double counts[256] = {0}, all = 0, same = 0, chi2 = 0;
    for (unsigned turn = 0; turn < 2000; turn++) {
        uint64_t size = 4u << turn % 11, from = PAGE_SIZE, to = 0;
        uint8_t old[PAGE_SIZE], bytes[PAGE_SIZE];
        random_bytes(turn, old, PAGE_SIZE);
        memcpy(bytes, old, PAGE_SIZE);
        page_writer_scatter(bytes, 0, size, rng);
        assert_memory_equal(bytes, old, PAGE_SIZE);
        page_writer_scatter(bytes, 1, size, rng);
        for (uint64_t i = 0; i < PAGE_SIZE; i++) {
            if (bytes[i] != old[i])
                from = i < from ? i : from, to = i;
        }
        if (from == PAGE_SIZE && size == 4)
            continue; /* the four bytes that were there: once in 2^32 */
        assert_int_equal(from / size, to / size);
        for (uint64_t i = from / size * size; i < from / size * size + size; i++)
            counts[bytes[i]]++, all++, same += bytes[i] == old[i];
    }
    assert_true(fabs(same - all / 256) < 4 * sqrt(all / 256));
    for (unsigned i = 0; i < 256; i++)
        chi2 += (counts[i] - all / 256) * (counts[i] - all / 256) / (all / 256);
    double p = gsl_cdf_chisq_Q(chi2, 255);
    assert_true(p > 1e-3 && p < 1 - 1e-3);
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distinct_places),
        cmocka_unit_test(test_all_places),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
