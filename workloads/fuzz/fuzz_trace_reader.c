/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memfd_create */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/tests/twin_trace.h"
#include "workloads/trace_reader.h"
#include "workloads/trace_replay.h"

/*
 * Any bytes as a trace: read to the end or refused, and what was read is in order; from a mark in
 * the middle the same again; a trace that is good can be sought in and replayed. The first byte of
 * the input says whether the checksums are made right first, which lets the rest be reached.
 */
struct steps {
    uint64_t count, hash;
};

static void check_item(const struct trace_reader *reader, enum trace_step step,
                       const struct trace_item *item)
{
    static uint8_t page[PAGE_SIZE];
    struct trace_extent extent = trace_reader_extent(reader);
    assert(extent.pages <= TRACE_PAGES_MAX && extent.good_bytes <= extent.file_bytes);
    if (step == TRACE_STEP_PLACE)
        assert(item->place.first_page + item->place.pages <= extent.pages);
    if (step == TRACE_STEP_EPOCH)
        assert(item->epoch.begin_ns >= 0 && item->epoch.end_ns >= item->epoch.begin_ns);
    if (step != TRACE_STEP_IMAGE && step != TRACE_STEP_CHANGE)
        return;
    assert(item->change.page_no < extent.pages);
    assert(trace_change_bytes(&item->change) <= PAGE_SIZE);
    trace_change_apply(&item->change, page);
}

/* Reads on to the end; the middle of `*mark` is remembered after `mark_at` steps. */
static struct steps read_on(struct trace_reader *reader, uint64_t mark_at, struct trace_mark *mark,
                            enum trace_step *ret_last)
{
    struct trace_item item;
    struct error error;
    struct steps steps = {0};
    do {
        if (steps.count == mark_at)
            *mark = trace_reader_mark(reader);
        *ret_last = trace_reader_next(reader, &item, &error);
        if (*ret_last < TRACE_STEP_END)
            check_item(reader, *ret_last, &item);
        if (steps.count++ >= mark_at)
            steps.hash = steps.hash * 31 + *ret_last;
    } while (*ret_last < TRACE_STEP_END);
    return steps;
}

static uint32_t page_count;

static void apply(void *context, const struct trace_change *change)
{
    (void)context;
    assert(change->page_no < page_count);
}

static void replay(const char *file, const struct trace_extent *extent)
{
    struct error error;
    struct trace_replay_options options = {.file = file,
                                           .epochs = extent->epochs,
                                           .end_ns = extent->end_ns,
                                           .seed = 1,
                                           .loop = extent->end_ns > 10,
                                           .apply = apply};
    page_count = extent->pages;
    struct trace_replay *play = trace_replay_create(&options, &error);
    assert(play);
    int64_t end = extent->end_ns < INT64_MAX / 3 ? 2 * extent->end_ns + 3 : INT64_MAX;
    for (int64_t i = 0; i <= 5; i++)
        trace_replay_advance(play, end / 5 * i);
    trace_replay_destroy(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    char file[64];
    if (size < 2)
        return 0;
    uint8_t *bytes = malloc(size - 1);
    memcpy(bytes, data + 1, size - 1);
    if (data[0] & 1)
        twin_trace_seal(bytes, size - 1);
    int fd = memfd_create("trace", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, bytes, size - 1) == (ssize_t)(size - 1));
    free(bytes);
    snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
    struct trace_reader *reader = trace_reader_open(file, &error);
    if (!reader) {
        close(fd);
        return 0;
    }
    struct trace_mark mark, unused;
    enum trace_step last, again;
    struct steps first = read_on(reader, data[0] >> 1, &mark, &last);
    struct trace_extent extent = trace_reader_extent(reader);
    if (first.count > data[0] >> 1) {
        trace_reader_rewind(reader, &mark);
        struct steps second = read_on(reader, 0, &unused, &again);
        assert(again == last && second.hash == first.hash);
    }
    if (last == TRACE_STEP_END && !extent.cut)
        assert(trace_reader_seek(reader, extent.end_ns / 2, &error));
    trace_reader_close(reader);
    if (last == TRACE_STEP_END)
        replay(file, &extent);
    close(fd);
    return 0;
}
