/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "cache/cache_memory.h"

#include <stddef.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uint64_t)2 << 20)

static void *map(uint64_t bytes)
{
    void *memory =
        mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Kernels before 6.7 align no mapping to huge pages by themselves: map more, give back both ends.
 */
static void *map_aligned(uint64_t bytes)
{
    uint8_t *memory = map(bytes + HUGE_PAGE);
    if (!memory)
        return NULL;
    size_t head = (size_t)(-(uintptr_t)memory & (HUGE_PAGE - 1));
    if (head > 0)
        munmap(memory, head);
    munmap(memory + head + bytes, HUGE_PAGE - head);
#ifdef MADV_HUGEPAGE
    madvise(memory + head, (size_t)bytes, MADV_HUGEPAGE); /* a wish: refusal changes nothing */
#endif
    return memory + head;
}

/* Whole pages of any kernel, so that both ends of a mapping can be given back. */
static uint64_t rounded(uint64_t bytes)
{
    return (bytes + 0xffff) & ~(uint64_t)0xffff;
}

void *cache_memory_map(uint64_t bytes)
{
    if (bytes > SIZE_MAX / 2 - HUGE_PAGE)
        return NULL;
    return bytes < HUGE_PAGE ? map(rounded(bytes)) : map_aligned(rounded(bytes));
}

void cache_memory_unmap(void *memory, uint64_t bytes)
{
    if (memory)
        munmap(memory, (size_t)rounded(bytes));
}
