/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* prctl's names */
#include "sim/study/workers.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_JOB SIZE_MAX

/* What a worker answers: a record of that size as it lay at `from`, or an error's text. */
struct answer {
    uint64_t size; /* 0: no record, `why` says why not */
    const void *from;
    struct error why;
};

struct worker {
    pid_t pid;
    int socket;
    size_t job; /* NO_JOB: idle */
};

/* A job that is done before the ones ahead of it. */
struct done {
    bool there;
    struct record *record;
    char *why;
};

struct pool {
    const struct workers_task *task;
    struct worker *workers;
    struct done *done;
    size_t next_job, next_taken;
};

static bool write_all(int fd, const void *bytes, size_t size)
{
    for (const char *p = bytes; size;) {
        ssize_t n = send(fd, p, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n, size -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t size)
{
    for (char *p = bytes; size;) {
        ssize_t n = read(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n, size -= (size_t)n;
    }
    return true;
}

static void work(const struct workers_task *task, int fd)
{
    size_t job;
    while (read_all(fd, &job, sizeof job)) {
        struct answer answer = {0};
        struct record *record = task->run(task->context, job, &answer.why);
        if (record) {
            answer.size = record_copy_size(record);
            answer.from = record;
        }
        if (!write_all(fd, &answer, sizeof answer) ||
            (record && !write_all(fd, record, answer.size)))
            break;
        free(record);
    }
}

static bool start(struct pool *pool, struct worker *worker, struct error *error)
{
    int pair[2];
    pid_t parent = getpid();
    worker->pid = 0;
    worker->job = NO_JOB;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return error_set(error, "no channel to a worker: %s", strerror(errno));
    fflush(NULL);
    worker->pid = fork();
    if (worker->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        signal(SIGINT, SIG_IGN); /* the parent decides what an interrupt means */
        signal(SIGTERM, SIG_DFL);
        close(pair[0]);
        work(pool->task, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    worker->socket = pair[0];
    if (worker->pid > 0)
        return true;
    worker->pid = 0;
    close(pair[0]);
    return error_set(error, "no worker process: %s", strerror(errno));
}

static void stop(struct worker *worker)
{
    if (!worker->pid)
        return;
    close(worker->socket);
    kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
}

static void finish(struct pool *pool, size_t job, struct record *record, const char *why)
{
    pool->done[job] = (struct done){true, record, why ? must_copy(why, "an error") : NULL};
}

/* The worker has ended without an answer: what killed it tells the user most. */
static bool bury(struct pool *pool, struct worker *worker, struct error *error)
{
    char why[96];
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(worker->socket);
    if (WIFSIGNALED(status))
        snprintf(why, sizeof why, "its worker died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(why, sizeof why, "its worker ended with status %d", WEXITSTATUS(status));
    finish(pool, worker->job, NULL, why);
    return start(pool, worker, error);
}

static bool receive(struct pool *pool, struct worker *worker, struct error *error)
{
    struct answer answer;
    if (!read_all(worker->socket, &answer, sizeof answer))
        return bury(pool, worker, error);
    struct record *record = NULL;
    if (answer.size) {
        record = must_alloc(answer.size, 1, "a record");
        if (!read_all(worker->socket, record, answer.size)) {
            free(record);
            return bury(pool, worker, error);
        }
        record_moved(record, answer.from);
    }
    finish(pool, worker->job, record, record ? NULL : answer.why.text);
    worker->job = NO_JOB;
    return true;
}

static bool interrupted(const struct pool *pool)
{
    return pool->task->interrupted && *pool->task->interrupted;
}

static void assign(struct pool *pool, struct worker *worker)
{
    if (worker->job != NO_JOB || pool->next_job == pool->task->job_count)
        return;
    worker->job = pool->next_job++;
    /* If it is dead already, poll will say so. */
    (void)write_all(worker->socket, &worker->job, sizeof worker->job);
}

static bool wait_for_answers(struct pool *pool, struct error *error)
{
    unsigned count = pool->task->worker_count;
    struct pollfd polls[256];
    for (unsigned i = 0; i < count; i++) {
        assign(pool, &pool->workers[i]);
        bool busy = pool->workers[i].job != NO_JOB;
        polls[i] = (struct pollfd){busy ? pool->workers[i].socket : -1, POLLIN, 0};
    }
    if (poll(polls, count, -1) < 0)
        return errno == EINTR || error_set(error, "poll: %s", strerror(errno));
    for (unsigned i = 0; i < count; i++)
        if (polls[i].revents && !receive(pool, &pool->workers[i], error))
            return false;
    return true;
}

static bool take_in_order(struct pool *pool, struct error *error)
{
    while (pool->next_taken < pool->task->job_count && pool->done[pool->next_taken].there) {
        struct done *done = &pool->done[pool->next_taken];
        struct record *record = done->record;
        done->record = NULL;
        if (!pool->task->take(pool->task->context, pool->next_taken++, record, done->why, error))
            return false;
    }
    return true;
}

bool workers_run(const struct workers_task *task, struct error *error)
{
    assert(task->worker_count >= 1 && task->worker_count <= 256);
    struct pool pool = {.task = task};
    bool ok = true;
    error_set(error, "%s", "");
    pool.workers = must_alloc(task->worker_count, sizeof *pool.workers, "workers");
    pool.done = must_alloc(task->job_count, sizeof *pool.done, "jobs");
    for (unsigned i = 0; ok && i < task->worker_count; i++)
        ok = start(&pool, &pool.workers[i], error);
    while (ok && pool.next_taken < task->job_count && !interrupted(&pool))
        ok = wait_for_answers(&pool, error) && (interrupted(&pool) || take_in_order(&pool, error));
    for (unsigned i = 0; i < task->worker_count; i++)
        stop(&pool.workers[i]);
    for (size_t i = 0; i < task->job_count; i++) {
        free(pool.done[i].record);
        free(pool.done[i].why);
    }
    bool all = pool.next_taken == task->job_count;
    free(pool.workers);
    free(pool.done);
    return ok && all;
}
