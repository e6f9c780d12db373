/* SPDX-License-Identifier: MIT */
#ifndef CACHE_CACHE_MEMORY_H
#define CACHE_CACHE_MEMORY_H

#include <stdint.h>

/*
 * Zeroed memory from the kernel, aligned to its pages; from 2 MiB on aligned to 2 MiB and huge
 * pages asked for. Nothing is touched: memory is committed where, and on the NUMA node from which,
 * it is first written. NULL if it cannot be had; more than the machine has is refused here rather
 * than by the out-of-memory killer later.
 */
void *cache_memory_map(uint64_t bytes);
void cache_memory_unmap(void *memory, uint64_t bytes); /* as mapped; NULL is fine */

#endif
