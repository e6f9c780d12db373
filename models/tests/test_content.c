/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "models/content.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include <cmocka.h>

/* The mixture of kinds. Images are in test_content_image.c. */

static char NO_IMAGE[] = "";

static struct content *create(double zero, double text, uint64_t run_bytes, uint64_t seed)
{
    struct content_options options = {zero, text, run_bytes, NO_IMAGE};
    struct error error = {""};
    struct content *content = content_create(&options, seed, &error);
    assert_non_null(content);
    return content;
}

static enum fill kind_of(const uint8_t bytes[static PAGE_SIZE])
{
    size_t zeros = 0, printable = 0;
    for (size_t i = 0; i < PAGE_SIZE; i++) {
        zeros += bytes[i] == 0;
        printable += (bytes[i] >= ' ' && bytes[i] <= '~') || bytes[i] == '\n';
    }
    if (zeros == PAGE_SIZE)
        return FILL_ZERO;
    if (printable == PAGE_SIZE)
        return FILL_TEXT;
    assert_in_range(printable, 1100, 2000); /* 96 of 256 values: about 1536 */
    return FILL_RANDOM;
}

static bool same_page(const struct content *a, const struct content *b, uint64_t page_no)
{
    uint8_t x[PAGE_SIZE], y[PAGE_SIZE];
    content_page(a, page_no, x);
    content_page(b, page_no, y);
    return !memcmp(x, y, PAGE_SIZE);
}

/* Whatever was asked before and in which order: what a memo keeps must not show. */
static void test_pure_function(void **state)
{
    (void)state;
    enum { PAGES = 3000 };
    struct content *a = create(0.2, 0.3, PAGE_SIZE, 5), *other = create(0.2, 0.3, PAGE_SIZE, 6);
    uint8_t *first = malloc(PAGES * (size_t)PAGE_SIZE), again[PAGE_SIZE];
    unsigned alike = 0;
    for (uint64_t page = 0; page < PAGES; page++)
        content_page(a, page, first + page * PAGE_SIZE);
    for (uint64_t turn = 0; turn < 3 * PAGES; turn++) {
        uint64_t page = random_mix(1, turn, 0) % PAGES;
        for (unsigned twice = 0; twice < 2; twice++) {
            content_page(a, page, again);
            assert_memory_equal(again, first + page * PAGE_SIZE, PAGE_SIZE);
        }
        memset(again, 0xaa, PAGE_SIZE); /* the caller's copy is the caller's */
    }
    struct content *b = create(0.2, 0.3, PAGE_SIZE, 5);
    for (uint64_t page = PAGES; page-- > 0;) {
        content_page(b, page, again);
        assert_memory_equal(again, first + page * PAGE_SIZE, PAGE_SIZE);
        alike += same_page(a, other, page);
    }
    assert_in_range(alike, 1, PAGES / 10); /* zero in both: 4 % */
    free(first);
    content_destroy(a), content_destroy(b), content_destroy(other);
}

/* The share of each kind, and whole aligned runs of one kind. */
static void check_shares(double zero, double text, uint64_t run_pages, uint64_t runs)
{
    struct content *content = create(zero, text, run_pages * PAGE_SIZE, 11);
    double expected[] = {0, zero, 1 - zero - text, text};
    uint64_t seen[4] = {0};
    for (uint64_t run = 0; run < runs; run++) {
        enum fill kind = FILL_GUEST;
        for (uint64_t i = 0; i < run_pages; i++) {
            uint8_t bytes[PAGE_SIZE];
            content_page(content, run * run_pages + i, bytes);
            enum fill page_kind = kind_of(bytes);
            assert_true(i == 0 || page_kind == kind);
            kind = page_kind;
            assert_int_equal(content_is_zero(content, run * run_pages + i), kind == FILL_ZERO);
        }
        seen[kind]++;
    }
    for (unsigned kind = FILL_ZERO; kind <= FILL_TEXT; kind++) {
        double mean = expected[kind] * (double)runs, variance = mean * (1 - expected[kind]);
        assert_true(fabs((double)seen[kind] - mean) <= 4 * sqrt(variance) + 1e-6);
    }
    content_destroy(content);
}

static void test_shares(void **state)
{
    (void)state;
    check_shares(0.5, 0.2, 1, 20000);
    check_shares(0.1, 0.6, 3, 3000);
    check_shares(0.7, 0.3, 16, 500);
    check_shares(0, 0, 1, 300);
    check_shares(1, 0, 1, 300);
    check_shares(0, 1, 1, 300);
}

/* Random and text pages are all different; random bytes are uniform. */
static void test_no_two_alike(void **state)
{
    (void)state;
    enum { PAGES = 400 };
    uint64_t counts[256] = {0};
    for (unsigned text = 0; text < 2; text++) {
        struct content *content = create(0, text, 2 << 20, 2);
        uint8_t *pages = malloc(PAGES * (size_t)PAGE_SIZE);
        for (uint64_t i = 0; i < PAGES; i++) {
            content_page(content, i, pages + i * PAGE_SIZE);
            for (uint64_t k = 0; k < i; k++)
                assert_memory_not_equal(pages + i * PAGE_SIZE, pages + k * PAGE_SIZE, PAGE_SIZE);
            for (size_t k = 0; !text && k < PAGE_SIZE; k++)
                counts[pages[i * PAGE_SIZE + k]]++;
        }
        free(pages);
        content_destroy(content);
    }
    double each = PAGES * (double)PAGE_SIZE / 256, chi2 = 0;
    for (unsigned i = 0; i < 256; i++)
        chi2 += ((double)counts[i] - each) * ((double)counts[i] - each) / each;
    double p = gsl_cdf_chisq_Q(chi2, 255);
    assert_true(p > 1e-3 && p < 1 - 1e-3);
}

/* A text page begins with its number, which tells it from all others. */
static void test_text_pages_are_labelled(void **state)
{
    (void)state;
    struct content *content = create(0, 1, 2 << 20, 2);
    for (uint64_t i = 0; i < 200; i++) {
        uint64_t page = random_mix(1, i, 0) >> (12 + i % 52);
        uint8_t bytes[PAGE_SIZE];
        char label[32];
        snprintf(label, sizeof label, "%016" PRIx64 "\n", page);
        content_page(content, page, bytes);
        assert_memory_equal(bytes, label, 17);
    }
    content_destroy(content);
}

/* Ranges rule over the mixture, later ones over earlier; FILL_GUEST and no pages change nothing. */
static void test_ranges(void **state)
{
    (void)state;
    struct content *content = create(0.5, 0.2, PAGE_SIZE, 3);
    struct content *plain = create(0.5, 0.2, PAGE_SIZE, 3);
    uint8_t bytes[PAGE_SIZE];
    const uint64_t far = 1ull << 50;
    content_set_range(content, 100, 100, FILL_TEXT);
    content_set_range(content, 150, 10, FILL_ZERO);
    content_set_range(content, 155, 100, FILL_RANDOM);
    content_set_range(content, 0, 300, FILL_GUEST);
    content_set_range(content, 20, 0, FILL_TEXT);
    content_set_range(content, far, 1, FILL_TEXT);
    for (uint64_t page = 0; page < 400; page++) {
        if (page < 100 || page >= 255) {
            assert_true(same_page(content, plain, page));
            continue;
        }
        content_page(content, page, bytes);
        enum fill kind = page < 150 ? FILL_TEXT : page < 155 ? FILL_ZERO : FILL_RANDOM;
        assert_int_equal(kind_of(bytes), kind);
        assert_int_equal(content_is_zero(content, page), kind == FILL_ZERO);
    }
    content_page(content, far, bytes);
    assert_int_equal(kind_of(bytes), FILL_TEXT);
    assert_true(same_page(content, plain, far - 1) && same_page(content, plain, far + 1));
    content_destroy(content), content_destroy(plain);
}

static void test_refused(void **state)
{
    (void)state;
    struct content_options options = {0.75, 0.5, PAGE_SIZE, NO_IMAGE};
    struct error error = {""};
    assert_false(content_check(&options, &error));
    assert_non_null(strstr(error.text, "zero-share and text-share are 1.25 together"));
    error.text[0] = 0;
    assert_null(content_create(&options, 1, &error));
    assert_non_null(strstr(error.text, "zero-share and text-share are 1.25 together"));
    options = (struct content_options){0.9, 0.1, PAGE_SIZE, NO_IMAGE};
    assert_true(content_check(&options, &error));
    content_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pure_function), cmocka_unit_test(test_shares),
        cmocka_unit_test(test_no_two_alike),  cmocka_unit_test(test_text_pages_are_labelled),
        cmocka_unit_test(test_ranges),        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
