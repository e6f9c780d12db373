/* SPDX-License-Identifier: MIT */
#include "codec/tests/twin_patterns.h"

#include <stdio.h>
#include <string.h>

#include "codec/xbrle.h"
#include "codec/xbzrle.h"

enum { PAGE = PATTERN_PAGE, SIZED_PAGES = 1000 };

static void apply_nothing(struct page_random *random, uint8_t *page)
{
    (void)random;
    (void)page;
}

/* Each byte is another one than before. */
static void change(struct page_random *random, uint8_t *page, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        page[at + i] ^= (uint8_t)(1 + page_random_below(random, 255));
}

static void apply_four_bytes(struct page_random *random, uint8_t *page)
{
    change(random, page, page_random_below(random, PAGE / 4) * 4, 4);
}

static void apply_byte_a_kib(struct page_random *random, uint8_t *page)
{
    for (size_t at = 0; at < PAGE; at += 1024)
        change(random, page, at + page_random_below(random, 1024), 1);
}

static void write_words(struct page_random *random, uint8_t *page, unsigned words)
{
    for (; words > 0; words--) {
        uint64_t word = page_random_next(random);
        memcpy(page + page_random_below(random, PAGE / 8) * 8, &word, sizeof(word));
    }
}

static void apply_1_percent(struct page_random *random, uint8_t *page)
{
    write_words(random, page, 5);
}

static void apply_5_percent(struct page_random *random, uint8_t *page)
{
    write_words(random, page, 26);
}

static void apply_20_percent(struct page_random *random, uint8_t *page)
{
    write_words(random, page, 102);
}

static void apply_four_runs(struct page_random *random, uint8_t *page)
{
    for (size_t at = 0; at < PAGE; at += 1024)
        change(random, page, at + page_random_below(random, 1024 - 64), 64);
}

static void apply_half(struct page_random *random, uint8_t *page)
{
    change(random, page, 0, PAGE / 2);
}

static void apply_every_fourth(struct page_random *random, uint8_t *page)
{
    for (size_t at = 0; at < PAGE; at += 4)
        change(random, page, at, 1);
}

static void apply_random(struct page_random *random, uint8_t *page)
{
    page_random_fill(random, page, PAGE);
}

const struct page_pattern page_patterns[PAGE_PATTERNS] = {
    {"equal", "equal", apply_nothing},
    {"4-byte", "one 4-byte change", apply_four_bytes},
    {"byte-a-kib", "one byte a KiB", apply_byte_a_kib},
    {"1%", "1 % as 8-byte words", apply_1_percent},
    {"5%", "5 % as 8-byte words", apply_5_percent},
    {"20%", "20 % as 8-byte words", apply_20_percent},
    {"four-runs", "four runs of 64", apply_four_runs},
    {"half", "half the page", apply_half},
    {"every-4th", "every fourth byte", apply_every_fourth},
    {"random", "all bytes random", apply_random},
};

struct pattern_size pattern_size(const struct page_pattern *pattern,
                                 size_t (*encode)(const uint8_t *old_page, const uint8_t *new_page,
                                                  bool *ret_refused))
{
    struct page_random random = {.state = 1};
    uint8_t old_page[PAGE], new_page[PAGE];
    struct pattern_size sum = {0};

    for (unsigned i = 0; i < SIZED_PAGES; i++) {
        bool refused = false;
        page_random_fill(&random, old_page, PAGE);
        memcpy(new_page, old_page, PAGE);
        pattern->apply(&random, new_page);
        sum.mean += (double)encode(old_page, new_page, &refused);
        sum.refused += refused;
    }
    if (sum.refused < SIZED_PAGES)
        sum.mean /= SIZED_PAGES - sum.refused;
    return sum;
}

static size_t size_xbzrle(const uint8_t *old_page, const uint8_t *new_page, bool *ret_refused)
{
    uint8_t delta[PAGE];
    size_t size;

    *ret_refused = xbzrle_encode(old_page, new_page, PAGE, delta, PAGE, &size) == ENCODE_OVERFLOW;
    return size;
}

static size_t size_xbrle(const uint8_t *old_page, const uint8_t *new_page, bool *ret_refused)
{
    uint8_t pairs[PAGE];
    size_t size;

    *ret_refused = xbrle_encode(old_page, new_page, PAGE, pairs, PAGE, &size) == ENCODE_OVERFLOW;
    return size;
}

void pattern_cell(struct pattern_size of, char *ret_cell, size_t size)
{
    if (of.refused == SIZED_PAGES)
        snprintf(ret_cell, size, "refused");
    else if (of.refused > 0)
        snprintf(ret_cell, size, "%.1f (%.1f %% refused)", of.mean,
                 100.0 * of.refused / SIZED_PAGES);
    else
        snprintf(ret_cell, size, "%.1f", of.mean);
}

void pattern_row(const struct page_pattern *pattern, char *ret_row, size_t size)
{
    char xbzrle[64], xbrle[64];

    pattern_cell(pattern_size(pattern, size_xbzrle), xbzrle, sizeof(xbzrle));
    pattern_cell(pattern_size(pattern, size_xbrle), xbrle, sizeof(xbrle));
    snprintf(ret_row, size, "| %s | %s | %s |", pattern->what, xbzrle, xbrle);
}
