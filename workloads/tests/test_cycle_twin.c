/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "workloads/tests/twin_writes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * Kinds stride and sequential against their twin that makes every write: the same dirty pages and
 * the same bytes at every look, whatever is looked at, when and how often.
 */
struct scene {
    const char *kind;
    uint64_t pages, cell_bytes, rate; /* rate 0: unpaced */
    int64_t write_ns;
    const char *fill;
};

static const struct scene SCENES[] = {
    {"stride", 16, 1024, 10000, 60, "guest"},
    {"stride", 16, 64, 1000000, 60, "zero"},
    {"stride", 3, 1, 3000000, 60, "random"},
    {"stride", 1, 4096, 777, 60, "text"},
    {"stride", 7, 4096, 999999937, 60, "guest"},
    {"stride", 64, 8192, 5000, 60, "guest"},   /* larger than a page */
    {"stride", 63, 12288, 12345, 60, "guest"}, /* nor a power of two */
    {"stride", 70, 5 * 4096, 1, 60, "guest"},
    {"stride", 130, 13 * 4096, 0, 60, "guest"},
    {"stride", 5, 128, 0, 60, "random"},
    {"stride", 33, 2048, 0, 1, "zero"},
    {"stride", 100, 4, 0, 7, "guest"},
    {"sequential", 16, 4096, 10000, 60, "guest"},
    {"sequential", 5, 4, 333333, 60, "zero"},
    {"sequential", 1, 512, 1000, 60, "text"},
    {"sequential", 67, 1024, 123457, 60, "random"},
    {"sequential", 12, 2048, 0, 60, "guest"},
    {"sequential", 3, 64, 0, 13, "zero"},
};

struct pair {
    const struct scene *scene;
    struct twin_guest guest;
    struct twin_cycle twin;
    int64_t now;
    gsl_rng *rng;
    uint64_t dirty_seen, changed_seen;
};

static void pair_init(struct pair *pair, const struct scene *scene, uint64_t seed)
{
    char settings[200];
    bool stride = !strcmp(scene->kind, "stride");
    int used = snprintf(settings, sizeof settings, "region=%juB %s=%juB write-time=%jdns fill=%s",
                        (uintmax_t)(scene->pages * PAGE_SIZE), stride ? "stride" : "write-size",
                        (uintmax_t)scene->cell_bytes, (intmax_t)scene->write_ns, scene->fill);
    if (scene->rate)
        snprintf(settings + used, sizeof settings - (size_t)used, " rate=%ju",
                 (uintmax_t)scene->rate);
    else
        snprintf(settings + used, sizeof settings - (size_t)used, " rate=unpaced");
    *pair = (struct pair){.scene = scene, .rng = random_stream_create(seed, "looks")};
    twin_guest_init(&pair->guest, scene->kind, settings, seed);
    assert_int_equal(pair->guest.pages, scene->pages);
    pair->twin = (struct twin_cycle){
        .increments = stride,
        .cell_bytes = scene->cell_bytes,
        .rate = scene->rate,
        .write_ns = scene->write_ns,
        .seed = random_derive(seed, TWIN_GUEST_LABEL),
    };
    twin_memory_init(&pair->twin.memory, &pair->guest);
}

static void pair_release(struct pair *pair)
{
    twin_guest_release(&pair->guest);
    twin_memory_release(&pair->twin.memory);
    gsl_rng_free(pair->rng);
}

/* Steps from none over single writes to more than two rounds. */
static void step(struct pair *pair)
{
    const struct scene *scene = pair->scene;
    double cells = (double)(scene->pages * PAGE_SIZE / scene->cell_bytes);
    double write_ns = scene->rate ? 1e9 / (double)scene->rate : (double)scene->write_ns;
    double writes = 2.2 * cells;
    unsigned long kind = gsl_rng_uniform_int(pair->rng, 4);
    if (kind == 0)
        return;
    if (kind == 1)
        writes = 3;
    else if (kind == 2)
        writes /= 10;
    pair->now += (int64_t)(gsl_rng_uniform(pair->rng) * writes * write_ns);
    twin_cycle_advance(&pair->twin, pair->now);
}

static void look_at_dirty(struct pair *pair)
{
    uint64_t count = twin_guest_touch(&pair->guest, pair->now);
    for (uint64_t page = 0; page < pair->scene->pages; page++)
        if (twin_guest_is_dirty(&pair->guest, page) != pair->twin.memory.dirty[page])
            fail_msg("page %ju at %jd ns: twin says %d", (uintmax_t)page, (intmax_t)pair->now,
                     pair->twin.memory.dirty[page]);
    assert_int_equal(count, twin_memory_sync(&pair->twin.memory)); /* so none outside */
    pair->dirty_seen += count;
}

static void look_at_page(struct pair *pair, uint64_t page)
{
    const uint8_t *bytes = twin_guest_page(&pair->guest, page, pair->now);
    const uint8_t *wanted = pair->twin.memory.bytes + page * PAGE_SIZE;
    if (memcmp(bytes, wanted, PAGE_SIZE) != 0)
        fail_msg("page %ju differs at %jd ns", (uintmax_t)page, (intmax_t)pair->now);
    pair->changed_seen += page_store_is_stored(pair->guest.memory, pair->guest.first_page + page);
}

static void run(const struct scene *scene, unsigned looks, uint64_t seed)
{
    struct pair pair;
    pair_init(&pair, scene, seed);
    for (unsigned look = 0; look < looks; look++) {
        step(&pair);
        switch (gsl_rng_uniform_int(pair.rng, 4)) {
        case 0:
            look_at_dirty(&pair);
            break;
        case 1:
            for (uint64_t page = 0; page < scene->pages; page++)
                look_at_page(&pair, page);
            break;
        default:
            look_at_page(&pair, gsl_rng_uniform_int(pair.rng, scene->pages));
        }
    }
    for (uint64_t page = 0; page < scene->pages; page++)
        look_at_page(&pair, page);
    assert_true(pair.dirty_seen > 0 && pair.changed_seen > 0);
    pair_release(&pair);
}

static void test_every_look(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++)
        for (uint64_t seed = 1; seed <= 3; seed++)
            run(&SCENES[i], 150, seed);
}

/* 255, 256 and more visits to a cell between two looks: bytes go round. */
static void test_wrap(void **state)
{
    (void)state;
    static const struct scene scene = {"stride", 2, 4096, 1000, 60, "guest"};
    struct pair pair;
    pair_init(&pair, &scene, 1);
    static const int64_t visits[] = {255, 256, 257, 1, 512, 1000};
    for (size_t i = 0; i < sizeof visits / sizeof *visits; i++) {
        pair.now += visits[i] * 2 * 1000000;
        twin_cycle_advance(&pair.twin, pair.now);
        look_at_dirty(&pair);
        look_at_page(&pair, 0);
        look_at_page(&pair, 1);
    }
    pair_release(&pair);
}

/* Seed and label are the bytes' in kind sequential, and nothing's in kind stride. */
static void test_seed(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        uint8_t bytes[2][16 * PAGE_SIZE];
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct twin_guest guest;
            twin_guest_init(&guest, kind ? "stride" : "sequential", "region=64K fill=zero", seed);
            twin_guest_pages(&guest, 1000000000, bytes[seed - 1]);
            twin_guest_release(&guest);
        }
        assert_int_equal(memcmp(bytes[0], bytes[1], sizeof bytes[0]) == 0, kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_look),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
