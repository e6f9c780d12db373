/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bitmap.h"
#include "base/random.h"
#include "workloads/kinds.h"
#include "workloads/tests/twin_trace.h"
#include "workloads/trace_replay.h"
#include "workloads/trace_writer.h"

#define FIRST_PAGE  37u
#define GUEST_PAGES 16384u

/* A write of the naive twin: at this moment of the trace, these bytes are xored into this page. */
struct write {
    int64_t moment;
    const struct twin_change *change;
};

struct naive {
    struct write *writes;
    size_t count, next;
    uint8_t *memory; /* of the trace's pages */
    bool *dirty;
    int64_t percent;
};

static int by_moment(const void *a, const void *b)
{
    const struct write *x = a, *y = b;
    return x->moment < y->moment ? -1 : x->moment > y->moment;
}

/* All writes of `laps` runs through the trace. */
static void naive_make(struct naive *naive, const struct twin_trace *twin, uint64_t seed,
                       unsigned laps, unsigned percent)
{
    int64_t end = twin->epochs[twin->epoch_count - 1].end_ns;
    *naive = (struct naive){
        .writes = must_alloc(laps * twin->change_count, sizeof *naive->writes, "writes"),
        .memory = must_alloc(twin->pages, PAGE_SIZE, "memory"),
        .dirty = must_alloc(twin->pages, sizeof(bool), "dirty"),
        .percent = percent,
    };
    memcpy(naive->memory, twin->image, (size_t)twin->pages * PAGE_SIZE);
    for (unsigned lap = 0; lap < laps; lap++) {
        for (size_t i = 0; i < twin->change_count; i++) {
            const struct twin_change *change = &twin->changes[i];
            int64_t moment = trace_moment(seed, lap, &twin->epochs[change->epoch], change->page_no);
            naive->writes[naive->count++] = (struct write){lap * end + moment, change};
        }
    }
    qsort(naive->writes, naive->count, sizeof *naive->writes, by_moment);
}

static void naive_advance(struct naive *naive, int64_t guest_time)
{
    for (; naive->next < naive->count; naive->next++) {
        const struct write *write = &naive->writes[naive->next];
        if (write->moment > guest_time * naive->percent / 100)
            break;
        uint8_t *page = naive->memory + (size_t)write->change->page_no * PAGE_SIZE;
        for (size_t i = 0; i < PAGE_SIZE; i++)
            page[i] ^= write->change->xor [i];
        naive->dirty[write->change->page_no] = true;
    }
}

static void naive_release(struct naive *naive)
{
    free(naive->writes);
    free(naive->memory);
    free(naive->dirty);
}

/* The options of kind trace as a scenario gives them. */
struct setup {
    struct workload_region *options;
    struct content *content;
    struct page_store *memory;
    struct workload *workload;
    uint64_t seed;
};

static void set(struct setup *setup, const char *name, const char *value)
{
    struct error error;
    const struct option *option = option_find(workload_trace.options, name);
    if (!option)
        option = option_find(workload_region_table, name);
    if (!option_set(option, setup->options, value, &error))
        fail_msg("%s: %s", name, error.text);
}

static void setup_open(struct setup *setup, const char *file)
{
    *setup = (struct setup){.seed = 99};
    setup->options = must_alloc(1, workload_trace.options_size, "options");
    option_set_defaults(workload_region_table, setup->options);
    option_set_defaults(workload_trace.options, setup->options);
    set(setup, "file", file);
}

static void setup_create(struct setup *setup)
{
    static const int64_t clock_ns; /* traces don't look at it */
    struct content_options guest = {.run_bytes = PAGE_SIZE, .image = (char[]){""}};
    struct error error;
    if (!workload_trace.check(setup->options, &error))
        fail_msg("%s", error.text);
    setup->content = content_create(&guest, 5, &error); /* random everywhere */
    assert_non_null(setup->content);
    setup->memory = page_store_create(GUEST_PAGES, setup->content);
    struct workload_env env = {"load", setup->seed, FIRST_PAGE, setup->memory, &clock_ns};
    setup->workload = workload_trace.create(setup->options, &env, &error);
    if (!setup->workload)
        fail_msg("%s", error.text);
}

static void setup_close(struct setup *setup)
{
    if (setup->workload)
        workload_trace.destroy(setup->workload);
    page_store_destroy(setup->memory);
    content_destroy(setup->content);
    option_release(workload_trace.options, setup->options);
    free(setup->options);
}

static void expect_page(struct setup *setup, const struct naive *naive, uint32_t page, bool image)
{
    uint8_t scratch[PAGE_SIZE], want[PAGE_SIZE];
    memcpy(want, naive->memory + (size_t)page * PAGE_SIZE, PAGE_SIZE);
    if (!image) { /* on top of what the guest had there */
        content_page(setup->content, FIRST_PAGE + page, scratch);
        for (size_t i = 0; i < PAGE_SIZE; i++)
            want[i] ^= scratch[i];
    }
    assert_memory_equal(page_store_read(setup->memory, FIRST_PAGE + page, scratch), want,
                        PAGE_SIZE);
}

static void expect_touch(struct setup *setup, struct naive *naive, int64_t now, uint32_t pages)
{
    uint64_t dirty[BITMAP_WORDS(GUEST_PAGES)] = {0};
    dirty[0] = 1; /* another workload's page stays as it is */
    workload_trace.touch(setup->workload, now, dirty);
    naive_advance(naive, now);
    assert_true(bitmap_get(dirty, 0));
    bitmap_clear(dirty, 0);
    for (uint32_t page = 0; page < pages; page++) {
        assert_int_equal(bitmap_get(dirty, FIRST_PAGE + page), naive->dirty[page]);
        bitmap_clear(dirty, FIRST_PAGE + page);
        naive->dirty[page] = false;
    }
    assert_int_equal(bitmap_count(dirty, GUEST_PAGES), 0);
}

/* Syncs and sends at random times, some far apart: always the same as write by write. */
static void expect_twin(const struct twin_trace_shape *shape, bool loop, unsigned percent,
                        int64_t step_ns)
{
    struct twin_trace twin;
    struct naive naive;
    struct setup setup;
    char file[256], text[16];
    uint64_t state = 17;
    int64_t now = 0;

    snprintf(file, sizeof file, "%s", twin_trace_file("replay"));
    snprintf(text, sizeof text, "%u", percent);
    twin_trace_make(&twin, shape, 23);
    twin_trace_write(&twin, file);
    setup_open(&setup, file);
    set(&setup, "loop", loop ? "on" : "off");
    set(&setup, "speed", text);
    setup_create(&setup);
    assert_int_equal(setup.options->bytes, (uint64_t)shape->pages * PAGE_SIZE);
    naive_make(&naive, &twin, random_derive(setup.seed, "load"), loop ? 4 : 1, percent);
    int64_t end = twin.epochs[twin.epoch_count - 1].end_ns * (loop ? 4 : 2) * 100 / percent - 1;
    for (uint32_t page = 0; page < shape->pages; page++)
        expect_page(&setup, &naive, page, shape->image);
    while (now < end) {
        state = random_mix(state, 1, 2);
        now += (int64_t)(state % (uint64_t)step_ns);
        if (now > end)
            now = end;
        uint32_t page = (uint32_t)(state >> 32) % shape->pages;
        if (state % 3 == 0) {
            expect_touch(&setup, &naive, now, shape->pages);
            continue;
        }
        workload_trace.materialise(setup.workload, FIRST_PAGE + page, now);
        naive_advance(&naive, now);
        expect_page(&setup, &naive, page, shape->image);
    }
    expect_touch(&setup, &naive, end, shape->pages);
    for (uint32_t page = 0; page < shape->pages; page++)
        expect_page(&setup, &naive, page, shape->image);
    assert_int_equal(naive.next, naive.count);
    setup_close(&setup);
    naive_release(&naive);
    twin_trace_release(&twin);
    unlink(file);
}

static void test_replay_equals_write_by_write(void **state)
{
    struct twin_trace_shape shape = {.pages = 50,
                                     .epochs = 30,
                                     .span_ns = 100000000,
                                     .in_thousand = 300,
                                     .bytes = 20,
                                     .image = true,
                                     .rewrites = true};
    (void)state;
    expect_twin(&shape, false, 100, 10000000);  /* many looks in an epoch */
    expect_twin(&shape, false, 100, 300000000); /* some epochs between two looks */
    expect_twin(&shape, true, 100, 40000000);
    expect_twin(&shape, true, 100, 4000000000); /* a lap and more between two looks */
    expect_twin(&shape, true, 37, 100000000);
    expect_twin(&shape, true, 1000, 1000000);
    shape.image = shape.rewrites = false;
    expect_twin(&shape, false, 100, 30000000);
    expect_twin(&shape, true, 250, 30000000);
}

/* More in an epoch than a window holds: the windows are halved until it fits, down to one ns. */
static void test_replay_of_large_epochs(void **state)
{
    struct twin_trace_shape shape = {.pages = 6000,
                                     .epochs = 3,
                                     .span_ns = 1000000000,
                                     .in_thousand = 1000,
                                     .bytes = 4096,
                                     .image = true};
    (void)state;
    expect_twin(&shape, false, 100, 90000000);
    shape.span_ns = 50; /* a hundred changes in each ns */
    expect_twin(&shape, false, 100, 9);
    shape.pages = 14000;
    shape.epochs = 2;
    shape.span_ns = 3;
    expect_twin(&shape, false, 100, 2);
}

/* A trace cut within an epoch is replayed up to the last whole one. */
static void test_replay_of_a_cut_trace(void **state)
{
    const struct twin_trace_shape shape = {
        .pages = 700, .epochs = 3, .span_ns = 100000000, .in_thousand = 1000, .bytes = 4096};
    struct twin_trace twin;
    struct setup setup;
    char file[256];
    size_t size;
    uint64_t dirty[BITMAP_WORDS(GUEST_PAGES)] = {0};

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("cut-replay"));
    twin_trace_make(&twin, &shape, 2);
    twin_trace_write(&twin, file);
    uint8_t *bytes = twin_trace_load(file, &size);
    twin_trace_store(file, bytes, size / 2); /* in the second epoch */
    setup_open(&setup, file);
    set(&setup, "loop", "off");
    setup_create(&setup);
    workload_trace.touch(setup.workload, twin.epochs[0].end_ns, dirty);
    assert_int_equal(bitmap_count(dirty, GUEST_PAGES), 700);
    memset(dirty, 0, sizeof dirty);
    workload_trace.touch(setup.workload, INT64_MAX, dirty);
    assert_int_equal(bitmap_count(dirty, GUEST_PAGES), 0);
    setup_close(&setup);
    free(bytes);
    twin_trace_release(&twin);
    unlink(file);
}

/* Moments are spread evenly over the epoch: a tenth of the pages in each tenth of it. */
static void test_moments_are_spread(void **state)
{
    const struct trace_epoch epoch = {3, 1000, 11000};
    unsigned tenths[10] = {0};
    (void)state;
    for (uint32_t page = 0; page < 10000; page++) {
        int64_t moment = trace_moment(1, 0, &epoch, page);
        assert_true(moment > epoch.begin_ns && moment <= epoch.end_ns);
        tenths[(moment - 1001) / 1000]++;
    }
    for (unsigned i = 0; i < 10; i++)
        assert_in_range(tenths[i], 850, 1150); /* 5 standard deviations of a binomial */
}

static void expect_refused(struct setup *setup, const char *part)
{
    struct error error = {{0}};
    assert_false(workload_trace.check(setup->options, &error));
    if (!strstr(error.text, part))
        fail_msg("'%s' does not say '%s'", error.text, part);
}

static void test_wrong_options(void **state)
{
    const struct twin_trace_shape shape = {
        .pages = 3, .epochs = 3, .span_ns = 1000, .in_thousand = 500, .bytes = 4, .image = true};
    struct twin_trace twin;
    struct trace_header header = {.command = "x"};
    struct setup setup;
    struct error error;
    char file[256];
    size_t size;

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("wrong"));
    twin_trace_make(&twin, &shape, 2);
    twin_trace_write(&twin, file);
    setup_open(&setup, "");
    expect_refused(&setup, "kind trace needs a 'file'");
    set(&setup, "file", "/nonexistent.mgt");
    expect_refused(&setup, "/nonexistent.mgt: cannot open: No such file");
    set(&setup, "file", file);
    set(&setup, "fill", "random");
    expect_refused(&setup, "fill = random: the trace");
    set(&setup, "fill", "guest");
    expect_refused(&setup, "too short for loop = on");
    set(&setup, "loop", "off");
    assert_true(workload_trace.check(setup.options, &error));
    assert_int_equal(setup.options->fill, FILL_ZERO);
    uint8_t *bytes = twin_trace_load(file, &size);
    bytes[size / 2] ^= 4;
    twin_trace_store(file, bytes, size);
    expect_refused(&setup, "damaged at byte ");
    struct trace_writer *writer = trace_writer_create(file, &header, &error);
    assert_true(trace_writer_finish(writer, &error));
    trace_writer_destroy(writer);
    expect_refused(&setup, "the trace has no pages");
    setup_close(&setup);
    free(bytes);
    twin_trace_release(&twin);
    unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay_equals_write_by_write),
        cmocka_unit_test(test_replay_of_large_epochs),
        cmocka_unit_test(test_replay_of_a_cut_trace),
        cmocka_unit_test(test_moments_are_spread),
        cmocka_unit_test(test_wrong_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
