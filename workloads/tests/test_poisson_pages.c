/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/random.h"
#include "workloads/poisson_pages.h"
#include "workloads/tests/twin_statistics.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The numbers of writes: whatever was asked in between, those to a page in a time are Poisson of
 * its rate, those in times that do not overlap are independent, and touch agrees with take.
 */
#define FIRST_PAGE 70u
#define PAGES      60u

static const struct poisson_group GROUPS[] = {{10, 0}, {20, 0.3e-3}, {29, 2e-3}, {1, 40e-3}};
#define GROUP_COUNT 4u

static double rate_of(unsigned page)
{
    unsigned i = 0;
    for (; page >= GROUPS[i].page_count; i++)
        page -= (unsigned)GROUPS[i].page_count;
    return GROUPS[i].writes_per_page_ns;
}

struct subject {
    gsl_rng *rng, *looks;
    struct poisson_pages *pages;
    uint64_t dirty[BITMAP_WORDS(FIRST_PAGE + PAGES)];
    uint64_t taken[PAGES]; /* sum over takes */
};

static void subject_init(struct subject *subject, uint64_t seed)
{
    memset(subject, 0, sizeof *subject);
    subject->rng = random_stream_create(seed, "poisson");
    subject->looks = random_stream_create(seed, "looks");
    subject->pages = poisson_pages_create(FIRST_PAGE, GROUPS, GROUP_COUNT, subject->rng);
}

static void subject_release(struct subject *subject)
{
    poisson_pages_destroy(subject->pages);
    gsl_rng_free(subject->rng);
    gsl_rng_free(subject->looks);
}

static void touch(struct subject *subject, int64_t time)
{
    memset(subject->dirty, 0, sizeof subject->dirty);
    poisson_pages_touch(subject->pages, time, subject->dirty);
    assert_int_equal(bitmap_next(subject->dirty, 0, FIRST_PAGE), FIRST_PAGE);
}

static bool is_dirty(const struct subject *subject, unsigned page)
{
    return bitmap_get(subject->dirty, FIRST_PAGE + page);
}

static void take(struct subject *subject, unsigned page, int64_t time)
{
    subject->taken[page] += poisson_pages_take(subject->pages, page, time);
}

/* What is asked between two moments: nothing, touches, takes, both; many takes of one page. */
enum { LOOK_TOUCH = 1, LOOK_TAKE = 2 };

static void look_around(struct subject *subject, unsigned looks, int64_t from, int64_t to)
{
    enum { STEPS = 6 };
    for (int64_t i = 1; looks && i < STEPS; i++) {
        int64_t time = from + (to - from) * i / STEPS;
        for (unsigned k = 0; (looks & LOOK_TAKE) && k < PAGES; k++)
            take(subject, (unsigned)gsl_rng_uniform_int(subject->looks, PAGES), time);
        if ((looks & LOOK_TOUCH) && gsl_rng_uniform_int(subject->looks, 2))
            touch(subject, time);
    }
}

static void check_group(const char *what, unsigned page, const struct sample *sample, double ns)
{
    double mean = rate_of(page) * ns, probability[SAMPLE_BINS];
    for (unsigned k = 0; k < SAMPLE_BINS; k++)
        probability[k] = gsl_ran_poisson_pdf(k, mean);
    expect_moments(what, sample, mean, mean);
    expect_law(what, sample, probability, SAMPLE_BINS);
}

/* Two spans of 500 and 1500 ns, all pages taken at their ends. */
static void check_counts(unsigned looks)
{
    static const unsigned first_of[] = {0, 10, 30, 59};
    struct sample first[GROUP_COUNT] = {{0}}, second[GROUP_COUNT] = {{0}}, both = {0};
    for (uint64_t run = 0; run < 1500; run++) {
        struct subject subject;
        uint64_t after_first[PAGES];
        subject_init(&subject, run);
        look_around(&subject, looks, 0, 500);
        for (unsigned page = 0; page < PAGES; page++) {
            take(&subject, page, 500);
            after_first[page] = subject.taken[page];
        }
        look_around(&subject, looks, 500, 2000);
        for (unsigned page = 0, group = 0; page < PAGES; page++) {
            take(&subject, page, 2000);
            group += group + 1 < GROUP_COUNT && page == first_of[group + 1];
            double x = (double)after_first[page];
            double y = (double)(subject.taken[page] - after_first[page]);
            sample_add(&first[group], x);
            sample_add(&second[group], y);
            if (group == 2)
                sample_add(&both, (x - 1) * (y - 3));
        }
        subject_release(&subject);
    }
    assert_true(sample_mean(&second[0]) == 0 && sample_variance(&second[0]) == 0);
    for (unsigned group = 1; group < GROUP_COUNT; group++) {
        check_group("writes in the first span", first_of[group], &first[group], 500);
        check_group("writes in the second span", first_of[group], &second[group], 1500);
    }
    expect_moments("product of both", &both, 0, 1 * 3); /* independent: E = 0, E of squares 3 */
}

static void test_counts(void **state)
{
    (void)state;
    check_counts(0);
    check_counts(LOOK_TOUCH);
    check_counts(LOOK_TAKE);
    check_counts(LOOK_TOUCH | LOOK_TAKE);
}

/* Dirty at a touch if and only if a write fell into the interval; that is known by taking all. */
static void test_dirty_means_written(void **state)
{
    (void)state;
    struct subject subject;
    subject_init(&subject, 1);
    uint64_t before[PAGES] = {0};
    unsigned dirty = 0, clean = 0;
    for (int64_t time = 400; time < 2000000; time += 400) {
        look_around(&subject, time / 400 % 2 ? LOOK_TAKE : 0, time - 400, time);
        if (time / 400 % 3 == 0) /* some are taken at the very moment of the touch */
            for (unsigned page = 0; page < PAGES; page += 3)
                take(&subject, page, time);
        touch(&subject, time);
        for (unsigned page = 0; page < PAGES; page++) {
            take(&subject, page, time);
            assert_int_equal(is_dirty(&subject, page), subject.taken[page] > before[page]);
            before[page] = subject.taken[page];
            is_dirty(&subject, page) ? dirty++ : clean++;
        }
    }
    assert_true(dirty > 50000 && clean > 50000);
    subject_release(&subject);
}

/* Asked again at the same time there is nothing new. */
static void test_no_time_no_writes(void **state)
{
    (void)state;
    struct subject subject;
    subject_init(&subject, 1);
    for (int64_t time = 0; time < 100000; time += 1000) {
        touch(&subject, time);
        assert_true(time == 0 ? bitmap_count(subject.dirty, FIRST_PAGE + PAGES) == 0
                              : bitmap_count(subject.dirty, FIRST_PAGE + PAGES) > 0);
        touch(&subject, time);
        assert_int_equal(bitmap_count(subject.dirty, FIRST_PAGE + PAGES), 0);
        for (unsigned page = 0; page < PAGES; page++) {
            take(&subject, page, time);
            assert_int_equal(poisson_pages_take(subject.pages, page, time), 0);
        }
    }
    subject_release(&subject);
}

/* Rates from once in an hour to every page always; numbers of writes beyond 32 bits. */
static void test_extremes(void **state)
{
    (void)state;
    const int64_t hour = 3600000000000;
    const struct poisson_group groups[] = {
        {100, 1.0 / 3.6e12}, {100, 50 / 3.6e12}, {20, 0x1p32 / 3.6e12}, {20, 0x1p33 / 3.6e12}};
    gsl_rng *rng = random_stream_create(1, "poisson");
    struct poisson_pages *pages = poisson_pages_create(0, groups, 4, rng);
    struct sample rare = {0};
    for (int64_t time = hour; time <= 100 * hour; time += hour) {
        uint64_t dirty[BITMAP_WORDS(240)] = {0};
        poisson_pages_touch(pages, time, dirty);
        for (unsigned page = 100; page < 240; page++)
            assert_true(bitmap_get(dirty, page));
        for (unsigned page = 0; page < 100; page++)
            sample_add(&rare, bitmap_get(dirty, page));
        for (unsigned page = 200; page < 240; page++)
            assert_true(poisson_pages_take(pages, page, time) >= 1000000);
    }
    double p = -expm1(-1);
    expect_moments("pages written once an hour", &rare, p, p * (1 - p));
    poisson_pages_destroy(pages);
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_dirty_means_written),
        cmocka_unit_test(test_no_time_no_writes),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
