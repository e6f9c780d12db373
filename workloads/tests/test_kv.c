/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"
#include "base/random.h"
#include "workloads/kv_store.h"
#include "workloads/tests/twin_pair.h"
#include "workloads/tests/twin_statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Kind kv against its twin that writes every value at once, and the laws of sizes and keys. */
__extension__ typedef unsigned __int128 wide;

#define KEYS 4096

struct scene {
    const char *settings;
    uint64_t rate, value_size;
    double spread, exponent;
    bool log;
    unsigned fresh;
    /* state */
    uint64_t seed, done, keys, sizes[KEYS], places[KEYS], versions[KEYS], appended, index_pages;
    uint32_t things[KEYS];
    gsl_ran_discrete_t *ranks;
    gsl_rng *rng;
};

static void scene_start(struct scene *scene, const struct twin_pair *pair)
{
    gsl_rng *sizes = random_stream_create(scene->seed, "sizes");
    double bytes = (double)pair->guest.pages * PAGE_SIZE, used = 0, weights[KEYS];
    double zeta = log((double)scene->value_size) - scene->spread * scene->spread / 2;
    for (;;) {
        double size = round(gsl_ran_lognormal(sizes, zeta, scene->spread));
        size = size < 1 ? 1 : size > bytes / 2 ? bytes / 2 : size;
        if (used + size + (scene->log ? 8 : 0) > (scene->log ? bytes / 2 : bytes))
            break;
        assert_true(scene->keys < KEYS);
        scene->sizes[scene->keys] = (uint64_t)size;
        scene->places[scene->keys++] = (uint64_t)used;
        used += scene->log ? size + 8 : ceil(size / 8) * 8;
    }
    gsl_rng_free(sizes);
    for (uint32_t i = 0; i < scene->keys; i++) {
        scene->things[i] = i;
        weights[i] = pow(i + 1.0, -scene->exponent);
    }
    scene->index_pages = (scene->keys * 8 + PAGE_SIZE - 1) / PAGE_SIZE;
    scene->ranks = gsl_ran_discrete_preproc(scene->keys, weights);
    scene->rng = random_stream_create(scene->seed, "keys");
    gsl_ran_shuffle(scene->rng, scene->things, scene->keys, sizeof *scene->things);
}

static void update_in_place(struct twin_pair *pair, struct scene *scene, uint64_t key)
{
    static uint8_t bytes[1 << 20];
    kv_value(scene->fresh, scene->seed, key, scene->versions[key], 0, scene->sizes[key], bytes);
    for (uint64_t i = 0; i < scene->sizes[key]; i++)
        twin_pair_put(pair, scene->places[key] + i, bytes[i]);
}

static void update_log(struct twin_pair *pair, struct scene *scene, uint64_t key)
{
    uint64_t begin = scene->index_pages * PAGE_SIZE, size = pair->guest.pages * PAGE_SIZE - begin;
    uint8_t content[PAGE_SIZE], entry[8];
    bytes_put_le64(entry, scene->appended);
    for (unsigned i = 0; i < 8; i++)
        twin_pair_put(pair, key * 8 + i, entry[i]);
    for (uint64_t i = 0; i < scene->sizes[key]; i++, scene->appended++) {
        uint64_t at = scene->appended % size;
        if (i == 0 || at % PAGE_SIZE == 0)
            fresh_content(scene->fresh, scene->seed, at / PAGE_SIZE, scene->appended / size + 1,
                          content, PAGE_SIZE);
        twin_pair_put(pair, begin + at, content[at % PAGE_SIZE]);
    }
}

static void advance(struct twin_pair *pair, int64_t time)
{
    struct scene *scene = pair->twin;
    for (; (wide)(scene->done + 1) * 1000000000 <= (wide)time * scene->rate; scene->done++) {
        uint64_t key = scene->things[gsl_ran_discrete(scene->rng, scene->ranks)];
        scene->versions[key]++;
        if (scene->log)
            update_log(pair, scene, key);
        else
            update_in_place(pair, scene, key);
    }
}

static void test_twin(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {.settings = "region=256K",
         .rate = 10000,
         .value_size = 512,
         .spread = 0.5,
         .exponent = 0.99},
        {.settings = "region=400K value-size=9000B size-spread=1.2 exponent=0.5 rate=500 "
                     "value=text",
         .rate = 500,
         .value_size = 9000,
         .spread = 1.2,
         .exponent = 0.5,
         .fresh = FRESH_TEXT},
        {.settings = "region=16K value-size=8B size-spread=0 exponent=2 rate=20k",
         .rate = 20000,
         .value_size = 8,
         .spread = 0,
         .exponent = 2},
        {.settings = "region=512K layout=log value=text rate=3k",
         .rate = 3000,
         .value_size = 512,
         .spread = 0.5,
         .exponent = 0.99,
         .log = true,
         .fresh = FRESH_TEXT},
        {.settings = "region=16K layout=log value-size=10B size-spread=2 exponent=0 rate=30k",
         .rate = 30000,
         .value_size = 10,
         .spread = 2,
         .exponent = 0,
         .log = true},
        {.settings = "region=64K value-size=1M layout=log size-spread=0.1 rate=100",
         .rate = 100,
         .value_size = 1 << 20,
         .spread = 0.1,
         .exponent = 0.99,
         .log = true},
    };
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        static struct scene scene;
        struct twin_pair pair;
        scene = scenes[i];
        scene.seed = random_derive(9, TWIN_GUEST_LABEL);
        twin_pair_init(&pair, "kv", scene.settings, 9);
        if (i < 5)
            scene_start(&scene, &pair);
        if (i == 5) { /* one value of half the region */
            scene.keys = 1, scene.index_pages = 1, scene.sizes[0] = 32768;
            scene.rng = random_stream_create(scene.seed, "keys");
            scene.ranks = gsl_ran_discrete_preproc(1, &scene.exponent);
        }
        pair.advance = advance;
        pair.twin = &scene;
        twin_pair_look(&pair, 100, 4000000000 / (int64_t)scene.rate, 1);
        twin_pair_look(&pair, 100, (int64_t)(200 * 1e9 / (double)scene.rate), 2);
        assert_true(pair.dirty_seen > 100);
        twin_pair_release(&pair);
        gsl_ran_discrete_free(scene.ranks);
        gsl_rng_free(scene.rng);
    }
}

struct span {
    uint64_t begin, end;
};

/* What the one update of a step changed; `before` is brought up to date. */
static struct span changed_bytes(struct twin_guest *guest, int64_t now, uint8_t *before)
{
    struct span span = {UINT64_MAX, 0};
    twin_guest_touch(guest, now);
    for (uint64_t page = 0; page < guest->pages; page++) {
        if (!twin_guest_is_dirty(guest, page))
            continue;
        const uint8_t *bytes = twin_guest_page(guest, page, now);
        uint8_t *old = before + page * PAGE_SIZE;
        for (uint64_t at = 0; at < PAGE_SIZE; at++) {
            if (old[at] == bytes[at])
                continue;
            span.begin = page * PAGE_SIZE + at < span.begin ? page * PAGE_SIZE + at : span.begin;
            span.end = page * PAGE_SIZE + at + 1;
        }
        memcpy(old, bytes, PAGE_SIZE);
    }
    return span;
}

/* Of each value seen, its size: log-normal with the mean that was asked for. */
static void test_sizes(void **state)
{
    (void)state;
    static struct sample sizes;
    static uint64_t longest[1 << 17]; /* by place / 8 */
    static uint8_t before[1 << 20];
    struct twin_guest guest;
    double probability[SAMPLE_BINS], spread = 0.6, zeta = log(400) - spread * spread / 2;
    twin_guest_init(&guest, "kv", "region=1M rate=1k value-size=400B size-spread=0.6 exponent=0",
                    1);
    twin_guest_pages(&guest, 0, before);
    for (int64_t n = 1; n <= 20000; n++) {
        struct span span = changed_bytes(&guest, n * 1000000, before);
        uint64_t *slot = &longest[span.begin / 8]; /* random bytes may be as before at its ends */
        *slot = span.end - span.begin / 8 * 8 > *slot ? span.end - span.begin / 8 * 8 : *slot;
    }
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++)
        if (longest[i])
            sample_add(&sizes, floor((double)longest[i] / 32));
    assert_in_range(sizes.count, 2400, 2700);
    for (unsigned i = 0; i < SAMPLE_BINS; i++)
        probability[i] = gsl_cdf_lognormal_P(i * 32 + 31.5, zeta, spread) -
                         (i ? gsl_cdf_lognormal_P(i * 32 - 0.5, zeta, spread) : 0);
    expect_law("sizes of values", &sizes, probability, SAMPLE_BINS - 2);
    twin_guest_release(&guest);
}

/* The most popular key gets its share of Zipf's law; its updates are found by their place. */
static void test_popularity(void **state)
{
    (void)state;
    enum { UPDATES = 20000, VALUES = 256 };
    static uint8_t before[VALUES * 64];
    unsigned updates[VALUES] = {0}, most = 0;
    struct twin_guest guest;
    twin_guest_init(&guest, "kv", "region=16K rate=1k value-size=64B size-spread=0 exponent=1", 1);
    twin_guest_pages(&guest, 0, before);
    for (int64_t n = 1; n <= UPDATES; n++)
        updates[changed_bytes(&guest, n * 1000000, before).begin / 64]++;
    double sum = 0;
    for (unsigned i = 0; i < VALUES; i++) {
        sum += 1 / (i + 1.0);
        most = updates[i] > most ? updates[i] : most;
    }
    assert_true(fabs(most - UPDATES / sum) < 3.9 * sqrt(UPDATES / sum));
    twin_guest_release(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_popularity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
