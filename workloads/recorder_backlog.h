/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_BACKLOG_H
#define WORKLOADS_RECORDER_BACKLOG_H

#include "workloads/trace_format.h"

/*
 * Epochs that wait in memory because the image before them is still being written: a second or more
 * for a guest, in which snapshots go on.
 *
 *     time     snapshot 0   1     2     3            4
 *     file     [ image ................ ][0][1][2]  [3]
 *     backlog               (0)   (0 1) (0 1 2)
 *
 * The image is that of snapshot 0: of a page that has changed since, recorder_backlog_first has the
 * bytes.
 */
struct recorder_backlog;

/* For a memory of `pages`; holds `limit` changes at most. Owned by the caller, to the destroy. */
struct recorder_backlog *recorder_backlog_create(uint32_t pages, size_t limit);
void recorder_backlog_destroy(struct recorder_backlog *backlog); /* NULL is fine */

/* True if a further epoch may begin: then any number of changes of it finds room. */
bool recorder_backlog_room(const struct recorder_backlog *backlog);
void recorder_backlog_add(struct recorder_backlog *backlog, uint32_t page_no,
                          const uint8_t before[static PAGE_SIZE],
                          const uint8_t after[static PAGE_SIZE]);
/* Ends the epoch that the changes since the last call make up. */
void recorder_backlog_end(struct recorder_backlog *backlog, int64_t end_ns);

/* The page as it was before its first change; NULL if it has none. */
const uint8_t *recorder_backlog_first(const struct recorder_backlog *backlog, uint32_t page_no);

/* The epochs, 0 to count - 1, and their changes. */
size_t recorder_backlog_epochs(const struct recorder_backlog *backlog);
struct recorder_backlog_epoch {
    int64_t end_ns;
    size_t first, end; /* its changes */
};
struct recorder_backlog_epoch recorder_backlog_epoch(const struct recorder_backlog *backlog,
                                                     size_t index);
struct recorder_backlog_change {
    uint32_t page_no;
    uint8_t before[PAGE_SIZE], after[PAGE_SIZE];
};
const struct recorder_backlog_change *
recorder_backlog_change(const struct recorder_backlog *backlog, size_t index);

#endif
