/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stream_image.h"

#include "codec/xbrle.h"
#include "codec/xbzrle.h"
#include "codec/zero_page.h"
#include "models/page_store.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any host has. A stream that claims more would only make us ask for huge tables. */
#define TOTAL_PAGES_MAX (UINT64_C(64) << 40 >> 12)

static bool take_block(void *context, const char *name, uint64_t bytes, struct error *error)
{
    struct stream_image *image = context;
    uint64_t pages = bytes / PAGE_SIZE;
    if (pages > TOTAL_PAGES_MAX - image->total_pages)
        return error_set(error, "stream: more than 64 TiB of RAM");
    image->total_pages += pages;
    image->blocks =
        must_grow(image->blocks, image->block_count + 1, sizeof *image->blocks, "RAM blocks");
    image->blocks[image->block_count++] = (struct stream_image_block){
        must_copy(name, "RAM blocks"), pages, page_store_create(pages, image->zeros)};
    return true;
}

/* The memory that a record is about; it stores a page first when it gets bytes other than zero. */
static uint8_t *page_to_replace(struct stream_image *image, unsigned block, uint64_t page)
{
    struct page_store *memory = image->blocks[block].memory;
    image->stored_pages += !page_store_is_stored(memory, page);
    return page_store_replace(memory, page);
}

static bool take_zero(void *context, unsigned block, uint64_t page, uint8_t value,
                      struct error *error)
{
    (void)error;
    struct stream_image *image = context;
    if (value || page_store_is_stored(image->blocks[block].memory, page))
        memset(page_to_replace(image, block, page), value, PAGE_SIZE);
    return true;
}

/* Zero pages are not stored for their zeros. */
static bool put_page(struct stream_image *image, unsigned block, uint64_t page,
                     const uint8_t *bytes, struct error *error)
{
    if (zero_page(bytes, PAGE_SIZE))
        return take_zero(image, block, page, 0, error);
    memcpy(page_to_replace(image, block, page), bytes, PAGE_SIZE);
    return true;
}

static enum encode_result encode(enum stream_dialect dialect, const uint8_t *old_page,
                                 const uint8_t *new_page, uint8_t delta[static PAGE_SIZE],
                                 size_t *ret_size)
{
    return dialect == DIALECT_V5
               ? xbrle_encode(old_page, new_page, PAGE_SIZE, delta, PAGE_SIZE, ret_size)
               : xbzrle_encode(old_page, new_page, PAGE_SIZE, delta, PAGE_SIZE, ret_size);
}

static bool take_page(void *context, unsigned block, uint64_t page, const uint8_t *bytes,
                      struct error *error)
{
    struct stream_image *image = context;
    uint8_t scratch[PAGE_SIZE], delta[PAGE_SIZE];
    size_t size;
    if (page_store_is_stored(image->blocks[block].memory, page))
        image->unfit_pages +=
            encode(image->dialect, page_store_read(image->blocks[block].memory, page, scratch),
                   bytes, delta, &size) == ENCODE_OVERFLOW;
    return put_page(image, block, page, bytes, error);
}

static bool take_delta(void *context, unsigned block, uint64_t page, const uint8_t *delta,
                       size_t size, struct error *error)
{
    struct stream_image *image = context;
    const struct stream_image_block *at = &image->blocks[block];
    uint8_t scratch[PAGE_SIZE], new_page[PAGE_SIZE], ours[PAGE_SIZE];
    size_t our_size;
    const uint8_t *old_page = page_store_read(at->memory, page, scratch);
    memcpy(new_page, old_page, PAGE_SIZE);
    bool ok = image->dialect == DIALECT_V5 ? xbrle_decode(delta, size, new_page, PAGE_SIZE)
                                           : xbzrle_decode(delta, size, new_page, PAGE_SIZE);
    if (!ok)
        return error_set(error, "stream: a delta of page %" PRIu64 " of '%.60s' cannot be decoded",
                         page, at->name);
    image->deltas++;
    image->same_deltas +=
        encode(image->dialect, old_page, new_page, ours, &our_size) == ENCODE_DELTA &&
        our_size == size && !memcmp(ours, delta, size);
    return put_page(image, block, page, new_page, error);
}

struct stream_image *stream_image_create(enum stream_dialect dialect)
{
    struct stream_image *image = must_alloc(1, sizeof *image, "memory of a stream");
    struct stream_events events = {take_block, take_zero, take_page, take_delta, image};
    char no_file[] = "";
    struct content_options zeros = {.zero_share = 1, .run_bytes = PAGE_SIZE, .image = no_file};
    struct error error;
    image->dialect = dialect;
    image->zeros = content_create(&zeros, 0, &error);
    assert(image->zeros);
    image->reader = stream_reader_create(&events, dialect);
    return image;
}

void stream_image_destroy(struct stream_image *image)
{
    if (!image)
        return;
    for (unsigned i = 0; i < image->block_count; i++) {
        free(image->blocks[i].name);
        page_store_destroy(image->blocks[i].memory);
    }
    free(image->blocks);
    content_destroy(image->zeros);
    stream_reader_destroy(image->reader);
    free(image);
}

bool stream_image_feed(struct stream_image *image, const uint8_t *bytes, size_t size,
                       struct error *error)
{
    return stream_reader_feed(image->reader, bytes, size, error);
}

bool stream_image_complete(const struct stream_image *image)
{
    return stream_reader_ended(image->reader);
}

struct stream_image *stream_image_read(const char *path, enum stream_dialect dialect,
                                       struct error *error)
{
    struct stream_image *image = stream_image_create(dialect);
    if (stream_reader_feed_file(image->reader, path, error))
        return image;
    stream_image_destroy(image);
    return NULL;
}

const struct stream_image_block *stream_image_find(const struct stream_image *image,
                                                   const char *name)
{
    for (unsigned i = 0; i < image->block_count; i++)
        if (!strcmp(image->blocks[i].name, name))
            return &image->blocks[i];
    return NULL;
}

static void compare_page(struct stream_difference *difference, uint64_t page, const uint8_t *here,
                         const uint8_t *there)
{
    difference->compared++;
    if (!memcmp(here, there, PAGE_SIZE))
        return;
    if (difference->count++)
        return;
    unsigned i = 0;
    while (here[i] == there[i])
        i++;
    difference->first_page = page;
    difference->first_byte = i;
    difference->here = here[i];
    difference->there = there[i];
}

/* The file's size fits the block, and what is to be compared is at least a page and whole pages. */
static bool fits(const struct stream_image_block *block, uint64_t size, uint64_t offset, bool part,
                 struct error *error)
{
    uint64_t block_bytes = block->pages * PAGE_SIZE;
    if (!part && size != block_bytes)
        return error_set(error, "%" PRIu64 " bytes, but '%.60s' has %" PRIu64, size, block->name,
                         block_bytes);
    if (offset % PAGE_SIZE || size % PAGE_SIZE || !size)
        return error_set(error,
                         "offset %" PRIu64 " and size %" PRIu64
                         ": both must be multiples of 4096, and the size not 0",
                         offset, size);
    if (offset > block_bytes || size > block_bytes - offset)
        return error_set(error,
                         "%" PRIu64 " bytes from %" PRIu64 " on go beyond the end of "
                         "'%.60s', which has %" PRIu64,
                         size, offset, block->name, block_bytes);
    return true;
}

static bool compare_open_file(const struct stream_image_block *block, FILE *file, uint64_t offset,
                              bool part, struct stream_difference *ret, struct error *error)
{
    uint8_t scratch[PAGE_SIZE], there[PAGE_SIZE];
    if (fseeko(file, 0, SEEK_END) != 0)
        return error_set(error, "%s", strerror(errno));
    uint64_t size = (uint64_t)ftello(file);
    rewind(file);
    if (!fits(block, size, offset, part, error))
        return false;
    for (uint64_t page = 0; page < size / PAGE_SIZE; page++) {
        if (fread(there, PAGE_SIZE, 1, file) != 1)
            return error_set(error, "%s", ferror(file) ? strerror(errno) : "it got shorter");
        uint64_t at = offset / PAGE_SIZE + page;
        compare_page(ret, at, page_store_read(block->memory, at, scratch), there);
    }
    return true;
}

bool stream_image_compare_file(const struct stream_image_block *block, const char *path,
                               uint64_t offset, bool part, struct stream_difference *ret,
                               struct error *error)
{
    *ret = (struct stream_difference){0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_at(error, path, 0, "%s", strerror(errno));
    bool ok = compare_open_file(block, file, offset, part, ret, error);
    fclose(file);
    return ok || error_prefix(error, "%s: ", path);
}

void stream_image_compare_block(const struct stream_image_block *block,
                                const struct stream_image_block *other,
                                struct stream_difference *ret)
{
    uint8_t scratch[PAGE_SIZE], other_scratch[PAGE_SIZE];
    *ret = (struct stream_difference){0};
    assert(block->pages == other->pages);
    for (uint64_t page = 0; page < block->pages; page++) {
        if (!page_store_is_stored(block->memory, page) &&
            !page_store_is_stored(other->memory, page)) {
            ret->compared++;
            continue;
        }
        compare_page(ret, page, page_store_read(block->memory, page, scratch),
                     page_store_read(other->memory, page, other_scratch));
    }
}

static bool write_open_file(const struct stream_image_block *block, FILE *file, struct error *error)
{
    uint8_t scratch[PAGE_SIZE];
    for (uint64_t page = 0; page < block->pages; page++) {
        if (!page_store_is_stored(block->memory, page))
            continue;
        const uint8_t *bytes = page_store_read(block->memory, page, scratch);
        if (fseeko(file, (off_t)(page * PAGE_SIZE), SEEK_SET) != 0 ||
            fwrite(bytes, PAGE_SIZE, 1, file) != 1)
            return error_set(error, "%s", strerror(errno));
    }
    if (fflush(file) != 0 || ftruncate(fileno(file), (off_t)(block->pages * PAGE_SIZE)) != 0)
        return error_set(error, "%s", strerror(errno));
    return true;
}

bool stream_image_write(const struct stream_image_block *block, const char *path,
                        struct error *error)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return error_at(error, path, 0, "%s", strerror(errno));
    bool ok = write_open_file(block, file, error);
    if (fclose(file) != 0 && ok)
        ok = error_set(error, "%s", strerror(errno));
    return ok || error_prefix(error, "%s: ", path);
}
