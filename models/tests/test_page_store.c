/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "models/page_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Against all pages in one plain array. The count is no multiple of the tables' 512. */
enum { PAGES = 1800 };

struct pair {
    struct content *content;
    struct page_store *store;
    uint8_t *bytes; /* PAGES pages */
    bool stored[PAGES];
    uint8_t *borrowed[PAGES]; /* what the store gave for the page, at first */
    uint64_t count;
};

static struct content *content_make(void)
{
    static char no_image[] = "";
    struct content_options options = {0.3, 0.3, 4 * PAGE_SIZE, no_image};
    struct error error;
    struct content *content = content_create(&options, 4, &error);
    assert_non_null(content);
    return content;
}

static void pair_init(struct pair *pair)
{
    *pair = (struct pair){.content = content_make()};
    pair->store = page_store_create(PAGES, pair->content);
    pair->bytes = malloc(PAGES * (size_t)PAGE_SIZE);
    for (uint64_t page = 0; page < PAGES; page++)
        content_page(pair->content, page, pair->bytes + page * PAGE_SIZE);
}

static void pair_release(struct pair *pair)
{
    page_store_destroy(pair->store);
    content_destroy(pair->content);
    free(pair->bytes);
}

static void compare_page(struct pair *pair, uint64_t page)
{
    uint8_t scratch[PAGE_SIZE];
    const uint8_t *read = page_store_read(pair->store, page, scratch);
    assert_memory_equal(read, pair->bytes + page * PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(page_store_is_stored(pair->store, page), pair->stored[page]);
    /* Pages never move: what was borrowed once is the page for ever. */
    assert_ptr_equal(read, pair->stored[page] ? pair->borrowed[page] : scratch);
    assert_int_equal(page_store_stored_pages(pair->store), pair->count);
}

static void mark_stored(struct pair *pair, uint64_t page, uint8_t *bytes)
{
    if (!pair->stored[page]) {
        pair->stored[page] = true;
        pair->borrowed[page] = bytes;
        pair->count++;
    }
    assert_ptr_equal(bytes, pair->borrowed[page]);
}

static void write_some(struct pair *pair, uint64_t page, gsl_rng *rng)
{
    uint8_t *bytes = page_store_write(pair->store, page), *twin = pair->bytes + page * PAGE_SIZE;
    assert_memory_equal(bytes, twin, PAGE_SIZE);
    size_t at = gsl_rng_uniform_int(rng, PAGE_SIZE);
    bytes[at] = twin[at] = (uint8_t)gsl_rng_get(rng);
    mark_stored(pair, page, bytes);
}

static void replace_all(struct pair *pair, uint64_t page, gsl_rng *rng)
{
    uint8_t *bytes = page_store_replace(pair->store, page);
    random_bytes(gsl_rng_get(rng), bytes, PAGE_SIZE);
    memcpy(pair->bytes + page * PAGE_SIZE, bytes, PAGE_SIZE);
    mark_stored(pair, page, bytes);
}

static void test_random_operations(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair);
    gsl_rng *rng = random_stream_create(1, "page store");
    for (unsigned turn = 0; turn < 20000; turn++) {
        /* The first half of the run leaves the upper half of memory alone. */
        uint64_t page = gsl_rng_uniform_int(rng, turn < 10000 ? PAGES / 2 : PAGES);
        unsigned long kind = gsl_rng_uniform_int(rng, 4);
        if (kind == 0)
            write_some(&pair, page, rng);
        else if (kind == 1)
            replace_all(&pair, page, rng);
        compare_page(&pair, page);
    }
    assert_in_range(pair.count, PAGES * 9 / 10, PAGES);
    for (uint64_t page = 0; page < PAGES; page++)
        compare_page(&pair, page);
    gsl_rng_free(rng);
    pair_release(&pair);
}

/* In order to the last page: tables, chunks and their growth. */
static void test_every_page(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair);
    gsl_rng *rng = random_stream_create(2, "page store");
    for (uint64_t page = PAGES; page-- > 0;) {
        compare_page(&pair, page);
        write_some(&pair, page, rng);
    }
    for (uint64_t page = 0; page < PAGES; page++)
        compare_page(&pair, page);
    assert_int_equal(pair.count, PAGES);
    gsl_rng_free(rng);
    pair_release(&pair);
}

/* A TiB whose pages nobody writes costs its table only. */
static void test_huge(void **state)
{
    (void)state;
    struct content *content = content_make();
    const uint64_t pages = 1ull << 28;
    struct page_store *store = page_store_create(pages, content);
    uint8_t scratch[PAGE_SIZE], expected[PAGE_SIZE];
    page_store_write(store, pages - 1)[4095] ^= 0xff;
    content_page(content, pages - 1, expected);
    expected[4095] ^= 0xff;
    assert_memory_equal(page_store_read(store, pages - 1, scratch), expected, PAGE_SIZE);
    assert_false(page_store_is_stored(store, pages - 2));
    assert_int_equal(page_store_stored_pages(store), 1);
    page_store_destroy(store);
    page_store_destroy(NULL);
    content_destroy(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_every_page),
        cmocka_unit_test(test_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
