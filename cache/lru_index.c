/* SPDX-License-Identifier: MIT */
#include "cache/lru_index.h"

#include <assert.h>

#define GROUP 16 /* heads of one cache line */

/* Links are entry numbers. `newer` of the sentinel is the oldest page, `older` the youngest. */
struct entry {
    uint64_t page_no;
    uint32_t newer, older;
    uint32_t chain; /* next in the bucket */
    uint32_t bucket;
};

struct lru_index {
    uint64_t slots, held, groups;
    uint32_t *heads;
    struct entry *entries;
    uint64_t padding[3]; /* to a cache line, so that a group of heads is one */
};

static uint64_t groups_of(uint64_t slots)
{
    return (slots + GROUP - 1) / GROUP;
}

uint64_t lru_index_bytes(uint64_t slots)
{
    return sizeof(struct lru_index) + groups_of(slots) * GROUP * sizeof(uint32_t) +
           (slots + 1) * sizeof(struct entry);
}

void lru_index_init(struct lru_index *zeros, uint64_t slots)
{
    assert(slots > 0 && slots < UINT32_MAX);
    zeros->slots = slots;
    zeros->groups = groups_of(slots);
    zeros->heads = (uint32_t *)(void *)(zeros + 1);
    zeros->entries = (struct entry *)(void *)(zeros->heads + zeros->groups * GROUP);
}

/*
 * Sixteen neighbouring pages share a group, since a migration walks memory in order; which head
 * each gets within it depends on the hash too, so that strides of 16 use all heads.
 */
static uint32_t bucket_of(const struct lru_index *index, uint64_t page_no)
{
    uint64_t hash = page_no / GROUP * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t group = (hash >> 32) * index->groups >> 32;
    return (uint32_t)(group * GROUP + ((page_no ^ hash >> 28) & (GROUP - 1)));
}

uint32_t lru_index_find(const struct lru_index *index, uint64_t page_no)
{
    const struct entry *entries = index->entries;
    uint32_t number = index->heads[bucket_of(index, page_no)];
    while (number != 0 && entries[number].page_no != page_no)
        number = entries[number].chain;
    return number - 1; /* 0 becomes LRU_INDEX_NONE */
}

void lru_index_prefetch(const struct lru_index *index, uint64_t page_no)
{
    __builtin_prefetch(&index->heads[bucket_of(index, page_no)]);
}

static void unlink_entry(struct entry *entries, uint32_t number)
{
    entries[entries[number].newer].older = entries[number].older;
    entries[entries[number].older].newer = entries[number].newer;
}

static void link_youngest(struct entry *entries, uint32_t number)
{
    uint32_t youngest = entries[0].older;
    entries[number].older = youngest;
    entries[number].newer = 0;
    entries[youngest].newer = number;
    entries[0].older = number;
}

void lru_index_touch(struct lru_index *index, uint32_t slot)
{
    struct entry *entries = index->entries;
    unlink_entry(entries, slot + 1);
    link_youngest(entries, slot + 1);
}

static void leave_bucket(struct lru_index *index, uint32_t number)
{
    struct entry *entries = index->entries;
    uint32_t *link = &index->heads[entries[number].bucket];
    while (*link != number)
        link = &entries[*link].chain;
    *link = entries[number].chain;
}

uint32_t lru_index_take(struct lru_index *index, uint64_t page_no)
{
    struct entry *entries = index->entries;
    uint32_t number;
    if (index->held < index->slots) {
        number = (uint32_t)++index->held;
    } else {
        number = entries[0].newer;
        unlink_entry(entries, number);
        leave_bucket(index, number);
    }
    uint32_t bucket = bucket_of(index, page_no);
    entries[number].page_no = page_no;
    entries[number].bucket = bucket;
    entries[number].chain = index->heads[bucket];
    index->heads[bucket] = number;
    link_youngest(entries, number);
    return number - 1;
}

uint32_t lru_index_oldest(const struct lru_index *index)
{
    return index->entries[0].newer - 1;
}

uint32_t lru_index_newer(const struct lru_index *index, uint32_t slot)
{
    return index->entries[slot + 1].newer - 1;
}

uint64_t lru_index_page_no(const struct lru_index *index, uint32_t slot)
{
    return index->entries[slot + 1].page_no;
}

uint64_t lru_index_held(const struct lru_index *index)
{
    return index->held;
}

static bool list_is_sound(const struct lru_index *index)
{
    const struct entry *entries = index->entries;
    uint32_t number = 0;
    for (uint64_t i = 0; i <= index->held; i++) {
        uint32_t newer = entries[number].newer;
        if (newer > index->held || entries[newer].older != number)
            return false;
        number = newer;
        if (number == 0)
            return i == index->held;
    }
    return false;
}

bool lru_index_check(const struct lru_index *index)
{
    if (index->held > index->slots || !list_is_sound(index))
        return false;
    const struct entry *entries = index->entries;
    uint64_t found = 0;
    for (uint64_t bucket = 0; bucket < index->groups * GROUP; bucket++) {
        uint32_t number = index->heads[bucket];
        for (; number != 0; number = entries[number].chain) {
            if (number > index->held || ++found > index->held || entries[number].bucket != bucket ||
                bucket_of(index, entries[number].page_no) != bucket ||
                lru_index_find(index, entries[number].page_no) != number - 1)
                return false;
        }
    }
    return found == index->held;
}
