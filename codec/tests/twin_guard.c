/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include "codec/tests/twin_guard.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard guard_create(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), rounded = (size + page - 1) / page * page;
    uint8_t *all = mmap(NULL, rounded + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED || mprotect(all + page, rounded, PROT_READ | PROT_WRITE) != 0)
        abort();
    return (struct guard){.room = all + page, .size = rounded};
}

void guard_free(struct guard *guard)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    munmap(guard->room - page, guard->size + 2 * page);
    guard->room = NULL;
}

uint8_t *guard_low(const struct guard *guard)
{
    return guard->room;
}

uint8_t *guard_high(const struct guard *guard, size_t size)
{
    assert(size <= guard->size);
    return guard->room + guard->size - size;
}
