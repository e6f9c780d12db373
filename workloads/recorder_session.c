/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* ppoll */
#include "workloads/recorder_session.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

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
     .help = "stop the process or guest during each snapshot"},
    {"method", OPTION_WORD, offsetof(struct recorder_options, method), "auto",
     .help = "how written pages are found", .words = recorder_method_names},
    {0},
};

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

bool recorder_session_stop(struct recorder_session *session, bool wanted)
{
    if (!wanted || session->stop_begin_ns || !session->source->stop(session->source->context))
        return false;
    session->stop_begin_ns = now_ns();
    return true;
}

void recorder_session_go(struct recorder_session *session, bool stopped)
{
    if (!stopped)
        return;
    session->source->go(session->source->context);
    session->stopped_ns += now_ns() - session->stop_begin_ns;
    session->stop_begin_ns = 0;
}

void recorder_session_note(struct recorder_session *session, int64_t end_ns)
{
    struct recorder_report *report = session->report;
    int64_t span_ns = end_ns - session->epoch_end_ns;
    if (report->epochs == session->span_room) {
        session->span_room = 2 * session->span_room + 256;
        session->spans = must_grow(session->spans, session->span_room, sizeof *session->spans,
                                   "the epochs of a recording");
    }
    session->spans[report->epochs++] = span_ns;
    report->span_ns += span_ns;
    session->epoch_end_ns = end_ns;
}

/* An epoch: what was written since the last snapshot. */
static enum recorder_look take_epoch(struct recorder_session *session, struct error *error)
{
    const struct recorder_source *source = session->source;
    int64_t end_ns = session->look_end_ns;
    enum recorder_look look = source->mark(source->context, session, error);
    if (look != RECORDER_LOOK_DONE)
        return look;
    if (!source->places(source->context, session->writer, error) ||
        !trace_writer_epoch_begin(session->writer, end_ns, error))
        return RECORDER_LOOK_FAILED;
    /* If the source ends now, the epoch holds what was read before: all true, if not all. */
    look = source->read(source->context, session, error);
    if (look == RECORDER_LOOK_FAILED || !trace_writer_epoch_end(session->writer, error))
        return RECORDER_LOOK_FAILED;
    recorder_session_note(session, end_ns);
    return look;
}

static enum recorder_look look_at_all(struct recorder_session *session, struct error *error)
{
    const struct recorder_source *source = session->source;
    enum recorder_look look = source->mark(source->context, session, error);
    return look == RECORDER_LOOK_DONE ? source->read(source->context, session, error) : look;
}

/* Everything that is there, into memory. */
static enum recorder_look take_first(struct recorder_session *session, struct error *error)
{
    session->begin_ns = session->look_begin_ns;
    session->next_ns = session->begin_ns + session->options->interval_ns;
    return look_at_all(session, error);
}

/* Makes the file, and the image from what was taken first; the source runs meanwhile. */
static bool write_image(struct recorder_session *session, struct error *error)
{
    const struct recorder_source *source = session->source;
    struct trace_header header = {
        .has_image = session->options->image,
        .interval_ns = session->options->interval_ns,
    };
    int64_t begin = now_ns(), looks = session->report->look_ns;
    source->describe(source->context, &header);
    session->writer = trace_writer_create(session->file, &header, error);
    bool good = session->writer && source->places(source->context, session->writer, error) &&
                (!header.has_image || source->image(source->context, session, error));
    session->report->look_ns = looks + now_ns() - begin; /* those ahead are within */
    return good;
}

/* A snapshot, with the source standing still if that is wanted. */
static enum recorder_look take_snapshot(struct recorder_session *session,
                                        enum recorder_look (*take)(struct recorder_session *,
                                                                   struct error *),
                                        struct error *error)
{
    session->look_begin_ns = now_ns();
    session->look_end_ns = session->look_begin_ns - session->begin_ns - session->stopped_ns;
    bool stopped = recorder_session_stop(session, session->options->pause);
    enum recorder_look look = take(session, error);
    recorder_session_go(session, stopped);
    session->report->look_ns += now_ns() - session->look_begin_ns;
    return look;
}

/* Snapshots that were missed are not made up for. */
static void set_next(struct recorder_session *session)
{
    int64_t interval = session->options->interval_ns, now = now_ns();
    session->next_ns += interval;
    if (session->next_ns <= now)
        session->next_ns += (now - session->next_ns) / interval * interval + interval;
}

enum recorder_look recorder_session_ahead(struct recorder_session *session, int64_t *ret_end_ns,
                                          struct error *error)
{
    *ret_end_ns = 0;
    if (now_ns() < session->next_ns)
        return RECORDER_LOOK_DONE;
    enum recorder_look look = take_snapshot(session, look_at_all, error);
    *ret_end_ns = session->look_end_ns;
    set_next(session);
    return look;
}

/* Waits until then. False if the source has ended or the recording is to stop. */
static bool wait_until(struct recorder_session *session, int64_t then, int stop_fd)
{
    const struct recorder_source *source = session->source;
    struct pollfd fds[2] = {{.fd = source->end_fd, .events = POLLIN},
                            {.fd = stop_fd, .events = POLLIN}};
    for (int64_t left; (left = then - now_ns()) > 0;) {
        struct timespec time = {left / 1000000000, left % 1000000000};
        if (ppoll(fds, 2, &time, NULL) <= 0)
            continue;
        if (fds[1].revents) {
            session->report->end = RECORDER_END_STOPPED;
            return false;
        }
        if (fds[0].revents)
            return false;
    }
    return source->end_fd >= 0 || !source->ended(source->context);
}

static enum recorder_look take_epochs(struct recorder_session *session, int stop_fd,
                                      struct error *error)
{
    const struct recorder_options *options = session->options;
    int64_t end = options->duration_ns ? session->begin_ns + options->duration_ns : INT64_MAX;
    for (bool go_on = true; go_on; set_next(session)) {
        go_on = wait_until(session, session->next_ns < end ? session->next_ns : end, stop_fd);
        /* Told to stop: a last, shorter epoch, so that nothing written before is missing. */
        if (!go_on && session->report->end != RECORDER_END_STOPPED)
            break;
        enum recorder_look look = take_snapshot(session, take_epoch, error);
        if (look != RECORDER_LOOK_DONE)
            return look == RECORDER_LOOK_ENDED ? RECORDER_LOOK_DONE : look;
        if (options->progress)
            options->progress(session->report);
        if (go_on && now_ns() >= end) {
            session->report->end = RECORDER_END_DURATION;
            break;
        }
    }
    return RECORDER_LOOK_DONE;
}

enum recorder_look recorder_session_run(struct recorder_session *session, int stop_fd,
                                        struct error *error)
{
    enum recorder_look look = take_snapshot(session, take_first, error);
    if (look != RECORDER_LOOK_DONE)
        return look;
    if (!write_image(session, error))
        return RECORDER_LOOK_FAILED;
    if (session->source->begin(session->source->context)) {
        session->begin_ns = now_ns() - session->stopped_ns;
        session->next_ns = now_ns() + session->options->interval_ns;
    }
    look = take_epochs(session, stop_fd, error);
    if (look == RECORDER_LOOK_DONE && !trace_writer_finish(session->writer, error))
        look = RECORDER_LOOK_FAILED;
    return look;
}

void recorder_session_init(struct recorder_session *session, const struct recorder_source *source,
                           const struct recorder_options *options, const char *file,
                           struct recorder_report *report)
{
    *report = (struct recorder_report){.end = RECORDER_END_PROCESS, .cpu_ns = -cpu_ns()};
    *session = (struct recorder_session){
        .source = source, .options = options, .file = file, .report = report};
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

void recorder_session_release(struct recorder_session *session)
{
    struct recorder_report *report = session->report;
    report->cpu_ns += cpu_ns();
    report->stopped_ns += session->stopped_ns;
    if (report->epochs > 0) {
        qsort(session->spans, report->epochs, sizeof *session->spans, by_size);
        report->interval_min_ns = session->spans[0];
        report->interval_median_ns = session->spans[report->epochs / 2];
        report->interval_max_ns = session->spans[report->epochs - 1];
    }
    if (session->writer)
        report->file_bytes = trace_writer_bytes(session->writer);
    trace_writer_destroy(session->writer);
    free(session->spans);
}
