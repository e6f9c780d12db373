/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "workloads/tests/twin_statistics.h"
#include "workloads/tests/twin_writes.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * How many pages of kinds random and hotcold are dirty at a sync: against theory (binomial, as
 * writes to a page are Poisson) and against the twin that makes every write. And that nothing which
 * is asked in between changes it.
 */
#define PAGES     100u
#define SPAN_NS   10000000 /* between syncs */
#define INTERVALS 4000u

struct scene {
    const char *kind, *settings;
    double writes_per_s, hot_writes;
    uint64_t hot_pages, write_size;
};

static const struct scene SCENES[] = {
    {"random", "rate=6k", 6000, 1, PAGES, 64},
    {"random", "rate=unpaced write-time=100us write-size=512B", 10000, 1, PAGES, 512},
    {"hotcold", "rate=15k hot-share=15% hot-writes=40%", 15000, 0.4, 15, 64},
    {"hotcold", "rate=20k hot-share=60% hot-writes=90% write-size=128B", 20000, 0.9, 60, 128},
};

/* What is asked between two syncs. */
enum looks { NOTHING, SENDS, EVERYTHING };

struct census {
    struct sample hot, cold, again; /* dirty hot, cold pages; pages dirty twice in a row */
    bool last[PAGES];
    uint64_t syncs;
};

static void census_add(struct census *census, const struct scene *scene, const bool *dirty)
{
    unsigned hot = 0, cold = 0, again = 0;
    for (unsigned page = 0; page < PAGES; page++) {
        hot += page < scene->hot_pages && dirty[page];
        cold += page >= scene->hot_pages && dirty[page];
        again += page < scene->hot_pages && dirty[page] && census->last[page];
        census->last[page] = dirty[page];
    }
    sample_add(&census->hot, hot);
    sample_add(&census->cold, cold);
    if (census->syncs++ % 2) /* pairs of intervals that do not overlap */
        sample_add(&census->again, again);
}

static void guest_make(struct twin_guest *guest, const struct scene *scene, uint64_t seed)
{
    char settings[200];
    snprintf(settings, sizeof settings, "region=400K fill=zero %s", scene->settings);
    twin_guest_init(guest, scene->kind, settings, seed);
    assert_int_equal(guest->pages, PAGES);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* A migration sends what was dirty, page by page; a nosy one looks at every page three times. */
static void look_around(struct twin_guest *guest, enum looks looks, const bool *dirty, int64_t from,
                        gsl_rng *rng)
{
    int64_t times[PAGES];
    for (unsigned i = 0; i < PAGES; i++)
        times[i] = from + (int64_t)gsl_rng_uniform_int(rng, SPAN_NS + 1);
    qsort(times, PAGES, sizeof *times, by_time);
    for (unsigned page = 0; looks == SENDS && page < PAGES; page++)
        if (dirty[page])
            twin_guest_page(guest, page, times[page]);
    for (unsigned turn = 0; looks == EVERYTHING && turn < 3; turn++)
        for (unsigned page = 0; page < PAGES; page++)
            twin_guest_page(guest, page, times[turn * PAGES / 3]);
}

static void count_lazy(const struct scene *scene, enum looks looks, struct census *census)
{
    struct twin_guest guest;
    gsl_rng *rng = random_stream_create(looks, "looks");
    bool dirty[PAGES] = {false};
    guest_make(&guest, scene, 1 + looks);
    for (int64_t i = 0; i < (looks == EVERYTHING ? INTERVALS / 3 : INTERVALS); i++) {
        look_around(&guest, looks, dirty, i * SPAN_NS, rng);
        twin_guest_touch(&guest, (i + 1) * SPAN_NS);
        for (unsigned page = 0; page < PAGES; page++)
            dirty[page] = twin_guest_is_dirty(&guest, page);
        census_add(census, scene, dirty);
    }
    gsl_rng_free(rng);
    twin_guest_release(&guest);
}

static void count_twin(const struct scene *scene, struct census *census)
{
    struct twin_guest guest;
    struct twin_scatter twin = {.rng = gsl_rng_alloc(gsl_rng_mt19937),
                                .writes_per_ns = scene->writes_per_s * 1e-9,
                                .hot_writes = scene->hot_writes,
                                .hot_pages = scene->hot_pages,
                                .write_size = scene->write_size};
    guest_make(&guest, scene, 1);
    twin_memory_init(&twin.memory, &guest);
    for (int64_t i = 0; i < INTERVALS; i++) {
        twin_scatter_advance(&twin, (i + 1) * SPAN_NS);
        census_add(census, scene, twin.memory.dirty);
        twin_memory_sync(&twin.memory);
    }
    twin_memory_release(&twin.memory);
    twin_guest_release(&guest);
    gsl_rng_free(twin.rng);
}

static void expect_binomial(const char *what, const struct sample *sample, double p, uint64_t n)
{
    double probability[PAGES + 1];
    for (unsigned k = 0; k <= n; k++)
        probability[k] = gsl_ran_binomial_pdf(k, p, (unsigned)n);
    if (n == 0) {
        assert_true(sample_mean(sample) == 0);
        return;
    }
    expect_moments(what, sample, (double)n * p, (double)n * p * (1 - p));
    expect_law(what, sample, probability, n + 1);
}

static void expect_theory(const struct scene *scene, const struct census *census)
{
    uint64_t cold_pages = PAGES - scene->hot_pages;
    double writes = scene->writes_per_s * SPAN_NS * 1e-9;
    double hot = -expm1(-writes * scene->hot_writes / (double)scene->hot_pages);
    double cold = cold_pages ? -expm1(-writes * (1 - scene->hot_writes) / (double)cold_pages) : 0;
    expect_binomial("hot dirty pages", &census->hot, hot, scene->hot_pages);
    expect_binomial("cold dirty pages", &census->cold, cold, cold_pages);
    expect_binomial("dirty twice", &census->again, hot * hot, scene->hot_pages);
}

static void check(const struct scene *scene)
{
    static struct census twin, lazy[3];
    twin = (struct census){.syncs = 0};
    count_twin(scene, &twin);
    expect_theory(scene, &twin);
    for (enum looks looks = NOTHING; looks <= EVERYTHING; looks++) {
        lazy[looks] = (struct census){.syncs = 0};
        count_lazy(scene, looks, &lazy[looks]);
        expect_theory(scene, &lazy[looks]);
        expect_same_law("hot dirty pages and twin's", &lazy[looks].hot, &twin.hot);
        expect_same_law("cold dirty pages and twin's", &lazy[looks].cold, &twin.cold);
        expect_same_law("dirty twice and twin's", &lazy[looks].again, &twin.again);
    }
}

static void test_random(void **state)
{
    (void)state;
    check(&SCENES[0]);
    check(&SCENES[1]);
}

static void test_hotcold(void **state)
{
    (void)state;
    check(&SCENES[2]);
    check(&SCENES[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_hotcold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
