/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* ppoll */
#include "workloads/recorder_process.h"

#include "workloads/trace_writer.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

const struct option recorder_options_table[] = {
    {"interval", OPTION_TIME, offsetof(struct recorder_options, interval_ns), "100ms",
     .help = "time between two snapshots", .min = 1000000, .max = 3600000000000},
    {"duration", OPTION_TIME, offsetof(struct recorder_options, duration_ns), "unlimited",
     .help = "how long to record", .min = 1000000, .zero_word = "unlimited"},
    {"max-memory", OPTION_SIZE, offsetof(struct recorder_options, max_memory), "1G",
     .help = "memory of the trace; pages beyond it are left out", .min = PAGE_SIZE,
     .max = (uint64_t)TRACE_PAGES_MAX * PAGE_SIZE},
    {"image", OPTION_SWITCH, offsetof(struct recorder_options, image), "on",
     .help = "record what was in memory before the first epoch"},
    {"pause", OPTION_SWITCH, offsetof(struct recorder_options, pause), "off",
     .help = "stop the process during each snapshot"},
    {"method", OPTION_WORD, offsetof(struct recorder_options, method), "auto",
     .help = "how written pages are found", .words = recorder_method_names},
    {0},
};

struct recording {
    struct recorder_target *target;
    const struct recorder_options *options;
    struct recorder_report *report;
    const char *file;
    struct recorder_watch *watch;
    struct recorder_pages *pages;
    struct recorder_ranges ranges;
    struct trace_writer *writer;
    int64_t begin_ns;      /* of the first epoch, on the monotonic clock */
    int64_t look_begin_ns; /* of the snapshot at hand */
    int64_t stop_begin_ns; /* 0: the process runs */
    int64_t stopped_ns;    /* what it stood still for in all */
    int64_t epoch_end_ns;
    int64_t *spans; /* of the epochs */
    size_t span_room;

    uint64_t addresses[RECORDER_READ_PAGES]; /* a batch of pages to look at */
    uint32_t numbers[RECORDER_READ_PAGES];
    bool written[RECORDER_READ_PAGES], ok[RECORDER_READ_PAGES];
    uint8_t *bytes;
};

/* How a snapshot ended. */
enum look { LOOK_DONE, LOOK_PROCESS_ENDED, LOOK_FAILED };

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t cpu_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

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
    recording->report->compared_pages += count;
    return count;
}

/* Writes what a marked page became; without a writer (the first snapshot) it is only kept. */
static bool take_page(struct recording *recording, size_t i, struct error *error)
{
    const uint8_t *bytes = recording->bytes + i * PAGE_SIZE;
    uint8_t *before = recorder_pages_bytes(recording->pages, recording->numbers[i]);
    bool changed = memcmp(before, bytes, PAGE_SIZE) != 0;
    if (!changed && !recording->written[i])
        return true;
    if (recording->writer &&
        !trace_writer_change(recording->writer, recording->numbers[i], before, bytes, error))
        return false;
    recording->report->changed_pages += changed && recording->writer;
    recording->report->rewritten_pages += !changed && recording->writer;
    memcpy(before, bytes, PAGE_SIZE);
    return true;
}

static enum look read_marked(struct recording *recording, struct error *error)
{
    uint32_t page_no = 0;
    for (;;) {
        bool gone;
        size_t count = read_batch(recording, page_no, &gone);
        if (gone)
            return LOOK_PROCESS_ENDED;
        if (count == 0)
            return LOOK_DONE;
        for (size_t i = 0; i < count; i++)
            if (recording->ok[i] && !take_page(recording, i, error))
                return LOOK_FAILED;
        page_no = recording->numbers[count - 1] + 1;
    }
}

/* Has the process stand still from now on, if it is wanted and not so already. */
static bool stop_target(struct recording *recording, bool wanted)
{
    if (!wanted || recording->stop_begin_ns || !recorder_target_stop(recording->target))
        return false;
    recording->stop_begin_ns = now_ns();
    return true;
}

static void continue_target(struct recording *recording, bool stopped)
{
    if (!stopped)
        return;
    recorder_target_continue(recording->target);
    recording->stopped_ns += now_ns() - recording->stop_begin_ns;
    recording->stop_begin_ns = 0;
}

static enum look mark_written(struct recording *recording, struct error *error)
{
    bool stopped = stop_target(recording, recorder_watch_wants_stop(recording->watch));
    bool good = recorder_target_ranges(recording->target, &recording->ranges, error) &&
                recorder_watch_look(recording->watch, &recording->ranges, recording->pages, error);
    continue_target(recording, stopped);
    if (good)
        return LOOK_DONE;
    return error->text[0] ? LOOK_FAILED : LOOK_PROCESS_ENDED;
}

static bool write_places(struct recording *recording, struct error *error)
{
    const struct trace_place *place;
    while (recorder_pages_next_place(recording->pages, &place))
        if (!trace_writer_place(recording->writer, place, error))
            return false;
    return true;
}

static void note_span(struct recording *recording, int64_t span_ns)
{
    struct recorder_report *report = recording->report;
    if (report->epochs == recording->span_room) {
        recording->span_room = 2 * recording->span_room + 256;
        recording->spans = must_grow(recording->spans, recording->span_room,
                                     sizeof *recording->spans, "the epochs of a recording");
    }
    recording->spans[report->epochs++] = span_ns;
    report->span_ns += span_ns;
}

/* An epoch: what was written since the last snapshot. */
static enum look take_epoch(struct recording *recording, struct error *error)
{
    int64_t end_ns = recording->look_begin_ns - recording->begin_ns - recording->stopped_ns;
    enum look look = mark_written(recording, error);
    if (look != LOOK_DONE)
        return look;
    if (!write_places(recording, error) ||
        !trace_writer_epoch_begin(recording->writer, end_ns, error))
        return LOOK_FAILED;
    /* If the process ends now, the epoch holds what was read before: all true, if not all. */
    look = read_marked(recording, error);
    if (look == LOOK_FAILED || !trace_writer_epoch_end(recording->writer, error))
        return LOOK_FAILED;
    note_span(recording, end_ns - recording->epoch_end_ns);
    recording->epoch_end_ns = end_ns;
    return look;
}

/* Everything that is there, into memory; then the file is made and the image written. */
static enum look take_image(struct recording *recording, struct error *error)
{
    struct trace_header header = {
        .has_image = recording->options->image,
        .has_rewrites = recorder_watch_sees_rewrites(recording->watch),
        .interval_ns = recording->options->interval_ns,
    };
    recording->begin_ns = recording->look_begin_ns;
    enum look look = mark_written(recording, error);
    if (look == LOOK_DONE)
        look = read_marked(recording, error);
    if (look != LOOK_DONE)
        return look;
    trace_text_clean(recording->target->command, header.command, sizeof header.command);
    snprintf(header.comment, sizeof header.comment,
             "process, method %s%s; pages in order of first touch",
             recorder_method_names[recorder_watch_method(recording->watch)],
             recording->options->pause ? ", paused at snapshots" : "");
    recording->writer = trace_writer_create(recording->file, &header, error);
    if (!recording->writer || !write_places(recording, error))
        return LOOK_FAILED;
    uint32_t count = recorder_pages_count(recording->pages);
    for (uint32_t i = 0; header.has_image && i < count; i++)
        if (!trace_writer_image(recording->writer, i, recorder_pages_bytes(recording->pages, i),
                                error))
            return LOOK_FAILED;
    return LOOK_DONE;
}

/* A snapshot, with the process stopped if that is wanted. */
static enum look take_snapshot(struct recording *recording,
                               enum look (*take)(struct recording *, struct error *),
                               struct error *error)
{
    recording->look_begin_ns = now_ns();
    bool stopped = stop_target(recording, recording->options->pause);
    enum look look = take(recording, error);
    continue_target(recording, stopped);
    recording->report->look_ns += now_ns() - recording->look_begin_ns;
    return look;
}

/* Waits until then. False if the process has ended or the recording is to stop. */
static bool wait_until(struct recording *recording, int64_t then, int stop_fd)
{
    struct pollfd fds[2] = {{.fd = recording->target->pidfd, .events = POLLIN},
                            {.fd = stop_fd, .events = POLLIN}};
    for (int64_t left; (left = then - now_ns()) > 0;) {
        struct timespec time = {left / 1000000000, left % 1000000000};
        if (ppoll(fds, 2, &time, NULL) <= 0)
            continue;
        if (fds[1].revents) {
            recording->report->end = RECORDER_END_STOPPED;
            return false;
        }
        if (fds[0].revents)
            return false;
    }
    return recording->target->pidfd >= 0 || !recorder_target_ended(recording->target);
}

static bool take_epochs(struct recording *recording, int stop_fd, struct error *error)
{
    const struct recorder_options *options = recording->options;
    int64_t interval = options->interval_ns, next = recording->begin_ns + interval;
    int64_t end = options->duration_ns ? recording->begin_ns + options->duration_ns : INT64_MAX;
    for (bool go_on = true; go_on;) {
        go_on = wait_until(recording, next < end ? next : end, stop_fd);
        /* Told to stop: a last, shorter epoch, so that nothing written before is missing. */
        if (!go_on && recording->report->end != RECORDER_END_STOPPED)
            break;
        enum look look = take_snapshot(recording, take_epoch, error);
        if (look != LOOK_DONE)
            return look == LOOK_PROCESS_ENDED;
        if (go_on && now_ns() >= end) {
            recording->report->end = RECORDER_END_DURATION;
            break;
        }
        /* Snapshots that were missed are not made up for. */
        next += interval;
        if (next <= now_ns())
            next += (now_ns() - next) / interval * interval + interval;
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void finish_report(struct recording *recording)
{
    struct recorder_report *report = recording->report;
    if (report->epochs > 0) {
        qsort(recording->spans, report->epochs, sizeof *recording->spans, by_size);
        report->interval_min_ns = recording->spans[0];
        report->interval_median_ns = recording->spans[report->epochs / 2];
        report->interval_max_ns = recording->spans[report->epochs - 1];
    }
    report->pages = recorder_pages_count(recording->pages);
    report->left_out_pages = recorder_pages_left_out(recording->pages);
    if (recording->writer)
        report->file_bytes = trace_writer_bytes(recording->writer);
    if (recording->watch) {
        struct recorder_watch_cost cost = recorder_watch_cost(recording->watch);
        enum recorder_method method = recorder_watch_method(recording->watch);
        report->became_compare = method != report->method;
        report->stopped_ns = recording->stopped_ns + cost.stopped_ns;
        report->faults = cost.faults;
        report->fault_ns = (int64_t)(cost.fault_ns * (double)cost.faults);
    }
}

static bool record(struct recording *recording, int stop_fd, struct error *error)
{
    struct recorder_report *report = recording->report;
    recording->watch = recorder_watch_create(recording->target, recording->options->method,
                                             report->why, sizeof report->why, error);
    if (!recording->watch)
        return false;
    report->method = recorder_watch_method(recording->watch);
    switch (take_snapshot(recording, take_image, error)) {
    case LOOK_DONE:
        break;
    case LOOK_PROCESS_ENDED:
        return error_set(error, "process %ld %s", (long)recording->target->pid,
                         recorder_target_ended(recording->target)
                             ? "ended before its memory could be read"
                             : "has no private writable memory");
    case LOOK_FAILED:
        return false;
    }
    if (recording->target->held) /* nothing has happened in it yet */
        recording->begin_ns = now_ns() - recording->stopped_ns;
    recorder_target_go(recording->target);
    return take_epochs(recording, stop_fd, error) && trace_writer_finish(recording->writer, error);
}

bool recorder_run(struct recorder_target *target, const struct recorder_options *options,
                  const char *file, int stop_fd, struct recorder_report *report,
                  struct error *error)
{
    struct recording recording = {
        .target = target, .options = options, .report = report, .file = file};
    int64_t cpu = cpu_ns();
    *report = (struct recorder_report){.end = RECORDER_END_PROCESS};
    recording.pages = recorder_pages_create((uint32_t)(options->max_memory / PAGE_SIZE));
    recording.bytes = must_alloc(RECORDER_READ_PAGES, PAGE_SIZE, "pages to look at");
    bool good = record(&recording, stop_fd, error);
    report->cpu_ns = cpu_ns() - cpu;
    finish_report(&recording);
    trace_writer_destroy(recording.writer);
    recorder_watch_destroy(recording.watch);
    recorder_pages_destroy(recording.pages);
    free(recording.ranges.list);
    free(recording.spans);
    free(recording.bytes);
    return good;
}
