/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/workload.h"

#include "workloads/kinds.h"

#include <stddef.h>
#include <string.h>

const struct option workload_region_table[] = {
    {"region", OPTION_SIZE, offsetof(struct workload_region, bytes), "16M",
     .help = "memory that it writes to, whole pages", .min = PAGE_SIZE},
    {"offset", OPTION_SIZE, offsetof(struct workload_region, offset), "auto",
     .help = "guest address where the region begins; auto: behind the region before it",
     .zero_word = "auto"},
    {"fill", OPTION_WORD, offsetof(struct workload_region, fill), "guest",
     .help = "content of the region before the first write", .words = fill_names},
    {0},
};

const struct workload_ops *const workload_kinds[] = {
    &workload_idle,
    &workload_stride,
    &workload_random,
    &workload_sequential,
    &workload_hotcold,
    &workload_zipf,
    &workload_gaussian,
    &workload_counter,
    &workload_append,
    &workload_zerofill,
    &workload_gc,
    &workload_kv,
    &workload_phases,
    &workload_burst,
    &workload_trace,
    &workload_lab,
    NULL,
};

const struct workload_ops *workload_find(const char *name)
{
    for (size_t i = 0; workload_kinds[i]; i++)
        if (!strcmp(workload_kinds[i]->name, name))
            return workload_kinds[i];
    return NULL;
}
