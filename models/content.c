/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/content.h"

#include "base/random.h"
#include "models/text_source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const fill_names[] = {"guest", "zero", "random", "text", NULL};

const struct option content_options_table[] = {
    {"zero-share", OPTION_SHARE, offsetof(struct content_options, zero_share), "50%",
     .help = "share of memory that is zero before anyone writes"},
    {"text-share", OPTION_SHARE, offsetof(struct content_options, text_share), "20%",
     .help = "share of memory that holds text; what remains is random"},
    {"content-run", OPTION_SIZE, offsetof(struct content_options, run_bytes), "2M",
     .help = "memory of one kind comes in aligned runs of this size", .min = PAGE_SIZE},
    {"image", OPTION_TEXT, offsetof(struct content_options, image), "",
     .help = "file with the memory's content instead of the shares", .path = true},
    {0},
};

#define TEXT_SIZE (256u << 10)

struct range {
    uint64_t first, count;
    enum fill fill;
};

/*
 * Random pages drawn last: source and destination want the same page within a burst, and a copy
 * costs a sixth of drawing it. Slot = page number modulo the number of slots.
 */
#define MEMO_SLOTS 64u
struct memo {
    uint64_t page_no[MEMO_SLOTS]; /* + 1; 0 is none */
    uint8_t bytes[MEMO_SLOTS][PAGE_SIZE];
};

struct content {
    uint64_t seed, run_pages;
    double zero_share, text_share;
    const uint8_t *image; /* mapped, or NULL */
    uint64_t image_bytes;
    uint8_t *text; /* TEXT_SIZE bytes, of which text pages are pieces */
    struct memo *memo;
    struct range *ranges;
    size_t range_count;
};

/* The image as a file open for reading, its size known; -1 on failure. */
static int open_image(const char *path, uint64_t *ret_bytes, struct error *error)
{
    struct stat stat;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0) {
        *ret_bytes = (uint64_t)stat.st_size;
        return file;
    }
    error_set(error, "image '%s': %s", path,
              file < 0 ? strerror(errno) : "not a regular file with content");
    if (file >= 0)
        close(file);
    return -1;
}

static bool map_image(struct content *content, const char *path, struct error *error)
{
    int file = open_image(path, &content->image_bytes, error);
    if (file < 0)
        return false;
    void *map = mmap(NULL, (size_t)content->image_bytes, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (map == MAP_FAILED)
        return error_set(error, "image '%s': %s", path, strerror(errno));
    content->image = map;
    return true;
}

bool content_check(const struct content_options *options, struct error *error)
{
    uint64_t bytes;
    if (options->zero_share + options->text_share > 1 + 1e-9)
        return error_set(error, "zero-share and text-share are %.4g together: at most 1",
                         options->zero_share + options->text_share);
    if (!options->image[0])
        return true;
    int file = open_image(options->image, &bytes, error);
    if (file < 0)
        return false;
    close(file);
    return true;
}

struct content *content_create(const struct content_options *options, uint64_t seed,
                               struct error *error)
{
    if (!content_check(options, error))
        return NULL;
    struct content *content = must_alloc(1, sizeof *content, "memory content");
    content->seed = random_derive(seed, "content");
    content->run_pages = options->run_bytes / PAGE_SIZE;
    content->zero_share = options->zero_share;
    content->text_share = options->text_share;
    content->memo = must_alloc(1, sizeof *content->memo, "memory content");
    content->text = must_alloc(TEXT_SIZE, 1, "memory content");
    text_source_write(content->seed, content->text, TEXT_SIZE);
    if (options->image[0] && !map_image(content, options->image, error)) {
        content_destroy(content);
        return NULL;
    }
    return content;
}

void content_destroy(struct content *content)
{
    if (!content)
        return;
    if (content->image)
        munmap((void *)(uintptr_t)content->image, content->image_bytes);
    free(content->memo);
    free(content->text);
    free(content->ranges);
    free(content);
}

void content_set_range(struct content *content, uint64_t first, uint64_t count, enum fill fill)
{
    if (fill == FILL_GUEST || count == 0)
        return;
    content->ranges = must_grow(content->ranges, content->range_count + 1, sizeof *content->ranges,
                                "memory content");
    content->ranges[content->range_count++] = (struct range){first, count, fill};
}

static enum fill fill_of(const struct content *content, uint64_t page_no)
{
    for (size_t i = content->range_count; i-- > 0;)
        if (page_no - content->ranges[i].first < content->ranges[i].count)
            return content->ranges[i].fill;
    if (content->image)
        return FILL_GUEST;
    uint64_t drawn = random_mix(content->seed, page_no / content->run_pages, 1);
    double share = (double)(drawn >> 11) * 0x1p-53;
    if (share < content->zero_share)
        return FILL_ZERO;
    return share < content->zero_share + content->text_share ? FILL_TEXT : FILL_RANDOM;
}

/* A page is a piece of one long text, under a line that tells it from all others. */
static void text_page(const struct content *content, uint64_t page_no, uint8_t *bytes)
{
    uint64_t start = random_mix(content->seed, page_no, 4) % (TEXT_SIZE - PAGE_SIZE);
    memcpy(bytes, content->text + start, PAGE_SIZE);
    for (unsigned i = 0; i < 16; i++)
        bytes[i] = (uint8_t) "0123456789abcdef"[page_no >> (60 - 4 * i) & 15];
    bytes[16] = '\n';
}

static void random_page(const struct content *content, uint64_t page_no, uint8_t *bytes)
{
    struct memo *memo = content->memo;
    uint64_t slot = page_no % MEMO_SLOTS;
    if (memo->page_no[slot] != page_no + 1) {
        random_bytes(random_mix(content->seed, page_no, 3), memo->bytes[slot], PAGE_SIZE);
        memo->page_no[slot] = page_no + 1;
    }
    memcpy(bytes, memo->bytes[slot], PAGE_SIZE);
}

static void image_page(const struct content *content, uint64_t page_no, uint8_t *bytes)
{
    size_t size = 0;
    if (page_no < (content->image_bytes + PAGE_SIZE - 1) / PAGE_SIZE) {
        uint64_t left = content->image_bytes - page_no * PAGE_SIZE;
        size = left < PAGE_SIZE ? (size_t)left : PAGE_SIZE;
        memcpy(bytes, content->image + page_no * PAGE_SIZE, size);
    }
    memset(bytes + size, 0, PAGE_SIZE - size);
}

void content_page(const struct content *content, uint64_t page_no, uint8_t bytes[static PAGE_SIZE])
{
    switch (fill_of(content, page_no)) {
    case FILL_GUEST:
        image_page(content, page_no, bytes);
        break;
    case FILL_ZERO:
        memset(bytes, 0, PAGE_SIZE);
        break;
    case FILL_RANDOM:
        random_page(content, page_no, bytes);
        break;
    case FILL_TEXT:
        text_page(content, page_no, bytes);
        break;
    }
}

bool content_is_zero(const struct content *content, uint64_t page_no)
{
    return fill_of(content, page_no) == FILL_ZERO;
}
