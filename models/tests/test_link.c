/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "models/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

__extension__ typedef __int128 wide;

#define NS_PER_S 1000000000

/* Odd and round ones, slow and fast. */
static const uint64_t BANDWIDTHS[] = {1000,        1009,         12500000,   123456789,
                                      125000000,   999999937,    1250000000, 12500000001,
                                      99999999977, 1000000000000};
#define BANDWIDTH_COUNT (sizeof BANDWIDTHS / sizeof *BANDWIDTHS)

static struct link make(uint64_t bandwidth, int64_t latency_ns, uint64_t buffer_bytes)
{
    struct link_options options = {bandwidth, latency_ns, buffer_bytes};
    struct link link;
    link_init(&link, &options);
    return link;
}

static int64_t wire_ns(uint64_t bytes, uint64_t bandwidth)
{
    return (int64_t)((wide)bytes * NS_PER_S / bandwidth);
}

static void test_one_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < BANDWIDTH_COUNT; i++) {
        for (uint64_t bytes = 1; bytes < 1ull << 33; bytes = bytes * 3 + 7) {
            struct link link = make(BANDWIDTHS[i], 1234, 1ull << 40);
            assert_int_equal(link_arrival(&link, 0), 1234);
            assert_int_equal(link_arrival(&link, 77), 77 + 1234);
            assert_int_equal(link_write(&link, 1000000, bytes), 1000000);
            assert_int_equal(link_arrival(&link, 1000000),
                             1000000 + wire_ns(bytes, BANDWIDTHS[i]) + 1234);
        }
    }
}

/* A million writes to a busy link take the time of their sum, exactly, after each of them. */
static void test_no_drift(void **state)
{
    (void)state;
    for (size_t i = 0; i < BANDWIDTH_COUNT; i += 3) {
        struct link link = make(BANDWIDTHS[i], 0, 1ull << 40);
        uint64_t sum = 0;
        for (uint64_t n = 0; n < 1000000; n++) {
            uint64_t bytes = 1 + n * n % 4111;
            sum += bytes;
            link_write(&link, 0, bytes);
            assert_true(link_arrival(&link, 0) == wire_ns(sum, BANDWIDTHS[i]));
        }
    }
}

/*
 * The writer of a full buffer sleeps while a third of it drains, then fills it again: bursts of a
 * third, the wire never idle.
 */
static void test_blocking(void **state)
{
    (void)state;
    for (size_t i = 0; i < BANDWIDTH_COUNT; i++) {
        const uint64_t buffer = 96 << 10, bandwidth = BANDWIDTHS[i];
        const int64_t third = wire_ns(buffer, bandwidth) / 3;
        struct link link = make(bandwidth, 500, buffer);
        int64_t now = 0, before = 0;
        unsigned sleeps = 0;
        for (uint64_t sum = 4096; sum <= 4096ull * 24 * 20; sum += 4096) {
            now = link_write(&link, now, 4096);
            assert_int_equal(link_arrival(&link, now), wire_ns(sum, bandwidth) + 500);
            assert_true(now == before || now - before == third);
            sleeps += now != before;
            before = now;
        }
        /* 24 pages fit; then a sleep for each 8 (slower wires round a third down by a nanosecond).
         */
        if (third)
            assert_in_range(sleeps, 57, 59);
    }
    /* A millisecond a byte: a byte more than fits waits for a third of the buffer. */
    struct link link = make(1000, 0, 65535);
    assert_int_equal(link_write(&link, 0, 65535), 0);
    assert_int_equal(link_write(&link, 0, 1), 21845ll * 1000000);
    /* More than the whole buffer at once: as many sleeps as it takes. */
    assert_int_equal(link_write(&link, 900000000000, 100000), 900000000000 + 2 * 21845ll * 1000000);
}

/* An idle link saves nothing up. */
static void test_idle(void **state)
{
    (void)state;
    struct link link = make(3, 0, 1 << 20); /* a third of a second a byte */
    link_write(&link, 0, 1);
    assert_int_equal(link_arrival(&link, 0), 333333333);
    link_write(&link, 333333334, 1); /* a nanosecond too late for the left-over third */
    assert_int_equal(link_arrival(&link, 0), 333333334 + 333333333);
    link_write(&link, 666666667, 1); /* in time */
    assert_int_equal(link_arrival(&link, 0), 333333334 + 666666666);
}

/* The twin counts work in byte-nanoseconds: whole numbers, whatever the bandwidth does. */
struct twin {
    int64_t now;
    uint64_t bandwidth;
    wide work; /* bytes in the buffer, times 10^9 */
};

static void twin_advance(struct twin *twin, int64_t now)
{
    twin->work -= (wide)(now - twin->now) * (wide)twin->bandwidth;
    twin->work = twin->work > 0 ? twin->work : 0;
    twin->now = now;
}

static int64_t twin_empty(const struct twin *twin)
{
    return twin->now + (int64_t)(twin->work / twin->bandwidth);
}

static void random_turn(struct link *link, struct twin *twin, gsl_rng *rng)
{
    uint64_t bytes = gsl_rng_get(rng) >> (44 + gsl_rng_get(rng) % 20);
    int64_t now = twin->now;
    if (gsl_rng_uniform_int(rng, 3) == 0) /* sometimes long enough to run empty */
        now += (int64_t)(gsl_rng_get(rng) >> (24 + gsl_rng_get(rng) % 40));
    twin_advance(twin, now);
    if (gsl_rng_uniform_int(rng, 5) == 0) {
        twin->bandwidth = BANDWIDTHS[gsl_rng_uniform_int(rng, BANDWIDTH_COUNT)];
        link_set_bandwidth(link, now, twin->bandwidth);
        assert_int_equal(link_arrival(link, now), twin_empty(twin) + 9);
        return;
    }
    int64_t returned = link_write(link, now, bytes);
    twin->work += (wide)bytes * NS_PER_S;
    assert_int_equal(link_arrival(link, now), twin_empty(twin) + 9);
    wide third = (wide)link->options.buffer_bytes * NS_PER_S / twin->bandwidth / 3;
    wide left = twin->work / twin->bandwidth - 3 * third;
    for (; left > 0; left -= third)
        now += (int64_t)third;
    assert_int_equal(returned, now);
}

/* What is queued when the bandwidth changes takes the new one, to the last fraction of a byte. */
static void test_change_of_bandwidth(void **state)
{
    (void)state;
    struct link link = make(125000000, 100, 1 << 20);
    link_write(&link, 0, 250000);                /* 2 ms of work */
    link_set_bandwidth(&link, 500000, 62500000); /* 1.5 ms are left, at half the speed */
    assert_int_equal(link_arrival(&link, 500000), 3500000 + 100);
    link_set_bandwidth(&link, 3500000, 1000); /* nothing is left */
    assert_int_equal(link_arrival(&link, 3500000), 3500000 + 100);

    gsl_rng *rng = random_stream_create(1, "link");
    for (unsigned run = 0; run < 300; run++) {
        struct twin twin = {0, BANDWIDTHS[run % BANDWIDTH_COUNT], 0};
        link = make(twin.bandwidth, 9, 64 << 10);
        for (unsigned turn = 0; turn < 300; turn++)
            random_turn(&link, &twin, rng);
    }
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_write),
        cmocka_unit_test(test_no_drift),
        cmocka_unit_test(test_blocking),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_change_of_bandwidth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
