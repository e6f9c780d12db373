/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/study/sweep.h"

#include "base/units.h"
#include "sim/simulate.h"
#include "sim/study/workers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AXES_MAX 16u
#define RUNS_MAX 20000u /* a slip of the keyboard, not a study */

struct axis {
    char *section, *key;
    char **values;
    size_t value_count;
    unsigned line;
};

struct plan {
    struct axis axes[AXES_MAX];
    size_t axis_count;
    uint64_t seeds;
};

static void split_values(struct axis *axis, const char *text)
{
    char *copy = must_copy(text, "a sweep"), *save = NULL;
    for (char *word = strtok_r(copy, " \t,\n", &save); word;
         word = strtok_r(NULL, " \t,\n", &save)) {
        axis->values =
            must_grow(axis->values, axis->value_count + 1, sizeof *axis->values, "a sweep");
        axis->values[axis->value_count++] = must_copy(word, "a sweep");
    }
    free(copy);
}

static bool add_axis(struct plan *plan, const struct scenario_text *text,
                     const struct scenario_entry *entry, struct error *error)
{
    struct error what;
    if (!strcmp(entry->key, "seeds")) {
        if (!units_parse_integer(entry->value, &plan->seeds, &what))
            return scenario_text_error(text, entry, error, "%s", what.text);
        if (plan->seeds < 1 || plan->seeds > RUNS_MAX)
            return scenario_text_error(text, entry, error, "'%.40s' is out of range: from 1 to %u",
                                       entry->value, RUNS_MAX);
        return true;
    }
    if (plan->axis_count == AXES_MAX)
        return scenario_text_error(text, entry, error, "more than %u parameters vary", AXES_MAX);
    struct axis *axis = &plan->axes[plan->axis_count];
    *axis = (struct axis){.line = entry->line};
    if (!scenario_text_split_key(entry->key, strlen(entry->key), &axis->section, &axis->key))
        return scenario_text_error(text, entry, error,
                                   "write section.key = value value ..., or "
                                   "seeds = N");
    plan->axis_count++;
    if (!strcmp(entry->key, "run.seed"))
        return scenario_text_error(text, entry, error, "write seeds = N instead");
    split_values(axis, entry->value);
    return axis->value_count > 0 || scenario_text_error(text, entry, error, "no values");
}

static void release_plan(struct plan *plan)
{
    for (size_t i = 0; i < plan->axis_count; i++) {
        for (size_t k = 0; k < plan->axes[i].value_count; k++)
            free(plan->axes[i].values[k]);
        free(plan->axes[i].values);
        free(plan->axes[i].section);
        free(plan->axes[i].key);
    }
}

static void add_run(struct sweep *sweep, struct scenario *scenario)
{
    char digest[RECORD_DIGEST_SIZE];
    record_digest(scenario->settings, scenario->setting_count, digest);
    for (size_t i = 0; i < sweep->run_count; i++) {
        if (!strcmp(sweep->runs[i].digest, digest) &&
            sweep->runs[i].scenario->run.seed == scenario->run.seed) {
            scenario_destroy(scenario);
            return;
        }
    }
    sweep->runs = must_grow(sweep->runs, sweep->run_count + 1, sizeof *sweep->runs, "a sweep");
    struct sweep_run *run = &sweep->runs[sweep->run_count++];
    run->scenario = scenario;
    memcpy(run->digest, digest, sizeof digest);
}

/* The combination's scenario under each seed. */
static bool add_seeds(struct sweep *sweep, struct scenario_text *text, uint64_t seeds,
                      struct error *error)
{
    const struct scenario_entry *entry = scenario_text_find(text, "run", "seed");
    unsigned line = entry ? entry->line : 0;
    uint64_t first = 1;
    struct error what;
    if (entry && !units_parse_integer(entry->value, &first, &what))
        return scenario_text_error(text, entry, error, "%s", what.text);
    for (uint64_t i = 0; i < seeds; i++) {
        char seed[24];
        snprintf(seed, sizeof seed, "%" PRIu64, first + i);
        scenario_text_set(text, "run", "seed", seed, line);
        struct scenario *scenario = scenario_create(text, error);
        if (!scenario)
            return false;
        add_run(sweep, scenario);
    }
    return true;
}

/* Combination `number` of the cross product: the last axis turns fastest. */
static bool add_combination(struct sweep *sweep, const struct scenario_text *text,
                            const struct plan *plan, size_t number, struct error *error)
{
    struct scenario_text *own = scenario_text_copy(text);
    for (size_t i = plan->axis_count; i-- > 0;) {
        const struct axis *axis = &plan->axes[i];
        scenario_text_set(own, axis->section, axis->key, axis->values[number % axis->value_count],
                          axis->line);
        number /= axis->value_count;
    }
    bool ok = add_seeds(sweep, own, plan->seeds, error);
    scenario_text_destroy(own);
    return ok;
}

static bool add_product(struct sweep *sweep, const struct scenario_text *text,
                        const struct plan *plan, struct error *error)
{
    uint64_t combinations = 1;
    for (size_t i = 0; i < plan->axis_count; i++) {
        combinations *= plan->axes[i].value_count;
        if (combinations * plan->seeds > RUNS_MAX)
            return error_at(error, text->file, plan->axes[i].line,
                            "[sweep] would be more than %u runs", RUNS_MAX);
    }
    for (size_t i = 0; i < combinations; i++)
        if (!add_combination(sweep, text, plan, i, error))
            return false;
    return true;
}

static struct sweep *create(const struct scenario_text *text, const struct plan *plan,
                            struct error *error)
{
    struct sweep *sweep = must_alloc(1, sizeof *sweep, "a sweep");
    sweep->axes = must_alloc(plan->axis_count, sizeof *sweep->axes, "a sweep");
    for (size_t i = 0; i < plan->axis_count; i++) {
        const struct axis *axis = &plan->axes[i];
        size_t size = strlen(axis->section) + strlen(axis->key) + 2;
        sweep->axes[i] = must_alloc(size, 1, "a sweep");
        snprintf(sweep->axes[i], size, "%s.%s", axis->section, axis->key);
        if (!strncmp(sweep->axes[i], "workload ", 9))
            sweep->axes[i][8] = '.';
        sweep->axis_count++;
    }
    if (add_product(sweep, text, plan, error))
        return sweep;
    sweep_destroy(sweep);
    return NULL;
}

struct sweep *sweep_create(const struct scenario_text *text, struct error *error)
{
    struct plan plan = {.seeds = 1};
    struct sweep *sweep = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < text->count; i++)
        if (!strcmp(text->entries[i].section, "sweep"))
            ok = add_axis(&plan, text, &text->entries[i], error);
    if (ok)
        sweep = create(text, &plan, error);
    release_plan(&plan);
    return sweep;
}

static void set_axis(struct plan *plan, const char *key, const char *const *values, size_t count)
{
    struct axis *axis = &plan->axes[plan->axis_count++];
    *axis = (struct axis){.section = must_copy("migration", "a sweep"),
                          .key = must_copy(key, "a sweep")};
    for (size_t i = 0; i < count; i++)
        split_values(axis, values[i]);
}

struct sweep *sweep_techniques(const struct scenario_text *text, const char *const *sizes,
                               size_t size_count, struct error *error)
{
    static const char *const switches[] = {"off", "on"}, *const codecs[] = {"xbzrle", "xbrle"};
    struct plan plan = {.seeds = 1};
    set_axis(&plan, "xbzrle", switches, 2);
    set_axis(&plan, "codec", codecs, 2);
    if (size_count)
        set_axis(&plan, "xbzrle-cache-size", sizes, size_count);
    struct sweep *sweep = create(text, &plan, error);
    release_plan(&plan);
    return sweep;
}

void sweep_destroy(struct sweep *sweep)
{
    if (!sweep)
        return;
    for (size_t i = 0; i < sweep->axis_count; i++)
        free(sweep->axes[i]);
    for (size_t i = 0; i < sweep->run_count; i++)
        scenario_destroy(sweep->runs[i].scenario);
    free(sweep->axes);
    free(sweep->runs);
    free(sweep);
}

void sweep_drop(struct sweep *sweep, size_t index)
{
    scenario_destroy(sweep->runs[index].scenario);
    memmove(&sweep->runs[index], &sweep->runs[index + 1],
            (--sweep->run_count - index) * sizeof *sweep->runs);
}

void sweep_keep_shard(struct sweep *sweep, size_t shard, size_t of)
{
    for (size_t i = sweep->run_count; i-- > 0;)
        if (i % of != shard - 1)
            sweep_drop(sweep, i);
}

struct execution {
    const struct sweep *sweep;
    const struct sweep_options *options;
};

static struct record *run_one(void *context, size_t job, struct error *error)
{
    const struct execution *execution = context;
    return simulate(execution->sweep->runs[job].scenario, NULL, error);
}

static bool take_one(void *context, size_t job, struct record *record, const char *why,
                     struct error *error)
{
    const struct execution *execution = context;
    return execution->options->take(execution->options->context, job, record, why, error);
}

bool sweep_execute(const struct sweep *sweep, const struct sweep_options *options,
                   struct error *error)
{
    struct execution execution = {sweep, options};
    struct workers_task task = {.job_count = sweep->run_count,
                                .worker_count = options->worker_count,
                                .context = &execution,
                                .run = run_one,
                                .take = take_one,
                                .interrupted = options->interrupted};
    return workers_run(&task, error);
}
