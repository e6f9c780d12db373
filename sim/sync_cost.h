/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SYNC_COST_H
#define SIM_SYNC_COST_H

#include "sim/guest.h"
#include "sim/scenario.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a bitmap sync at `now` takes, in ns; asked before its pages are taken from the guest's
 * log. The log is read word by word, in a time that goes with the memory. Under TCG a RAM block
 * that is no multiple of 64 pages is read page by page instead, and each dirty page is taken out of
 * the emulated TLB (include/exec/ram_addr.h: cpu_physical_memory_sync_dirty_bitmap; QEMU.md 3.3).
 * At the first sync the log holds all pages.
 */
int64_t sync_cost(const struct scenario *scenario, struct guest *guest, sim_time now, bool first);

#endif
