/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KIB          1024ull
#define ADDRESS_UNIT 64u /* pages: blocks begin on such a boundary */

/*
 * Measured with QEMU 7.2.22, machine type pc: the blocks and their sizes, the sizes of device state
 * and JSON description, and which pages are not zero once SeaBIOS has booted a kernel given by
 * -kernel (docs/model.md).
 */
struct block_kind {
    const char *name;
    uint64_t bytes, first_filled, filled_pages;
};

static const struct block_kind VGA = {"vga.vram", 16 * 1024 * KIB, 0, 0};
static const struct block_kind FIRMWARE[] = {
    {"/rom@etc/acpi/tables", 128 * KIB, 0, 2},
    {"pc.bios", 256 * KIB, 18, 46},
    {"pc.rom", 128 * KIB, 0, 0},
    {"/rom@etc/table-loader", 4 * KIB, 0, 1},
    {"/rom@etc/acpi/rsdp", 4 * KIB, 0, 1},
};

/* What the firmware leaves in pc.ram: pages from the bottom, and pages below the top. */
struct footprint {
    uint64_t first, count;
};
static const struct footprint LOW[] = {{0, 1},   {6, 1},   {9, 1},   {159, 2},
                                       {167, 2}, {192, 1}, {194, 1}, {232, 24}};
static const struct footprint BELOW_TOP[] = {{4126, 1}, {4122, 26}, {32, 2}};
#define FOOTPRINT_MEMORY (32 * 1024 * KIB) /* guests smaller than this boot otherwise */
#define TOP_OF_LOW_RAM   (3ull << 30)      /* above, pc puts memory behind the PCI hole */

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

static void fill_footprint(const struct machine *machine, struct content *content)
{
    uint64_t bytes = machine->blocks[0].bytes;
    if (bytes < FOOTPRINT_MEMORY)
        return;
    uint64_t top = (bytes < TOP_OF_LOW_RAM ? bytes : TOP_OF_LOW_RAM) / PAGE_SIZE;
    for (size_t i = 0; i < sizeof LOW / sizeof *LOW; i++)
        content_set_range(content, LOW[i].first, LOW[i].count, FILL_RANDOM);
    for (size_t i = 0; i < sizeof BELOW_TOP / sizeof *BELOW_TOP; i++)
        content_set_range(content, top - BELOW_TOP[i].first, BELOW_TOP[i].count, FILL_RANDOM);
}

void machine_fill(const struct machine *machine, struct content *content, bool in_ram)
{
    if (in_ram)
        fill_footprint(machine, content);
    for (size_t i = 1; i < machine->block_count; i++) {
        const struct machine_block *block = &machine->blocks[i];
        content_set_range(content, block->first_page, block->bytes / PAGE_SIZE, FILL_ZERO);
        for (size_t k = 0; k < FIRMWARE_COUNT; k++)
            if (!strcmp(block->name, FIRMWARE[k].name))
                content_set_range(content, block->first_page + FIRMWARE[k].first_filled,
                                  FIRMWARE[k].filled_pages, FILL_RANDOM);
    }
}
