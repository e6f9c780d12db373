/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_visits.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Kinds zipf, gaussian and counter against their twin that makes each visit in its turn. */
struct scene {
    const char *kind, *settings;
    uint64_t pages, rate;
    struct page_change change;
    double a, b; /* zipf: exponent, scattered; gaussian: width, drift in bytes; counter: in order */
};

static const struct scene ZIPF[] = {
    {"zipf", "", 32, 10000, {64, 1, 8, 1024, PLACES_RANDOM, VALUE_RANDOM, 0}, 0.99, 1},
    {"zipf",
     "rate=3333 exponent=1.3 layout=ordered write-size=17B align=1B writes=3 value=text",
     50,
     3333,
     {17, 3, 1, 1024, PLACES_RANDOM, VALUE_TEXT, 0},
     1.3,
     0},
    {"zipf",
     "rate=20k exponent=0 write-size=4K places=random unchanged=60%",
     20,
     20000,
     {4096, 1, 8, 1024, PLACES_RANDOM, VALUE_RANDOM, 0.6},
     0,
     1},
    {"zipf",
     "rate=7k exponent=2 write-size=12B writes=4 places=spaced spacing=1111B unchanged=30%",
     9,
     7000,
     {12, 4, 8, 1111, PLACES_SPACED, VALUE_RANDOM, 0.3},
     2,
     1},
    {"zipf",
     "rate=50k write-size=100B writes=9 align=4B value=toggle",
     3,
     50000,
     {100, 9, 4, 1024, PLACES_RANDOM, VALUE_TOGGLE, 0},
     0.99,
     1},
    {"zipf",
     "rate=40k write-size=11B writes=5 align=1B value=increment unchanged=50%",
     4,
     40000,
     {11, 5, 1, 1024, PLACES_RANDOM, VALUE_INCREMENT, 0.5},
     0.99,
     1},
};

static const struct scene GAUSSIAN[] = {
    {"gaussian",
     "width=16K",
     64,
     10000,
     {64, 1, 8, 1024, PLACES_RANDOM, VALUE_RANDOM, 0},
     16384,
     1048576},
    {"gaussian",
     "width=100K drift=0 rate=5k writes=20 value=text places=own",
     40,
     5000,
     {64, 20, 8, 1024, PLACES_OWN, VALUE_TEXT, 0},
     102400,
     0},
    {"gaussian",
     "width=1B drift=3MiB/s rate=9999 value=toggle places=own unchanged=20%",
     12,
     9999,
     {64, 1, 8, 1024, PLACES_OWN, VALUE_TOGGLE, 0.2},
     1,
     3145728},
};

static const struct scene COUNTER[] = {
    {"counter", "", 40, 10000, {8, 2, 8, 1024, PLACES_OWN, VALUE_INCREMENT, 0}, 0, 0},
    {"counter",
     "order=sequential rate=100k writes=4096 write-size=1B spacing=1B places=spaced",
     25,
     100000,
     {1, 4096, 8, 1, PLACES_SPACED, VALUE_INCREMENT, 0},
     1,
     0},
    {"counter",
     "rate=2M writes=6 write-size=9B align=1B unchanged=10%",
     7,
     2000000,
     {9, 6, 1, 1024, PLACES_OWN, VALUE_INCREMENT, 0.1},
     0,
     0},
};

struct zipf_law {
    gsl_ran_discrete_t *ranks;
    uint32_t things[64];
};

static void zipf_init(struct zipf_law *law, const struct scene *scene, gsl_rng *rng)
{
    double weights[64];
    for (uint32_t i = 0; i < scene->pages; i++) {
        weights[i] = pow(i + 1.0, -scene->a);
        law->things[i] = i;
    }
    law->ranks = gsl_ran_discrete_preproc(scene->pages, weights);
    if (scene->b > 0)
        gsl_ran_shuffle(rng, law->things, scene->pages, sizeof *law->things);
}

static uint64_t zipf_page(struct twin_visits *visits, uint64_t number)
{
    const struct zipf_law *law = visits->law;
    (void)number;
    return law->things[gsl_ran_discrete(visits->rng, law->ranks)];
}

static uint64_t gaussian_page(struct twin_visits *visits, uint64_t number)
{
    const struct scene *scene = visits->law;
    double size = (double)(scene->pages * PAGE_SIZE);
    double place = size / 2 + (double)number / (double)scene->rate * scene->b +
                   gsl_ran_gaussian_ziggurat(visits->rng, scene->a);
    double inside = place - size * floor(place / size);
    return (uint64_t)(inside / PAGE_SIZE) % scene->pages;
}

static uint64_t counter_page(struct twin_visits *visits, uint64_t number)
{
    const struct scene *scene = visits->law;
    if (scene->a > 0)
        return (number - 1) % scene->pages;
    return (uint64_t)(gsl_rng_uniform(visits->rng) * (double)scene->pages);
}

typedef uint64_t page_law(struct twin_visits *visits, uint64_t number);

static void check(const struct scene *scene, page_law *page, uint64_t seed)
{
    char settings[300];
    struct zipf_law zipf = {NULL, {0}};
    struct scene law = *scene;
    struct twin_visits visits = {
        .change = scene->change, .rate = scene->rate, .seed = seed, .page = page, .law = &law};
    struct twin_pair pair;
    snprintf(settings, sizeof settings, "region=%ju%s %s", (uintmax_t)scene->pages * 4, "K",
             scene->settings[0] ? scene->settings : "fill=guest");
    twin_pair_init(&pair, scene->kind, settings, seed);
    twin_visits_init(&visits, &pair);
    if (page == zipf_page) {
        zipf_init(&zipf, scene, visits.rng);
        visits.law = &zipf;
    }
    /* From no visit between two looks to many to each page. */
    twin_pair_look(&pair, 60, 1000000000 / (int64_t)scene->rate * 3, seed);
    twin_pair_look(&pair, 60, 1000000000 / (int64_t)scene->rate * (int64_t)scene->pages * 6, seed);
    assert_true(pair.dirty_seen > scene->pages);
    if (zipf.ranks)
        gsl_ran_discrete_free(zipf.ranks);
    twin_visits_release(&visits);
    twin_pair_release(&pair);
}

static void test_zipf(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ZIPF / sizeof *ZIPF; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            check(&ZIPF[i], zipf_page, seed);
}

static void test_gaussian(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof GAUSSIAN / sizeof *GAUSSIAN; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            check(&GAUSSIAN[i], gaussian_page, seed);
}

static void test_counter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof COUNTER / sizeof *COUNTER; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            check(&COUNTER[i], counter_page, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zipf),
        cmocka_unit_test(test_gaussian),
        cmocka_unit_test(test_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
