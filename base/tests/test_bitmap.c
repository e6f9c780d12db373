/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Against a plain array of flags: random operations, many sizes around whole words. */

#define PAGES_MAX 300u

struct pair {
    uint64_t pages, *words;
    bool flags[PAGES_MAX];
};

static uint64_t naive_next(const struct pair *pair, uint64_t page, uint64_t end)
{
    while (page < end && !pair->flags[page])
        page++;
    return page < end ? page : end;
}

static void compare(const struct pair *pair)
{
    uint64_t count = 0, last = BITMAP_WORDS(pair->pages);
    for (uint64_t i = 0; i < pair->pages; i++) {
        assert_int_equal(bitmap_get(pair->words, i), pair->flags[i]);
        count += pair->flags[i];
    }
    assert_int_equal(bitmap_count(pair->words, pair->pages), count);
    if (pair->pages % 64)
        assert_int_equal(pair->words[last - 1] >> pair->pages % 64, 0);
    assert_int_equal(pair->words[last], 0x5a5a5a5a5a5a5a5a); /* the guard behind */
}

static void random_operation(struct pair *pair, gsl_rng *rng)
{
    uint64_t page = gsl_rng_uniform_int(rng, pair->pages);
    uint64_t end = page + gsl_rng_uniform_int(rng, pair->pages - page + 1);
    switch (gsl_rng_uniform_int(rng, 8)) {
    case 0:
        bitmap_set(pair->words, page);
        pair->flags[page] = true;
        break;
    case 1:
        bitmap_set_range(pair->words, page, end - page);
        for (uint64_t i = page; i < end; i++)
            pair->flags[i] = true;
        break;
    case 2:
        for (uint64_t i = page; i < end; i++) {
            bitmap_clear(pair->words, i);
            pair->flags[i] = false;
        }
        break;
    default:
        bitmap_clear(pair->words, page);
        pair->flags[page] = false;
    }
    assert_int_equal(bitmap_next(pair->words, page, end), naive_next(pair, page, end));
    assert_int_equal(bitmap_next(pair->words, page, pair->pages),
                     naive_next(pair, page, pair->pages));
}

static void test_random_operations(void **state)
{
    (void)state;
    gsl_rng *rng = random_stream_create(1, "bitmap");
    static const uint64_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, 192, 250, PAGES_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct pair pair = {.pages = sizes[i]};
        assert_int_equal(BITMAP_WORDS(sizes[i]), (sizes[i] + 63) / 64);
        pair.words = bitmap_alloc(sizes[i] + 64, "a bitmap");
        pair.words[BITMAP_WORDS(sizes[i])] = 0x5a5a5a5a5a5a5a5a;
        compare(&pair);
        for (unsigned turn = 0; turn < 1000; turn++) {
            random_operation(&pair, rng);
            compare(&pair);
        }
        free(pair.words);
    }
    gsl_rng_free(rng);
}

/* Every range of three words, from empty. */
static void test_every_range(void **state)
{
    (void)state;
    for (uint64_t first = 0; first < 192; first++) {
        for (uint64_t count = 0; first + count <= 192; count++) {
            uint64_t words[4] = {0};
            bitmap_set_range(words, first, count);
            assert_int_equal(bitmap_count(words, 192), count);
            assert_int_equal(bitmap_next(words, 0, 192), count ? first : 192);
            if (count)
                assert_true(bitmap_get(words, first + count - 1));
            assert_int_equal(words[3], 0);
        }
    }
}

/* The last page of the last word; a start at or behind the end. */
static void test_ends(void **state)
{
    (void)state;
    uint64_t words[2] = {0, 1ull << 63};
    assert_int_equal(bitmap_next(words, 0, 128), 127);
    assert_int_equal(bitmap_next(words, 0, 127), 127);
    assert_int_equal(bitmap_next(words, 127, 128), 127);
    assert_int_equal(bitmap_next(words, 128, 128), 128);
    assert_int_equal(bitmap_next(words, 5, 3), 3);
    assert_int_equal(bitmap_next(words, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_every_range),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
