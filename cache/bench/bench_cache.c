/* SPDX-License-Identifier: MIT */
/*
 * What a cache costs a page: bench_cache [--quick]
 *
 * Per policy, size and order, in turn: memcpy of one page to where the cache would put it, insert
 * of a page that puts out another, lookup of a page that is there, once after the copies have swept
 * the processor's caches and once again, the same with page_cache_prefetch, lookup of a page that
 * is not there. The copies read and
 * write the same addresses in the same order, so the ratio is the cost of finding the slot. Each
 * figure is the median of the samples, with half the distance of their quartiles; the ratio is the
 * median of each sample's own.
 */
#include "cache/cache_memory.h"
#include "cache/page_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 4096, SAMPLES_MAX = 32, KINDS = 6, AHEAD = 16 };

struct bench {
    const struct page_cache_policy *policy;
    struct page_cache *cache;
    uint64_t slots;
    const uint8_t *source;
    const uint32_t *order;
    uint8_t **target;        /* where the last insert put the i-th page of the order */
    uint64_t base, now;      /* pages base .. base + slots - 1 are in the cache */
    uint64_t missed, passes; /* passes: over all slots, in one sample */
};

/* Time on the processor: what others take from us on a busy machine is not counted. */
static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static const uint8_t *source_of(const struct bench *bench, uint64_t i)
{
    return bench->source + (size_t)bench->order[i] * PAGE;
}

/* The size is read at run time, as the cache does it: a constant one makes gcc expand the copy. */
static void pass_memcpy(struct bench *bench)
{
    volatile size_t page_size = PAGE;
    for (uint64_t i = 0; i < bench->slots; i++)
        memcpy(bench->target[i], source_of(bench, i), page_size);
}

static void pass_insert(struct bench *bench)
{
    bench->base += bench->slots;
    bench->now += 2; /* old enough for every policy */
    for (uint64_t i = 0; i < bench->slots; i++) {
        uint64_t page_no = bench->base + bench->order[i];
        bench->target[i] =
            page_cache_insert(bench->cache, page_no, source_of(bench, i), bench->now);
    }
}

static void lookups(struct bench *bench, uint64_t base)
{
    uint64_t missed = 0;
    for (uint64_t i = 0; i < bench->slots; i++)
        missed += !page_cache_lookup(bench->cache, base + bench->order[i], bench->now);
    bench->missed += missed;
}

static void pass_hit(struct bench *bench)
{
    lookups(bench, bench->base);
}

/* The same, with the directory asked for AHEAD pages before. */
static void pass_hit_ahead(struct bench *bench)
{
    uint64_t missed = 0;
    for (uint64_t i = 0; i < bench->slots; i++) {
        if (i + AHEAD < bench->slots)
            page_cache_prefetch(bench->cache, bench->base + bench->order[i + AHEAD]);
        missed += !page_cache_lookup(bench->cache, bench->base + bench->order[i], bench->now);
    }
    bench->missed += missed;
}

static void pass_miss(struct bench *bench)
{
    lookups(bench, bench->base + bench->slots);
}

static void (*const passes[KINDS])(struct bench *) = {pass_memcpy, pass_insert,    pass_hit,
                                                      pass_hit,    pass_hit_ahead, pass_miss};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

static void print_row(const struct bench *bench, const char *order, double ns[KINDS][SAMPLES_MAX],
                      size_t samples)
{
    printf("%-12s %7llu %-8s", page_cache_policy_name(bench->policy),
           (unsigned long long)bench->slots, order);
    double ratio[SAMPLES_MAX];
    for (size_t sample = 0; sample < samples; sample++)
        ratio[sample] = ns[1][sample] / ns[0][sample];
    for (size_t kind = 0; kind < KINDS; kind++) {
        double middle = median(ns[kind], samples);
        double quartiles = ns[kind][samples * 3 / 4] - ns[kind][samples / 4];
        printf(" %8.1f +-%5.1f", middle, quartiles / 2);
    }
    printf("  %6.2f\n", median(ratio, samples));
    fflush(stdout);
}

static bool run(struct bench *bench, const char *order, size_t samples)
{
    if (page_cache_create(bench->policy, bench->slots * PAGE, PAGE, &bench->cache) != PAGE_CACHE_OK)
        return false;
    bench->passes = bench->slots < 16384 ? 16384 / bench->slots : 1;
    pass_insert(bench);
    pass_insert(bench);
    bench->missed = 0;
    double ns[KINDS][SAMPLES_MAX];
    for (size_t sample = 0; sample < samples; sample++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            uint64_t start = now_ns();
            for (uint64_t pass = 0; pass < bench->passes; pass++)
                passes[kind](bench);
            ns[kind][sample] = (double)(now_ns() - start) / (double)(bench->passes * bench->slots);
        }
    }
    bool sound = bench->missed == samples * bench->passes * bench->slots; /* all of pass_miss */
    page_cache_destroy(bench->cache);
    print_row(bench, order, ns, samples);
    return sound;
}

static void shuffle(uint32_t *order, uint64_t count)
{
    uint64_t random = 1;
    for (uint64_t i = count - 1; i > 0; i--) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t other = (random >> 32) % (i + 1);
        uint32_t saved = order[i];
        order[i] = order[other];
        order[other] = saved;
    }
}

static bool run_size(uint64_t slots, size_t samples)
{
    uint8_t *source = cache_memory_map(slots * PAGE);
    uint32_t *order = malloc(slots * sizeof(*order));
    uint8_t **target = calloc(slots, sizeof(*target));
    bool sound = source && order && target;
    if (sound)
        memset(source, 1, slots * PAGE);
    for (unsigned shuffled = 0; sound && shuffled < 2; shuffled++) {
        for (uint32_t i = 0; i < slots; i++)
            order[i] = i;
        if (shuffled)
            shuffle(order, slots);
        for (size_t i = 0; sound && page_cache_policies[i]; i++) {
            struct bench bench = {.policy = page_cache_policies[i],
                                  .slots = slots,
                                  .source = source,
                                  .order = order,
                                  .target = target};
            sound = run(&bench, shuffled ? "shuffled" : "in order", samples);
        }
    }
    free(target);
    free(order);
    cache_memory_unmap(source, slots * PAGE);
    return sound;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    const uint64_t slots[] = {64, 2048, quick ? 16384 : 262144}; /* L2, beyond it, memory */
    printf("ns a page of %d bytes\n%-12s %7s %-8s %16s %16s %16s %16s %16s %16s  %6s\n", PAGE,
           "policy", "slots", "order", "memcpy", "insert", "hit, swept", "hit again",
           "hit, prefetch", "miss", "ins/cpy");
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        if (!run_size(slots[i], quick ? 5 : 15)) {
            fprintf(stderr, "bench_cache: no memory, or lookups went wrong\n");
            return 1;
        }
    }
    return 0;
}
