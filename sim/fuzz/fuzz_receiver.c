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

/* The seeds are shortened streams of such a guest: zero pages mostly, so that they are small. */
#define MEMORY_BYTES (1u << 20)

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
    /* What no stream changes is made once: it takes much longer than a stream. */
    static struct content *content;
    static struct machine *machine;
    struct error error = {""};
    if (!content) {
        struct content_options options = {
            .zero_share = 0.98, .text_share = 0.01, .run_bytes = PAGE_SIZE, .image = (char[]){""}};
        content = content_create(&options, 1, &error);
        machine = machine_create(0, MEMORY_BYTES);
        if (!content)
            abort();
    }
    bool v5 = size && data[size - 1] & 1;
    struct receiver *receiver = receiver_create(machine, content, v5 ? DIALECT_V5 : DIALECT_QEMU);
    if (!receiver_feed(receiver, data, size, &error) && !error.text[0])
        abort();
    check_pages(receiver, machine, content);
    receiver_destroy(receiver);
    return 0;
}
