/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "models/machine.h"
#include "models/page_store.h"
#include "sim/engine.h"
#include "sim/scenario.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The virtual machine at the source: its memory, the workloads that write to it, and its clocks.
 * Workloads live in guest time, the time that the vCPU has run: it stands still while the VM is
 * stopped, while the throttle has the vCPU sleep and while the host runs something else. The
 * guest's own clock (TSC) stands still only while the VM is stopped. Everybody else asks in
 * simulated time.
 *
 *     simulated time ──(not stopped)──> guest clock ──(not asleep, not stalled)──> guest time
 */
struct guest;

/* `scenario` is borrowed. Owned by the caller, to guest_destroy. NULL with an error. */
struct guest *guest_create(const struct scenario *scenario, struct error *error);
void guest_destroy(struct guest *guest); /* NULL is fine */

const struct machine *guest_machine(const struct guest *guest); /* borrowed */
const struct content *guest_content(const struct guest *guest); /* borrowed */
uint64_t guest_written_bytes(const struct guest *guest);        /* memory that was ever written */

/*
 * The pages written since the last call, as a bitmap of the machine's pages. It belongs to the
 * guest; the caller clears the bits that it has taken.
 */
uint64_t *guest_written(struct guest *guest, sim_time now);

/* The page as it is at `now`: borrowed until the next call, or `scratch` filled. */
const uint8_t *guest_page(struct guest *guest, uint64_t page_no, sim_time now,
                          uint8_t scratch[static PAGE_SIZE]);

/* True without looking at bytes: the page is zero, and nobody ever wrote to it. */
bool guest_page_is_untouched_zero(struct guest *guest, uint64_t page_no, sim_time now);

/* QEMU's CPU throttle from `now` on: percent of the time that the vCPUs sleep. */
void guest_throttle(struct guest *guest, sim_time now, unsigned percent);
/* When the vCPUs are next not asleep by the throttle, or stopped: `now` or later. */
sim_time guest_awake(struct guest *guest, sim_time now);
/* Time that the throttle has taken from the vCPUs, in ns. */
int64_t guest_throttled_ns(struct guest *guest, sim_time now);

/* Stops the vCPUs at `now`: guest time ends here. */
void guest_stop(struct guest *guest, sim_time now);
bool guest_runs(const struct guest *guest);

#endif
