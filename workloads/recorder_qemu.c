/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/recorder_qemu.h"

#include "workloads/recorder_backlog.h"
#include "workloads/recorder_shadow.h"

#include <assert.h>
#include <stdio.h>

/* Changes that wait while the image is written: 512 MiB. Then snapshots pause until it is done. */
#define BACKLOG_MAX  65536u
#define BACKLOG_LOOK 64u /* pages of the image between two looks at the clock */

struct recording {
    struct recorder_guest *guest;
    struct recorder_qmp *qmp;
    const struct recorder_options *options;
    struct recorder_shadow *shadow;
    struct recorder_backlog *backlog; /* NULL: changes are written as they are found */
    uint32_t pages;
    bool placed;
};

static bool take_changed(struct recording *recording, struct recorder_session *session,
                         const struct recorder_changed *changed, struct error *error)
{
    for (size_t i = 0; i < changed->count; i++) {
        uint32_t page_no = changed->numbers[i];
        const uint8_t *bytes = changed->bytes + i * PAGE_SIZE;
        const uint8_t *before = recorder_shadow_bytes(recording->shadow, page_no);
        if (recording->backlog)
            recorder_backlog_add(recording->backlog, page_no, before, bytes);
        else if (session->writer &&
                 !trace_writer_change(session->writer, page_no, before, bytes, error))
            return false;
        recorder_shadow_keep(recording->shadow, page_no, bytes);
    }
    if (session->writer)
        session->report->changed_pages += changed->count;
    return true;
}

static enum recorder_look read_all(void *context, struct recorder_session *session,
                                   struct error *error)
{
    struct recording *recording = context;
    struct recorder_changed changed;
    for (uint32_t page_no = 0; page_no < recording->pages;) {
        if (!recorder_shadow_look(recording->shadow, &page_no, &session->report->compared_pages,
                                  &changed)) {
            if (recorder_guest_whole(recording->guest, error))
                error_set(error, "%s: the host cannot read it near page %u", recording->guest->name,
                          page_no);
            return RECORDER_LOOK_FAILED;
        }
        if (!take_changed(recording, session, &changed, error))
            return RECORDER_LOOK_FAILED;
    }
    return RECORDER_LOOK_DONE;
}

/* Nobody tells which pages were written: all that are there are looked at. */
static enum recorder_look mark_nothing(void *context, struct recorder_session *session,
                                       struct error *error)
{
    struct recording *recording = context;
    (void)session;
    if (recorder_target_ended(&recording->guest->qemu))
        return RECORDER_LOOK_ENDED;
    return recorder_guest_whole(recording->guest, error) ? RECORDER_LOOK_DONE
                                                         : RECORDER_LOOK_FAILED;
}

static bool write_place(void *context, struct trace_writer *writer, struct error *error)
{
    struct recording *recording = context;
    struct trace_place place = {.pages = recording->pages};
    if (recording->placed)
        return true;
    recording->placed = true;
    trace_text_clean(recording->guest->name, place.name, sizeof place.name);
    return trace_writer_place(writer, &place, error);
}

/* The epoch of a snapshot that is due. That the guest has ended shows again once the image is done.
 */
static bool look_ahead(struct recording *recording, struct recorder_session *session,
                       struct error *error)
{
    int64_t end_ns;
    if (!recorder_backlog_room(recording->backlog))
        return true;
    switch (recorder_session_ahead(session, &end_ns, error)) {
    case RECORDER_LOOK_DONE:
        if (end_ns)
            recorder_backlog_end(recording->backlog, end_ns);
        return true;
    case RECORDER_LOOK_ENDED:
        return true;
    case RECORDER_LOOK_FAILED:
        break;
    }
    return false;
}

/* While epochs are written others may join them. */
static bool write_backlog(struct recording *recording, struct recorder_session *session,
                          struct error *error)
{
    struct trace_writer *writer = session->writer;
    for (size_t i = 0; i < recorder_backlog_epochs(recording->backlog); i++) {
        if (!look_ahead(recording, session, error))
            return false;
        struct recorder_backlog_epoch epoch = recorder_backlog_epoch(recording->backlog, i);
        if (!trace_writer_epoch_begin(writer, epoch.end_ns, error))
            return false;
        for (size_t k = epoch.first; k < epoch.end; k++) {
            const struct recorder_backlog_change *change =
                recorder_backlog_change(recording->backlog, k);
            if (!trace_writer_change(writer, change->page_no, change->before, change->after, error))
                return false;
        }
        if (!trace_writer_epoch_end(writer, error))
            return false;
        recorder_session_note(session, epoch.end_ns);
    }
    return true;
}

static bool write_pages(struct recording *recording, struct recorder_session *session,
                        struct error *error)
{
    const struct recorder_shadow *shadow = recording->shadow;
    uint32_t count = 0;
    for (uint32_t i = recorder_shadow_next(shadow, 0); i < recording->pages;
         i = recorder_shadow_next(shadow, i + 1)) {
        const uint8_t *first = recorder_backlog_first(recording->backlog, i);
        if (!trace_writer_image(session->writer, i,
                                first ? first : recorder_shadow_bytes(shadow, i), error))
            return false;
        if (++count % BACKLOG_LOOK == 0 && !look_ahead(recording, session, error))
            return false;
    }
    return true;
}

static bool write_image(void *context, struct recorder_session *session, struct error *error)
{
    struct recording *recording = context;
    recording->backlog = recorder_backlog_create(recording->pages, BACKLOG_MAX);
    bool good = write_pages(recording, session, error) && write_backlog(recording, session, error);
    recorder_backlog_destroy(recording->backlog);
    recording->backlog = NULL;
    return good;
}

static void describe(void *context, struct trace_header *header)
{
    struct recording *recording = context;
    trace_text_clean(recording->guest->qemu.command, header->command, sizeof header->command);
    snprintf(header->comment, sizeof header->comment,
             "guest, its memory file compared%s; pages as in its RAM block",
             recording->options->pause ? ", paused at snapshots" : "");
}

static bool ended(void *context)
{
    struct recording *recording = context;
    return recorder_target_ended(&recording->guest->qemu);
}

static bool stop(void *context)
{
    struct recording *recording = context;
    return recorder_qmp_stop(recording->qmp);
}

static void go(void *context)
{
    struct recording *recording = context;
    recorder_qmp_continue(recording->qmp);
}

static bool begin(void *context)
{
    (void)context;
    return false;
}

bool recorder_qemu_run(struct recorder_guest *guest, struct recorder_qmp *qmp,
                       const struct recorder_options *options, const char *file, int stop_fd,
                       struct recorder_report *report, struct error *error)
{
    struct recording recording = {
        .guest = guest,
        .qmp = qmp,
        .options = options,
        .pages = (uint32_t)(guest->bytes / PAGE_SIZE),
    };
    struct recorder_source source = {
        .context = &recording,
        .end_fd = guest->qemu.pidfd,
        .ended = ended,
        .stop = stop,
        .go = go,
        .begin = begin,
        .mark = mark_nothing,
        .read = read_all,
        .describe = describe,
        .places = write_place,
        .image = write_image,
    };
    struct recorder_session session;
    assert(qmp || !options->pause);
    recorder_session_init(&session, &source, options, file, report);
    recording.shadow = recorder_shadow_create(guest->map, guest->fd, recording.pages);
    enum recorder_look look = recorder_session_run(&session, stop_fd, error);
    recorder_session_release(&session);
    recorder_shadow_destroy(recording.shadow);
    report->method = RECORDER_COMPARE;
    report->pages = recording.pages;
    if (look == RECORDER_LOOK_ENDED)
        return error_set(error, "process %ld ended before the guest's memory could be read",
                         (long)guest->qemu.pid);
    return look == RECORDER_LOOK_DONE;
}
