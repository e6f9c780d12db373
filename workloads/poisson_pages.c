/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/poisson_pages.h"

#include "base/bitmap.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 4

/*
 * So many writes leave no place of a page as it was; gsl_ran_poisson counts in 32 bits and does
 * not end for means much above 2^32.
 */
#define MEAN_MAX 1e9

struct page_state {
    int64_t counted_ns; /* writes up to here are drawn; the last touch, if that is later */
    uint64_t waiting;   /* drawn by touches, not taken yet */
};

struct poisson_pages {
    uint64_t first_page;
    struct poisson_group groups[GROUPS_MAX];
    unsigned group_count;
    gsl_rng *rng;
    struct page_state *pages;
    int64_t touched_ns;
    uint64_t *found; /* pages in which a take found a write since the last touch */
    uint64_t found_count, found_room;
};

struct poisson_pages *poisson_pages_create(uint64_t first_page, const struct poisson_group *groups,
                                           unsigned group_count, gsl_rng *rng)
{
    struct poisson_pages *pages = must_alloc(1, sizeof *pages, "a workload");
    uint64_t count = 0;
    for (unsigned i = 0; i < group_count; i++)
        count += groups[i].page_count;
    memcpy(pages->groups, groups, group_count * sizeof *groups);
    pages->first_page = first_page;
    pages->group_count = group_count;
    pages->rng = rng;
    pages->pages = must_alloc(count, sizeof *pages->pages, "the pages of a workload");
    return pages;
}

void poisson_pages_destroy(struct poisson_pages *pages)
{
    free(pages->pages);
    free(pages->found);
    free(pages);
}

static uint64_t poisson(gsl_rng *rng, double mean)
{
    return gsl_ran_poisson(rng, mean < MEAN_MAX ? mean : MEAN_MAX);
}

/* A Poisson number of mean `mean`, given that it is not 0: the first arrival, then the rest. */
static uint64_t positive_poisson(gsl_rng *rng, double mean)
{
    double first = -log1p(gsl_rng_uniform(rng) * expm1(-mean));
    return 1 + poisson(rng, mean > first ? mean - first : 0);
}

/* Pages before the next written one when each is written with probability 1 - exp(-mean). */
static uint64_t pages_to_skip(gsl_rng *rng, double mean, uint64_t limit)
{
    double skipped = floor(-log(gsl_rng_uniform_pos(rng)) / mean);
    return skipped < (double)limit ? (uint64_t)skipped : limit;
}

/* Pages looked at in mid-interval have less time left: they are kept with the share of it. */
static bool touch_page(struct poisson_pages *pages, struct page_state *page, double rate,
                       int64_t now_ns)
{
    double whole = rate * (double)(now_ns - pages->touched_ns), mean = whole;
    if (page->counted_ns > pages->touched_ns) {
        mean = rate * (double)(now_ns - page->counted_ns);
        if (gsl_rng_uniform(pages->rng) * expm1(-whole) <= expm1(-mean))
            return false;
    }
    page->waiting += positive_poisson(pages->rng, mean);
    page->counted_ns = now_ns;
    return true;
}

void poisson_pages_touch(struct poisson_pages *pages, int64_t guest_time, uint64_t *dirty)
{
    uint64_t start = 0;
    for (unsigned i = 0; i < pages->group_count; i++) {
        const struct poisson_group *group = &pages->groups[i];
        double mean = group->writes_per_page_ns * (double)(guest_time - pages->touched_ns);
        uint64_t end = start + group->page_count;
        for (uint64_t page = start; mean > 0 && page < end; page++) {
            page += pages_to_skip(pages->rng, mean, end - page);
            if (page < end &&
                touch_page(pages, &pages->pages[page], group->writes_per_page_ns, guest_time))
                bitmap_set(dirty, pages->first_page + page);
        }
        start = end;
    }
    for (uint64_t i = 0; i < pages->found_count; i++)
        bitmap_set(dirty, pages->first_page + pages->found[i]);
    pages->found_count = 0;
    pages->touched_ns = guest_time;
}

static double rate_of(const struct poisson_pages *pages, uint64_t page)
{
    unsigned i = 0;
    for (; page >= pages->groups[i].page_count; i++)
        page -= pages->groups[i].page_count;
    return pages->groups[i].writes_per_page_ns;
}

uint64_t poisson_pages_take(struct poisson_pages *pages, uint64_t page, int64_t guest_time)
{
    struct page_state *state = &pages->pages[page];
    int64_t from = state->counted_ns > pages->touched_ns ? state->counted_ns : pages->touched_ns;
    double mean = rate_of(pages, page) * (double)(guest_time - from);
    uint64_t news = mean > 0 ? poisson(pages->rng, mean) : 0;
    uint64_t writes = state->waiting + news;
    state->counted_ns = guest_time;
    state->waiting = 0;
    if (news) {
        if (pages->found_count == pages->found_room) {
            pages->found_room = pages->found_room * 2 + 256;
            pages->found = must_grow(pages->found, pages->found_room, sizeof *pages->found,
                                     "the pages of a workload");
        }
        pages->found[pages->found_count++] = page;
    }
    return writes;
}
