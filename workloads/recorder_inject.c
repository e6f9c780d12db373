/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "workloads/recorder_inject.h"

#include <errno.h>
#include <string.h>

#if defined __x86_64__

#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

/* Linux's own numbers of a system call that was interrupted: linux/errno.h, never seen outside. */
enum { ERESTARTSYS = 512, ERESTARTNOINTR = 513, ERESTARTNOHAND = 514, ERESTART_RESTARTBLOCK = 516 };
#define CODE_SEGMENT_64 0x33 /* of a process in 64-bit mode */
#define SIGNALS_MAX     16
#define OPTIONS         ((void *)(uintptr_t)PTRACE_O_TRACESYSGOOD)

struct session {
    pid_t pid;
    struct user_regs_struct saved;
    uint64_t instruction; /* where a syscall instruction stands */
    bool seized;
    int signals[SIGNALS_MAX]; /* that came while it was ours: to be sent again */
    size_t signal_count;
};

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/*
 * Waits for the next stop. A process that sleeps in the kernel past all signals is given 2 s. If it
 * ended, its status is left for whom it belongs to.
 */
static bool wait_stop(const struct session *session, int *ret_status, struct error *error)
{
    struct timespec time = {0, 20000};
    for (int64_t end = now_ns() + 2000000000; now_ns() < end; nanosleep(&time, NULL)) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)session->pid, &info,
                   WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0) {
            if (errno == EINTR)
                continue;
            return error_set(error, "waiting for it: %s", strerror(errno));
        }
        if (info.si_pid == 0)
            continue;
        if (info.si_code != CLD_STOPPED && info.si_code != CLD_TRAPPED)
            return error_set(error, "it ended");
        return waitpid(session->pid, ret_status, __WALL) == session->pid ||
               error_set(error, "waiting for it: %s", strerror(errno));
    }
    return error_set(error, "it did not stop within 2 s");
}

/* Has it run to the next entry or exit of a system call; signals on the way are kept for later. */
static bool run_to_system_call(struct session *session, struct error *error)
{
    for (;;) {
        int status;
        if (ptrace(PTRACE_SYSCALL, session->pid, NULL, NULL) != 0)
            return error_set(error, "PTRACE_SYSCALL: %s", strerror(errno));
        if (!wait_stop(session, &status, error))
            return false;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            return true;
        if (status >> 16 == 0 && session->signal_count < SIGNALS_MAX)
            session->signals[session->signal_count++] = WSTOPSIG(status);
    }
}

static bool inject(struct session *session, long number, uint64_t argument, int64_t *ret,
                   struct error *error)
{
    struct user_regs_struct regs = session->saved;
    regs.rip = session->instruction;
    regs.rax = (uint64_t)number;
    regs.orig_rax = UINT64_MAX; /* no system call to be restarted */
    regs.rdi = argument;
    if (ptrace(PTRACE_SETREGS, session->pid, NULL, &regs) != 0)
        return error_set(error, "PTRACE_SETREGS: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        if (!run_to_system_call(session, error))
            return false;
    if (ptrace(PTRACE_GETREGS, session->pid, NULL, &regs) != 0)
        return error_set(error, "PTRACE_GETREGS: %s", strerror(errno));
    *ret = (int64_t)regs.rax;
    return true;
}

/*
 * The registers with which it goes on. A system call that the stop interrupted has one of the
 * numbers above as its result; whether the kernel still acts on it, on the way out, after two other
 * calls depends on flags of its own. So what it would do is done here (without a handler: back to
 * the instruction, with the call's number or that of restart_syscall), and it is told not to.
 */
static void restart_system_call(struct user_regs_struct *regs)
{
    if ((int64_t)regs->orig_rax < 0)
        return;
    switch (-(int64_t)regs->rax) {
    case ERESTARTSYS:
    case ERESTARTNOINTR:
    case ERESTARTNOHAND:
        regs->rax = regs->orig_rax;
        regs->rip -= 2;
        break;
    case ERESTART_RESTARTBLOCK:
        regs->rax = SYS_restart_syscall;
        regs->rip -= 2;
        break;
    default:
        break;
    }
    regs->orig_rax = UINT64_MAX;
}

/* The vDSO is in every 64-bit process and has the instruction for where its clocks do not serve. */
static bool find_instruction(struct recorder_target *target, struct session *session)
{
    static const uint8_t syscall_instruction[2] = {0x0f, 0x05};
    uint8_t *bytes = must_alloc(RECORDER_READ_PAGES, PAGE_SIZE, "the vDSO");
    char maps_line[256], path[64];
    uint64_t begin = 0, end = 0;
    FILE *file = fopen(recorder_target_path(target, "maps", path), "re");
    while (file && fgets(maps_line, sizeof maps_line, file))
        if (strstr(maps_line, "[vdso]"))
            sscanf(maps_line, "%" SCNx64 "-%" SCNx64, &begin, &end);
    if (file)
        fclose(file);
    session->instruction = 0;
    for (; begin < end && !session->instruction; begin += PAGE_SIZE) {
        bool ok;
        if (!recorder_target_read(target, &begin, 1, bytes, &ok) || !ok)
            break;
        const uint8_t *at = memmem(bytes, PAGE_SIZE, syscall_instruction, 2);
        if (at)
            session->instruction = begin + (uint64_t)(at - bytes);
    }
    free(bytes);
    return session->instruction != 0;
}

static int take_descriptor(struct recorder_target *target, struct session *session,
                           struct error *error)
{
    int64_t theirs, ignored;
    if (ptrace(PTRACE_GETREGS, session->pid, NULL, &session->saved) != 0)
        return error_set(error, "PTRACE_GETREGS: %s", strerror(errno)), -1;
    if (session->saved.cs != CODE_SEGMENT_64 || !find_instruction(target, session))
        return error_set(error, "it is no 64-bit process with a vDSO"), -1;
    if (!inject(session, SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY, &theirs, error))
        return -1;
    int fd = -1;
    if (theirs < 0) {
        error_set(error, "userfaultfd in it: %s", strerror((int)-theirs));
    } else {
        fd = (int)syscall(SYS_pidfd_getfd, target->pidfd, (int)theirs, 0);
        if (fd < 0)
            error_set(error, "pidfd_getfd: %s", strerror(errno));
        struct error late;
        inject(session, SYS_close, (uint64_t)theirs, &ignored, &late);
    }
    restart_system_call(&session->saved);
    ptrace(PTRACE_SETREGS, session->pid, NULL, &session->saved);
    return fd;
}

static bool under_seccomp(const struct recorder_target *target)
{
    char text[4096];
    const char *line = recorder_target_proc(target, "status", text, sizeof text)
                           ? strstr(text, "\nSeccomp:")
                           : NULL;
    return !line || strtol(line + strlen("\nSeccomp:"), NULL, 10) != 0;
}

/* Has it stopped and traced with the options that run_to_system_call wants. */
static bool seize(const struct recorder_target *target, struct session *session,
                  struct error *error)
{
    int status;
    if (target->held) {
        if (ptrace(PTRACE_SETOPTIONS, session->pid, NULL, OPTIONS) == 0)
            return true;
        return error_set(error, "PTRACE_SETOPTIONS: %s", strerror(errno));
    }
    if (ptrace(PTRACE_SEIZE, session->pid, NULL, OPTIONS) != 0)
        return error_set(error, "PTRACE_SEIZE: %s", strerror(errno));
    session->seized = true;
    if (ptrace(PTRACE_INTERRUPT, session->pid, NULL, NULL) != 0)
        return error_set(error, "PTRACE_INTERRUPT: %s", strerror(errno));
    if (!wait_stop(session, &status, error))
        return false;
    if (status >> 16 == 0) /* a signal was faster than the interrupt */
        session->signals[session->signal_count++] = WSTOPSIG(status);
    return true;
}

int recorder_inject_userfaultfd(struct recorder_target *target, int64_t *ret_stopped_ns,
                                struct error *error)
{
    struct session session = {.pid = target->pid};
    int64_t start = now_ns();
    *ret_stopped_ns = 0;
    if (target->pidfd < 0)
        return error_set(error, "pidfd_open: not on this kernel"), -1;
    if (under_seccomp(target))
        return error_set(error, "it runs under seccomp, which could kill it for a system call"), -1;
    if (!seize(target, &session, error)) {
        /* Only a stopped process can be let go; one that was never seized needs not. */
        bool free = ptrace(PTRACE_DETACH, session.pid, NULL, NULL) == 0 || !session.seized;
        return free ? -1 : RECORDER_STUCK;
    }
    int fd = take_descriptor(target, &session, error);
    if (!target->held)
        ptrace(PTRACE_DETACH, session.pid, NULL, NULL);
    for (size_t i = 0; i < session.signal_count; i++)
        kill(session.pid, session.signals[i]);
    *ret_stopped_ns = now_ns() - start;
    return fd;
}

#else

int recorder_inject_userfaultfd(struct recorder_target *target, int64_t *ret_stopped_ns,
                                struct error *error)
{
    (void)target;
    *ret_stopped_ns = 0;
    error_set(error, "not made for this processor");
    return -1;
}

#endif
