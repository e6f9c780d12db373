/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/page_change.h"

#include "base/random.h"
#include "models/text_source.h"

#include <inttypes.h>

const char *const change_places_names[] = {"random", "own", "spaced", NULL};
const char *const change_value_names[] = {"random", "text", "increment", "toggle", NULL};

/* Of the page, what each write has to itself; whole multiples of the alignment. */
static uint64_t part_of(const struct page_change *change)
{
    return PAGE_SIZE / change->writes / change->align * change->align;
}

bool page_change_check(const struct page_change *change, struct error *error)
{
    if (change->places != PLACES_SPACED) {
        if (change->write_size <= part_of(change))
            return true;
        return error_set(error,
                         "%" PRIu64 " writes of %" PRIu64 " bytes, aligned to %" PRIu64
                         ", do not fit a page of %u bytes",
                         change->writes, change->write_size, change->align, PAGE_SIZE);
    }
    if (change->spacing < change->write_size)
        return error_set(error, "spacing: writes of %" PRIu64 " bytes every %" PRIu64 " overlap",
                         change->write_size, change->spacing);
    if ((change->writes - 1) * change->spacing + change->write_size > PAGE_SIZE)
        return error_set(error,
                         "%" PRIu64 " writes of %" PRIu64 " bytes, one every %" PRIu64
                         ", do not fit a page of %u bytes",
                         change->writes, change->write_size, change->spacing, PAGE_SIZE);
    return true;
}

struct page_change_seeds page_change_seeds(uint64_t seed)
{
    return (struct page_change_seeds){random_derive(seed, "places"), random_derive(seed, "values"),
                                      random_derive(seed, "unchanged")};
}

bool page_change_is_new(const struct page_change *change, const struct page_change_seeds *seeds,
                        uint64_t page, uint64_t number)
{
    if (!(change->unchanged > 0))
        return true;
    return (double)(random_mix(seeds->unchanged, page, number) >> 11) * 0x1p-53 >=
           change->unchanged;
}

uint64_t page_change_place(const struct page_change *change, const struct page_change_seeds *seeds,
                           uint64_t page, uint64_t number, uint64_t index)
{
    if (change->places == PLACES_SPACED)
        return index * change->spacing;
    uint64_t part = part_of(change), room = (part - change->write_size) / change->align + 1;
    if (change->places == PLACES_OWN)
        number = 0; /* visits count from 1 */
    uint64_t draw = random_mix(seeds->places + index, page, number);
    return index * part + draw % room * change->align;
}

void page_change_value(const struct page_change *change, const struct page_change_seeds *seeds,
                       uint64_t page, uint64_t number, uint64_t index, uint8_t *value)
{
    uint64_t seed = random_mix(seeds->values + index, page, number);
    if (change->value == VALUE_TEXT)
        text_source_write(seed, value, change->write_size);
    else
        random_bytes(seed, value, change->write_size);
}

/* Words of 8 bytes, the last one shorter, lowest byte first. */
static void count_up(uint8_t *bytes, uint64_t size, uint64_t by)
{
    for (uint64_t at = 0; at < size; at += 8) {
        uint64_t sum = by;
        for (uint64_t i = at; i < size && i < at + 8; i++) {
            uint64_t low = (sum & 0xff) + bytes[i];
            bytes[i] = (uint8_t)low;
            sum = (sum >> 8) + (low >> 8);
        }
    }
}

/* `times` visits at the places of one of them. */
static void write_places(const struct page_change *change, const struct page_change_seeds *seeds,
                         uint64_t page, uint64_t number, uint64_t times, uint8_t *bytes)
{
    for (uint64_t i = 0; i < change->writes; i++) {
        uint8_t *at = bytes + page_change_place(change, seeds, page, number, i);
        switch ((enum change_value)change->value) {
        case VALUE_RANDOM:
        case VALUE_TEXT:
            page_change_value(change, seeds, page, number, i, at);
            break;
        case VALUE_INCREMENT:
            count_up(at, change->write_size, times);
            break;
        case VALUE_TOGGLE:
            for (uint64_t k = 0; k < change->write_size; k++)
                at[k] ^= (uint8_t)(times & 1);
            break;
        }
    }
}

/* The last of the visits that says something new, or `first`. */
static uint64_t last_new(const struct page_change *change, const struct page_change_seeds *seeds,
                         uint64_t page, uint64_t first, uint64_t last)
{
    while (last > first && !page_change_is_new(change, seeds, page, last))
        last--;
    return last;
}

static uint64_t count_new(const struct page_change *change, const struct page_change_seeds *seeds,
                          uint64_t page, uint64_t first, uint64_t last)
{
    uint64_t count = 0;
    if (!(change->unchanged > 0))
        return last - first;
    while (first < last)
        count += page_change_is_new(change, seeds, page, ++first);
    return count;
}

/* Where visits meet, only the last one shows, or their number: then many cost as much as one. */
void page_change_apply(const struct page_change *change, const struct page_change_seeds *seeds,
                       uint64_t page, uint64_t first, uint64_t last,
                       uint8_t bytes[static PAGE_SIZE])
{
    bool overwrites = change->value == VALUE_RANDOM || change->value == VALUE_TEXT;
    bool meet = change->places != PLACES_RANDOM || change->write_size * change->writes == PAGE_SIZE;
    if (meet && overwrites) {
        uint64_t number = last_new(change, seeds, page, first, last);
        if (number > first)
            write_places(change, seeds, page, number, 1, bytes);
    } else if (meet) {
        write_places(change, seeds, page, last, count_new(change, seeds, page, first, last), bytes);
    } else {
        while (first++ < last)
            if (page_change_is_new(change, seeds, page, first))
                write_places(change, seeds, page, first, 1, bytes);
    }
}
