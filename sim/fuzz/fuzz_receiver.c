/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The destination takes any stream: it refuses it with a message, or has then a memory that can be
 * read to the last page, and of which it knows what is still the source's first content. The last
 * byte of the input says the dialect.
 */
#include "sim/receiver.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The smallest guest that has pages of every content; the seeds are streams of such a one. */
#define MEMORY_BYTES (256u << 10)

static void check_pages(const struct receiver *receiver, const struct machine *machine,
                        const struct content *content)
{
    uint8_t scratch[PAGE_SIZE], expected[PAGE_SIZE];
    for (size_t i = 0; i < machine->block_count; i++) {
        const struct machine_block *block = &machine->blocks[i];
        for (uint64_t page = 0; page < block->bytes / PAGE_SIZE; page++) {
            uint64_t page_no = block->first_page + page;
            const uint8_t *bytes = receiver_page(receiver, page_no, scratch);
            if (!receiver_holds_content(receiver, page_no))
                continue;
            content_page(content, page_no, expected);
            if (memcmp(bytes, expected, PAGE_SIZE) != 0)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {""};
    struct content_options options = {
        .zero_share = 0.5, .text_share = 0.2, .run_bytes = PAGE_SIZE, .image = (char[]){""}};
    struct content *content = content_create(&options, 1, &error);
    struct machine *machine = machine_create(0, MEMORY_BYTES);
    if (!content)
        abort();
    bool v5 = size && data[size - 1] & 1;
    struct receiver *receiver = receiver_create(machine, content, v5 ? DIALECT_V5 : DIALECT_QEMU);
    if (!receiver_feed(receiver, data, size, &error) && !error.text[0])
        abort();
    check_pages(receiver, machine, content);
    receiver_destroy(receiver);
    machine_destroy(machine);
    content_destroy(content);
    return 0;
}
