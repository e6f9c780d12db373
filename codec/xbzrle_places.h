/* SPDX-License-Identifier: MIT */
/*
 * The list of places, for the kernels that have no instruction to make it: included once by each
 * kernel's file.
 */
#ifndef CODEC_XBZRLE_PLACES_H
#define CODEC_XBZRLE_PLACES_H

#include "xbzrle_kernels.h"

#define PLACES_DENSE 6u

/* A kernel whose count of trailing zeros is defined for 0 says so by defining this itself. */
#ifndef LOWEST_BIT
#define LOWEST_BIT(bits) ((size_t)__builtin_ctzll((bits) | UINT64_C(1) << 63))
#endif

/* The next place; without meaning, but defined, when there is none left. */
#define PLACE_NEXT(i)                                                                              \
    do {                                                                                           \
        places[i] = (uint16_t)(at + LOWEST_BIT(edges));                                            \
        edges &= edges - 1;                                                                        \
    } while (0)

/*
 * Some places whether there are that many or not, so that there is little to predict: two, which
 * is what a word with one run has, or six where they are dense.
 */
KERNEL_INLINE size_t places_add(uint16_t *places, uint64_t edges, size_t at, bool dense)
{
    size_t count = (size_t)__builtin_popcountll(edges), done = 2;

    PLACE_NEXT(0);
    PLACE_NEXT(1);
    if (dense) {
        PLACE_NEXT(2);
        PLACE_NEXT(3);
        PLACE_NEXT(4);
        PLACE_NEXT(5);
        done = 6;
    }
    for (; done < count; done += 4) {
        PLACE_NEXT(done);
        PLACE_NEXT(done + 1);
        PLACE_NEXT(done + 2);
        PLACE_NEXT(done + 3);
    }
    return count;
}

#endif
