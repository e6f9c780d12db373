/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_guest.h"

#include "base/bitmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_BEFORE 37u
#define PAGES_BEHIND 5u

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "twin_guest: %s\n", what);
    abort();
}

static bool set_one(const struct workload_ops *ops, void *options, char *setting,
                    struct error *error)
{
    char *value = strchr(setting, '=');
    must(value != NULL, "a setting is option=value");
    *value++ = 0;
    const struct option *option = option_find(workload_region_table, setting);
    if (!option)
        option = option_find(ops->options, setting);
    if (!option)
        return error_set(error, "%s has no option '%s'", ops->name, setting);
    return option_set(option, options, value, error);
}

bool twin_guest_options(const struct workload_ops *ops, const char *settings, void **ret_options,
                        struct error *error)
{
    void *options = must_alloc(1, ops->options_size, "options");
    char *copy = must_copy(settings, "settings"), *rest = copy;
    option_set_defaults(workload_region_table, options);
    option_set_defaults(ops->options, options);
    bool good = true;
    for (char *setting; good && (setting = strtok_r(rest, " ", &rest));)
        good = set_one(ops, options, setting, error);
    good = good && (!ops->check || ops->check(options, error));
    free(copy);
    if (good)
        *ret_options = options;
    else
        twin_guest_options_release(ops, options);
    return good;
}

void twin_guest_options_release(const struct workload_ops *ops, void *options)
{
    option_release(ops->options, options);
    free(options);
}

void twin_guest_init(struct twin_guest *guest, const char *kind, const char *settings,
                     uint64_t seed)
{
    static char no_image[] = "";
    const struct content_options content = {0.3, 0.3, PAGE_SIZE, no_image};
    struct error error = {"unknown kind"};
    *guest = (struct twin_guest){.ops = workload_find(kind), .first_page = PAGES_BEFORE};
    must(guest->ops && twin_guest_options(guest->ops, settings, &guest->options, &error),
         error.text);
    const struct workload_region *region = guest->options;
    guest->pages = region->bytes / PAGE_SIZE;
    guest->guest_pages = PAGES_BEFORE + guest->pages + PAGES_BEHIND;
    guest->content = content_create(&content, seed, &error);
    must(guest->content != NULL, error.text);
    content_set_range(guest->content, PAGES_BEFORE, guest->pages, (enum fill)region->fill);
    guest->memory = page_store_create(guest->guest_pages, guest->content);
    const struct workload_env env = {TWIN_GUEST_LABEL, seed, PAGES_BEFORE, guest->memory,
                                     &guest->clock_ns};
    guest->workload = guest->ops->create(guest->options, &env, &error);
    must(guest->workload != NULL, error.text);
    guest->dirty = bitmap_alloc(guest->guest_pages, "dirty pages");
}

void twin_guest_release(struct twin_guest *guest)
{
    guest->ops->destroy(guest->workload);
    page_store_destroy(guest->memory);
    content_destroy(guest->content);
    twin_guest_options_release(guest->ops, guest->options);
    free(guest->dirty);
}

uint64_t twin_guest_touch(struct twin_guest *guest, int64_t time)
{
    memset(guest->dirty, 0, BITMAP_WORDS(guest->guest_pages) * sizeof *guest->dirty);
    guest->clock_ns = time;
    guest->ops->touch(guest->workload, time, guest->dirty);
    return bitmap_count(guest->dirty, guest->guest_pages);
}

bool twin_guest_is_dirty(const struct twin_guest *guest, uint64_t page)
{
    return bitmap_get(guest->dirty, guest->first_page + page);
}

const uint8_t *twin_guest_page(struct twin_guest *guest, uint64_t page, int64_t time)
{
    static uint8_t scratch[PAGE_SIZE];
    guest->clock_ns = time;
    guest->ops->materialise(guest->workload, guest->first_page + page, time);
    return page_store_read(guest->memory, guest->first_page + page, scratch);
}

void twin_guest_pages(struct twin_guest *guest, int64_t time, uint8_t *bytes)
{
    for (uint64_t page = 0; page < guest->pages; page++)
        memcpy(bytes + page * PAGE_SIZE, twin_guest_page(guest, page, time), PAGE_SIZE);
}
