/* SPDX-License-Identifier: MIT */
/*
 * The formats side by side, as the tables of docs/codec.md: bench_formats [--sizes]
 *
 * Sizes are means over the same pages on every machine; zstd (level 1, as QEMU's multifd has it) is
 * taken from the system at run time, since libmigcodec must not need it. Times are medians of the
 * ns of a page, for 64 pairs in shuffled order; --sizes leaves them out. v5 and zstd include what
 * they need besides: the xor, and for zstd's decoder the xor back onto the page.
 */
#define _DEFAULT_SOURCE /* MADV_HUGEPAGE */

#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

#include "codec/bench/page_sets.h"
#include "codec/xbrle.h"

enum { SAMPLES = 9, COSTS = 9, ROOM = 2 * PAGE, LEVEL = 1 };

/* Of libzstd's stable interface. */
static struct {
    void *context, *decoder;
    size_t (*compress)(void *, void *, size_t, const void *, size_t, int);
    size_t (*decompress)(void *, void *, size_t, const void *, size_t);
    const char *version;
} zstd;

static uint8_t buffer[ROOM], xored[PAGE];

static void *symbol(void *library, const char *name)
{
    return library ? dlsym(library, name) : NULL;
}

static void zstd_load(void)
{
    void *library = dlopen("libzstd.so.1", RTLD_NOW), *found;
    void *(*create)(void) = NULL;
    const char *(*version)(void) = NULL;

    /* A pointer to data is no pointer to a function in C; POSIX says that it is here. */
#define TAKE(pointer, name)                                                                        \
    do {                                                                                           \
        found = symbol(library, name);                                                             \
        memcpy(&(pointer), &found, sizeof(found));                                                 \
    } while (0)
    TAKE(create, "ZSTD_createCCtx");
    zstd.context = create ? create() : NULL;
    TAKE(create, "ZSTD_createDCtx");
    zstd.decoder = create ? create() : NULL;
    TAKE(zstd.compress, "ZSTD_compressCCtx");
    TAKE(zstd.decompress, "ZSTD_decompressDCtx");
    TAKE(version, "ZSTD_versionString");
    if (zstd.context && zstd.decoder && zstd.compress && zstd.decompress && version)
        zstd.version = version();
}

static void make_xor(const uint8_t *old_page, const uint8_t *new_page)
{
    for (size_t i = 0; i < PAGE; i++)
        xored[i] = old_page[i] ^ new_page[i];
}

static size_t size_zstd(const uint8_t *old_page, const uint8_t *new_page, bool *ret_refused)
{
    (void)ret_refused; /* what is longer than the page is said as it is */
    make_xor(old_page, new_page);
    return zstd.compress(zstd.context, buffer, sizeof(buffer), xored, PAGE, LEVEL);
}

static void print_sizes(void)
{
    printf("| change | XBZRLE | v5 XBRLE | zstd of the xor |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < PATTERNS; i++) {
        char row[160], cell[64] = "-";
        pattern_row(&page_patterns[i], row, sizeof(row));
        if (zstd.version)
            pattern_cell(pattern_size(&page_patterns[i], size_zstd), cell, sizeof(cell));
        printf("%s %s |\n", row, cell);
    }
}

/* One page of a set. For the decoders its encoding is at `delta`, `size` long. */
struct step {
    const uint8_t *old_page, *new_page, *delta;
    uint8_t *cached;
    size_t size;
};

static volatile size_t run_time_page = PAGE;
static volatile int sink;

static void step_memcmp(const struct step *step)
{
    sink = memcmp(step->old_page, step->cached, run_time_page);
}

static void step_memcpy(const struct step *step)
{
    memcpy(buffer, step->old_page, run_time_page);
}

static void step_xbzrle(const struct step *step)
{
    size_t size;

    xbzrle_encode(step->old_page, step->new_page, PAGE, buffer, PAGE, &size);
}

static void step_xbzrle_decode(const struct step *step)
{
    sink = xbzrle_decode(step->delta, step->size, step->cached, PAGE);
}

static void step_xbzrle_checked(const struct step *step)
{
    sink = xbzrle_decode_checked(step->delta, step->size, step->cached, PAGE);
}

static void step_xbrle(const struct step *step)
{
    size_t size;

    xbrle_encode(step->old_page, step->new_page, PAGE, buffer, PAGE, &size);
}

static void step_xbrle_decode(const struct step *step)
{
    sink = xbrle_decode(step->delta, step->size, step->cached, PAGE);
}

static void step_zstd(const struct step *step)
{
    bool refused;

    sink = (int)size_zstd(step->old_page, step->new_page, &refused);
}

static void step_zstd_decode(const struct step *step)
{
    zstd.decompress(zstd.decoder, xored, PAGE, step->delta, step->size);
    for (size_t i = 0; i < PAGE; i++)
        step->cached[i] ^= xored[i];
}

enum encoded { AS_NOTHING, AS_XBZRLE, AS_XBRLE, AS_ZSTD };

static const struct {
    const char *name;
    void (*run)(const struct step *);
    enum encoded of;
} costs[COSTS] = {
    {"memcmp", step_memcmp, AS_NOTHING},
    {"memcpy", step_memcpy, AS_NOTHING},
    {"XBZRLE", step_xbzrle, AS_NOTHING},
    {"decode", step_xbzrle_decode, AS_XBZRLE},
    {"decode checked", step_xbzrle_checked, AS_XBZRLE},
    {"v5 XBRLE", step_xbrle, AS_NOTHING},
    {"v5 decode", step_xbrle_decode, AS_XBRLE},
    {"zstd", step_zstd, AS_NOTHING},
    {"zstd decode", step_zstd_decode, AS_ZSTD},
};

/* The encodings of all pages of the set, for one of the decoders. False: a page is refused. */
static bool encode_all(const struct page_set *set, enum encoded as)
{
    set->delta_at[0] = 0;
    for (size_t i = 0; i < set->pairs; i++) {
        const uint8_t *old_page = set->old_pages + i * PAGE, *new_page = set->new_pages + i * PAGE;
        enum encode_result result = ENCODE_DELTA;
        size_t size = 0;
        bool refused;
        if (as == AS_XBZRLE)
            result = xbzrle_encode(old_page, new_page, PAGE, buffer, PAGE, &size);
        else if (as == AS_XBRLE)
            result = xbrle_encode(old_page, new_page, PAGE, buffer, PAGE, &size);
        else if (as == AS_ZSTD)
            size = size_zstd(old_page, new_page, &refused);
        if (result == ENCODE_OVERFLOW || size > PAGE)
            return false;
        memcpy(set->deltas + set->delta_at[i], buffer, size);
        set->delta_at[i + 1] = set->delta_at[i] + size;
    }
    return true;
}

static double now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Decoders go on from the old page, or back to it by xor: their time is the same. */
static double pass_ns(const struct page_set *set, void (*run)(const struct step *))
{
    double start = now_ns();

    for (size_t i = 0; i < set->order_count; i++) {
        size_t page = set->order[i];
        run(&(struct step){.old_page = set->old_pages + page * PAGE,
                           .new_page = set->new_pages + page * PAGE,
                           .cached = set->cached + page * PAGE,
                           .delta = set->deltas + set->delta_at[page],
                           .size = set->delta_at[page + 1] - set->delta_at[page]});
    }
    return (now_ns() - start) / (double)set->order_count;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_costs_of(struct page_set *set, const struct page_pattern *pattern)
{
    double samples[COSTS][SAMPLES];
    bool refused[COSTS] = {false};

    page_set_fill(set, pattern);
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t k = 0; k < COSTS; k++) {
            refused[k] = (!zstd.version && k >= COSTS - 2) || !encode_all(set, costs[k].of);
            if (refused[k])
                continue;
            memcpy(set->cached, set->old_pages, set->pairs * PAGE);
            samples[k][i] = pass_ns(set, costs[k].run);
        }
    }
    printf("| %s |", pattern->what);
    for (size_t k = 0; k < COSTS; k++) {
        qsort(samples[k], SAMPLES, sizeof(samples[k][0]), compare_doubles);
        if (refused[k])
            printf(" - |");
        else
            printf(" %.0f |", samples[k][SAMPLES / 2]);
    }
    putchar('\n');
}

static void print_costs(void)
{
    struct page_set set;

    printf("\n| ns a page |");
    for (size_t k = 0; k < COSTS; k++)
        printf(" %s |", costs[k].name);
    printf("\n|");
    for (size_t k = 0; k <= COSTS; k++)
        printf(" --- |");
    putchar('\n');
    page_set_create(&set, 64);
    page_set_order(&set, true);
    for (size_t i = 0; i < PATTERNS; i++)
        print_costs_of(&set, &page_patterns[i]);
    page_set_free(&set);
}

int main(int argc, char **argv)
{
    bool sizes_only = argc == 2 && strcmp(argv[1], "--sizes") == 0;

    if (argc > 1 && !sizes_only) {
        fprintf(stderr, "usage: bench_formats [--sizes]\n");
        return 2;
    }
    zstd_load();
    printf("kernel %s, zstd %s\n\n", xbzrle_kernel_best()->name,
           zstd.version ? zstd.version : "not found");
    print_sizes();
    if (!sizes_only)
        print_costs();
    return 0;
}
