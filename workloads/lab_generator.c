/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/lab_generator.h"

#include "base/bytes.h"
#include "base/error.h"
#include "models/content.h"

#include <stdlib.h>

#define WRITE_SEED   88675123u
#define HOT_DRAWS    3865470566u /* 0.9 * 2^32 */
#define HOT_PART     10u
#define ZIPF_WEIGHT  (1u << 26)
#define ZIPF_SCATTER 2654435761u

const char *const lab_pattern_names[] = {"stride", "random", "sequential", "hotcold", "zipf", NULL};

bool lab_pages_fit_zipf(uint64_t pages)
{
    return pages && pages <= 1u << 20 && (pages & (pages - 1)) == 0;
}

void lab_generator_init(struct lab_generator *generator, enum lab_pattern pattern, uint64_t pages,
                        uint64_t write_size, uint64_t stride)
{
    *generator = (struct lab_generator){.pattern = pattern,
                                        .pages = pages,
                                        .write_size = (uint32_t)write_size,
                                        .stride = (uint32_t)stride,
                                        .rng = WRITE_SEED};
    if (pattern != LAB_ZIPF)
        return;
    uint32_t sum = 0;
    generator->zipf_weights =
        must_alloc(pages, sizeof *generator->zipf_weights, "the weights of pages");
    for (uint32_t rank = 0; rank < pages; rank++)
        generator->zipf_weights[rank] = sum += ZIPF_WEIGHT / (rank + 1);
}

void lab_generator_release(struct lab_generator *generator)
{
    free(generator->zipf_weights);
}

static uint32_t draw(struct lab_generator *generator)
{
    uint32_t x = generator->rng;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return generator->rng = x;
}

static uint32_t below(struct lab_generator *generator, uint64_t n)
{
    return (uint32_t)(draw(generator) * n >> 32);
}

static uint64_t zipf_page(struct lab_generator *generator)
{
    const uint32_t *weights = generator->zipf_weights;
    uint32_t low = 0, high = (uint32_t)generator->pages - 1, u = below(generator, weights[high]);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (u < weights[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low * ZIPF_SCATTER & (uint32_t)(generator->pages - 1);
}

static uint64_t draw_page(struct lab_generator *generator)
{
    uint64_t hot = generator->pages / HOT_PART;
    switch (generator->pattern) {
    case LAB_HOTCOLD:
        if (draw(generator) < HOT_DRAWS)
            return below(generator, hot);
        return hot + below(generator, generator->pages - hot);
    case LAB_ZIPF:
        return zipf_page(generator);
    case LAB_STRIDE:
    case LAB_RANDOM:
    case LAB_SEQUENTIAL:
        break;
    }
    return below(generator, generator->pages);
}

static void draw_words(struct lab_generator *generator, uint8_t *value, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 4)
        bytes_put_le32(value + i, draw(generator));
}

struct lab_write lab_generator_next(struct lab_generator *generator, uint8_t *value)
{
    struct lab_write write = {.size = generator->write_size};
    switch (generator->pattern) {
    case LAB_STRIDE:
        write = (struct lab_write){generator->cursor / PAGE_SIZE,
                                   (uint32_t)(generator->cursor % PAGE_SIZE), 1, true};
        generator->cursor += generator->stride;
        if (generator->cursor >= generator->pages * PAGE_SIZE)
            generator->cursor = 0;
        return write;
    case LAB_SEQUENTIAL:
        write = (struct lab_write){generator->cursor, 0, PAGE_SIZE, false};
        generator->cursor = (generator->cursor + 1) % generator->pages;
        break;
    case LAB_RANDOM:
    case LAB_HOTCOLD:
    case LAB_ZIPF:
        write.page = draw_page(generator);
        write.offset = below(generator, PAGE_SIZE / write.size) * write.size;
        break;
    }
    draw_words(generator, value, write.size);
    return write;
}
