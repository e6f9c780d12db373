/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KIB          1024ull
#define ADDRESS_UNIT 64u /* pages: blocks begin on such a boundary */

/*
 * Measured with QEMU 7.2.22, machine type pc: the blocks and their sizes, and the sizes of device
 * state and JSON description (docs/model.md). How many pages of each are not zero was counted in
 * the stream of a guest that had booted.
 */
struct block_kind {
    const char *name;
    uint64_t bytes, filled_pages;
};

static const struct block_kind VGA = {"vga.vram", 16 * 1024 * KIB, 0};
static const struct block_kind FIRMWARE[] = {
    {"/rom@etc/acpi/tables", 128 * KIB, 2},
    {"pc.bios", 256 * KIB, 33},
    {"pc.rom", 128 * KIB, 3},
    {"/rom@etc/table-loader", 4 * KIB, 1},
    {"/rom@etc/acpi/rsdp", 4 * KIB, 1},
};
#define FIRMWARE_COUNT (sizeof FIRMWARE / sizeof *FIRMWARE)

static const struct machine_kind {
    const char *help;
    bool vga;
    uint64_t device_bytes, description_bytes;
} KINDS[] = {
    {"pc without devices: what the measured cells used", false, 12888, 98776},
    {"pc with standard VGA and e1000", true, 213307, 106165},
    {"pc with virtio net, balloon, scsi and rng", false, 195963, 99431},
};
const char *const machine_names[] = {"pc", "pc-vga", "pc-virtio", NULL};

const char *machine_help(unsigned index)
{
    return KINDS[index].help;
}

static void add_block(struct machine *machine, struct machine_block *blocks, const char *name,
                      uint64_t bytes)
{
    uint64_t first = (machine->page_count + ADDRESS_UNIT - 1) / ADDRESS_UNIT * ADDRESS_UNIT;
    blocks[machine->block_count++] = (struct machine_block){name, bytes, first};
    machine->page_count = first + bytes / PAGE_SIZE;
    machine->ram_bytes += bytes;
}

struct machine *machine_create(unsigned index, uint64_t memory_bytes)
{
    assert(memory_bytes % PAGE_SIZE == 0);
    const struct machine_kind *kind = &KINDS[index];
    struct machine *machine = must_alloc(1, sizeof *machine, "machine");
    struct machine_block *blocks = must_alloc(FIRMWARE_COUNT + 2, sizeof *blocks, "machine");
    machine->type = "pc-i440fx-7.2";
    machine->blocks = blocks;
    machine->device_bytes = kind->device_bytes;
    machine->description_bytes = kind->description_bytes;
    add_block(machine, blocks, "pc.ram", memory_bytes);
    if (kind->vga)
        add_block(machine, blocks, VGA.name, VGA.bytes);
    for (size_t i = 0; i < FIRMWARE_COUNT; i++)
        add_block(machine, blocks, FIRMWARE[i].name, FIRMWARE[i].bytes);
    return machine;
}

void machine_destroy(struct machine *machine)
{
    if (!machine)
        return;
    free((void *)(uintptr_t)machine->blocks);
    free(machine);
}

void machine_fill(const struct machine *machine, struct content *content)
{
    for (size_t i = 1; i < machine->block_count; i++) {
        const struct machine_block *block = &machine->blocks[i];
        content_set_range(content, block->first_page, block->bytes / PAGE_SIZE, FILL_ZERO);
        for (size_t k = 0; k < FIRMWARE_COUNT; k++)
            if (!strcmp(block->name, FIRMWARE[k].name))
                content_set_range(content, block->first_page, FIRMWARE[k].filled_pages,
                                  FILL_RANDOM);
    }
}
