/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_CACHE_LINES_H
#define RESULTS_CACHE_LINES_H

#include "results/study.h"

#include <stdbool.h>
#include <stddef.h>

/* A study as lines over the cache size, and what they say in one sentence. */

/* Groups first to last of the study, in order of their cache size; all with XBZRLE on. */
struct cache_series {
    size_t first, last;
    const struct study_group *off; /* the same with XBZRLE off; or NULL */
    char *label;                   /* what tells it from other lines; "" if it is the only one */
};

struct cache_lines {
    struct study_groups *groups;
    struct cache_series *series;
    size_t count; /* 0: no run had XBZRLE on */
};

/* To cache_lines_release; valid while the study is not changed. */
struct cache_lines cache_lines_find(const struct study *study);
void cache_lines_release(struct cache_lines *lines);

/* Did all runs of the group converge? */
bool cache_lines_converged(const struct study_group *group);

/* "Converges from a cache of 16 MiB on; with XBZRLE off it does not". Owned by the caller. */
char *cache_lines_message(const struct cache_lines *lines);

#endif
