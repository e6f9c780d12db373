/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_KERNEL_H
#define WORKLOADS_RECORDER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Linux's ways to tell which pages were written, and a test of each on this program itself. The
 * ABI of PAGEMAP_SCAN is stated here, from Documentation/admin-guide/mm/pagemap.rst of Linux 6.7,
 * as Debian 12's headers are older than it.
 */
struct kernel_scan {
    uint64_t size; /* of this struct */
    uint64_t flags;
    uint64_t start, end; /* addresses */
    uint64_t walk_end;   /* out: where it stopped, for want of room */
    uint64_t regions;    /* address of an array of struct kernel_region */
    uint64_t region_count;
    uint64_t max_pages; /* 0: no limit */
    uint64_t inverted;  /* categories to be absent instead of present */
    uint64_t required;  /* all of these, and */
    uint64_t any_of;    /* one of these */
    uint64_t returned;  /* categories that regions are told apart by */
};

struct kernel_region {
    uint64_t begin, end, categories;
};

#define KERNEL_PAGEMAP_SCAN _IOWR('f', 16, struct kernel_scan)
enum {
    KERNEL_SCAN_PROTECT = 1,
    KERNEL_SCAN_CHECK = 2
}; /* flags: protect what matches; EPERM else */
enum {
    KERNEL_PAGE_PROTECTABLE = 1,
    KERNEL_PAGE_WRITTEN = 2,
    KERNEL_PAGE_FILE = 4,
    KERNEL_PAGE_PRESENT = 8,
    KERNEL_PAGE_SWAPPED = 16,
    KERNEL_PAGE_ZERO = 32, /* the page of zeros that all share until they write */
    KERNEL_PAGE_HUGE = 64,
};

/* Bits of an entry of /proc/PID/pagemap. */
#define KERNEL_ENTRY_SOFT_DIRTY (1ull << 55)
#define KERNEL_ENTRY_SWAPPED    (1ull << 62)
#define KERNEL_ENTRY_PRESENT    (1ull << 63)

#define KERNEL_FEATURE_WP_ASYNC (1ull << 15) /* of userfaultfd: UFFD_FEATURE_WP_ASYNC */

/* Makes a userfaultfd ready for asynchronous write protection. */
bool kernel_userfaultfd_init(int fd);
/* Registers addresses with it; false with errno. */
bool kernel_userfaultfd_register(int fd, uint64_t begin, uint64_t end);

/* False if the memory that it was made for is gone: its process ended, or runs another program. */
bool kernel_userfaultfd_alive(int fd);

/* True if the kernel has it for this program; *ret_fault_ns is what the first write to a page
 * costs. */
bool kernel_has_scan(double *ret_fault_ns);
bool kernel_has_soft_dirty(double *ret_fault_ns);

#endif
