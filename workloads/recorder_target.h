/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_TARGET_H
#define WORKLOADS_RECORDER_TARGET_H

#include "workloads/trace_format.h"

#include <sys/types.h>

/* The process that is recorded: starting it, its mappings, reading its memory. Linux alone. */
struct recorder_target {
    pid_t pid;
    int pidfd;    /* readable when the process has ended; -1 if the kernel has no such thing */
    int mem;      /* /proc/PID/mem, where process_vm_readv is refused; -1 until then */
    bool started; /* by us: ours to end and to wait for */
    bool held;    /* it stands before its first instruction, traced by us */
    bool reaped;  /* it has ended, with `status` as of waitpid */
    int status;
    char command[TRACE_TEXT_MAX + 1];
};

/* A mapping of private writable memory. */
struct recorder_range {
    uint64_t begin, end;
    char name[128]; /* file, "[heap]", ..., cleaned for a trace; "" if anonymous */
};

struct recorder_ranges {
    struct recorder_range *list;
    size_t count, room;
};

/*
 * Starts the command and holds it before its first instruction, if tracing is allowed here, else
 * lets it run. False: there is no such command, or it cannot be executed.
 */
bool recorder_target_start(struct recorder_target *target, char **argv, struct error *error);
/* False: there is no such process, or it is not ours to look into. */
bool recorder_target_attach(struct recorder_target *target, pid_t pid, struct error *error);

/* Lets a process that is held go on; nothing if it is not. */
void recorder_target_go(struct recorder_target *target);
/*
 * Closes. A command that we started and that still runs is told to end (SIGTERM), then after 2 s
 * killed.
 */
void recorder_target_release(struct recorder_target *target);

/* True if it has ended; a command's status is then known. */
bool recorder_target_ended(struct recorder_target *target);

/*
 * Its mappings now, in the order of addresses. False: it has ended (the error's text is "" then),
 * or they cannot be read. Free the list at the end.
 */
bool recorder_target_ranges(const struct recorder_target *target, struct recorder_ranges *ranges,
                            struct error *error);

/*
 * Reads pages at the addresses, PAGE_SIZE each, to `bytes` one after the other; ret_ok[i] is false
 * where there was none any more. False if the process has ended.
 */
#define RECORDER_READ_PAGES 256u
bool recorder_target_read(struct recorder_target *target, const uint64_t *addresses, size_t count,
                          uint8_t *bytes, bool *ret_ok);

/* Stops all its threads by SIGSTOP and waits for that; false if it was stopped already, or ended.
 */
bool recorder_target_stop(const struct recorder_target *target);
void recorder_target_continue(const struct recorder_target *target);

/* A whole file of its folder under /proc as text, cut to `size`. False if it cannot be read. */
bool recorder_target_proc(const struct recorder_target *target, const char *name, char *text,
                          size_t size);
/* "/proc/PID/NAME" in a buffer of at least 64 bytes. */
char *recorder_target_path(const struct recorder_target *target, const char *name, char *path);

#endif
