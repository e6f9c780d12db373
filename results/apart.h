/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_APART_H
#define RESULTS_APART_H

#include "results/study.h"

/* Are there seeds enough to say that one setting is better than another? */

enum apart {
    APART_EQUAL, /* no pair of runs differs: there is nothing to tell apart */
    APART_NO,    /* they differ, and chance alone may do that */
    APART_YES    /* at 95 % */
};

/*
 * By total time, seed against seed (what did not converge is slower than all that did), or by how
 * many converged. Failed runs do not count.
 */
enum apart groups_apart(const struct study_group *a, const struct study_group *b);

/*
 * Which neighbouring cache sizes the seeds do not tell apart, as one sentence without an end; "" if
 * they tell all, or if there is one seed only. Owned by the caller.
 */
char *apart_note(const struct study *study);

#endif
