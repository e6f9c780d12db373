/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_visits.h"

#include "base/random.h"

#include <stdlib.h>

__extension__ typedef unsigned __int128 wide;

/* One to the word of 8 bytes that begins at `at`, or what of it lies before `end`. */
static void count_up(struct twin_pair *pair, uint64_t at, uint64_t end)
{
    for (uint64_t i = at; i < end && i < at + 8; i++) {
        uint8_t byte = (uint8_t)(twin_pair_get(pair, i) + 1);
        twin_pair_put(pair, i, byte);
        if (byte != 0)
            break;
    }
}

static void write_piece(struct twin_visits *visits, struct twin_pair *pair, uint64_t page,
                        uint64_t number, uint64_t index)
{
    const struct page_change *change = &visits->change;
    uint64_t begin =
        page * PAGE_SIZE + page_change_place(change, &visits->seeds, page, number, index);
    uint64_t end = begin + change->write_size;
    uint8_t value[PAGE_SIZE];
    page_change_value(change, &visits->seeds, page, number, index, value);
    for (uint64_t at = begin; at < end; at++) {
        if (change->value == VALUE_TOGGLE)
            twin_pair_put(pair, at, twin_pair_get(pair, at) ^ 1);
        else if (change->value != VALUE_INCREMENT)
            twin_pair_put(pair, at, value[at - begin]);
        else if ((at - begin) % 8 == 0)
            count_up(pair, at, end);
    }
}

static void advance(struct twin_pair *pair, int64_t time)
{
    struct twin_visits *visits = pair->twin;
    while ((wide)(visits->done + 1) * 1000000000 <= (wide)time * visits->rate) {
        uint64_t page = visits->page(visits, ++visits->done), number = ++visits->visits[page];
        twin_pair_mark(pair, page);
        if (!page_change_is_new(&visits->change, &visits->seeds, page, number))
            continue;
        for (uint64_t i = 0; i < visits->change.writes; i++)
            write_piece(visits, pair, page, number, i);
    }
}

void twin_visits_init(struct twin_visits *visits, struct twin_pair *pair)
{
    uint64_t seed = random_derive(visits->seed, TWIN_GUEST_LABEL);
    visits->rng = random_stream_create(seed, "path");
    visits->seeds = page_change_seeds(seed);
    visits->visits = must_alloc(pair->guest.pages, sizeof *visits->visits, "a twin");
    visits->done = 0;
    pair->advance = advance;
    pair->twin = visits;
}

void twin_visits_release(struct twin_visits *visits)
{
    gsl_rng_free(visits->rng);
    free(visits->visits);
}
