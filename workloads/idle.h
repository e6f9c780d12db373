/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_IDLE_H
#define WORKLOADS_IDLE_H

#include "workloads/workload.h"

/* The calls of a workload that writes nothing: of kind `idle`, and of those that drive others. */
struct workload *idle_create(const void *options, const struct workload_env *env,
                             struct error *error);
void idle_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty);
void idle_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time);
void idle_destroy(struct workload *workload);

#endif
