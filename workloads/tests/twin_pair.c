/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_pair.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void twin_pair_init(struct twin_pair *pair, const char *kind, const char *settings, uint64_t seed)
{
    *pair = (struct twin_pair){.now = 0};
    twin_guest_init(&pair->guest, kind, settings, seed);
    twin_memory_init(&pair->memory, &pair->guest);
}

void twin_pair_release(struct twin_pair *pair)
{
    twin_guest_release(&pair->guest);
    twin_memory_release(&pair->memory);
}

void twin_pair_mark(struct twin_pair *pair, uint64_t page)
{
    assert_in_range(page, 0, pair->guest.pages - 1);
    pair->memory.dirty[page] = true;
}

void twin_pair_put(struct twin_pair *pair, uint64_t at, uint8_t value)
{
    twin_pair_mark(pair, at / PAGE_SIZE);
    pair->memory.bytes[at] = value;
}

uint8_t twin_pair_get(const struct twin_pair *pair, uint64_t at)
{
    return pair->memory.bytes[at];
}

static void look_at_dirty(struct twin_pair *pair)
{
    uint64_t count = twin_guest_touch(&pair->guest, pair->now);
    for (uint64_t page = 0; page < pair->guest.pages; page++)
        if (twin_guest_is_dirty(&pair->guest, page) != pair->memory.dirty[page])
            fail_msg("%s: page %ju at %jd ns: twin says %s", pair->guest.ops->name, (uintmax_t)page,
                     (intmax_t)pair->now, pair->memory.dirty[page] ? "dirty" : "clean");
    assert_int_equal(count, twin_memory_sync(&pair->memory)); /* so none outside */
    pair->dirty_seen += count;
}

static void look_at_page(struct twin_pair *pair, uint64_t page)
{
    const uint8_t *bytes = twin_guest_page(&pair->guest, page, pair->now);
    const uint8_t *wanted = pair->memory.bytes + page * PAGE_SIZE;
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (bytes[i] != wanted[i])
            fail_msg("%s: byte %u of page %ju is %02x, not %02x, at %jd ns", pair->guest.ops->name,
                     i, (uintmax_t)page, bytes[i], wanted[i], (intmax_t)pair->now);
}

static void look_at_pages(struct twin_pair *pair)
{
    for (uint64_t page = 0; page < pair->guest.pages; page++)
        look_at_page(pair, page);
}

void twin_pair_look(struct twin_pair *pair, unsigned looks, int64_t step_ns, uint64_t seed)
{
    gsl_rng *rng = random_stream_create(seed, "looks");
    while (looks--) {
        if (gsl_rng_uniform_int(rng, 4))
            pair->now += (int64_t)(gsl_rng_uniform(rng) * (double)step_ns);
        pair->advance(pair, pair->now);
        switch (gsl_rng_uniform_int(rng, 4)) {
        case 0:
            look_at_dirty(pair);
            break;
        case 1:
            look_at_pages(pair);
            break;
        default:
            look_at_page(pair, gsl_rng_uniform_int(rng, pair->guest.pages));
        }
    }
    look_at_pages(pair);
    look_at_dirty(pair);
    gsl_rng_free(rng);
}
