/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/xbzrle.h"
#include "workloads/tests/twin_trace.h"
#include "workloads/trace_summary.h"

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The spread by sorting all values; quantiles may be off by 1 in 64 downwards. */
static void expect_spread(uint64_t *values, size_t count, const struct trace_spread *spread)
{
    qsort(values, count, sizeof *values, by_size);
    uint64_t median = values[(count + 1) / 2 - 1], p90 = values[(count * 9 + 9) / 10 - 1];
    assert_int_equal(spread->least, values[0]);
    assert_int_equal(spread->most, values[count - 1]);
    assert_in_range(spread->median, median - median / 64, median);
    assert_in_range(spread->p90, p90 - p90 / 64, p90);
    if (p90 < 128)
        assert_int_equal(spread->p90, p90);
}

static void expect_summary(const struct twin_trace_shape *shape)
{
    static const uint8_t zeros[PAGE_SIZE];
    struct twin_trace twin;
    struct trace_summary *s = must_alloc(1, sizeof *s, "a summary");
    struct error error;
    char file[256];

    snprintf(file, sizeof file, "%s", twin_trace_file("summary"));
    twin_trace_make(&twin, shape, 31);
    twin_trace_write(&twin, file);
    assert_true(trace_summarise(file, s, &error));
    unlink(file);
    uint64_t *changed = must_alloc(twin.change_count, sizeof *changed, "values");
    uint64_t *delta = must_alloc(twin.change_count, sizeof *delta, "values");
    uint64_t *epochs = must_alloc(twin.epoch_count, sizeof *epochs, "values");
    bool *seen = must_alloc(twin.pages, sizeof *seen, "values");
    size_t count = 0, whole = 0, distinct = 0, image = 0;
    for (size_t i = 0; i < twin.change_count; i++) {
        const struct twin_change *change = &twin.changes[i];
        uint8_t bytes[PAGE_SIZE];
        size_t size = 0;
        epochs[change->epoch]++;
        distinct += !seen[change->page_no];
        seen[change->page_no] = true;
        if (!memcmp(change->xor, zeros, PAGE_SIZE))
            continue;
        for (size_t k = 0; k < PAGE_SIZE; k++)
            changed[count] += change->xor [k] != 0;
        bool over = xbzrle_encode(zeros, change->xor, PAGE_SIZE, bytes, sizeof bytes, &size) ==
                    ENCODE_OVERFLOW;
        whole += over;
        delta[count++] = over ? PAGE_SIZE : size;
    }
    for (uint32_t page = 0; page < twin.pages; page++)
        image += memcmp(twin.image + (size_t)page * PAGE_SIZE, zeros, PAGE_SIZE) != 0;
    assert_int_equal(s->changes, twin.change_count);
    assert_int_equal(s->rewrites, twin.change_count - count);
    assert_int_equal(s->whole_pages, whole);
    assert_int_equal(s->working_set_pages, distinct);
    assert_int_equal(s->first_pages, twin.pages);
    assert_int_equal(s->extent.image_pages, image);
    expect_spread(changed, count, &s->changed_bytes);
    expect_spread(delta, count, &s->delta_bytes);
    expect_spread(epochs, twin.epoch_count, &s->epoch_pages);
    for (size_t i = 0; i < twin.epoch_count; i++)
        epochs[i] = (uint64_t)(twin.epochs[i].end_ns - twin.epochs[i].begin_ns);
    expect_spread(epochs, twin.epoch_count, &s->span_ns);
    free(changed);
    free(delta);
    free(epochs);
    free(seen);
    free(s);
    twin_trace_release(&twin);
}

static void test_figures_equal_those_by_sorting(void **state)
{
    struct twin_trace_shape shape = {.pages = 60,
                                     .epochs = 41,
                                     .span_ns = 100000000,
                                     .in_thousand = 400,
                                     .bytes = 90,
                                     .image = true,
                                     .rewrites = true};
    (void)state;
    expect_summary(&shape);
    shape.bytes = 1500;
    shape.pages = 700; /* more than 128 in an epoch */
    expect_summary(&shape);
    shape.bytes = 4096;
    shape.image = shape.rewrites = false;
    shape.epochs = 3;
    expect_summary(&shape);
}

static void test_damaged_and_empty(void **state)
{
    const struct twin_trace_shape shape = {.pages = 2};
    struct twin_trace twin;
    struct trace_summary *s = must_alloc(1, sizeof *s, "a summary");
    struct error error;
    char file[256];
    size_t size;

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("summary"));
    twin_trace_make(&twin, &shape, 31);
    twin_trace_write(&twin, file);
    assert_true(trace_summarise(file, s, &error));
    assert_int_equal(s->changes, 0);
    assert_int_equal(s->span_ns.most, 0);
    uint8_t *bytes = twin_trace_load(file, &size);
    bytes[size - 1] ^= 1;
    twin_trace_store(file, bytes, size);
    assert_false(trace_summarise(file, s, &error));
    assert_non_null(strstr(error.text, "damaged at byte "));
    unlink(file);
    free(bytes);
    free(s);
    twin_trace_release(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_equal_those_by_sorting),
        cmocka_unit_test(test_damaged_and_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
