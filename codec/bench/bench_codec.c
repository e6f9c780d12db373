/* SPDX-License-Identifier: MIT */
/*
 * What the codec costs a page: bench_codec [--quick] [--memory MIB] [--set NAME] [--pattern NAME]
 *                                          [--targets]
 *
 * Sets of page pairs that fit the second cache (64 pairs), do not (2048), and lie in memory (MIB of
 * old and MIB of new pages, 1024 unless told), in order and shuffled, with ten patterns of change.
 * All variants of one case take turns, sample by sample. A figure is the median of the samples;
 * "+-" is half the distance of their quartiles; a ratio is the median of the ratios within each
 * turn. GB/s are bytes of new pages. memcmp compares two equal pages of the set, memcpy copies one
 * page of the set to a private one.
 *
 * --targets prints, at the end, the project's aims (for processors with AVX-512) and what was had;
 * --quick --targets takes a minute, a whole run eight. "plain" is what one writes without further
 * thought, see plain_codec.h. In the set L2 every delta comes round many times, and a good branch
 * predictor knows them by heart: what a branch costs shows in the larger sets.
 */
#define _DEFAULT_SOURCE /* MADV_HUGEPAGE */

#include <stdio.h>
#include <time.h>

#include "codec/bench/codec_passes.h"

enum { SAMPLES_MAX = 41, SETS = 3 };

struct figure {
    double ns, spread_ns, to_memcmp, to_memcpy;
};

/* One case: a set in one order with one pattern. */
struct result {
    struct figure figures[VARIANTS_MAX];
    double samples[VARIANTS_MAX][SAMPLES_MAX];
    bool measured;
};

static const struct {
    const char *name;
    size_t pairs; /* 0: as many as --memory says */
} sets[SETS] = {{"L2", 64}, {"beyond-L2", 2048}, {"memory", 0}};

static struct result results[SETS][2][PATTERNS];

/* Time on the processor: what others take from us on a busy machine is not counted. */
static double now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Two passes: an even number of turns, which leaves the cached pages as they were. */
static double sample_ns(const struct variant *variant, struct page_set *set)
{
    double start = now_ns();

    variant->pass(set, variant->kernel);
    variant->pass(set, variant->kernel);
    return (now_ns() - start) / (2.0 * (double)set->order_count);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(const double *values, size_t count, double share)
{
    double sorted[SAMPLES_MAX];

    memcpy(sorted, values, count * sizeof(*values));
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    return sorted[(size_t)(share * (double)(count - 1) + 0.5)];
}

static double ratio_to(const struct result *result, size_t of, size_t to, size_t samples)
{
    double ratios[SAMPLES_MAX];

    for (size_t i = 0; i < samples; i++)
        ratios[i] = result->samples[to][i] / result->samples[of][i];
    return quantile(ratios, samples, 0.5);
}

static void measure(struct result *result, struct page_set *set, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        /* The turn begins elsewhere each time: who comes first finds what the last one left. */
        for (size_t k = 0; k < variant_count; k++) {
            size_t v = (k + i * 5) % variant_count;
            result->samples[v][i] = sample_ns(&variants[v], set);
        }
    }
    for (size_t v = 0; v < variant_count; v++) {
        struct figure *figure = &result->figures[v];
        const double *values = result->samples[v];
        figure->ns = quantile(values, samples, 0.5);
        figure->spread_ns = (quantile(values, samples, 0.75) - quantile(values, samples, 0.25)) / 2;
        figure->to_memcmp = ratio_to(result, v, 0, samples);
        figure->to_memcpy = ratio_to(result, v, 1, samples);
    }
    result->measured = true;
}

static void print_result(const struct result *result, size_t pairs, const char *set, bool shuffled,
                         const char *pattern, size_t delta_bytes)
{
    printf("\n%s (%zu pairs), %s, %s: %.0f bytes a delta\n", set, pairs,
           shuffled ? "shuffled" : "in order", pattern, (double)delta_bytes / (double)pairs);
    printf("  %-24s %9s %8s %7s %9s %9s\n", "variant", "ns/page", "+-", "GB/s", "x memcmp",
           "x memcpy");
    for (size_t v = 0; v < variant_count; v++) {
        const struct figure *figure = &result->figures[v];
        printf("  %-24s %9.1f %8.1f %7.1f %9.2f %9.2f\n", variants[v].name, figure->ns,
               figure->spread_ns, PAGE / figure->ns, figure->to_memcmp, figure->to_memcpy);
    }
    fflush(stdout);
}

static size_t find_variant(const char *name)
{
    for (size_t v = 0; v < variant_count; v++) {
        if (strcmp(variants[v].name, name) == 0)
            return v;
    }
    return variant_count;
}

/* An aim: variant `of` is at least `least` times as fast as `to`, or has `least` GB/s if that is
 * "". */
struct target {
    const char *patterns; /* names between spaces */
    const char *of, *to;
    double least;
    int sets;  /* bits */
    int order; /* 0, 1, or 2 for both */
};

#define SPARSE " equal 4-byte byte-a-kib 1% four-runs "

static const struct target targets[] = {
    {" equal 4-byte ", "encode avx512", "memcmp", 1.15, 1, 0},
    {" 1% byte-a-kib four-runs ", "encode avx512", "memcmp", 0.7, 1, 0},
    {" 5% ", "encode avx512", "memcmp", 0.36, 1, 0},
    {" 20% ", "encode avx512", "memcmp", 0.24, 1, 0},
    {" random ", "encode avx512", "memcmp", 0.48, 1, 0},
    {" 5% 20% ", "encode avx512", "", 12, 2, 0},
    {SPARSE, "encode avx512", "memcmp", 0.95, 4, 0},
    {SPARSE, "batch", "encode avx512", 1.4, 4, 1},
    {SPARSE, "fused avx512", "copy-encode-copy avx512", 2, 1, 0},
    {SPARSE, "fused avx512", "copy-encode-copy avx512", 1.3, 4, 0},
    {" 1% 5% 20% ", "decode avx512", "decode plain", 1.8, 7, 2},
    {" 4-byte byte-a-kib four-runs half every-4th ", "decode avx512", "decode plain", 1, 7, 2},
    {SPARSE " 5% 20% half random ", "encode avx2", "encode avx512", 0.5, 3, 0},
};

static bool names_pattern(const struct target *target, const char *pattern)
{
    char name[32];

    snprintf(name, sizeof(name), " %s ", pattern);
    return strstr(target->patterns, name) != NULL;
}

static void print_target(const struct target *target, const struct result *result, size_t set,
                         int order, size_t pattern, size_t samples)
{
    size_t of = find_variant(target->of), to = find_variant(target->to);

    if (!result->measured || of == variant_count)
        return;
    double got = target->to[0] ? ratio_to(result, of, to, samples) : PAGE / result->figures[of].ns;
    printf("  %-10s %-9s %-10s %-14s %s %-24s %6.2f of %5.2f  %s\n", sets[set].name,
           order ? "shuffled" : "in order", page_patterns[pattern].name, target->of,
           target->to[0] ? "to" : "in", target->to[0] ? target->to : "GB/s", got, target->least,
           got >= target->least ? "met" : "MISSED");
}

static void print_targets(const size_t samples[SETS])
{
    printf("\ntargets\n");
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        for (size_t set = 0; set < SETS; set++) {
            for (int order = 0; order < 2; order++) {
                for (size_t k = 0; k < PATTERNS; k++) {
                    if ((targets[i].sets >> set & 1) &&
                        names_pattern(&targets[i], page_patterns[k].name) &&
                        (targets[i].order == 2 || targets[i].order == order))
                        print_target(&targets[i], &results[set][order][k], set, order, k,
                                     samples[set]);
                }
            }
        }
    }
}

struct options {
    bool quick, targets;
    size_t memory_mib;
    const char *set, *pattern;
};

static bool parse_options(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            options->quick = true;
        else if (strcmp(argv[i], "--targets") == 0)
            options->targets = true;
        else if (i + 1 < argc && strcmp(argv[i], "--memory") == 0)
            options->memory_mib = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--set") == 0)
            options->set = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--pattern") == 0)
            options->pattern = argv[++i];
        else
            return false;
    }
    if (options->memory_mib == 0)
        options->memory_mib = options->quick ? 128 : 1024;
    return true;
}

static void run_set(const struct options *options, size_t which, size_t samples)
{
    struct page_set set;

    page_set_create(&set, sets[which].pairs ? sets[which].pairs
                                            : options->memory_mib * 1024 * 1024 / PAGE);
    for (size_t k = 0; k < PATTERNS; k++) {
        if (options->pattern && strcmp(options->pattern, page_patterns[k].name) != 0)
            continue;
        page_set_fill(&set, &page_patterns[k]);
        for (int shuffled = 0; shuffled < 2; shuffled++) {
            struct result *result = &results[which][shuffled][k];
            page_set_order(&set, shuffled != 0);
            measure(result, &set, samples);
            print_result(result, set.pairs, sets[which].name, shuffled != 0, page_patterns[k].name,
                         set.delta_at[set.pairs]);
        }
    }
    page_set_free(&set);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    size_t samples[SETS];

    if (!parse_options(&options, argc, argv)) {
        fprintf(stderr, "usage: bench_codec [--quick] [--targets] [--memory MIB] [--set NAME] "
                        "[--pattern NAME]\n");
        return 2;
    }
    make_variants();
    printf("best kernel: %s\n", xbzrle_kernel_best()->name);
    for (size_t i = 0; i < SETS; i++) {
        samples[i] = sets[i].pairs ? (options.quick ? 9 : SAMPLES_MAX) : (options.quick ? 3 : 5);
        if (!options.set || strcmp(options.set, sets[i].name) == 0)
            run_set(&options, i, samples[i]);
    }
    if (options.targets)
        print_targets(samples);
    return 0;
}
