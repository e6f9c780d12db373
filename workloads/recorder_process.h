/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_PROCESS_H
#define WORKLOADS_RECORDER_PROCESS_H

#include "base/option.h"
#include "workloads/recorder_target.h"
#include "workloads/recorder_watch.h"

/*
 * Records what a process writes to its private writable memory: a snapshot at the beginning, then
 * every `interval` an epoch of what changed since the last.
 *
 *     snapshot 0     snapshot 1     snapshot 2
 *         |--- epoch 0 ---|--- epoch 1 ---|----> time of the trace (the process's own: what it
 *       image                                    stood still for the recorder is left out)
 *
 * A page is read at one moment, different pages of a snapshot at moments that may be some ms apart;
 * a migration reads a running guest's pages just so. Whatever is written behind the reader's back
 * shows in the next epoch. Memory that is shared, or only mapped and never touched, is not
 * recorded; pages that are unmapped stop changing; children of the process are not followed.
 */
struct recorder_options {
    int64_t interval_ns;
    int64_t duration_ns; /* 0: until the process ends */
    uint64_t max_memory; /* bytes of the trace's memory; pages beyond it are left out */
    bool image;          /* the content before the first epoch is recorded */
    bool pause;          /* the process is stopped during each snapshot */
    unsigned method;     /* enum recorder_method */
};
extern const struct option recorder_options_table[];

enum recorder_end { RECORDER_END_PROCESS, RECORDER_END_DURATION, RECORDER_END_STOPPED };

/* What a recording was and what it cost. */
struct recorder_report {
    enum recorder_method method;
    bool became_compare; /* the process ran another program that cannot be watched otherwise */
    char why[400];       /* why not a better method; "" if there is none */
    enum recorder_end end;

    uint64_t epochs, file_bytes;
    int64_t span_ns;                                              /* of all epochs */
    int64_t interval_min_ns, interval_median_ns, interval_max_ns; /* as achieved */
    uint32_t pages;                                               /* of the trace's memory */
    uint64_t left_out_pages;                                      /* beyond max_memory */
    uint64_t compared_pages, changed_pages, rewritten_pages;      /* summed over the epochs */

    int64_t look_ns;    /* time spent in snapshots, writing of the trace included */
    int64_t cpu_ns;     /* CPU time of the recorder */
    int64_t stopped_ns; /* the process stood still for it */
    uint64_t faults;    /* write faults that it had more, after snapshots */
    int64_t fault_ns;   /* what they cost it, estimated; 0 if not known */
};

/*
 * Records the target into the file until it ends, `duration` is over, or `stop_fd` becomes readable
 * (-1: no such thing). The trace is then whole. False: it could not begin, and there is no file; or
 * it broke off (a full disk), and the trace is cut. *report is valid in any case. The target stays
 * the caller's, to recorder_target_release.
 */
bool recorder_run(struct recorder_target *target, const struct recorder_options *options,
                  const char *file, int stop_fd, struct recorder_report *report,
                  struct error *error);

#endif
