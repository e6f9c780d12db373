/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_INJECT_H
#define WORKLOADS_RECORDER_INJECT_H

#include "workloads/recorder_target.h"

/*
 * Gets a userfaultfd for the memory of another process: stops it by ptrace (for some 100 us; a held
 * one is stopped already), has it make two system calls, userfaultfd and, when the descriptor was
 * taken over by pidfd_getfd, close, and lets it go on as if nothing had been. A system call that it
 * was waiting in is restarted as after a signal without handler.
 *
 * Returns the descriptor, owned by the caller, or -1 with the reason; the process is unharmed then
 * too. Refused beforehand, because it could be killed for it: a process under seccomp. x86-64
 * alone. RECORDER_STUCK with the reason: it sleeps in the kernel and could not be let go; end this
 * program soon, which frees it. *ret_stopped_ns is what it stood still for.
 */
#define RECORDER_STUCK (-2)
int recorder_inject_userfaultfd(struct recorder_target *target, int64_t *ret_stopped_ns,
                                struct error *error);

#endif
