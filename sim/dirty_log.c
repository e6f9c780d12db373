/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/dirty_log.h"

#include "base/bitmap.h"

#include <stdlib.h>

struct dirty_log {
    const struct machine *machine;
    uint64_t *bits;
    uint64_t pages;
    size_t block;  /* the cursor: index in the list of blocks */
    uint64_t page; /* and page number, from the block's first to behind its last */
};

struct dirty_log *dirty_log_create(const struct machine *machine)
{
    struct dirty_log *log = must_alloc(1, sizeof *log, "the dirty bitmap");
    log->machine = machine;
    log->bits = bitmap_alloc(machine->page_count, "the dirty bitmap");
    for (size_t i = 0; i < machine->block_count; i++)
        bitmap_set_range(log->bits, machine->blocks[i].first_page,
                         machine->blocks[i].bytes / PAGE_SIZE);
    log->pages = machine->ram_bytes / PAGE_SIZE;
    log->page = machine->blocks[0].first_page;
    return log;
}

void dirty_log_destroy(struct dirty_log *log)
{
    if (!log)
        return;
    free(log->bits);
    free(log);
}

uint64_t dirty_log_pages(const struct dirty_log *log)
{
    return log->pages;
}

uint64_t dirty_log_sync(struct dirty_log *log, uint64_t *written)
{
    uint64_t news = 0;
    for (uint64_t i = 0; i < BITMAP_WORDS(log->machine->page_count); i++) {
        if (!written[i])
            continue;
        news += (uint64_t)__builtin_popcountll(written[i] & ~log->bits[i]);
        log->bits[i] |= written[i];
        written[i] = 0;
    }
    log->pages += news;
    return news;
}

bool dirty_log_next(struct dirty_log *log, uint64_t *ret_page_no, unsigned *ret_block,
                    bool *ret_wrapped)
{
    const struct machine *machine = log->machine;
    *ret_wrapped = false;
    /* One turn more than there are blocks: the first is looked at again up to the cursor. */
    for (size_t turn = 0; turn <= machine->block_count; turn++) {
        const struct machine_block *block = &machine->blocks[log->block];
        uint64_t end = block->first_page + block->bytes / PAGE_SIZE;
        uint64_t page = log->pages ? bitmap_next(log->bits, log->page, end) : end;
        if (page < end) {
            bitmap_clear(log->bits, page);
            log->pages--;
            log->page = page + 1;
            *ret_page_no = page;
            *ret_block = (unsigned)log->block;
            return true;
        }
        log->page = end; /* where QEMU's cursor stays if the whole turn finds nothing */
        if (turn == machine->block_count)
            break;
        if (++log->block == machine->block_count)
            log->block = 0, *ret_wrapped = true;
        log->page = machine->blocks[log->block].first_page;
    }
    return false;
}
