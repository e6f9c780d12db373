/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_SWEEP_H
#define SIM_STUDY_SWEEP_H

#include "results/record.h"
#include "sim/scenario.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The runs of a study: the cross product of what varies, each combination a scenario of its own,
 * validated before anything runs. Combinations that are the same run (XBZRLE off with any cache
 * size) are run once.
 */
struct sweep_run {
    struct scenario *scenario;
    char digest[RECORD_DIGEST_SIZE];
};

struct sweep {
    char **axes; /* keys that vary, in their order; "seed" is not among them */
    size_t axis_count;
    struct sweep_run *runs;
    size_t run_count;
};

/*
 * From the scenario's [sweep] section: `section.key = value value ...`, and `seeds = N` for seeds
 * from run.seed on. Without such a section one run. Owned by the caller, to sweep_destroy; NULL
 * with an error that names the line.
 */
struct sweep *sweep_create(const struct scenario_text *text, struct error *error);

/*
 * The same guest under several techniques: none, xbzrle and the v5 patches' xbrle, the latter two
 * at each of the sizes (the scenario's own if `size_count` is 0).
 */
struct sweep *sweep_techniques(const struct scenario_text *text, const char *const *sizes,
                               size_t size_count, struct error *error);
void sweep_destroy(struct sweep *sweep); /* NULL is fine */

/* Keeps every `of`-th run, from number `shard` (1 to `of`) on. */
void sweep_keep_shard(struct sweep *sweep, size_t shard, size_t of);
/* Takes run `index` out. */
void sweep_drop(struct sweep *sweep, size_t index);

/*
 * Does all runs with that many worker processes. `take` gets the records in order; see workers.h.
 */
struct sweep_options {
    unsigned worker_count;
    const volatile sig_atomic_t *interrupted;
    bool (*take)(void *context, size_t run, struct record *record, const char *why,
                 struct error *error);
    void *context;
};
bool sweep_execute(const struct sweep *sweep, const struct sweep_options *options,
                   struct error *error);

#endif
