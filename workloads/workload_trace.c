/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/random.h"
#include "codec/zero_page.h"
#include "workloads/kinds.h"
#include "workloads/trace_reader.h"
#include "workloads/trace_replay.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a real program wrote, from a recorded trace. Not lazy: every call brings the whole region up
 * to date, at a cost that follows the changes recorded.
 */
struct trace_options {
    struct workload_region region;
    char *file;
    uint64_t speed;
    bool loop;
    /* Settled by trace_check. */
    bool has_image;
    struct trace_extent extent;
};

static const struct option TRACE_OPTIONS[] = {
    {"file", OPTION_TEXT, offsetof(struct trace_options, file),
     .help = "the recorded trace (.mgt); its pages are the region", .path = true},
    {"speed", OPTION_COUNT, offsetof(struct trace_options, speed), "100",
     .help = "percent of the recorded speed", .min = 1, .max = 1000000},
    {"loop", OPTION_SWITCH, offsetof(struct trace_options, loop), "on",
     .help = "begin again at the trace's end; off: the guest is idle from then on"},
    {0},
};

/* Every lap is played in full, however many a simulated second has. */
#define LOOP_LEAST_NS 1000000

struct workload {
    struct trace_replay *replay;
    struct page_store *memory;
    uint64_t first_page, pages, speed;
    uint64_t *written; /* pages of the region changed since the last touch */
};

/* Reads the whole file, so that nothing can go wrong with it in the middle of a run. */
static bool trace_check(void *options, struct error *error)
{
    struct trace_options *o = options;
    struct trace_header header;
    if (!o->file[0])
        return error_set(error, "kind trace needs a 'file'");
    if (!trace_verify(o->file, &header, &o->extent, error))
        return false;
    if (o->extent.pages == 0)
        return error_set(error, "%s: the trace has no pages", o->file);
    o->has_image = header.has_image;
    o->region.bytes = (uint64_t)o->extent.pages * PAGE_SIZE;
    if (header.has_image && o->region.fill == FILL_GUEST)
        o->region.fill = FILL_ZERO;
    if (header.has_image && o->region.fill != FILL_ZERO)
        return error_set(error,
                         "fill = %s: the trace %s brings an image of its memory, so leave it out",
                         fill_names[o->region.fill], o->file);
    if (o->loop && o->extent.epochs > 0 &&
        (double)o->extent.end_ns * 100 / (double)o->speed < LOOP_LEAST_NS)
        return error_set(error,
                         "%s: at this speed the trace lasts less than 1 ms, too short for "
                         "loop = on",
                         o->file);
    return true;
}

static void apply(void *context, const struct trace_change *change)
{
    struct workload *workload = context;
    assert(change->page_no < workload->pages);
    bitmap_set(workload->written, change->page_no);
    if (change->form != TRACE_REWRITTEN)
        trace_change_apply(
            change, page_store_write(workload->memory, workload->first_page + change->page_no));
}

/* The image says what is not zero; the guest's own content of the region must not shine through. */
static void clear_region(struct workload *workload)
{
    uint8_t scratch[PAGE_SIZE];
    for (uint64_t i = workload->first_page; i < workload->first_page + workload->pages; i++) {
        if (!zero_page(page_store_read(workload->memory, i, scratch), PAGE_SIZE))
            memset(page_store_replace(workload->memory, i), 0, PAGE_SIZE);
    }
}

static void trace_destroy(struct workload *workload)
{
    trace_replay_destroy(workload->replay);
    free(workload->written);
    free(workload);
}

static struct workload *trace_create(const void *options, const struct workload_env *env,
                                     struct error *error)
{
    const struct trace_options *o = options;
    assert(o->extent.pages > 0 && o->region.bytes == (uint64_t)o->extent.pages * PAGE_SIZE);
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    workload->memory = env->memory;
    workload->first_page = env->first_page;
    workload->pages = o->extent.pages;
    workload->speed = o->speed;
    workload->written = bitmap_alloc(workload->pages, "a workload's written pages");
    if (o->has_image)
        clear_region(workload);
    struct trace_replay_options replay = {
        .file = o->file,
        .epochs = o->extent.epochs,
        .end_ns = o->extent.end_ns,
        .seed = random_derive(env->seed, env->label),
        .loop = o->loop,
        .apply = apply,
        .context = workload,
    };
    workload->replay = trace_replay_create(&replay, error);
    if (!workload->replay) {
        trace_destroy(workload);
        return NULL;
    }
    /* The image was there before anyone wrote. */
    memset(workload->written, 0, BITMAP_WORDS(workload->pages) * sizeof *workload->written);
    return workload;
}

__extension__ typedef unsigned __int128 wide;

static void advance(struct workload *workload, int64_t guest_time)
{
    wide trace_ns = (wide)(uint64_t)guest_time * workload->speed / 100;
    trace_replay_advance(workload->replay, trace_ns > INT64_MAX ? INT64_MAX : (int64_t)trace_ns);
}

static void trace_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    advance(workload, guest_time);
    for (uint64_t i = bitmap_next(workload->written, 0, workload->pages); i < workload->pages;
         i = bitmap_next(workload->written, i + 1, workload->pages))
        bitmap_set(dirty, workload->first_page + i);
    memset(workload->written, 0, BITMAP_WORDS(workload->pages) * sizeof *workload->written);
}

static void trace_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    (void)page_no;
    advance(workload, guest_time);
}

const struct workload_ops workload_trace = {
    .name = "trace",
    .help = "what a recorded program really wrote (migsim record); region follows from the trace",
    .options = TRACE_OPTIONS,
    .options_size = sizeof(struct trace_options),
    .check = trace_check,
    .create = trace_create,
    .touch = trace_touch,
    .materialise = trace_materialise,
    .destroy = trace_destroy,
};
