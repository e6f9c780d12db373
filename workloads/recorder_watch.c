/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "workloads/recorder_watch.h"

#include "workloads/recorder_inject.h"
#include "workloads/recorder_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REGIONS 512u
#define ENTRIES 4096u /* of pagemap, read at once */
/* A process that writes 20000 pages in a second loses a tenth of it to faults of this length. */
#define DEAR_FAULT_NS 5000.0

const char *const recorder_method_names[] = {"auto", "pagemap-scan", "soft-dirty", "compare", NULL};

struct recorder_watch {
    struct recorder_target *target;
    enum recorder_method method;
    bool can_scan; /* the kernel has PAGEMAP_SCAN, at least to find what is there */
    bool looked;   /* at least once */
    int userfaultfd;
    struct recorder_watch_cost cost;
    struct kernel_region regions[REGIONS];
    uint64_t entries[ENTRIES];
};

static int open_proc(const struct recorder_watch *watch, const char *name, int flags)
{
    char path[64];
    return open(recorder_target_path(watch->target, name, path), flags | O_CLOEXEC);
}

/* A userfaultfd of the process, ready; false with the reason, or with RECORDER_STUCK in *ret. */
static bool inject(struct recorder_watch *watch, int *ret, struct error *error)
{
    int64_t stopped_ns;
    *ret = recorder_inject_userfaultfd(watch->target, &stopped_ns, error);
    watch->cost.stopped_ns += stopped_ns;
    if (*ret < 0)
        return false;
    if (kernel_userfaultfd_init(*ret)) {
        watch->userfaultfd = *ret;
        return true;
    }
    close(*ret);
    return error_set(error, "userfaultfd without asynchronous write protection");
}

/* Nobody asked for this method by name: it must not be dear either. */
static bool too_dear(const struct recorder_watch *watch, enum recorder_method method,
                     struct error *error)
{
    if (watch->cost.fault_ns <= DEAR_FAULT_NS)
        return false;
    error_set(error, "%s would slow the process down: %.1f us for a write fault here",
              recorder_method_names[method], watch->cost.fault_ns / 1e3);
    return true;
}

static bool try_scan(struct recorder_watch *watch, bool by_name, bool *ret_stuck,
                     struct error *error)
{
    int fd = -1;
    *ret_stuck = false;
    if (!kernel_has_scan(&watch->cost.fault_ns))
        return error_set(error, "the kernel has no PAGEMAP_SCAN with userfaultfd (Linux 6.7)");
    watch->can_scan = true;
    if (!by_name && too_dear(watch, RECORDER_PAGEMAP_SCAN, error))
        return false;
    if (inject(watch, &fd, error))
        return true;
    *ret_stuck = fd == RECORDER_STUCK;
    return error_prefix(error, "no userfaultfd in the process: ");
}

static bool try_soft_dirty(struct recorder_watch *watch, bool by_name, struct error *error)
{
    if (!kernel_has_soft_dirty(&watch->cost.fault_ns))
        return error_set(error, "the kernel has no soft-dirty bits");
    if (!by_name && too_dear(watch, RECORDER_SOFT_DIRTY, error))
        return false;
    int fd = open_proc(watch, "clear_refs", O_WRONLY);
    if (fd < 0)
        return error_set(error, "clear_refs: %s", strerror(errno));
    close(fd);
    return true;
}

struct recorder_watch *recorder_watch_create(struct recorder_target *target,
                                             enum recorder_method wanted, char *why,
                                             size_t why_size, struct error *error)
{
    struct error no_scan = {{0}}, no_soft_dirty = {{0}};
    struct recorder_watch *watch = must_alloc(1, sizeof *watch, "the watch of a process");
    bool stuck = false;
    watch->target = target;
    watch->userfaultfd = -1;
    watch->method = RECORDER_COMPARE;
    if (wanted == RECORDER_AUTO || wanted == RECORDER_PAGEMAP_SCAN) {
        if (try_scan(watch, wanted != RECORDER_AUTO, &stuck, &no_scan))
            watch->method = RECORDER_PAGEMAP_SCAN;
    }
    if (watch->method == RECORDER_COMPARE && !stuck &&
        (wanted == RECORDER_AUTO || wanted == RECORDER_SOFT_DIRTY)) {
        if (try_soft_dirty(watch, wanted != RECORDER_AUTO, &no_soft_dirty))
            watch->method = RECORDER_SOFT_DIRTY;
    }
    snprintf(why, why_size, "%s%s%s", no_scan.text,
             no_scan.text[0] && no_soft_dirty.text[0] ? "; " : "", no_soft_dirty.text);
    if (stuck || (wanted != RECORDER_AUTO && watch->method != wanted)) {
        error_set(error, "method %s is not to be had: %s", recorder_method_names[wanted], why);
        recorder_watch_destroy(watch);
        return NULL;
    }
    if (watch->method == RECORDER_COMPARE) {
        double unused;
        watch->can_scan = watch->can_scan || kernel_has_scan(&unused);
        watch->cost.fault_ns = 0;
    }
    return watch;
}

void recorder_watch_destroy(struct recorder_watch *watch)
{
    if (!watch)
        return;
    if (watch->userfaultfd >= 0)
        close(watch->userfaultfd); /* takes protection and registration away with it */
    free(watch);
}

static void mark_run(struct recorder_watch *watch, struct recorder_pages *pages,
                     const struct recorder_range *range, const struct kernel_region *region)
{
    /*
     * Not every page that counts as written was: a huge page does as a whole, a file's page when it
     * was only read. Those speak for themselves by their bytes.
     */
    bool written = region->categories & KERNEL_PAGE_WRITTEN &&
                   !(region->categories & (KERNEL_PAGE_HUGE | KERNEL_PAGE_FILE));
    bool fresh;
    for (uint64_t at = region->begin; at < region->end; at += PAGE_SIZE) {
        recorder_pages_mark(pages, at, range->name, written, &fresh);
        watch->cost.faults += written && !fresh;
    }
}

/* Marks the pages in a range of the wanted categories; `protect` protects them on the way. */
static bool scan_range(struct recorder_watch *watch, int pagemap,
                       const struct recorder_range *range, bool protect,
                       struct recorder_pages *pages)
{
    struct kernel_scan scan = {
        .size = sizeof scan,
        .flags = protect ? KERNEL_SCAN_PROTECT | KERNEL_SCAN_CHECK : 0,
        .start = range->begin,
        .end = range->end,
        .regions = (uintptr_t)watch->regions,
        .region_count = REGIONS,
        .inverted = KERNEL_PAGE_ZERO,
        .required = KERNEL_PAGE_ZERO | (protect ? KERNEL_PAGE_WRITTEN : 0u),
        .any_of = KERNEL_PAGE_PRESENT | KERNEL_PAGE_SWAPPED,
        .returned = KERNEL_PAGE_HUGE | KERNEL_PAGE_FILE | (protect ? KERNEL_PAGE_WRITTEN : 0u),
    };
    while (scan.start < scan.end) {
        int count = ioctl(pagemap, KERNEL_PAGEMAP_SCAN, &scan);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        for (int i = 0; i < count; i++)
            mark_run(watch, pages, range, &watch->regions[i]);
        scan.start = scan.walk_end;
    }
    return true;
}

/*
 * By the table of pages: all that is there, or of that only what is soft-dirty. A soft-dirty page
 * need not have been written: a mapping that grew is dirty as a whole, and so is a huge page.
 */
static bool read_range(struct recorder_watch *watch, int pagemap,
                       const struct recorder_range *range, bool dirty_alone,
                       struct recorder_pages *pages)
{
    uint64_t there = KERNEL_ENTRY_PRESENT | KERNEL_ENTRY_SWAPPED;
    for (uint64_t at = range->begin; at < range->end;) {
        uint64_t want = (range->end - at) / PAGE_SIZE;
        if (want > ENTRIES)
            want = ENTRIES;
        ssize_t n = pread(pagemap, watch->entries, want * sizeof *watch->entries,
                          (off_t)(at / PAGE_SIZE * sizeof *watch->entries));
        if (n < (ssize_t)sizeof *watch->entries)
            return false;
        for (size_t i = 0; i < (size_t)n / sizeof *watch->entries; i++, at += PAGE_SIZE) {
            uint64_t entry = watch->entries[i];
            bool fresh;
            if (!(entry & there) || (dirty_alone && !(entry & KERNEL_ENTRY_SOFT_DIRTY)))
                continue;
            recorder_pages_mark(pages, at, range->name, false, &fresh);
            watch->cost.faults += dirty_alone && !fresh;
        }
    }
    return true;
}

static bool find_present(struct recorder_watch *watch, int pagemap,
                         const struct recorder_range *range, struct recorder_pages *pages)
{
    if (watch->can_scan)
        return scan_range(watch, pagemap, range, false, pages);
    return read_range(watch, pagemap, range, false, pages);
}

/*
 * Marks the written pages of a range. One that is new, or grew, is not registered yet; one that
 * cannot be (memory of a device, or another userfaultfd's) is compared.
 */
static bool look_by_scan(struct recorder_watch *watch, int pagemap,
                         const struct recorder_range *range, struct recorder_pages *pages)
{
    if (scan_range(watch, pagemap, range, true, pages))
        return true;
    if (errno == EPERM &&
        kernel_userfaultfd_register(watch->userfaultfd, range->begin, range->end) &&
        scan_range(watch, pagemap, range, true, pages))
        return true;
    return find_present(watch, pagemap, range, pages);
}

/* The process runs another program since the last look; its userfaultfd went with the old one. */
static bool replace(struct recorder_watch *watch, struct error *error)
{
    int fd;
    close(watch->userfaultfd);
    watch->userfaultfd = -1;
    if (inject(watch, &fd, error))
        return true;
    if (fd == RECORDER_STUCK)
        return false;
    watch->method = RECORDER_COMPARE;
    return true;
}

static bool clear_soft_dirty(const struct recorder_watch *watch, struct error *error)
{
    int fd = open_proc(watch, "clear_refs", O_WRONLY);
    bool good = fd >= 0 && write(fd, "4", 1) == 1;
    if (!good)
        error_set(error, "clear_refs: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

bool recorder_watch_look(struct recorder_watch *watch, const struct recorder_ranges *ranges,
                         struct recorder_pages *pages, struct error *error)
{
    error->text[0] = 0;
    if (watch->method == RECORDER_PAGEMAP_SCAN && !kernel_userfaultfd_alive(watch->userfaultfd) &&
        !replace(watch, error))
        return false;
    int pagemap = open_proc(watch, "pagemap", O_RDONLY);
    if (pagemap < 0)
        return !recorder_target_ended(watch->target) &&
               error_set(error, "pagemap: %s", strerror(errno));
    for (size_t i = 0; i < ranges->count; i++) {
        const struct recorder_range *range = &ranges->list[i];
        /* A range that is gone by now has nothing to say. */
        if (watch->method == RECORDER_PAGEMAP_SCAN)
            look_by_scan(watch, pagemap, range, pages);
        else if (watch->method == RECORDER_SOFT_DIRTY)
            read_range(watch, pagemap, range, watch->looked, pages);
        else
            find_present(watch, pagemap, range, pages);
    }
    close(pagemap);
    watch->looked = true;
    return watch->method != RECORDER_SOFT_DIRTY || clear_soft_dirty(watch, error);
}

enum recorder_method recorder_watch_method(const struct recorder_watch *watch)
{
    return watch->method;
}

bool recorder_watch_sees_rewrites(const struct recorder_watch *watch)
{
    return watch->method == RECORDER_PAGEMAP_SCAN;
}

bool recorder_watch_wants_stop(const struct recorder_watch *watch)
{
    return watch->method == RECORDER_SOFT_DIRTY;
}

struct recorder_watch_cost recorder_watch_cost(const struct recorder_watch *watch)
{
    return watch->cost;
}
