/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "codec/xbzrle.h"
#include "workloads/tests/twin_statistics.h"
#include "workloads/tests/twin_writes.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * What kinds random and hotcold do to the bytes of a page: how many places and bytes have changed
 * since the page was last sent, and how long the delta is. Against theory, and against the twin
 * under the same sends.
 */
#define PAGES      60u
#define SPAN_NS    10000000 /* between syncs */
#define INTERVALS  1500u
#define BIN        16.0 /* bytes and lengths are counted in bins of so many */
#define DELTA_SIZE 8192u

struct scene {
    const char *kind, *settings;
    double writes_per_s, hot_writes;
    uint64_t hot_pages, write_size;
};

static const struct scene SCENES[] = {
    {"random", "rate=9k", 9000, 1, PAGES, 64},
    {"random", "rate=100k write-size=8B", 100000, 1, PAGES, 8},
    {"hotcold", "rate=90k hot-share=20% hot-writes=75%", 90000, 0.75, 12, 64},
};

/* The same guest, lazy or write by write. */
struct world {
    const struct scene *scene;
    bool lazy;
    struct twin_guest guest;
    struct twin_scatter twin;
    gsl_rng *times;
    bool dirty[PAGES];
    uint8_t *sent; /* each page as last sent */
};

static void world_init(struct world *world, const struct scene *scene, bool lazy)
{
    char settings[200];
    *world = (struct world){.scene = scene, .lazy = lazy};
    snprintf(settings, sizeof settings, "region=%uK %s", PAGES * 4, scene->settings);
    twin_guest_init(&world->guest, scene->kind, settings, 5);
    world->times = random_stream_create(lazy, "times");
    world->twin = (struct twin_scatter){.rng = gsl_rng_alloc(gsl_rng_mt19937),
                                        .writes_per_ns = scene->writes_per_s * 1e-9,
                                        .hot_writes = scene->hot_writes,
                                        .hot_pages = scene->hot_pages,
                                        .write_size = scene->write_size};
    twin_memory_init(&world->twin.memory, &world->guest);
    world->sent = malloc(PAGES * (size_t)PAGE_SIZE);
    memcpy(world->sent, world->twin.memory.bytes, PAGES * (size_t)PAGE_SIZE);
}

static void world_release(struct world *world)
{
    twin_memory_release(&world->twin.memory);
    twin_guest_release(&world->guest);
    gsl_rng_free(world->twin.rng);
    gsl_rng_free(world->times);
    free(world->sent);
}

static void world_sync(struct world *world, int64_t time)
{
    if (world->lazy) {
        twin_guest_touch(&world->guest, time);
        for (unsigned page = 0; page < PAGES; page++)
            world->dirty[page] = twin_guest_is_dirty(&world->guest, page);
        return;
    }
    twin_scatter_advance(&world->twin, time);
    memcpy(world->dirty, world->twin.memory.dirty, sizeof world->dirty);
    twin_memory_sync(&world->twin.memory);
}

static const uint8_t *world_page(struct world *world, unsigned page, int64_t time)
{
    if (world->lazy)
        return twin_guest_page(&world->guest, page, time);
    twin_scatter_advance(&world->twin, time);
    return world->twin.memory.bytes + page * PAGE_SIZE;
}

/* Of one group of pages, over all sends. */
struct changes {
    struct sample places, bytes, length;
};

static void changes_add(struct changes *changes, struct world *world, unsigned page, int64_t time)
{
    const uint8_t *bytes = world_page(world, page, time);
    uint8_t *sent = world->sent + page * PAGE_SIZE, delta[DELTA_SIZE];
    uint64_t size = world->scene->write_size, places = 0, changed = 0;
    size_t length;
    for (uint64_t at = 0; at < PAGE_SIZE; at += size)
        places += memcmp(bytes + at, sent + at, size) != 0;
    for (uint64_t at = 0; at < PAGE_SIZE; at++)
        changed += bytes[at] != sent[at];
    enum encode_result result = xbzrle_encode(sent, bytes, PAGE_SIZE, delta, DELTA_SIZE, &length);
    assert_int_equal(result, changed ? ENCODE_DELTA : ENCODE_UNCHANGED);
    sample_add(&changes->places, (double)places);
    sample_add(&changes->bytes, (double)changed / BIN);
    sample_add(&changes->length, (double)length / BIN);
    memcpy(sent, bytes, PAGE_SIZE);
}

/* As a migration: what a sync finds is sent page after page, each at some time after it. */
static void send_dirty(struct world *world, struct changes groups[static 2])
{
    for (int64_t i = 0; i < INTERVALS; i++) {
        int64_t now = (i + 1) * SPAN_NS;
        world_sync(world, now);
        int64_t step = (int64_t)gsl_rng_uniform_int(world->times, SPAN_NS / PAGES);
        for (unsigned page = 0; page < PAGES; page++) {
            now += step;
            if (world->dirty[page])
                changes_add(&groups[page >= world->scene->hot_pages], world, page, now);
        }
    }
}

static void test_deltas_as_sent(void **state)
{
    (void)state;
    static struct changes lazy[2], twin[2];
    static const char *const names[] = {"hot", "cold"};
    for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++) {
        for (unsigned is_lazy = 0; is_lazy < 2; is_lazy++) {
            struct world world;
            world_init(&world, &SCENES[i], is_lazy);
            memset(is_lazy ? lazy : twin, 0, sizeof lazy);
            send_dirty(&world, is_lazy ? lazy : twin);
            world_release(&world);
        }
        for (unsigned group = 0; group < (SCENES[i].hot_pages < PAGES ? 2 : 1); group++) {
            char what[100];
            snprintf(what, sizeof what, "%s %s, %s pages", SCENES[i].kind, SCENES[i].settings,
                     names[group]);
            if (i == 0) /* sent, but nothing new: it happens when writes are few */
                assert_true(twin[group].places.bins[0] > 1000);
            expect_same_law(what, &lazy[group].places, &twin[group].places);
            expect_same_law(what, &lazy[group].bytes, &twin[group].bytes);
            expect_same_law(what, &lazy[group].length, &twin[group].length);
        }
    }
}

/* Every page at a fixed distance, with or without syncs between: places are hit independently. */
static void check_theory(const struct scene *scene, bool lazy, bool syncs)
{
    static struct changes groups[2];
    struct world world;
    memset(groups, 0, sizeof groups);
    world_init(&world, scene, lazy);
    for (int64_t i = 1; i <= 500; i++) {
        for (int64_t k = 1; syncs && k < 4; k++)
            world_sync(&world, (i - 1) * SPAN_NS + SPAN_NS * k / 4);
        for (unsigned page = 0; page < PAGES; page++)
            changes_add(&groups[page >= scene->hot_pages], &world, page, i * SPAN_NS);
    }
    world_release(&world);
    for (unsigned group = 0; group < (scene->hot_pages < PAGES ? 2 : 1); group++) {
        double share = group ? 1 - scene->hot_writes : scene->hot_writes;
        double pages = (double)(group ? PAGES - scene->hot_pages : scene->hot_pages);
        double places = PAGE_SIZE / (double)scene->write_size, size = (double)scene->write_size;
        double writes = scene->writes_per_s * SPAN_NS * 1e-9 * share / pages;
        double hit = -expm1(-writes / places), differs = 255.0 / 256; /* random bytes */
        double mean = size * differs, square = mean * (1 - differs) + mean * mean;
        double probability[SAMPLE_BINS + 1];
        for (unsigned k = 0; k <= SAMPLE_BINS; k++)
            probability[k] = gsl_ran_binomial_pdf(k, hit, (unsigned)places);
        expect_moments("places", &groups[group].places, places * hit, places * hit * (1 - hit));
        expect_law("places", &groups[group].places, probability, SAMPLE_BINS);
        expect_moments("changed bytes", &groups[group].bytes, places * hit * mean / BIN,
                       places * (hit * square - hit * hit * mean * mean) / BIN / BIN);
    }
}

static void test_theory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++) {
        check_theory(&SCENES[i], false, false);
        check_theory(&SCENES[i], true, false);
        check_theory(&SCENES[i], true, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_theory),
        cmocka_unit_test(test_deltas_as_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
