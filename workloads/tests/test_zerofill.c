/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "codec/zero_page.h"
#include "workloads/fresh_content.h"
#include "workloads/tests/twin_pair.h"
#include "workloads/tests/twin_statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Kind zerofill against its twin, and the share of memory that is zero. */
__extension__ typedef unsigned __int128 wide;

struct scene {
    const char *settings;
    uint64_t rate, extent_pages;
    unsigned fresh;
    bool in_order;
    uint64_t seed, done;
    gsl_rng *rng;
    uint64_t visits[64];
};

static void visit(struct twin_pair *pair, struct scene *scene, uint64_t extent)
{
    uint8_t content[PAGE_SIZE] = {0};
    uint64_t visits = ++scene->visits[extent], end = (extent + 1) * scene->extent_pages;
    for (uint64_t page = extent * scene->extent_pages; page < end && page < pair->guest.pages;
         page++) {
        if (visits % 2 == 0)
            fresh_content(scene->fresh, scene->seed, page, visits, content, PAGE_SIZE);
        for (uint64_t i = 0; i < PAGE_SIZE; i++)
            twin_pair_put(pair, page * PAGE_SIZE + i, content[i]);
    }
}

static void advance(struct twin_pair *pair, int64_t time)
{
    struct scene *scene = pair->twin;
    uint64_t extents = (pair->guest.pages + scene->extent_pages - 1) / scene->extent_pages;
    for (; (wide)(scene->done + 1) * 1000000000 <= (wide)time * scene->rate; scene->done++)
        visit(pair, scene,
              scene->in_order ? scene->done % extents
                              : (uint64_t)(gsl_rng_uniform(scene->rng) * (double)extents));
}

static void test_twin(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {.settings = "region=512K", .rate = 100, .extent_pages = 16},
        {.settings = "region=100K extent=12K rate=1k value=text",
         .rate = 1000,
         .extent_pages = 3,
         .fresh = FRESH_TEXT},
        {.settings = "region=52K extent=4K order=sequential rate=50",
         .rate = 50,
         .extent_pages = 1,
         .in_order = true},
        {.settings = "region=12K extent=1M", .rate = 100, .extent_pages = 256},
    };
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct scene scene = scenes[i];
        struct twin_pair pair;
        scene.seed = random_derive(5, TWIN_GUEST_LABEL);
        scene.rng = random_stream_create(scene.seed, "path");
        twin_pair_init(&pair, "zerofill", scene.settings, 5);
        pair.advance = advance;
        pair.twin = &scene;
        twin_pair_look(&pair, 100, 2000000000 / (int64_t)scene.rate, 1);
        twin_pair_look(&pair, 100, 15000000000 / (int64_t)scene.rate, 2);
        assert_true(pair.dirty_seen > 100);
        twin_pair_release(&pair);
        gsl_rng_free(scene.rng);
    }
}

/*
 * Of `extents` after `visits`, each is zero if it was visited an odd number of times: with
 * probability (1 - (1 - 2 / extents)^visits) / 2.
 */
static void test_zero_share(void **state)
{
    (void)state;
    enum { EXTENTS = 50 };
    static const unsigned visits[] = {5, 30, 80, 400};
    for (size_t i = 0; i < sizeof visits / sizeof *visits; i++) {
        double p = (1 - pow(1 - 2.0 / EXTENTS, visits[i])) / 2, zero = 0, runs = 200;
        for (uint64_t seed = 1; seed <= (uint64_t)runs; seed++) {
            struct twin_guest guest;
            twin_guest_init(&guest, "zerofill", "region=200K extent=4K rate=1k fill=text", seed);
            for (uint64_t page = 0; page < EXTENTS; page++)
                zero += zero_page(twin_guest_page(&guest, page, visits[i] * 1000000), PAGE_SIZE);
            twin_guest_release(&guest);
        }
        /* Extents of a run hang together, but by less than independent ones would vary. */
        double wanted = runs * EXTENTS * p;
        if (fabs(zero - wanted) > 3.9 * sqrt(wanted * (1 - p)))
            fail_msg("%u visits: %.0f zero extents, not %.0f", visits[i], zero, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_zero_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
