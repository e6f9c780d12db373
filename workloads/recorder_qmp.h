/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_QMP_H
#define WORKLOADS_RECORDER_QMP_H

#include "base/error.h"

/* As much of QEMU's monitor protocol as it takes to have a guest stand still. */
struct recorder_qmp;

/*
 * Connects to a QMP socket (-qmp unix:PATH,server=on,wait=off), which serves one client at a time.
 * Owned by the caller, to recorder_qmp_close. NULL: no such socket, or it does not answer.
 */
struct recorder_qmp *recorder_qmp_open(const char *path, struct error *error);
void recorder_qmp_close(struct recorder_qmp *qmp); /* NULL is fine */

/* True if the guest ran and stands still now. False: it stood still already, or QEMU is gone. */
bool recorder_qmp_stop(struct recorder_qmp *qmp);
void recorder_qmp_continue(struct recorder_qmp *qmp);

#endif
