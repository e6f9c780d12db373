/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/bytes.h"
#include "base/random.h"
#include "workloads/fresh_content.h"
#include "workloads/kinds.h"
#include "workloads/ring.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * The heap of a copying collector with two generations:
 *
 *     | nursery       | space 0 ............ | space 1 ............ |
 *     | filled in     | old objects, filled  | where they are       |
 *     | order         | from the left        | copied when 0 is full|
 *
 * The program fills the nursery. When it is full, the program stands still and a share of its pages
 * (the survivors) is copied to the end of the old ones; if they do not fit, the live share of the
 * old ones is copied to the other space first, which then is the one in use. A copy begins with the
 * number of times that it has been copied (8 bytes, lowest first), as an object's age does.
 */
struct gc_options {
    struct workload_region region;
    uint64_t allocation_rate, copy_rate, nursery;
    double survivors, live;
    unsigned value;
};

static const struct option GC_OPTIONS[] = {
    {"allocation-rate", OPTION_RATE, offsetof(struct gc_options, allocation_rate), "64MiB/s",
     .help = "new objects while the program runs", .min = 1, .max = 1ull << 36},
    {"nursery", OPTION_SIZE, offsetof(struct gc_options, nursery), "4M",
     .help = "where new objects are made, whole pages; the rest is two spaces for old ones",
     .min = 1 << 16},
    {"survivors", OPTION_SHARE, offsetof(struct gc_options, survivors), "5%",
     .help = "share of the nursery that is copied when it is full"},
    {"live", OPTION_SHARE, offsetof(struct gc_options, live), "60%",
     .help = "share of a full space that is copied to the other"},
    {"copy-rate", OPTION_RATE, offsetof(struct gc_options, copy_rate), "1GiB/s",
     .help = "how fast the collector copies while the program stands still", .min = 1 << 12,
     .max = 1ull << 40},
    {"value", OPTION_WORD, offsetof(struct gc_options, value), "text",
     .help = "what is in the objects", .words = fresh_names},
    {0},
};

enum phase { PHASE_ALLOCATE, PHASE_FULL_COPY, PHASE_MINOR_COPY };

/* What a page of a space holds: a page of the nursery as it was in a lap, and its age. */
struct object {
    uint64_t page, lap, age;
};

struct workload {
    const struct gc_options *options;
    struct page_store *memory;
    struct ring nursery;
    uint64_t first_page, space_pages, survivors;
    struct object *spaces[2];
    uint64_t *stale;   /* pages of both spaces whose bytes are older than their object */
    uint64_t *written; /* pages of both spaces written since the last touch */
    unsigned space;    /* in use */
    uint64_t top;      /* pages of it in use */
    uint64_t allocated;
    enum phase phase;
    int64_t phase_begin_ns;
    uint64_t phase_done; /* bytes allocated or pages copied of it */
    uint64_t live_pages; /* to copy in a full copy */
};

static uint64_t space_pages(const struct gc_options *o)
{
    return (o->region.bytes - o->nursery) / PAGE_SIZE / 2;
}

static uint64_t share_of(uint64_t pages, double share)
{
    return (uint64_t)((double)pages * share);
}

static bool gc_check(void *options, struct error *error)
{
    const struct gc_options *o = options;
    if (o->nursery % PAGE_SIZE)
        return error_set(error, "nursery: not a whole number of pages of %u bytes", PAGE_SIZE);
    if (o->nursery >= o->region.bytes || space_pages(o) == 0)
        return error_set(error, "nursery: it leaves no room in the region for old objects");
    uint64_t space = space_pages(o), survivors = share_of(o->nursery / PAGE_SIZE, o->survivors);
    if (share_of(space, o->live) + survivors > space)
        return error_set(error,
                         "the survivors of a nursery (%" PRIu64 " pages) and the live share do not "
                         "fit one of the two spaces of %" PRIu64 " pages",
                         survivors, space);
    return true;
}

static struct workload *gc_create(const void *options, const struct workload_env *env,
                                  struct error *error)
{
    (void)error;
    const struct gc_options *o = options;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    uint64_t nursery_pages = o->nursery / PAGE_SIZE;
    workload->options = o;
    workload->memory = env->memory;
    workload->first_page = env->first_page + nursery_pages;
    workload->space_pages = space_pages(o);
    workload->survivors = share_of(nursery_pages, o->survivors);
    ring_init(&workload->nursery, env->first_page, nursery_pages,
              random_derive(env->seed, env->label), o->value);
    for (unsigned i = 0; i < 2; i++)
        workload->spaces[i] =
            must_alloc(workload->space_pages, sizeof *workload->spaces[i], "a heap");
    workload->stale = bitmap_alloc(2 * workload->space_pages, "a heap");
    workload->written = bitmap_alloc(2 * workload->space_pages, "a heap");
    return workload;
}

static void put(struct workload *workload, unsigned space, uint64_t page, struct object object)
{
    uint64_t place = space * workload->space_pages + page;
    object.age++;
    workload->spaces[space][page] = object;
    bitmap_set(workload->stale, place);
    bitmap_set(workload->written, place);
}

/* Survivors and the living are spread evenly over what they are taken from. */
static void copy_page(struct workload *workload, uint64_t index)
{
    if (workload->phase == PHASE_MINOR_COPY) {
        uint64_t pages = workload->nursery.pages;
        struct object born = {index * pages / workload->survivors,
                              workload->allocated / (pages * PAGE_SIZE), 0};
        put(workload, workload->space, workload->top + index, born);
        return;
    }
    uint64_t from = index * workload->top / workload->live_pages;
    put(workload, !workload->space, index, workload->spaces[workload->space][from]);
}

static uint64_t phase_size(const struct workload *workload)
{
    switch (workload->phase) {
    case PHASE_ALLOCATE:
        return workload->nursery.pages * PAGE_SIZE;
    case PHASE_FULL_COPY:
        return workload->live_pages;
    case PHASE_MINOR_COPY:
        break;
    }
    return workload->survivors;
}

static void next_phase(struct workload *workload)
{
    switch (workload->phase) {
    case PHASE_ALLOCATE:
        if (workload->top + workload->survivors <= workload->space_pages) {
            workload->phase = PHASE_MINOR_COPY;
        } else {
            workload->phase = PHASE_FULL_COPY;
            workload->live_pages = share_of(workload->top, workload->options->live);
        }
        break;
    case PHASE_FULL_COPY:
        workload->space = !workload->space;
        workload->top = workload->live_pages;
        workload->phase = PHASE_MINOR_COPY;
        break;
    case PHASE_MINOR_COPY:
        workload->top += workload->survivors;
        workload->phase = PHASE_ALLOCATE;
        break;
    }
    workload->phase_done = 0;
}

__extension__ typedef unsigned __int128 wide;

/* Does what of the phase is due; true if that is all of it. */
static bool go_on(struct workload *workload, int64_t guest_time)
{
    bool copies = workload->phase != PHASE_ALLOCATE;
    uint64_t size = phase_size(workload), unit = copies ? PAGE_SIZE : 1;
    uint64_t rate = copies ? workload->options->copy_rate : workload->options->allocation_rate;
    wide due = (wide)(uint64_t)(guest_time - workload->phase_begin_ns) * rate / 1000000000u / unit;
    uint64_t done = due < size ? (uint64_t)due : size;
    if (copies)
        for (uint64_t i = workload->phase_done; i < done; i++)
            copy_page(workload, i);
    else
        workload->allocated += done - workload->phase_done;
    workload->phase_done = done;
    if (done < size)
        return false;
    workload->phase_begin_ns += (int64_t)(((wide)size * unit * 1000000000u + rate - 1) / rate);
    return true;
}

static void advance(struct workload *workload, int64_t guest_time)
{
    while (go_on(workload, guest_time))
        next_phase(workload);
}

static void gc_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    uint64_t pages = 2 * workload->space_pages;
    advance(workload, guest_time);
    ring_touch(&workload->nursery, workload->allocated, dirty);
    for (uint64_t page = bitmap_next(workload->written, 0, pages); page < pages;
         page = bitmap_next(workload->written, page + 1, pages)) {
        bitmap_set(dirty, workload->first_page + page);
        bitmap_clear(workload->written, page);
    }
}

static void gc_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    uint64_t page = page_no - workload->first_page, size = workload->space_pages;
    advance(workload, guest_time);
    if (page_no < workload->first_page) {
        ring_materialise(&workload->nursery, workload->allocated, page_no, workload->memory);
        return;
    }
    if (page >= 2 * size || !bitmap_get(workload->stale, page))
        return;
    const struct object *object = &workload->spaces[page / size][page % size];
    uint8_t *bytes = page_store_replace(workload->memory, page_no);
    fresh_content(workload->nursery.fresh, workload->nursery.seed, object->page, object->lap, bytes,
                  PAGE_SIZE);
    bytes_put_le64(bytes, object->age);
    bitmap_clear(workload->stale, page);
}

static void gc_destroy(struct workload *workload)
{
    ring_release(&workload->nursery);
    free(workload->spaces[0]);
    free(workload->spaces[1]);
    free(workload->stale);
    free(workload->written);
    free(workload);
}

const struct workload_ops workload_gc = {
    .name = "gc",
    .help = "fills a nursery, copies survivors, at times all that lives: Java, .NET, Go, "
            "JavaScript",
    .options = GC_OPTIONS,
    .options_size = sizeof(struct gc_options),
    .check = gc_check,
    .create = gc_create,
    .touch = gc_touch,
    .materialise = gc_materialise,
    .destroy = gc_destroy,
};
