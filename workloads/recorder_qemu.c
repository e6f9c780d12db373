/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/recorder_qemu.h"

#include "workloads/recorder_shadow.h"

#include <assert.h>
#include <stdio.h>

struct recording {
    struct recorder_guest *guest;
    struct recorder_qmp *qmp;
    const struct recorder_options *options;
    struct recorder_shadow *shadow;
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
        if (session->writer && !trace_writer_change(session->writer, page_no, before, bytes, error))
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

static bool write_image(void *context, struct trace_writer *writer, struct error *error)
{
    struct recording *recording = context;
    for (uint32_t i = recorder_shadow_next(recording->shadow, 0); i < recording->pages;
         i = recorder_shadow_next(recording->shadow, i + 1))
        if (!trace_writer_image(writer, i, recorder_shadow_bytes(recording->shadow, i), error))
            return false;
    return true;
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
