/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/recorder_backlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct recorder_backlog {
    uint32_t pages;
    size_t limit;
    uint32_t *first; /* by page: number of its first change plus 1; 0: none */
    struct recorder_backlog_change **changes;
    size_t count, room;
    struct recorder_backlog_epoch *epochs;
    size_t epoch_count, epoch_room;
};

struct recorder_backlog *recorder_backlog_create(uint32_t pages, size_t limit)
{
    struct recorder_backlog *backlog = must_alloc(1, sizeof *backlog, "epochs that wait");
    backlog->pages = pages;
    backlog->limit = limit;
    backlog->first = must_alloc(pages, sizeof *backlog->first, "epochs that wait");
    return backlog;
}

void recorder_backlog_destroy(struct recorder_backlog *backlog)
{
    if (!backlog)
        return;
    for (size_t i = 0; i < backlog->count; i++)
        free(backlog->changes[i]);
    free(backlog->changes);
    free(backlog->epochs);
    free(backlog->first);
    free(backlog);
}

/* An epoch is taken whole, so the last one may go beyond the limit by what changed in it. */
bool recorder_backlog_room(const struct recorder_backlog *backlog)
{
    return backlog->count < backlog->limit;
}

void recorder_backlog_add(struct recorder_backlog *backlog, uint32_t page_no,
                          const uint8_t before[static PAGE_SIZE],
                          const uint8_t after[static PAGE_SIZE])
{
    const char *what = "changes that wait for the image to be written";
    assert(page_no < backlog->pages);
    if (backlog->count == backlog->room) {
        backlog->room = 2 * backlog->room + 1024;
        backlog->changes =
            must_grow(backlog->changes, backlog->room, sizeof(*backlog->changes), what);
    }
    struct recorder_backlog_change *change = must_alloc(1, sizeof *change, what);
    change->page_no = page_no;
    memcpy(change->before, before, PAGE_SIZE);
    memcpy(change->after, after, PAGE_SIZE);
    backlog->changes[backlog->count++] = change;
    if (!backlog->first[page_no])
        backlog->first[page_no] = (uint32_t)backlog->count;
}

void recorder_backlog_end(struct recorder_backlog *backlog, int64_t end_ns)
{
    size_t first = backlog->epoch_count ? backlog->epochs[backlog->epoch_count - 1].end : 0;
    if (backlog->epoch_count == backlog->epoch_room) {
        backlog->epoch_room = 2 * backlog->epoch_room + 64;
        backlog->epochs = must_grow(backlog->epochs, backlog->epoch_room, sizeof *backlog->epochs,
                                    "epochs that wait");
    }
    backlog->epochs[backlog->epoch_count++] =
        (struct recorder_backlog_epoch){.end_ns = end_ns, .first = first, .end = backlog->count};
}

const uint8_t *recorder_backlog_first(const struct recorder_backlog *backlog, uint32_t page_no)
{
    assert(page_no < backlog->pages);
    uint32_t number = backlog->first[page_no];
    return number ? backlog->changes[number - 1]->before : NULL;
}

size_t recorder_backlog_epochs(const struct recorder_backlog *backlog)
{
    return backlog->epoch_count;
}

struct recorder_backlog_epoch recorder_backlog_epoch(const struct recorder_backlog *backlog,
                                                     size_t index)
{
    assert(index < backlog->epoch_count);
    return backlog->epochs[index];
}

const struct recorder_backlog_change *
recorder_backlog_change(const struct recorder_backlog *backlog, size_t index)
{
    assert(index < backlog->count);
    return backlog->changes[index];
}
