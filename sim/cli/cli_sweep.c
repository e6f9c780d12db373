/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/json.h"
#include "sim/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *cli_study_json(const struct study *study)
{
    return json_text(json_of_study(study));
}

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

const volatile sig_atomic_t *cli_interrupts(void)
{
    struct sigaction action = {.sa_handler = note_interrupt}; /* no SA_RESTART: poll must end */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &interrupted;
}

/* A run that the sweep wants, done now or before. */
struct wanted {
    char digest[RECORD_DIGEST_SIZE];
    uint64_t seed;
};

struct progress {
    const char *command;
    struct store *store; /* or NULL */
    struct study *study; /* of runs done now, without a store */
    size_t done, there, lost, total;
};

static void show(const struct progress *progress)
{
    if (cli_shows_progress())
        fprintf(stderr, "\r%zu of %zu runs done%s", progress->done + progress->there,
                progress->total, progress->there ? " (some were there already)" : "");
}

static bool take(void *context, size_t run, struct record *record, const char *why,
                 struct error *error)
{
    struct progress *progress = context;
    progress->done++;
    if (!record) {
        progress->lost++;
        message_failed(progress->command, "run %zu is lost: %s", run + 1, why);
        return true;
    }
    if (record->outcome == OUTCOME_FAILED)
        message_failed(progress->command, "run %zu failed: %s", run + 1, record->why);
    bool ok = true;
    if (progress->store)
        ok = store_put(progress->store, record, error);
    else
        study_add(progress->study, record);
    free(record);
    show(progress);
    return ok;
}

static struct wanted *list_wanted(const struct sweep *sweep)
{
    struct wanted *wanted = must_alloc(sweep->run_count, sizeof *wanted, "a sweep");
    for (size_t i = 0; i < sweep->run_count; i++) {
        memcpy(wanted[i].digest, sweep->runs[i].digest, sizeof wanted[i].digest);
        wanted[i].seed = sweep->runs[i].scenario->run.seed;
    }
    return wanted;
}

static bool drop_what_is_there(struct store *store, struct sweep *sweep, struct error *error)
{
    for (size_t i = sweep->run_count; i-- > 0;) {
        bool there;
        if (!store_has(store, SOURCE_SIMULATED, sweep->runs[i].digest,
                       sweep->runs[i].scenario->run.seed, &there, error))
            return false;
        if (there)
            sweep_drop(sweep, i);
    }
    return true;
}

/* The sweep's runs out of all that the store holds, in the sweep's order. */
static struct study *load_wanted(struct store *store, const struct wanted *wanted, size_t count,
                                 const char *name, const struct sweep *sweep, struct error *error)
{
    struct study *all = store_load(store, error), *some = NULL;
    if (all)
        some = study_create(name, (const char *const *)sweep->axes, sweep->axis_count);
    for (size_t i = 0; some && i < count; i++) {
        size_t k = 0;
        while (k < all->run_count && (strcmp(all->runs[k].digest, wanted[i].digest) != 0 ||
                                      all->runs[k].record->seed != wanted[i].seed))
            k++;
        struct record *record =
            k < all->run_count ? store_load_run(store, all->runs[k].id, error) : NULL;
        if (record)
            study_take(some, (int64_t)i + 1, record);
    }
    study_free(all);
    return some;
}

static int execute(struct progress *progress, struct sweep *sweep, unsigned long jobs)
{
    struct error error;
    struct sweep_options options = {.worker_count = (unsigned)jobs,
                                    .interrupted = cli_interrupts(),
                                    .take = take,
                                    .context = progress};
    show(progress);
    bool ok = sweep_execute(sweep, &options, &error);
    if (cli_shows_progress())
        fprintf(stderr, "\r%60s\r", "");
    if (ok)
        return progress->lost ? STATUS_FAILED : STATUS_DONE;
    if (error.text[0])
        return message_failed(progress->command, "%s", error.text);
    message_failed(progress->command, "interrupted: %zu of %zu runs are done%s",
                   progress->done + progress->there, progress->total,
                   progress->store ? " and stored; the same command goes on from there" : "");
    return STATUS_INTERRUPTED;
}

int cli_run_sweep(const char *command, struct sweep *sweep, const char *name, const char *db,
                  unsigned long jobs, struct study **ret_study)
{
    struct error error;
    const char *const *axes = (const char *const *)sweep->axes;
    struct progress progress = {.command = command, .total = sweep->run_count};
    size_t count = sweep->run_count;
    struct wanted *wanted = list_wanted(sweep);
    int status = STATUS_DONE;
    *ret_study = NULL;
    cli_interrupts();
    if (!db) {
        progress.study = study_create(name, axes, sweep->axis_count);
    } else {
        progress.store = store_create(db, name, axes, sweep->axis_count, &error);
        if (!progress.store || !drop_what_is_there(progress.store, sweep, &error))
            status = message_failed(command, "%s", error.text);
    }
    progress.there = count - sweep->run_count;
    if (status == STATUS_DONE && sweep->run_count)
        status = execute(&progress, sweep, jobs);
    if (status == STATUS_DONE && progress.store) {
        progress.study = load_wanted(progress.store, wanted, count, name, sweep, &error);
        if (!progress.study)
            status = message_failed(command, "%s", error.text);
    }
    if (status == STATUS_INTERRUPTED)
        study_free(progress.study);
    else
        *ret_study = progress.study;
    store_close(progress.store);
    sweep_destroy(sweep);
    free(wanted);
    return status;
}
