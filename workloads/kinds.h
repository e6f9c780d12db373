/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_KINDS_H
#define WORKLOADS_KINDS_H

#include "workloads/workload.h"

/* The entry of each workload_<kind>.c; workload.c lists them. */
extern const struct workload_ops workload_idle, workload_stride, workload_random,
    workload_sequential, workload_hotcold, workload_zipf, workload_gaussian, workload_counter,
    workload_append, workload_zerofill, workload_gc, workload_kv, workload_phases, workload_burst,
    workload_trace, workload_lab;

#endif
