/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TESTS_TWIN_VISITS_H
#define WORKLOADS_TESTS_TWIN_VISITS_H

#include "workloads/page_change.h"
#include "workloads/tests/twin_pair.h"

/*
 * The visits of kinds zipf, gaussian and counter, each made at its time: at the first whole ns that
 * is number / rate or later.
 */
struct twin_visits {
    struct page_change change;
    uint64_t rate, seed; /* the run's seed */
    /* The page of visit `number`, drawn from `rng`, the workload's own stream. */
    uint64_t (*page)(struct twin_visits *visits, uint64_t number);
    void *law; /* of the test */
    gsl_rng *rng;
    uint64_t done, *visits; /* of each page */
    struct page_change_seeds seeds;
};

/* Rate, change and law are set. Makes the pair's twin; release the pair afterwards. */
void twin_visits_init(struct twin_visits *visits, struct twin_pair *pair);
void twin_visits_release(struct twin_visits *visits);

#endif
