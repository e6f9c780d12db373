/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_WORKERS_H
#define SIM_STUDY_WORKERS_H

#include "base/error.h"
#include "results/record.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Runs that do not know of each other, spread over processes. Whatever the number of workers, the
 * records are taken in the order of the jobs, so that what is written never depends on it.
 *
 *     parent ──job number──> worker   (one job at a time each)
 *            <──record────── worker
 *
 * A worker that dies costs its job, not the rest: the job counts as lost, and a new worker starts.
 * If the parent dies, the workers do.
 */
struct workers_task {
    size_t job_count;
    unsigned worker_count; /* at least 1 */
    void *context;

    /* In a worker: does a job. Owned by the caller, to free(); NULL with an error. */
    struct record *(*run)(void *context, size_t job, struct error *error);

    /*
     * In the parent, in order. `record` is NULL if the job failed or its worker died, and `why`
     * says so; else it is handed over, to free(). False ends everything.
     */
    bool (*take)(void *context, size_t job, struct record *record, const char *why,
                 struct error *error);

    /* Set by a signal handler: no new record is taken, workers are stopped. May be NULL. */
    const volatile sig_atomic_t *interrupted;
};

/* True if all jobs were taken. False with an error, or without one (empty text) if interrupted. */
bool workers_run(const struct workers_task *task, struct error *error);

#endif
