/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_STUDY_H
#define RESULTS_STUDY_H

#include "results/record.h"

/*
 * Runs that belong together, in memory: read back from a store, or collected while a sweep goes on.
 * Tables, plots and reports are made from this.
 */
struct study_run {
    int64_t id; /* the number of the run in its store, or its place here, from 1 */
    char digest[RECORD_DIGEST_SIZE];
    struct record *record; /* owned */
};

struct study {
    char *name;  /* of the scenario; may be "" */
    char **axes; /* keys of the settings that the sweep varies, in its order */
    size_t axis_count;
    struct study_run *runs; /* by id */
    size_t run_count, run_room;
};

/* Copies the name and the axes. Owned by the caller, to study_free. */
struct study *study_create(const char *name, const char *const *axes, size_t axis_count);
void study_free(struct study *study); /* NULL is fine */

/* Adds a copy of the record, with its iterations and samples. */
void study_add(struct study *study, const struct record *record);
/* The same for a record_copy that the study takes over; `id` must be above those before. */
void study_take(struct study *study, int64_t id, struct record *record);

/*
 * Runs of one scenario that differ in their seeds only.
 */
struct study_group {
    const struct record *const *runs; /* by seed; borrowed from the study */
    size_t run_count;
    size_t converged, failed; /* how many of them; the rest did not converge in time */
};

struct study_groups {
    struct study_group *groups;
    size_t group_count;
    /*
     * Keys of the settings that differ between groups: those of the study's axes in their order,
     * then others by name. A setting that is missing does not matter to its run, because of another
     * one that differs ("migration.codec" with XBZRLE off), and does not count; except if some
     * groups could not be told apart otherwise. "migration.xbzrle" and
     * "migration.xbzrle-cache-size" are not among them, as both say one thing: `cache_varies`.
     */
    const char **varying;
    size_t varying_count;
    bool cache_varies, source_varies;
    size_t seeds;                /* the most runs that a group has */
    const struct record **place; /* what the groups' `runs` point into */
};

/*
 * Sorted by the varying settings (numbers as numbers), source, XBZRLE off before on, and cache
 * size, so that the order of the runs in the study does not matter. Owned by the caller, to
 * study_groups_free; valid while the study is not changed.
 */
struct study_groups *study_group(const struct study *study);
void study_groups_free(struct study_groups *groups); /* NULL is fine */

/* "64MiB", "300ms" by the setting's unit, else its value; "-" for NULL. Owned by the caller. */
char *study_value_text(const struct record_setting *setting);

/*
 * What tells a group's runs from others: "bandwidth 1Gbit/s, region 16MiB" (what is missing is
 * left out), with the cache ("XBZRLE off", "cache 64MiB") at the end if `with_cache` and it varies;
 * "" if nothing varies. Owned by the caller.
 */
char *study_group_label(const struct study_groups *groups, size_t index, bool with_cache);

#endif
