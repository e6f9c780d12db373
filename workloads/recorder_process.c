/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/recorder_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recording {
    struct recorder_target *target;
    const struct recorder_options *options;
    struct recorder_watch *watch;
    struct recorder_pages *pages;
    struct recorder_ranges ranges;

    uint64_t addresses[RECORDER_READ_PAGES]; /* a batch of pages to look at */
    uint32_t numbers[RECORDER_READ_PAGES];
    bool written[RECORDER_READ_PAGES], ok[RECORDER_READ_PAGES];
    uint8_t *bytes;
};

/* The next marked pages from `page_no` on, at most a batch; their bytes are then in `bytes`. */
static size_t read_batch(struct recording *recording, uint32_t page_no, bool *ret_gone)
{
    size_t count = 0;
    while (count < RECORDER_READ_PAGES) {
        page_no = recorder_pages_take(recording->pages, page_no, &recording->written[count]);
        if (page_no == RECORDER_NO_PAGE)
            break;
        recording->addresses[count] = recorder_pages_address(recording->pages, page_no);
        recording->numbers[count++] = page_no++;
    }
    *ret_gone = count > 0 && !recorder_target_read(recording->target, recording->addresses, count,
                                                   recording->bytes, recording->ok);
    return count;
}

/* Writes what a marked page became; without a writer (the first snapshot) it is only kept. */
static bool take_page(struct recording *recording, struct recorder_session *session, size_t i,
                      struct error *error)
{
    const uint8_t *bytes = recording->bytes + i * PAGE_SIZE;
    uint8_t *before = recorder_pages_bytes(recording->pages, recording->numbers[i]);
    bool changed = memcmp(before, bytes, PAGE_SIZE) != 0;
    if (!changed && !recording->written[i])
        return true;
    if (session->writer &&
        !trace_writer_change(session->writer, recording->numbers[i], before, bytes, error))
        return false;
    session->report->changed_pages += changed && session->writer;
    session->report->rewritten_pages += !changed && session->writer;
    memcpy(before, bytes, PAGE_SIZE);
    return true;
}

static enum recorder_look read_marked(void *context, struct recorder_session *session,
                                      struct error *error)
{
    struct recording *recording = context;
    uint32_t page_no = 0;
    for (;;) {
        bool gone;
        size_t count = read_batch(recording, page_no, &gone);
        session->report->compared_pages += count;
        if (gone)
            return RECORDER_LOOK_ENDED;
        if (count == 0)
            return RECORDER_LOOK_DONE;
        for (size_t i = 0; i < count; i++)
            if (recording->ok[i] && !take_page(recording, session, i, error))
                return RECORDER_LOOK_FAILED;
        page_no = recording->numbers[count - 1] + 1;
    }
}

static enum recorder_look mark_written(void *context, struct recorder_session *session,
                                       struct error *error)
{
    struct recording *recording = context;
    bool stopped = recorder_session_stop(session, recorder_watch_wants_stop(recording->watch));
    bool good = recorder_target_ranges(recording->target, &recording->ranges, error) &&
                recorder_watch_look(recording->watch, &recording->ranges, recording->pages, error);
    recorder_session_go(session, stopped);
    if (good)
        return RECORDER_LOOK_DONE;
    return error->text[0] ? RECORDER_LOOK_FAILED : RECORDER_LOOK_ENDED;
}

static bool write_places(void *context, struct trace_writer *writer, struct error *error)
{
    struct recording *recording = context;
    const struct trace_place *place;
    while (recorder_pages_next_place(recording->pages, &place))
        if (!trace_writer_place(writer, place, error))
            return false;
    return true;
}

static bool write_image(void *context, struct recorder_session *session, struct error *error)
{
    struct recording *recording = context;
    uint32_t count = recorder_pages_count(recording->pages);
    for (uint32_t i = 0; i < count; i++)
        if (!trace_writer_image(session->writer, i, recorder_pages_bytes(recording->pages, i),
                                error))
            return false;
    return true;
}

static void describe(void *context, struct trace_header *header)
{
    struct recording *recording = context;
    header->has_rewrites = recorder_watch_sees_rewrites(recording->watch);
    trace_text_clean(recording->target->command, header->command, sizeof header->command);
    snprintf(header->comment, sizeof header->comment,
             "process, method %s%s; pages in order of first touch",
             recorder_method_names[recorder_watch_method(recording->watch)],
             recording->options->pause ? ", paused at snapshots" : "");
}

static bool ended(void *context)
{
    struct recording *recording = context;
    return recorder_target_ended(recording->target);
}

static bool stop(void *context)
{
    struct recording *recording = context;
    return recorder_target_stop(recording->target);
}

static void go(void *context)
{
    struct recording *recording = context;
    recorder_target_continue(recording->target);
}

static bool begin(void *context)
{
    struct recording *recording = context;
    bool held = recording->target->held; /* nothing has happened in it yet */
    recorder_target_go(recording->target);
    return held;
}

static bool record(struct recording *recording, struct recorder_session *session, int stop_fd,
                   struct error *error)
{
    struct recorder_report *report = session->report;
    recording->watch = recorder_watch_create(recording->target, recording->options->method,
                                             report->why, sizeof report->why, error);
    if (!recording->watch)
        return false;
    report->method = recorder_watch_method(recording->watch);
    switch (recorder_session_run(session, stop_fd, error)) {
    case RECORDER_LOOK_DONE:
        return true;
    case RECORDER_LOOK_ENDED:
        return error_set(error, "process %ld %s", (long)recording->target->pid,
                         recorder_target_ended(recording->target)
                             ? "ended before its memory could be read"
                             : "has no private writable memory");
    case RECORDER_LOOK_FAILED:
        break;
    }
    return false;
}

static void finish_report(const struct recording *recording, struct recorder_report *report)
{
    report->pages = recorder_pages_count(recording->pages);
    report->left_out_pages = recorder_pages_left_out(recording->pages);
    if (recording->watch) {
        struct recorder_watch_cost cost = recorder_watch_cost(recording->watch);
        report->became_compare = recorder_watch_method(recording->watch) != report->method;
        report->stopped_ns += cost.stopped_ns;
        report->faults = cost.faults;
        report->fault_ns = (int64_t)(cost.fault_ns * (double)cost.faults);
    }
}

bool recorder_run(struct recorder_target *target, const struct recorder_options *options,
                  const char *file, int stop_fd, struct recorder_report *report,
                  struct error *error)
{
    struct recording recording = {.target = target, .options = options};
    struct recorder_source source = {
        .context = &recording,
        .end_fd = target->pidfd,
        .ended = ended,
        .stop = stop,
        .go = go,
        .begin = begin,
        .mark = mark_written,
        .read = read_marked,
        .describe = describe,
        .places = write_places,
        .image = write_image,
    };
    struct recorder_session session;
    recorder_session_init(&session, &source, options, file, report);
    recording.pages = recorder_pages_create((uint32_t)(options->max_memory / PAGE_SIZE));
    recording.bytes = must_alloc(RECORDER_READ_PAGES, PAGE_SIZE, "pages to look at");
    bool good = record(&recording, &session, stop_fd, error);
    recorder_session_release(&session);
    finish_report(&recording, report);
    recorder_watch_destroy(recording.watch);
    recorder_pages_destroy(recording.pages);
    free(recording.ranges.list);
    free(recording.bytes);
    return good;
}
