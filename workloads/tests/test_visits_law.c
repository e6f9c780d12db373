/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/xbzrle.h"
#include "workloads/tests/twin_guest.h"
#include "workloads/tests/twin_statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_zeta.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Which pages kinds zipf, gaussian and counter visit, and what they change in them, against the
 * closed forms. At 1000 visits a second, a look each millisecond sees them one by one.
 */
#define STEP_NS 1000000
#define VISITS  40000

static uint64_t next_page(struct twin_guest *guest, int64_t visit)
{
    assert_int_equal(twin_guest_touch(guest, visit * STEP_NS), 1);
    uint64_t page = 0;
    while (!twin_guest_is_dirty(guest, page))
        page++;
    return page;
}

static void expect_zipf(const char *settings, double exponent)
{
    static struct sample pages;
    struct twin_guest guest;
    double probability[200], sum = 0;
    pages = (struct sample){.count = 0};
    twin_guest_init(&guest, "zipf", settings, 1);
    for (int64_t visit = 1; visit <= VISITS; visit++)
        sample_add(&pages, (double)next_page(&guest, visit));
    for (unsigned i = 0; i < 200; i++)
        sum += probability[i] = pow(i + 1, -exponent);
    for (unsigned i = 0; i < 200; i++)
        probability[i] /= sum;
    if (exponent > 1) /* the sum is that of the Hurwitz zeta function */
        assert_true(fabs(sum - gsl_sf_hzeta(exponent, 1) + gsl_sf_hzeta(exponent, 201)) < 1e-9);
    expect_law(settings, &pages, probability, 200);
    twin_guest_release(&guest);
}

static void test_zipf(void **state)
{
    (void)state;
    expect_zipf("region=800K rate=1k layout=ordered", 0.99);
    expect_zipf("region=800K rate=1k layout=ordered exponent=1.5", 1.5);
    expect_zipf("region=800K rate=1k layout=ordered exponent=0", 0);
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Scattered: the same popularities, but not in the order of the pages, and others by seed. */
static void test_zipf_scattered(void **state)
{
    (void)state;
    uint64_t most_visited[2];
    for (uint64_t seed = 1; seed <= 2; seed++) {
        double visits[50] = {0}, first = 0;
        struct twin_guest guest;
        twin_guest_init(&guest, "zipf", "region=200K rate=1k exponent=1", seed);
        for (int64_t visit = 1; visit <= VISITS; visit++)
            visits[next_page(&guest, visit)]++;
        for (unsigned i = 0; i < 50; i++)
            if (visits[i] > first)
                first = visits[i], most_visited[seed - 1] = i;
        qsort(visits, 50, sizeof *visits, descending);
        double share = 1 / 4.499205338329423; /* of rank 1: one over the 50th harmonic number */
        double z = (visits[0] - VISITS * share) / sqrt(VISITS * share * (1 - share));
        assert_true(fabs(z) < 3.9);
        assert_true(fabs(visits[0] / visits[9] - 10) < 1.5);
        twin_guest_release(&guest);
    }
    assert_int_not_equal(most_visited[0], most_visited[1]);
}

/* Still: each page gets what the normal law has above it. */
static void test_gaussian_still(void **state)
{
    (void)state;
    static struct sample pages;
    double probability[100];
    struct twin_guest guest;
    twin_guest_init(&guest, "gaussian", "region=400K rate=1k width=30K drift=0", 1);
    for (int64_t visit = 1; visit <= VISITS; visit++)
        sample_add(&pages, (double)next_page(&guest, visit));
    for (unsigned i = 0; i < 100; i++)
        probability[i] =
            gsl_cdf_gaussian_P((i + 1 - 50.0) * 4, 30) - gsl_cdf_gaussian_P((i - 50.0) * 4, 30);
    expect_law("gaussian", &pages, probability, 100);
    twin_guest_release(&guest);
}

/* Drifting 40 KiB a second from the middle of 4000 KiB: distances from where the centre must be. */
static void test_gaussian_drift(void **state)
{
    (void)state;
    static struct sample distances;
    struct twin_guest guest;
    twin_guest_init(&guest, "gaussian", "region=4000K rate=1k width=50K drift=40KiB/s", 2);
    for (int64_t visit = 1; visit <= VISITS; visit++) {
        double centre = fmod(2000 + 40 * (double)visit * 1e-3, 4000);
        double distance = ((double)next_page(&guest, visit) + 0.5) * 4 - centre;
        distance -= 4000 * round(distance / 4000);
        sample_add(&distances, distance / 4); /* in pages, as the histogram has whole numbers */
    }
    /* A page is a rounding: it adds a twelfth to the variance (Sheppard). */
    expect_moments("gaussian with drift", &distances, 0, 12.5 * 12.5 + 1.0 / 12);
    twin_guest_release(&guest);
}

static size_t delta(const uint8_t *before, const uint8_t *after)
{
    static uint8_t bytes[8192];
    size_t length = 0;
    enum encode_result result =
        xbzrle_encode(before, after, PAGE_SIZE, bytes, sizeof bytes, &length);
    return result == ENCODE_UNCHANGED ? 0 : length;
}

/*
 * Counters have tiny deltas. A visit changes the lowest byte of each word, or with probability
 * 1/255.5 or so more of them: a run of zeros (1 or 2 bytes), a run of changes (1), the byte.
 */
static void test_counter_deltas(void **state)
{
    (void)state;
    static struct sample lengths;
    static uint8_t before[64 * PAGE_SIZE], after[64 * PAGE_SIZE];
    struct twin_guest guest;
    twin_guest_init(&guest, "counter", "region=256K rate=1k order=sequential fill=random", 1);
    twin_guest_pages(&guest, 0, before);
    for (int64_t round = 1; round <= 300; round++) {
        twin_guest_pages(&guest, round * 64 * STEP_NS, after);
        for (unsigned page = 0; page < 64; page++) {
            size_t length = delta(before + page * PAGE_SIZE, after + page * PAGE_SIZE);
            assert_in_range(length, 6, 2 * (2 + 1 + 8));
            sample_add(&lengths, (double)length);
        }
        memcpy(before, after, sizeof before);
    }
    assert_true(sample_mean(&lengths) > 6.9 && sample_mean(&lengths) < 8.1);
    twin_guest_release(&guest);
}

/* In each page the same places, in others others; 12 bytes every 1111 have QEMU's 2011 deltas. */
static void test_places(void **state)
{
    (void)state;
    struct twin_guest guest;
    uint8_t before[PAGE_SIZE], after[PAGE_SIZE];
    twin_guest_init(&guest, "counter",
                    "region=4K rate=1k places=spaced spacing=1111B write-size=12B writes=4 "
                    "value=random fill=random",
                    1);
    memcpy(before, twin_guest_page(&guest, 0, 0), PAGE_SIZE);
    memcpy(after, twin_guest_page(&guest, 0, STEP_NS), PAGE_SIZE);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (i % 1111 >= 12)
            assert_int_equal(before[i], after[i]);
    assert_true(delta(before, after) >= 4 * 13 && delta(before, after) <= 70);
    twin_guest_release(&guest);
}

/* A share of the visits is dirty without a new byte: binomial. */
static void test_unchanged(void **state)
{
    (void)state;
    static uint8_t before[64 * PAGE_SIZE];
    struct twin_guest guest;
    double same = 0, visits = 10000, share = 0.3;
    twin_guest_init(&guest, "counter", "region=256K rate=1k unchanged=30%", 1);
    twin_guest_pages(&guest, 0, before);
    for (int64_t visit = 1; visit <= (int64_t)visits; visit++) {
        uint64_t page = next_page(&guest, visit);
        const uint8_t *after = twin_guest_page(&guest, page, visit * STEP_NS);
        same += !memcmp(before + page * PAGE_SIZE, after, PAGE_SIZE);
        memcpy(before + page * PAGE_SIZE, after, PAGE_SIZE);
    }
    assert_true(fabs(same - visits * share) < 3.9 * sqrt(visits * share * (1 - share)));
    twin_guest_release(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zipf),           cmocka_unit_test(test_zipf_scattered),
        cmocka_unit_test(test_gaussian_still), cmocka_unit_test(test_gaussian_drift),
        cmocka_unit_test(test_counter_deltas), cmocka_unit_test(test_places),
        cmocka_unit_test(test_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
