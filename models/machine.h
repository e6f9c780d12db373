/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_MACHINE_H
#define MODELS_MACHINE_H

#include "models/content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The RAM blocks of a machine type and the size of its devices' state, as QEMU 7.2 has them.
 *
 *     address    0                 memory      rounded up to 256 KiB
 *                | pc.ram ........ |           | rom@etc/acpi/tables | pc.bios | ...
 *
 * An address is QEMU's ram_addr_t: what keys the page cache. Blocks lie in it one after another,
 * each on a boundary of 64 pages (physmem.c: find_ram_offset). The list is in the order in which
 * they migrate: longest first.
 */
struct machine_block {
    const char *name;
    uint64_t bytes;      /* a multiple of PAGE_SIZE */
    uint64_t first_page; /* address / PAGE_SIZE */
};

struct machine {
    const char *type;                   /* "pc-i440fx-7.2", in the stream's configuration */
    const struct machine_block *blocks; /* pc.ram is the first */
    size_t block_count;
    uint64_t ram_bytes;         /* the sum: query-migrate's ram.total */
    uint64_t page_count;        /* addresses below this, gaps included */
    uint64_t device_bytes;      /* FULL sections of all devices and end of file */
    uint64_t description_bytes; /* the JSON description of the stream */
};

/* Models as named by option `machine` of [guest], ended by NULL: "pc", "pc-vga", "pc-virtio". */
extern const char *const machine_names[];
const char *machine_help(unsigned index); /* one line for that name */

/* Owned by the caller, to machine_destroy. `memory_bytes` is a multiple of PAGE_SIZE. */
struct machine *machine_create(unsigned index, uint64_t memory_bytes);
void machine_destroy(struct machine *machine); /* NULL is fine */

/*
 * Gives the firmware's blocks the content that they have, and with `in_ram` also the pages of
 * pc.ram that the firmware uses (a memory image has them already).
 */
void machine_fill(const struct machine *machine, struct content *content, bool in_ram);

#endif
