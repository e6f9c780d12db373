/* SPDX-License-Identifier: MIT */
/*
 * Every kernel against the byte-at-a-time twin, between guard pages, at either end of the room.
 *
 *     test_xbzrle_differential [PAIRS [SEED]]
 *
 * Needs no cmocka, so that it can be built for another machine and run under an emulator:
 *
 *     aarch64-linux-gnu-gcc -std=c17 -O2 -static -I. -o differential codec/x*.c codec/z*.c \
 *         codec/tests/twin_*.c codec/tests/test_xbzrle_differential.c
 *     qemu-aarch64 ./differential 20000
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/tests/twin_guard.h"
#include "codec/tests/twin_pages.h"
#include "codec/tests/twin_xbzrle.h"

/* As many as a test may take; a long run is the caller's choice. Sanitizers are ten times slower.
 */
#ifdef __SANITIZE_ADDRESS__
#define PAIRS 20000u
#else
#define PAIRS 100000u
#endif

#define ROOM (2 * (size_t)XBZRLE_PAGE_MAX)

struct rooms {
    struct guard old_page, new_page, cached, delta, input;
    uint8_t twin[ROOM];
};

/* One pair, laid at the low or at the high end of each room. */
struct pair {
    uint8_t *old_page, *new_page, *cached;
    size_t page_size;
    bool high;
};

static uint8_t *place(const struct guard *guard, size_t size, bool high)
{
    return high ? guard_high(guard, size) : guard_low(guard);
}

static const char *kernel_fault(const struct xbzrle_kernel *kernel, struct rooms *rooms,
                                const struct pair *pair, size_t capacity)
{
    size_t size = 1, fused_size = 1, want_size, page_size = pair->page_size;
    enum encode_result want = twin_xbzrle_encode(pair->old_page, pair->new_page, page_size,
                                                 rooms->twin, capacity, &want_size);
    uint8_t *delta = place(&rooms->delta, capacity, pair->high);

    if (kernel->encode(pair->old_page, pair->new_page, page_size, delta, capacity, &size) != want)
        return "encode: result";
    if (size != want_size || memcmp(delta, rooms->twin, size) != 0)
        return "encode: delta";
    memcpy(pair->cached, pair->old_page, page_size);
    if (kernel->encode_update(pair->cached, pair->new_page, page_size, delta, capacity,
                              &fused_size) != want)
        return "encode_update: result";
    if (fused_size != want_size || memcmp(delta, rooms->twin, fused_size) != 0)
        return "encode_update: delta";
    if (memcmp(pair->cached, pair->new_page, page_size) != 0)
        return "encode_update: page";
    if (want == ENCODE_OVERFLOW)
        return NULL;
    uint8_t *input = place(&rooms->input, size, pair->high);
    memcpy(input, delta, size);
    memcpy(pair->cached, pair->old_page, page_size);
    if (!xbzrle_check(input, size, page_size))
        return "check";
    if (!kernel->decode(input, size, pair->cached, page_size))
        return "decode: result";
    if (memcmp(pair->cached, pair->new_page, page_size) != 0)
        return "decode: page";
    return NULL;
}

static bool all_kernels_agree(struct rooms *rooms, const struct pair *pair, size_t capacity)
{
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        if (!xbzrle_kernels[i]->usable())
            continue;
        const char *fault = kernel_fault(xbzrle_kernels[i], rooms, pair, capacity);
        if (fault) {
            printf("%s, %s, page of %zu, capacity %zu\n", xbzrle_kernels[i]->name, fault,
                   pair->page_size, capacity);
            return false;
        }
    }
    return true;
}

/* Half of all capacities lie where the rules bite: at the delta's own size. */
static size_t choose_capacity(struct page_random *random, const struct pair *pair)
{
    size_t size = twin_xbzrle_size(pair->old_page, pair->new_page, pair->page_size);

    switch (page_random_below(random, 4)) {
    case 0:
        return pair->page_size;
    case 1:
        return page_random_below(random, pair->page_size + 905);
    default:
        size += page_random_below(random, 7);
        return size < 3 ? 0 : size - 3;
    }
}

static struct pair make_pair(struct rooms *rooms, struct page_random *random, size_t page_size,
                             bool high)
{
    struct pair pair = {.old_page = place(&rooms->old_page, page_size, high),
                        .new_page = place(&rooms->new_page, page_size, high),
                        .cached = place(&rooms->cached, page_size, high),
                        .page_size = page_size,
                        .high = high};

    page_pair_make(random, pair.old_page, pair.new_page, page_size);
    return pair;
}

static bool random_pairs(struct rooms *rooms, uint64_t seed, uint64_t pairs)
{
    /* Pages of 64 KiB are 16 times the work: rarely. */
    static const size_t page_sizes[] = {1024, 1088, 3904, 4032, 8192, 16320, 16384, 65536};

    for (uint64_t i = 0; i < pairs; i++) {
        struct page_random random = {.state = seed + i};
        size_t page_size = i % 64 < 8 ? page_sizes[i % 64] : 4096;
        struct pair pair = make_pair(rooms, &random, page_size, i / 2 % 2 != 0);
        size_t capacity = choose_capacity(&random, &pair);
        if (!all_kernels_agree(rooms, &pair, capacity)) {
            printf("again: test_xbzrle_differential 1 %" PRIu64 "\n", seed + i);
            return false;
        }
    }
    return true;
}

static bool every_capacity(struct rooms *rooms, uint64_t seed)
{
    for (uint64_t i = 0; i < 8; i++) {
        struct page_random random = {.state = seed + i};
        struct pair pair = make_pair(rooms, &random, 4096, true);
        for (size_t capacity = 0; capacity <= 5000; capacity++) {
            if (!all_kernels_agree(rooms, &pair, capacity))
                return false;
        }
    }
    return true;
}

/* In the words of cmocka, which scripts/run-tests counts. */
static int report(const char *name, bool passed)
{
    printf("%s %s\n", passed ? "[       OK ]" : "[  FAILED  ]", name);
    return passed ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t pairs = argc > 1 ? strtoull(argv[1], NULL, 0) : PAIRS;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    static struct rooms rooms;

    rooms.old_page = guard_create(XBZRLE_PAGE_MAX);
    rooms.new_page = guard_create(XBZRLE_PAGE_MAX);
    rooms.cached = guard_create(XBZRLE_PAGE_MAX);
    rooms.delta = guard_create(ROOM);
    rooms.input = guard_create(ROOM);
    for (size_t i = 0; xbzrle_kernels[i]; i++)
        printf("%s: %s\n", xbzrle_kernels[i]->name, xbzrle_kernels[i]->usable() ? "yes" : "no");
    int failed = report("random pairs", random_pairs(&rooms, seed, pairs));
    if (pairs > 1)
        failed += report("every capacity", every_capacity(&rooms, seed));
    return failed;
}
