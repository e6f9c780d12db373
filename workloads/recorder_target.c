/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* process_vm_readv, pipe2 */
#include "workloads/recorder_target.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 64

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

char *recorder_target_path(const struct recorder_target *target, const char *name, char *path)
{
    snprintf(path, PATH_SIZE, "/proc/%ld/%.32s", (long)target->pid, name);
    return path;
}

bool recorder_target_proc(const struct recorder_target *target, const char *name, char *text,
                          size_t size)
{
    char path[PATH_SIZE];
    FILE *file = fopen(recorder_target_path(target, name, path), "re");
    if (!file)
        return false;
    size_t n = fread(text, 1, size - 1, file);
    text[n] = 0;
    bool good = !ferror(file);
    fclose(file);
    return good;
}

static void target_open(struct recorder_target *target, pid_t pid)
{
    *target = (struct recorder_target){.pid = pid, .mem = -1};
    target->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
}

/* The words of a command line as a shell would take them. */
static void append_word(char *text, size_t size, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=./:,@%^";
    size_t used = strlen(text);
    bool quote = !word[0] || word[strspn(word, plain)];
    snprintf(text + used, size - used, "%s%s%s%s", used ? " " : "", quote ? "'" : "", word,
             quote ? "'" : "");
}

/* What the child has to say before it becomes the command. */
struct news {
    bool traced;
    int error;
};

static void become(char **argv, int news_fd)
{
    struct news news = {.traced = ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (write(news_fd, &news, sizeof news) == sizeof news)
        execvp(argv[0], argv);
    news.error = errno;
    (void)!write(news_fd, &news, sizeof news);
    _exit(127);
}

/* The child's news until it is the command (its end of the pipe is then closed). */
static bool read_news(int fd, struct news *news)
{
    struct news next;
    bool any = false;
    for (;;) {
        ssize_t n = read(fd, &next, sizeof next);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != sizeof next)
            return any;
        *news = next;
        any = true;
    }
}

bool recorder_target_start(struct recorder_target *target, char **argv, struct error *error)
{
    struct news news = {0};
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return error_set(error, "cannot start a process: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        become(argv, fds[1]);
    int saved = errno;
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return error_set(error, "cannot start a process: %s", strerror(saved));
    }
    bool heard = read_news(fds[0], &news);
    close(fds[0]);
    if (!heard || news.error) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        return error_set(error, "%s: %s", argv[0],
                         news.error == ENOENT ? "command not found" : strerror(news.error));
    }
    target_open(target, pid);
    target->started = true;
    for (size_t i = 0; argv[i]; i++)
        append_word(target->command, sizeof target->command, argv[i]);
    if (news.traced && waitpid(pid, &target->status, 0) == pid) {
        target->held = WIFSTOPPED(target->status);
        target->reaped = !target->held;
    }
    return true;
}

bool recorder_target_attach(struct recorder_target *target, pid_t pid, struct error *error)
{
    char words[TRACE_TEXT_MAX] = "", path[PATH_SIZE];
    target_open(target, pid);
    if (kill(pid, 0) != 0 && errno == ESRCH) {
        recorder_target_release(target);
        return error_set(error, "there is no process %ld", (long)pid);
    }
    /* Opening maps asks the kernel for the same right as reading memory does. */
    int fd = open(recorder_target_path(target, "maps", path), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int saved = errno;
        recorder_target_release(target);
        return error_set(error, "process %ld: no permission to look into it (%s)", (long)pid,
                         strerror(saved));
    }
    close(fd);
    fd = open(recorder_target_path(target, "cmdline", path), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, words, sizeof words - 1);
    if (fd >= 0)
        close(fd);
    while (n > 0 && words[n - 1] == 0) /* a program that writes its own title leaves many */
        n--;
    for (const char *word = words; word < words + n; word += strlen(word) + 1)
        append_word(target->command, sizeof target->command, word);
    return true;
}

void recorder_target_go(struct recorder_target *target)
{
    if (target->held)
        ptrace(PTRACE_DETACH, target->pid, NULL, NULL);
    target->held = false;
}

bool recorder_target_ended(struct recorder_target *target)
{
    if (target->started && !target->reaped && !target->held)
        target->reaped = waitpid(target->pid, &target->status, WNOHANG) == target->pid;
    if (target->started)
        return target->reaped;
    char state[512];
    if (!recorder_target_proc(target, "stat", state, sizeof state))
        return true;
    const char *paren = strrchr(state, ')'); /* the name before may hold anything */
    return !paren || paren[1] != ' ' || paren[2] == 'Z' || paren[2] == 'X';
}

void recorder_target_release(struct recorder_target *target)
{
    if (target->held) { /* it has not done anything yet, and shall not */
        kill(target->pid, SIGKILL);
        target->held = false;
    }
    if (target->started && !recorder_target_ended(target)) {
        kill(target->pid, SIGTERM);
        kill(target->pid, SIGCONT); /* a stopped process takes no other signal */
        for (int i = 0; i < 200 && !recorder_target_ended(target); i++)
            sleep_ms(10);
        if (!target->reaped) {
            kill(target->pid, SIGKILL);
            while (waitpid(target->pid, &target->status, 0) < 0 && errno == EINTR)
                ;
            target->reaped = true;
        }
    }
    if (target->pidfd >= 0)
        close(target->pidfd);
    if (target->mem >= 0)
        close(target->mem);
    target->pidfd = target->mem = -1;
}

static void add_range(struct recorder_ranges *ranges, uint64_t begin, uint64_t end,
                      const char *name)
{
    if (ranges->count == ranges->room) {
        ranges->room = 2 * ranges->room + 64;
        ranges->list = must_grow(ranges->list, ranges->room, sizeof *ranges->list, "mappings");
    }
    struct recorder_range *range = &ranges->list[ranges->count++];
    range->begin = begin;
    range->end = end;
    trace_text_clean(name, range->name, sizeof range->name);
}

bool recorder_target_ranges(const struct recorder_target *target, struct recorder_ranges *ranges,
                            struct error *error)
{
    char path[PATH_SIZE], *line = NULL;
    size_t room = 0;
    FILE *file = fopen(recorder_target_path(target, "maps", path), "re");
    ranges->count = 0;
    error->text[0] = 0;
    if (!file)
        return errno != ENOENT && errno != ESRCH &&
               error_set(error, "process %ld: cannot read its mappings: %s", (long)target->pid,
                         strerror(errno));
    while (getline(&line, &room, file) > 0) {
        uint64_t begin, end;
        char rights[8];
        int name = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %n", &begin, &end, rights,
                   &name) < 3)
            continue;
        if (rights[0] == 'r' && rights[1] == 'w' && rights[3] == 'p')
            add_range(ranges, begin, end, name ? line + name : "");
    }
    free(line);
    fclose(file);
    return ranges->count > 0; /* a process that has ended has none */
}

/* As far as it goes without a hole: the number of pages read. */
static size_t read_some(struct recorder_target *target, const uint64_t *addresses, size_t count,
                        uint8_t *bytes)
{
    struct iovec remote[RECORDER_READ_PAGES], local = {bytes, count * PAGE_SIZE};
    size_t pieces = 0;
    assert(count <= RECORDER_READ_PAGES);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && addresses[i] == addresses[i - 1] + PAGE_SIZE) {
            remote[pieces - 1].iov_len += PAGE_SIZE;
            continue;
        }
        memcpy(&remote[pieces].iov_base, &addresses[i], sizeof remote[pieces].iov_base);
        remote[pieces++].iov_len = PAGE_SIZE;
    }
    ssize_t n = -1;
    if (target->mem < 0)
        n = process_vm_readv(target->pid, &local, 1, remote, pieces, 0);
    if (n < 0 && target->mem < 0 && (errno == ENOSYS || errno == EPERM)) {
        char path[PATH_SIZE];
        target->mem = open(recorder_target_path(target, "mem", path), O_RDONLY | O_CLOEXEC);
    }
    if (target->mem >= 0) {
        size_t pages = 0;
        while (pages < count && pread(target->mem, bytes + pages * PAGE_SIZE, PAGE_SIZE,
                                      (off_t)addresses[pages]) == PAGE_SIZE)
            pages++;
        return pages;
    }
    return n < 0 ? 0 : (size_t)n / PAGE_SIZE;
}

bool recorder_target_read(struct recorder_target *target, const uint64_t *addresses, size_t count,
                          uint8_t *bytes, bool *ret_ok)
{
    for (size_t at = 0; at < count;) {
        size_t n = read_some(target, addresses + at, count - at, bytes + at * PAGE_SIZE);
        for (size_t i = 0; i < n; i++)
            ret_ok[at + i] = true;
        at += n;
        if (at == count)
            break;
        if (n == 0 && recorder_target_ended(target))
            return false;
        /* The read ended at a page that is gone, or short of it: that one alone decides. */
        ret_ok[at] = read_some(target, addresses + at, 1, bytes + at * PAGE_SIZE) == 1;
        at++;
    }
    return true;
}

static char state_of(const struct recorder_target *target)
{
    char text[512];
    if (!recorder_target_proc(target, "stat", text, sizeof text))
        return 'X';
    const char *paren = strrchr(text, ')');
    return paren && paren[1] == ' ' ? paren[2] : 'X';
}

bool recorder_target_stop(const struct recorder_target *target)
{
    if (target->held || strchr("TtXZ", state_of(target)))
        return false;
    kill(target->pid, SIGSTOP);
    for (int i = 0; i < 1000 && !strchr("TXZ", state_of(target)); i++) {
        struct timespec time = {0, 50000};
        nanosleep(&time, NULL);
    }
    return true;
}

void recorder_target_continue(const struct recorder_target *target)
{
    kill(target->pid, SIGCONT);
}
