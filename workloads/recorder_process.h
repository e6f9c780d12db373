/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_PROCESS_H
#define WORKLOADS_RECORDER_PROCESS_H

#include "workloads/recorder_session.h"
#include "workloads/recorder_target.h"

/*
 * Records what a process writes to its private writable memory, by snapshots. Memory that is
 * shared, or only mapped and never touched, is not recorded; pages that are unmapped stop changing;
 * children of the process are not followed.
 *
 * Records the target into the file until it ends, `duration` is over, or `stop_fd` becomes readable
 * (-1: no such thing). The trace is then whole. False: it could not begin, and there is no file; or
 * it broke off (a full disk), and the trace is cut. *report is valid in any case. The target stays
 * the caller's, to recorder_target_release.
 */
bool recorder_run(struct recorder_target *target, const struct recorder_options *options,
                  const char *file, int stop_fd, struct recorder_report *report,
                  struct error *error);

#endif
