/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_WATCH_H
#define WORKLOADS_RECORDER_WATCH_H

#include "workloads/recorder_pages.h"
#include "workloads/recorder_target.h"

/*
 * Which pages may have been written since the last look. Three ways to know:
 *
 *     pagemap-scan   The kernel (6.7 and later) write-protects each page through a userfaultfd in
 *                    its asynchronous mode and unprotects it at the first write. One call tells
 *                    which pages were written and protects those again, page by page in one step:
 *                    no write is lost, and the process need not stand still.
 *     soft-dirty     The older way, where the kernel was built with it. Reading the bits and
 *                    clearing them are two steps, so the process is stopped in between.
 *     compare        All pages that are there are looked at. Costs the process nothing but
 *                    bandwidth of memory; sees no write that left the bytes as they were.
 *
 * The first two cost the process a page fault at its first write to a page after each look: below
 * 1 us on bare metal, but more than 10 in some virtual machines, where that would slow it down by
 * more than half. So it is measured first.
 */
enum recorder_method {
    RECORDER_AUTO, /* the first of the others that works here, and is not dear */
    RECORDER_PAGEMAP_SCAN,
    RECORDER_SOFT_DIRTY,
    RECORDER_COMPARE,
};
extern const char *const recorder_method_names[]; /* "auto", ..., NULL */

struct recorder_watch;

/*
 * Chooses the method and prepares the process for it. `why`, of `why_size` bytes, says why not a
 * better one; "" for the best. Owned by the caller, to recorder_watch_destroy, which leaves no
 * trace in the process. NULL: the method that was asked for cannot be had.
 */
struct recorder_watch *recorder_watch_create(struct recorder_target *target,
                                             enum recorder_method wanted, char *why,
                                             size_t why_size, struct error *error);
void recorder_watch_destroy(struct recorder_watch *watch); /* NULL is fine */

/*
 * Marks in `pages` what may have been written in the ranges since the last call; at the first, all
 * that is there. False: the process has ended (the error's text is "" then), or cannot be watched
 * any more.
 */
bool recorder_watch_look(struct recorder_watch *watch, const struct recorder_ranges *ranges,
                         struct recorder_pages *pages, struct error *error);

/* The method in use; a process that became another program may have made it RECORDER_COMPARE. */
enum recorder_method recorder_watch_method(const struct recorder_watch *watch);
/* Pages written with equal bytes are marked as written. */
bool recorder_watch_sees_rewrites(const struct recorder_watch *watch);
bool recorder_watch_wants_stop(const struct recorder_watch *watch); /* look only while stopped */

struct recorder_watch_cost {
    int64_t stopped_ns; /* by ptrace */
    uint64_t faults;    /* of the process at write-protected pages */
    double fault_ns;    /* of each, as measured on this program itself; 0: not measured */
};
struct recorder_watch_cost recorder_watch_cost(const struct recorder_watch *watch);

#endif
