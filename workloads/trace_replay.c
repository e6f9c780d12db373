/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/trace_replay.h"

#include "base/random.h"
#include "workloads/trace_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Delta bytes that wait for their moment. An epoch with more is played in windows of time, each
 * found by reading the epoch again: half the window for as long as it does not fit.
 */
#define WINDOW_BYTES (16u << 20)

struct pending {
    int64_t moment;
    size_t at; /* in `bytes` */
    uint32_t page_no, size;
    enum trace_form form;
};

struct trace_replay {
    struct trace_replay_options options;
    struct trace_reader *reader;
    struct trace_mark first; /* before the first epoch */
    uint64_t lap;
    int64_t lap_begin;

    /* The epoch at hand, in times of the trace without laps. */
    bool has_epoch, finished;
    struct trace_epoch epoch;
    struct trace_mark before, after; /* it, in the file */
    int64_t done;                    /* its moments up to here have been handed out */

    bool loaded; /* the window (done, window_end] of the epoch is in memory, in order of moments */
    int64_t window_end;
    struct pending *pending;
    size_t count, next, capacity;
    uint8_t *bytes;
    size_t used, bytes_capacity;
};

int64_t trace_moment(uint64_t seed, uint64_t lap, const struct trace_epoch *epoch, uint32_t page_no)
{
    uint64_t span = (uint64_t)(epoch->end_ns - epoch->begin_ns);
    if (span == 0)
        return epoch->end_ns;
    return epoch->begin_ns + 1 + (int64_t)(random_mix(seed + lap, epoch->number, page_no) % span);
}

/* Damage cannot come up here: the trace was verified as a whole before. */
static enum trace_step must_next(struct trace_replay *replay, struct trace_item *item)
{
    struct error error;
    enum trace_step step = trace_reader_next(replay->reader, item, &error);
    assert(step != TRACE_STEP_DAMAGED && "the trace was changed while it was replayed");
    return step;
}

static bool read_image(struct trace_replay *replay, struct error *error)
{
    struct trace_item item;
    for (;;) {
        struct trace_mark mark = trace_reader_mark(replay->reader);
        switch (trace_reader_next(replay->reader, &item, error)) {
        case TRACE_STEP_IMAGE:
            replay->options.apply(replay->options.context, &item.change);
            break;
        case TRACE_STEP_PLACE:
            break;
        case TRACE_STEP_DAMAGED:
            return false;
        case TRACE_STEP_EPOCH:
        case TRACE_STEP_CHANGE:
        case TRACE_STEP_EPOCH_END:
        case TRACE_STEP_END:
            replay->first = replay->after = mark;
            return true;
        }
    }
}

struct trace_replay *trace_replay_create(const struct trace_replay_options *options,
                                         struct error *error)
{
    struct trace_reader *reader = trace_reader_open(options->file, error);
    if (!reader)
        return NULL;
    struct trace_replay *replay = must_alloc(1, sizeof *replay, "the replay of a trace");
    replay->options = *options;
    replay->reader = reader;
    replay->finished = options->epochs == 0;
    if (!read_image(replay, error)) {
        trace_replay_destroy(replay);
        return NULL;
    }
    return replay;
}

void trace_replay_destroy(struct trace_replay *replay)
{
    if (!replay)
        return;
    trace_reader_close(replay->reader);
    free(replay->pending);
    free(replay->bytes);
    free(replay);
}

/* Goes to the next epoch, of the next lap if need be. False if there is none. */
static bool next_epoch(struct trace_replay *replay)
{
    struct trace_item item;
    enum trace_step step;
    trace_reader_rewind(replay->reader, &replay->after);
    do {
        replay->before = trace_reader_mark(replay->reader);
        step = must_next(replay, &item);
    } while (step == TRACE_STEP_PLACE);
    if (step == TRACE_STEP_EPOCH && item.epoch.number < replay->options.epochs) {
        replay->epoch = item.epoch;
        replay->done = item.epoch.begin_ns - 1;
        replay->has_epoch = true;
        return true;
    }
    int64_t end;
    if (!replay->options.loop || replay->options.end_ns == 0 ||
        __builtin_add_overflow(replay->lap_begin, replay->options.end_ns, &end)) {
        replay->finished = true;
        return false;
    }
    replay->lap++;
    replay->lap_begin = end;
    replay->after = replay->first;
    return next_epoch(replay);
}

/* Reads the epoch once more; gives the next change with a moment in (done, end], or ends. */
static bool next_change(struct trace_replay *replay, int64_t end, struct trace_item *item,
                        int64_t *ret_moment)
{
    for (;;) {
        enum trace_step step = must_next(replay, item);
        if (step == TRACE_STEP_EPOCH_END) {
            replay->after = trace_reader_mark(replay->reader);
            return false;
        }
        if (step != TRACE_STEP_CHANGE)
            continue;
        *ret_moment =
            trace_moment(replay->options.seed, replay->lap, &replay->epoch, item->change.page_no);
        if (*ret_moment > replay->done && *ret_moment <= end)
            return true;
    }
}

/* Hands out the changes with a moment in (done, end] in the order of the file. */
static void play_directly(struct trace_replay *replay, int64_t end)
{
    struct trace_item item;
    int64_t moment;
    trace_reader_rewind(replay->reader, &replay->before);
    while (next_change(replay, end, &item, &moment))
        replay->options.apply(replay->options.context, &item.change);
    replay->done = end;
    replay->has_epoch = end < replay->epoch.end_ns;
}

static void keep(struct trace_replay *replay, const struct trace_change *change, int64_t moment)
{
    if (replay->count == replay->capacity) {
        replay->capacity = replay->capacity ? 2 * replay->capacity : 1024;
        replay->pending = must_grow(replay->pending, replay->capacity, sizeof *replay->pending,
                                    "changes of a trace");
    }
    if (replay->used + change->size > replay->bytes_capacity) {
        replay->bytes_capacity = 2 * replay->bytes_capacity + 65536;
        replay->bytes = must_grow(replay->bytes, replay->bytes_capacity, 1, "changes of a trace");
    }
    replay->pending[replay->count++] = (struct pending){
        .moment = moment,
        .at = replay->used,
        .page_no = change->page_no,
        .size = change->size,
        .form = change->form,
    };
    if (change->size)
        memcpy(replay->bytes + replay->used, change->bytes, change->size);
    replay->used += change->size;
}

/* Lets go of what comes later than the new end of the window. */
static void shrink_window(struct trace_replay *replay, int64_t end)
{
    size_t kept = 0, used = 0;
    for (size_t i = 0; i < replay->count; i++) {
        struct pending pending = replay->pending[i];
        if (pending.moment > end)
            continue;
        memmove(replay->bytes + used, replay->bytes + pending.at, pending.size);
        pending.at = used;
        used += pending.size;
        replay->pending[kept++] = pending;
    }
    replay->count = kept;
    replay->used = used;
}

static int by_moment(const void *a, const void *b)
{
    const struct pending *x = a, *y = b;
    if (x->moment != y->moment)
        return x->moment < y->moment ? -1 : 1;
    return x->page_no < y->page_no ? -1 : x->page_no > y->page_no;
}

static bool window_full(const struct trace_replay *replay)
{
    return replay->used + replay->count * sizeof *replay->pending > WINDOW_BYTES;
}

static void load_window(struct trace_replay *replay)
{
    struct trace_item item;
    int64_t moment, end = replay->epoch.end_ns;
    replay->count = replay->next = replay->used = 0;
    trace_reader_rewind(replay->reader, &replay->before);
    while (next_change(replay, end, &item, &moment)) {
        keep(replay, &item.change, moment);
        while (window_full(replay) && end - replay->done > 1) {
            end = replay->done + (end - replay->done) / 2;
            shrink_window(replay, end);
        }
        /* A single ns that does not fit is due now as a whole, and needs no window. */
        if (window_full(replay))
            break;
    }
    if (window_full(replay)) {
        play_directly(replay, end);
        return;
    }
    if (replay->count > 0)
        qsort(replay->pending, replay->count, sizeof *replay->pending, by_moment);
    replay->window_end = end;
    replay->loaded = true;
}

static void play_window(struct trace_replay *replay, int64_t end)
{
    for (; replay->next < replay->count; replay->next++) {
        const struct pending *pending = &replay->pending[replay->next];
        if (pending->moment > end)
            break;
        struct trace_change change = {pending->page_no, pending->form, pending->size,
                                      replay->bytes + pending->at};
        replay->options.apply(replay->options.context, &change);
    }
    replay->done = end < replay->window_end ? end : replay->window_end;
    replay->loaded = replay->done < replay->window_end;
    replay->has_epoch = replay->done < replay->epoch.end_ns;
}

void trace_replay_advance(struct trace_replay *replay, int64_t trace_ns)
{
    while (!replay->finished && (replay->has_epoch || next_epoch(replay))) {
        int64_t now = trace_ns - replay->lap_begin;
        if (now <= replay->done)
            return;
        if (replay->loaded)
            play_window(replay, now);
        else if (now >= replay->epoch.end_ns)
            play_directly(replay, replay->epoch.end_ns);
        else
            load_window(replay);
    }
}
