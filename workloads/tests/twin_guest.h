/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TESTS_TWIN_GUEST_H
#define WORKLOADS_TESTS_TWIN_GUEST_H

#include "workloads/workload.h"

/*
 * A small guest with one workload, the lazy one under test: what sim/guest does, without clocks.
 *
 *     | 37 pages | region | 5 pages |
 */
struct twin_guest {
    const struct workload_ops *ops;
    void *options;
    struct content *content;
    struct page_store *memory;
    struct workload *workload;
    uint64_t first_page, pages; /* of the region */
    uint64_t guest_pages;
    uint64_t *dirty;  /* what the last twin_guest_touch found, as a bitmap of the guest */
    int64_t clock_ns; /* of the guest: its time, as nothing keeps it from running */
};

#define TWIN_GUEST_LABEL "load"

/*
 * `settings` is a list "option=value option=value ..." for the kind. Whatever is refused fails the
 * test. Release with twin_guest_release.
 */
void twin_guest_init(struct twin_guest *guest, const char *kind, const char *settings,
                     uint64_t seed);
void twin_guest_release(struct twin_guest *guest);

/* The options that twin_guest_init would use; false if the kind refuses them. Not to be released
 * when refused. */
bool twin_guest_options(const struct workload_ops *ops, const char *settings, void **ret_options,
                        struct error *error);
void twin_guest_options_release(const struct workload_ops *ops, void *options);

/* The workload's touch, into an empty bitmap. Returns the number of dirty pages. */
uint64_t twin_guest_touch(struct twin_guest *guest, int64_t time);

/* `page` counts from the region's first. */
bool twin_guest_is_dirty(const struct twin_guest *guest, uint64_t page);

/* The page at `time`; valid until the next call for any page. */
const uint8_t *twin_guest_page(struct twin_guest *guest, uint64_t page, int64_t time);

/* All pages of the region at `time` into `bytes`. */
void twin_guest_pages(struct twin_guest *guest, int64_t time, uint8_t *bytes);

#endif
