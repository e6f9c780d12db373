/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/bytes.h"
#include "workloads/kinds.h"
#include "workloads/lab_generator.h"
#include "workloads/pace.h"

#include <stdlib.h>
#include <string.h>

/*
 * The bare-metal guest of the QEMU laboratory (scripts/qemu-lab), write by write: what measured
 * migrations are compared with. It is woken by a timer interrupt of its own clock and then does all
 * writes that are due, as the real guest does; what it missed because its vCPU did not run, it
 * makes up for. Unpaced, it writes without a pause. The first write to a page that is clean in the
 * dirty log may cost more than the others.
 *
 *     timer   |         |         |         |
 *     writes  xxx       xxx       xxxx      xxx        rate / 1000.15 each
 */
struct lab_options {
    struct workload_region region;
    unsigned pattern; /* enum lab_pattern */
    uint64_t write_size, stride;
    struct pace pace;
    int64_t first_write_ns;
};

static const struct option LAB_OPTIONS[] = {
    {"pattern", OPTION_WORD, offsetof(struct lab_options, pattern), "random",
     .help = "where the writes go", .words = lab_pattern_names},
    {"write-size", OPTION_SIZE, offsetof(struct lab_options, write_size), "64B",
     .help = "bytes of one write, all new; divides a page", .min = 4, .max = PAGE_SIZE},
    {"stride", OPTION_SIZE, offsetof(struct lab_options, stride), "1K",
     .help = "pattern stride: distance between the bytes that are incremented", .min = 1},
    PACE_OPTIONS(struct lab_options, pace),
    {"first-write-time", OPTION_TIME, offsetof(struct lab_options, first_write_ns), "0ns",
     .help = "what the first write to a page after a sync costs more", .max = 1000000},
    {0},
};

/* The PC's timer chip: 1193182 Hz divided by 1193. */
#define TIMER_HZ      1193182u
#define TIMER_DIVISOR 1193u
#define NS_PER_S      1000000000u

struct workload {
    const struct lab_options *options;
    struct page_store *memory;
    uint64_t first_page;
    struct lab_generator generator;
    const int64_t *clock_ns;
    uint64_t done;     /* writes so far */
    int64_t ran_ns;    /* guest time up to which the vCPU has written or waited */
    uint64_t *written; /* pages of the region written since the last touch */
};

static bool lab_check(void *options, struct error *error)
{
    const struct lab_options *o = options;
    if (PAGE_SIZE % o->write_size || o->write_size % 4)
        return error_set(error, "write-size must be a multiple of 4 that divides a page");
    if (o->pattern == LAB_ZIPF && !lab_pages_fit_zipf(o->region.bytes / PAGE_SIZE))
        return error_set(error, "pattern zipf wants a region of 2^n pages, up to 2^20");
    return true;
}

static struct workload *lab_create(const void *options, const struct workload_env *env,
                                   struct error *error)
{
    (void)error;
    const struct lab_options *o = options;
    uint64_t pages = o->region.bytes / PAGE_SIZE;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    workload->options = o;
    workload->memory = env->memory;
    workload->first_page = env->first_page;
    workload->clock_ns = env->clock_ns;
    lab_generator_init(&workload->generator, (enum lab_pattern)o->pattern, pages, o->write_size,
                       o->stride);
    workload->written = bitmap_alloc(pages, "the pages of a workload");
    return workload;
}

/* One write; true if it is the first to its page since the last touch. */
static bool do_write(struct workload *workload)
{
    uint8_t value[PAGE_SIZE];
    struct lab_write write = lab_generator_next(&workload->generator, value);
    uint8_t *bytes = page_store_write(workload->memory, workload->first_page + write.page);
    if (write.increment)
        bytes[write.offset]++;
    else
        memcpy(bytes + write.offset, value, write.size);
    bool first = !bitmap_get(workload->written, write.page);
    bitmap_set(workload->written, write.page);
    workload->done++;
    return first;
}

/* Writes due at the last timer interrupt; unpaced, all that the time allows. */
static uint64_t due(const struct workload *workload)
{
    __extension__ typedef unsigned __int128 wide;
    if (!workload->options->pace.writes_per_s)
        return UINT64_MAX;
    wide ticks = (wide)*workload->clock_ns * TIMER_HZ / ((wide)TIMER_DIVISOR * NS_PER_S);
    return (uint64_t)(ticks * TIMER_DIVISOR * workload->options->pace.writes_per_s / TIMER_HZ);
}

/* Does what is due as far as the vCPU's time reaches; once that is done, the guest halts. */
static void advance(struct workload *workload, int64_t guest_time)
{
    const struct lab_options *options = workload->options;
    uint64_t target = due(workload);
    while (workload->done < target && workload->ran_ns + options->pace.write_ns <= guest_time)
        workload->ran_ns +=
            options->pace.write_ns + (do_write(workload) ? options->first_write_ns : 0);
    if (workload->done == target && workload->ran_ns < guest_time)
        workload->ran_ns = guest_time;
}

static void lab_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    uint64_t pages = workload->generator.pages;
    advance(workload, guest_time);
    for (uint64_t page = bitmap_next(workload->written, 0, pages); page < pages;
         page = bitmap_next(workload->written, page + 1, pages)) {
        bitmap_set(dirty, workload->first_page + page);
        bitmap_clear(workload->written, page);
    }
}

static void lab_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    (void)page_no; /* all pages are always up to date */
    advance(workload, guest_time);
}

static void lab_destroy(struct workload *workload)
{
    lab_generator_release(&workload->generator);
    free(workload->written);
    free(workload);
}

const struct workload_ops workload_lab = {
    .name = "lab",
    .help = "the bare-metal guest of scripts/qemu-lab, write by write: for validation",
    .options = LAB_OPTIONS,
    .options_size = sizeof(struct lab_options),
    .check = lab_check,
    .create = lab_create,
    .touch = lab_touch,
    .materialise = lab_materialise,
    .destroy = lab_destroy,
};
