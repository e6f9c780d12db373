/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "workloads/recorder_kernel.h"

#include "models/content.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

#define PROBE_PAGES 256u
#define PROBE_RUN   32u /* pages whose writes are timed together */

bool kernel_userfaultfd_init(int fd)
{
    struct uffdio_api api = {.api = UFFD_API, .features = KERNEL_FEATURE_WP_ASYNC};
    return ioctl(fd, UFFDIO_API, &api) == 0;
}

bool kernel_userfaultfd_register(int fd, uint64_t begin, uint64_t end)
{
    struct uffdio_register range = {
        .range = {.start = begin, .len = end - begin},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };
    return ioctl(fd, UFFDIO_REGISTER, &range) == 0;
}

bool kernel_userfaultfd_alive(int fd)
{
    /* Nothing is ever mapped there, so there is nothing to unprotect: ENOENT, or ESRCH. */
    struct uffdio_writeprotect nowhere = {.range = {.start = 0x10000, .len = PAGE_SIZE}};
    return ioctl(fd, UFFDIO_WRITEPROTECT, &nowhere) == 0 || errno != ESRCH;
}

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static volatile uint8_t *probe_memory(void)
{
    void *memory = mmap(NULL, (size_t)PROBE_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    memset(memory, 1, (size_t)PROBE_PAGES * PAGE_SIZE);
    return memory;
}

static void probe_free(volatile uint8_t *memory)
{
    munmap((void *)(uintptr_t)memory, (size_t)PROBE_PAGES * PAGE_SIZE);
}

/* Time of a write to each page, in ns a page: of the fastest run, as others may hold the processor.
 */
static double write_time(volatile uint8_t *memory)
{
    int64_t least = INT64_MAX;
    for (size_t run = 0; run < PROBE_PAGES; run += PROBE_RUN) {
        int64_t start = now_ns();
        for (size_t i = run; i < run + PROBE_RUN; i++)
            memory[i * PAGE_SIZE]++;
        int64_t took = now_ns() - start;
        least = took < least ? took : least;
    }
    return (double)least / PROBE_RUN;
}

/* The pages said to be written; -1 if the call is refused. They are protected again. */
static long scan_probe(int pagemap, const volatile uint8_t *memory)
{
    struct kernel_region regions[4];
    struct kernel_scan scan = {
        .size = sizeof scan,
        .flags = KERNEL_SCAN_PROTECT | KERNEL_SCAN_CHECK,
        .start = (uintptr_t)memory,
        .end = (uintptr_t)memory + (uint64_t)PROBE_PAGES * PAGE_SIZE,
        .regions = (uintptr_t)regions,
        .region_count = 4,
        .required = KERNEL_PAGE_WRITTEN,
        .any_of = KERNEL_PAGE_PRESENT | KERNEL_PAGE_SWAPPED,
        .returned = KERNEL_PAGE_WRITTEN,
    };
    long pages = 0, count = ioctl(pagemap, KERNEL_PAGEMAP_SCAN, &scan);
    for (long i = 0; i < count; i++)
        pages += (long)((regions[i].end - regions[i].begin) / PAGE_SIZE);
    return count < 0 ? -1 : pages;
}

bool kernel_has_scan(double *ret_fault_ns)
{
    volatile uint8_t *memory = probe_memory();
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    uint64_t begin = (uintptr_t)memory, end = begin + (uint64_t)PROBE_PAGES * PAGE_SIZE;
    bool good = memory && fd >= 0 && pagemap >= 0 && kernel_userfaultfd_init(fd) &&
                kernel_userfaultfd_register(fd, begin, end) &&
                scan_probe(pagemap, memory) == (long)PROBE_PAGES &&
                scan_probe(pagemap, memory) == 0;
    if (good) {
        *ret_fault_ns = write_time(memory) - write_time(memory);
        good = scan_probe(pagemap, memory) == (long)PROBE_PAGES;
    }
    if (fd >= 0)
        close(fd);
    if (pagemap >= 0)
        close(pagemap);
    if (memory)
        probe_free(memory);
    return good;
}

static bool soft_dirty(int pagemap, const volatile uint8_t *memory)
{
    uint64_t entry = 0;
    off_t at = (off_t)((uintptr_t)memory / PAGE_SIZE * sizeof entry);
    return pread(pagemap, &entry, sizeof entry, at) == (ssize_t)sizeof entry &&
           (entry & KERNEL_ENTRY_SOFT_DIRTY);
}

bool kernel_has_soft_dirty(double *ret_fault_ns)
{
    volatile uint8_t *memory = probe_memory();
    int clear = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    bool good = memory && clear >= 0 && pagemap >= 0 && soft_dirty(pagemap, memory) &&
                write(clear, "4", 1) == 1 && !soft_dirty(pagemap, memory);
    if (good) {
        *ret_fault_ns = write_time(memory) - write_time(memory);
        good = soft_dirty(pagemap, memory);
    }
    if (clear >= 0)
        close(clear);
    if (pagemap >= 0)
        close(pagemap);
    if (memory)
        probe_free(memory);
    return good;
}
