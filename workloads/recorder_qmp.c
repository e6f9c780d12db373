/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/recorder_qmp.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS 5000
#define LINE_SIZE 65536u

struct recorder_qmp {
    int fd;
    size_t used, next; /* of `line`: bytes read, and where the next line begins */
    char line[LINE_SIZE];
};

/* The next line as JSON, to be released; NULL if none comes in time. */
static json_t *read_message(struct recorder_qmp *qmp)
{
    for (;;) {
        char *begin = qmp->line + qmp->next;
        char *end = memchr(begin, '\n', qmp->used - qmp->next);
        if (end) {
            qmp->next += (size_t)(end - begin) + 1;
            return json_loadb(begin, (size_t)(end - begin), 0, NULL);
        }
        memmove(qmp->line, begin, qmp->used - qmp->next);
        qmp->used -= qmp->next;
        qmp->next = 0;
        struct pollfd poll_fd = {.fd = qmp->fd, .events = POLLIN};
        int ready = poll(&poll_fd, 1, ANSWER_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return NULL;
        ssize_t n = read(qmp->fd, qmp->line + qmp->used, LINE_SIZE - qmp->used);
        if (n <= 0)
            return NULL;
        qmp->used += (size_t)n;
    }
}

/* What the command returned, to be released; NULL on an error or no answer. Events are skipped. */
static json_t *execute(struct recorder_qmp *qmp, const char *command)
{
    char text[80];
    int length = snprintf(text, sizeof text, "{\"execute\": \"%s\"}\n", command);
    if (send(qmp->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
        return NULL;
    for (;;) {
        json_t *message = read_message(qmp);
        json_t *answer = json_object_get(message, "return");
        bool is_event = json_object_get(message, "event") != NULL;
        json_incref(answer);
        json_decref(message);
        if (!is_event)
            return answer;
    }
}

static bool execute_only(struct recorder_qmp *qmp, const char *command)
{
    json_t *answer = execute(qmp, command);
    json_decref(answer);
    return answer != NULL;
}

struct recorder_qmp *recorder_qmp_open(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(error, "%s: too long for the path of a socket", path);
        return NULL;
    }
    strcpy(address.sun_path, path);
    struct recorder_qmp *qmp = must_alloc(1, sizeof *qmp, "a QMP connection");
    qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (qmp->fd < 0 || connect(qmp->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        error_set(error, "%s: cannot connect: %s", path, strerror(errno));
        recorder_qmp_close(qmp);
        return NULL;
    }
    json_t *greeting = read_message(qmp);
    bool good = json_object_get(greeting, "QMP") && execute_only(qmp, "qmp_capabilities");
    json_decref(greeting);
    if (good)
        return qmp;
    error_set(error,
              "%s: no answer of QMP (a socket serves one client at a time; give QEMU another by a "
              "second -qmp)",
              path);
    recorder_qmp_close(qmp);
    return NULL;
}

void recorder_qmp_close(struct recorder_qmp *qmp)
{
    if (!qmp)
        return;
    if (qmp->fd >= 0)
        close(qmp->fd);
    free(qmp);
}

bool recorder_qmp_stop(struct recorder_qmp *qmp)
{
    json_t *status = execute(qmp, "query-status");
    bool running = json_is_true(json_object_get(status, "running"));
    json_decref(status);
    return running && execute_only(qmp, "stop");
}

void recorder_qmp_continue(struct recorder_qmp *qmp)
{
    execute_only(qmp, "cont");
}
