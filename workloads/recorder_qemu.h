/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_QEMU_H
#define WORKLOADS_RECORDER_QEMU_H

#include "workloads/recorder_guest.h"
#include "workloads/recorder_qmp.h"
#include "workloads/recorder_session.h"

/*
 * Records what a guest writes to its memory, by snapshots of the file that QEMU keeps it in. Page n
 * of the trace is page n of the file, so of the RAM block; with an image, a replay of the trace in
 * a guest of that size is that guest. Pages are compared: a write that left the bytes as they were
 * is not seen. Options max_memory and method do not matter.
 *
 * With options->pause the guest stands still during each snapshot (QMP stop and cont); `qmp` must
 * then not be NULL. A guest that was stopped by someone else stays so.
 *
 * Ends, and fails, as recorder_run does (recorder_process.h); also when the file shrinks. What is
 * given stays the caller's.
 */
bool recorder_qemu_run(struct recorder_guest *guest, struct recorder_qmp *qmp,
                       const struct recorder_options *options, const char *file, int stop_fd,
                       struct recorder_report *report, struct error *error);

#endif
