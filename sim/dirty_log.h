/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_DIRTY_LOG_H
#define SIM_DIRTY_LOG_H

#include "models/machine.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which pages wait to be sent, and the scan over them, as QEMU 7.2 does it (migration/ram.c:
 * find_dirty_block, migration_bitmap_sync; QEMU.md 3.1 to 3.3).
 *
 *     block    pc.ram                   rom@etc/acpi/tables  pc.bios  ...
 *     bits     0 0 1 1 0 1 0 0 1 0 ..   0 0                  0 0
 *                        ^ cursor: goes on over sections and syncs, wraps at the end
 */
struct dirty_log;

/* All pages are dirty, as at the start of a migration. `machine` is borrowed. */
struct dirty_log *dirty_log_create(const struct machine *machine);
void dirty_log_destroy(struct dirty_log *log); /* NULL is fine */

uint64_t dirty_log_pages(const struct dirty_log *log); /* that wait to be sent */

/*
 * Takes the bits of `written` (bitmap of the machine's pages) and clears them there. Returns the
 * number of pages that did not wait already.
 */
uint64_t dirty_log_sync(struct dirty_log *log, uint64_t *written);

/*
 * Finds the next page that waits, from the cursor on, and takes its bit. False if none waits. The
 * cursor stays behind the page found; *ret_wrapped is true if the scan passed the end of memory on
 * its way (also when it finds nothing).
 */
bool dirty_log_next(struct dirty_log *log, uint64_t *ret_page_no, unsigned *ret_block,
                    bool *ret_wrapped);

#endif
