/* SPDX-License-Identifier: MIT */
#include "cache/miss_classes.h"

#include "cache/cache_memory.h"
#include "cache/lru_index.h"

#include <stdlib.h>

#define SEEN_PAGES (UINT64_C(1) << 32)
#define SEEN_BYTES (SEEN_PAGES / 8)

struct miss_classes {
    uint64_t *seen;
    struct lru_index *shadow;
    uint64_t slots;
};

static struct lru_index *shadow_create(uint64_t slots)
{
    struct lru_index *shadow = cache_memory_map(lru_index_bytes(slots));
    if (shadow)
        lru_index_init(shadow, slots);
    return shadow;
}

struct miss_classes *miss_classes_create(uint64_t slots)
{
    struct miss_classes *classes = calloc(1, sizeof(*classes));
    if (!classes)
        return NULL;
    classes->slots = slots;
    classes->seen = cache_memory_map(SEEN_BYTES);
    classes->shadow = shadow_create(slots);
    if (classes->seen && classes->shadow)
        return classes;
    miss_classes_destroy(classes);
    return NULL;
}

void miss_classes_destroy(struct miss_classes *classes)
{
    if (!classes)
        return;
    cache_memory_unmap(classes->seen, SEEN_BYTES);
    cache_memory_unmap(classes->shadow, lru_index_bytes(classes->slots));
    free(classes);
}

/* Whether the page was seen before; from now on it was. */
static bool mark_seen(struct miss_classes *classes, uint64_t page_no)
{
    uint64_t *word = &classes->seen[page_no % SEEN_PAGES / 64];
    uint64_t bit = UINT64_C(1) << page_no % 64;
    bool seen = (*word & bit) != 0;
    *word |= bit;
    return seen;
}

static void use(struct miss_classes *classes, uint64_t page_no, uint32_t slot)
{
    if (slot == LRU_INDEX_NONE)
        lru_index_take(classes->shadow, page_no);
    else
        lru_index_touch(classes->shadow, slot);
}

/*
 * A page that misses in both enters the shadow when the caller inserts it. One that hits is not
 * inserted again, so the shadow takes it at once.
 */
void miss_classes_lookup(struct miss_classes *classes, uint64_t page_no, bool hit,
                         struct page_cache_stats *stats)
{
    bool seen = mark_seen(classes, page_no);
    uint32_t slot = lru_index_find(classes->shadow, page_no);
    if (hit || slot != LRU_INDEX_NONE)
        use(classes, page_no, slot);
    if (hit)
        return;
    if (!seen)
        stats->first_touch++;
    else if (slot == LRU_INDEX_NONE)
        stats->capacity++;
    else
        stats->conflict++;
}

void miss_classes_insert(struct miss_classes *classes, uint64_t page_no)
{
    mark_seen(classes, page_no);
    use(classes, page_no, lru_index_find(classes->shadow, page_no));
}

bool miss_classes_resize(struct miss_classes *classes, uint64_t slots)
{
    struct lru_index *fresh = shadow_create(slots);
    if (!fresh)
        return false;
    uint32_t slot = lru_index_oldest(classes->shadow);
    for (; slot != LRU_INDEX_NONE; slot = lru_index_newer(classes->shadow, slot))
        lru_index_take(fresh, lru_index_page_no(classes->shadow, slot));
    cache_memory_unmap(classes->shadow, lru_index_bytes(classes->slots));
    classes->shadow = fresh;
    classes->slots = slots;
    return true;
}

bool miss_classes_check(const struct miss_classes *classes)
{
    return lru_index_check(classes->shadow);
}
