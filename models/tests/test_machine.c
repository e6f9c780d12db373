/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "models/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define KIB 1024ull
#define MIB (KIB * KIB)
#define GIB (MIB * KIB)

enum { PC, PC_VGA, PC_VIRTIO, MACHINES };

static struct machine *create(unsigned index, uint64_t memory_bytes)
{
    struct machine *machine = machine_create(index, memory_bytes);
    assert_non_null(machine);
    return machine;
}

/* What a QEMU 7.2 with 64 MiB and no devices said of itself. */
static void test_measured_pc(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t kib;
    } rows[] = {
        {"pc.ram", 65536}, {"/rom@etc/acpi/tables", 128}, {"pc.bios", 256},
        {"pc.rom", 128},   {"/rom@etc/table-loader", 4},  {"/rom@etc/acpi/rsdp", 4},
    };
    struct machine *machine = create(PC, 64 * MIB);
    assert_string_equal(machine->type, "pc-i440fx-7.2");
    assert_int_equal(machine->block_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(machine->blocks[i].name, rows[i].name);
        assert_int_equal(machine->blocks[i].bytes, rows[i].kib * KIB);
    }
    assert_int_equal(machine->ram_bytes, 67641344);
    assert_int_equal(machine->device_bytes, 12888);
    assert_int_equal(machine->description_bytes, 98776);
    machine_destroy(machine);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(machine_names[PC], "pc");
    assert_string_equal(machine_names[PC_VGA], "pc-vga");
    assert_string_equal(machine_names[PC_VIRTIO], "pc-virtio");
    assert_null(machine_names[MACHINES]);
    for (unsigned i = 0; i < MACHINES; i++) {
        const char *help = machine_help(i);
        assert_true(strlen(help) > 5 && help[strlen(help) - 1] != '.');
    }
    struct machine *machine = create(PC_VGA, 64 * MIB);
    assert_int_equal(machine->block_count, 7);
    assert_int_equal(machine->ram_bytes, 67641344 + 16 * MIB);
    assert_string_equal(machine->blocks[1].name, "vga.vram");
    assert_int_equal(machine->blocks[1].bytes, 16 * MIB);
    assert_int_equal(machine->device_bytes, 213307);
    machine_destroy(machine);
}

/* Blocks lie one after another on boundaries of 256 KiB, of whole pages, and add up. */
static void test_layout(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {MIB,     MIB + PAGE_SIZE, 5 * MIB - PAGE_SIZE, 64 * MIB,
                                     3 * GIB, 5 * GIB,         1ull << 43};
    for (unsigned index = 0; index < MACHINES; index++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct machine *machine = create(index, sizes[i]);
            uint64_t end = 0, sum = 0;
            assert_int_equal(machine->blocks[0].bytes, sizes[i]);
            for (size_t k = 0; k < machine->block_count; k++) {
                const struct machine_block *block = &machine->blocks[k];
                assert_true(block->bytes > 0 && block->bytes % PAGE_SIZE == 0);
                assert_int_equal(block->first_page, (end + 63) / 64 * 64);
                end = block->first_page + block->bytes / PAGE_SIZE;
                sum += block->bytes;
            }
            assert_int_equal(machine->ram_bytes, sum);
            assert_int_equal(machine->page_count, end);
            machine_destroy(machine);
        }
    }
    machine_destroy(NULL);
}

static uint64_t pages_not_zero(const struct content *content, uint64_t first, uint64_t count)
{
    uint64_t filled = 0;
    for (uint64_t page = first; page < first + count; page++) {
        uint8_t bytes[PAGE_SIZE], zeros[PAGE_SIZE] = {0};
        content_page(content, page, bytes);
        filled += memcmp(bytes, zeros, PAGE_SIZE) != 0;
    }
    return filled;
}

/* Firmware blocks are what they are, whatever the guest's own memory holds. */
static void test_fill_of_firmware(void **state)
{
    (void)state;
    static char no_image[] = "";
    for (unsigned zero = 0; zero < 2; zero++) {
        for (unsigned index = 0; index < MACHINES; index++) {
            struct content_options options = {zero, 0, PAGE_SIZE, no_image};
            struct error error;
            struct content *content = content_create(&options, 1, &error);
            struct machine *machine = create(index, 4 * MIB);
            uint64_t filled = 0, first = machine->blocks[1].first_page;
            machine_fill(machine, content, false);
            for (size_t i = 1; i < machine->block_count; i++) {
                const struct machine_block *block = &machine->blocks[i];
                filled += pages_not_zero(content, block->first_page, block->bytes / PAGE_SIZE);
            }
            assert_int_equal(filled, 2 + 46 + 0 + 1 + 1);
            assert_int_equal(pages_not_zero(content, 0, first), zero ? 0 : first);
            machine_destroy(machine);
            content_destroy(content);
        }
    }
}

/* What the firmware leaves in pc.ram: at the bottom, and below the top or below 3 GiB. */
static void test_fill_of_ram(void **state)
{
    (void)state;
    static char no_image[] = "";
    static const struct {
        uint64_t memory, filled, last;
    } rows[] = {
        {31 * MIB, 0, 0},
        {32 * MIB, 62, 32 * MIB / PAGE_SIZE - 31},
        {256 * MIB, 62, 256 * MIB / PAGE_SIZE - 31},
        {4 * GIB, 62, 3 * GIB / PAGE_SIZE - 31},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct content_options options = {1, 0, 2 << 20, no_image};
        struct error error;
        struct content *content = content_create(&options, 1, &error);
        struct machine *machine = create(PC, rows[i].memory);
        machine_fill(machine, content, true);
        uint64_t filled = 0, last = 0;
        for (uint64_t page = 0; page < rows[i].memory / PAGE_SIZE; page++)
            if (!content_is_zero(content, page))
                filled++, last = page;
        assert_int_equal(filled, rows[i].filled);
        assert_int_equal(last, rows[i].last);
        machine_destroy(machine);
        content_destroy(content);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured_pc), cmocka_unit_test(test_names),
        cmocka_unit_test(test_layout),      cmocka_unit_test(test_fill_of_firmware),
        cmocka_unit_test(test_fill_of_ram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
