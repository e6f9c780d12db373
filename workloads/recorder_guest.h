/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_GUEST_H
#define WORKLOADS_RECORDER_GUEST_H

#include "workloads/recorder_target.h"

/*
 * The memory of a guest that lies in a file which QEMU maps shared:
 *
 *     -object memory-backend-file,id=ram,size=1G,mem-path=/dev/shm/ram,share=on
 *     -object memory-backend-memfd,id=ram,size=1G,share=on      (no name; found by the process)
 */
struct recorder_guest {
    struct recorder_target qemu; /* the process */
    char name[TRACE_NAME_MAX + 1];
    int fd;
    const uint8_t *map; /* the file, to read */
    uint64_t bytes;     /* what QEMU maps of it, whole pages */
};

/*
 * Finds it by the file's name, or by the number of the process: then it is the largest file that
 * the process maps shared and writable. False: no such file, no process that maps it, not shared,
 * or not ours to look at; there is nothing to close then.
 */
bool recorder_guest_open(struct recorder_guest *guest, const char *file, struct error *error);
bool recorder_guest_open_process(struct recorder_guest *guest, pid_t pid, struct error *error);
void recorder_guest_close(struct recorder_guest *guest);

/* False, with the reason, if the file is shorter than what QEMU maps of it. */
bool recorder_guest_whole(const struct recorder_guest *guest, struct error *error);

#endif
