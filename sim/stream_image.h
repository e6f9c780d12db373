/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STREAM_IMAGE_H
#define SIM_STREAM_IMAGE_H

#include "sim/stream_reader.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A guest's RAM, rebuilt page by page from a migration stream, ours or QEMU's: what the destination
 * would hold. Memory follows the pages that are not zero. Streams are hostile: see stream_reader.h.
 *
 * Every page that changes is encoded anew from what it was and what it became: the writer's encoder
 * and ours see the same pair of pages. `same_deltas` counts the deltas that ours writes to the
 * byte, `unfit_pages` the whole pages whose delta it refuses as too long.
 */
struct stream_image {
    struct stream_image_block {
        char *name;
        uint64_t pages;
        struct page_store *memory;
    } * blocks;
    unsigned block_count;
    uint64_t total_pages; /* of all blocks */
    uint64_t deltas, same_deltas, unfit_pages;
    uint64_t stored_pages; /* that are not zero, or were not at one time */
    struct content *zeros;
    enum stream_dialect dialect;
    struct stream_reader *reader;
};

/* Owned by the caller, to stream_image_destroy. */
struct stream_image *stream_image_create(enum stream_dialect dialect);
void stream_image_destroy(struct stream_image *image); /* NULL is fine */

/* The next piece; false if it is refused. */
bool stream_image_feed(struct stream_image *image, const uint8_t *bytes, size_t size,
                       struct error *error);
/* All of RAM has come. */
bool stream_image_complete(const struct stream_image *image);

/* Both for a whole file, in pieces. Owned by the caller. NULL if it cannot be read, is damaged or
 * cut short. */
struct stream_image *stream_image_read(const char *path, enum stream_dialect dialect,
                                       struct error *error);

/* The block of that name, or NULL. Borrowed. */
const struct stream_image_block *stream_image_find(const struct stream_image *image,
                                                   const char *name);

/* Where two memories differ; `count` 0 means nowhere. */
struct stream_difference {
    uint64_t count;      /* pages */
    uint64_t first_page; /* counted from the block's first */
    unsigned first_byte; /* in it */
    uint8_t here, there;
    uint64_t compared; /* pages */
};

/*
 * Compares the block with a raw memory image, as QMP's pmemsave writes it. The file holds the whole
 * block; with `part` it holds what begins at `offset`, a multiple of 4096, as far as the file goes.
 * False if it cannot be read or does not fit the block.
 */
bool stream_image_compare_file(const struct stream_image_block *block, const char *path,
                               uint64_t offset, bool part, struct stream_difference *ret,
                               struct error *error);

/* Compares two blocks of the same size. */
void stream_image_compare_block(const struct stream_image_block *block,
                                const struct stream_image_block *other,
                                struct stream_difference *ret);

/* Writes the block as a raw image; zero pages become holes where the file system has them. */
bool stream_image_write(const struct stream_image_block *block, const char *path,
                        struct error *error);

#endif
