/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"
#include "models/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { IMAGE_PAGES = 70 };

struct image {
    char path[256];
    uint8_t bytes[IMAGE_PAGES * PAGE_SIZE];
};

static struct image *image_create(size_t size)
{
    const char *folder = getenv("TMPDIR");
    struct image *image = calloc(1, sizeof *image);
    snprintf(image->path, sizeof image->path, "%s/content-XXXXXX", folder ? folder : "/tmp");
    random_bytes(size, image->bytes, size);
    memset(image->bytes, 0, size < PAGE_SIZE ? size / 2 : PAGE_SIZE); /* the first is zero */
    int file = mkstemp(image->path);
    assert_true(file >= 0);
    assert_int_equal(write(file, image->bytes, size), size);
    close(file);
    return image;
}

static void image_destroy(struct image *image)
{
    unlink(image->path);
    free(image);
}

/* Shares would make all of it text, were there no image. */
static struct content *create(struct image *image)
{
    struct content_options options = {0, 1, PAGE_SIZE, image->path};
    struct error error = {""};
    assert_true(content_check(&options, &error));
    struct content *content = content_create(&options, 1, &error);
    assert_non_null(content);
    return content;
}

/* Whole pages, a partial last page, nothing but a partial page; zero beyond the end. */
static void test_bytes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,
                                   100,
                                   PAGE_SIZE - 1,
                                   PAGE_SIZE,
                                   PAGE_SIZE + 1,
                                   7 * PAGE_SIZE,
                                   66 * PAGE_SIZE + 17,
                                   IMAGE_PAGES * PAGE_SIZE};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct image *image = image_create(sizes[i]);
        struct content *content = create(image);
        uint8_t bytes[PAGE_SIZE], zeros[PAGE_SIZE] = {0};
        for (uint64_t page = 0; page < IMAGE_PAGES; page++) {
            memset(bytes, 0xcc, PAGE_SIZE);
            content_page(content, page, bytes);
            assert_memory_equal(bytes, image->bytes + page * PAGE_SIZE, PAGE_SIZE);
            if (content_is_zero(content, page))
                assert_memory_equal(bytes, zeros, PAGE_SIZE);
        }
        static const uint64_t far[] = {IMAGE_PAGES, 1ull << 40, UINT64_MAX / PAGE_SIZE};
        for (size_t k = 0; k < sizeof far / sizeof *far; k++) {
            memset(bytes, 0xcc, PAGE_SIZE);
            content_page(content, far[k], bytes);
            assert_memory_equal(bytes, zeros, PAGE_SIZE);
        }
        content_destroy(content);
        image_destroy(image);
    }
}

static void test_ranges_rule_over_the_image(void **state)
{
    (void)state;
    struct image *image = image_create(sizeof image->bytes);
    struct content *content = create(image);
    uint8_t bytes[PAGE_SIZE], zeros[PAGE_SIZE] = {0};
    content_set_range(content, 10, 5, FILL_ZERO);
    content_set_range(content, 0, 1, FILL_TEXT);
    content_page(content, 0, bytes);
    assert_memory_not_equal(bytes, zeros, PAGE_SIZE);
    assert_false(content_is_zero(content, 0));
    for (uint64_t page = 9; page < 16; page++) {
        bool zero = page >= 10 && page < 15;
        content_page(content, page, bytes);
        assert_memory_equal(bytes, zero ? zeros : image->bytes + page * PAGE_SIZE, PAGE_SIZE);
        assert_int_equal(content_is_zero(content, page), zero);
    }
    content_destroy(content);
    image_destroy(image);
}

static void expect_refused(char *path, const char *says)
{
    struct content_options options = {0.5, 0.2, PAGE_SIZE, path};
    struct error check = {""}, create = {""};
    assert_false(content_check(&options, &check));
    assert_null(content_create(&options, 1, &create));
    assert_string_equal(check.text, create.text);
    assert_non_null(strstr(check.text, path));
    assert_non_null(strstr(check.text, says));
}

static void test_refused(void **state)
{
    (void)state;
    struct image *empty = image_create(0);
    char missing[300], folder[] = "/", device[] = "/dev/null";
    expect_refused(empty->path, "not a regular file with content");
    expect_refused(folder, "not a regular file with content");
    expect_refused(device, "not a regular file with content");
    snprintf(missing, sizeof missing, "%s/missing", empty->path);
    expect_refused(missing, "Not a directory");
    snprintf(missing, sizeof missing, "%s-missing", empty->path);
    expect_refused(missing, "No such file");
    image_destroy(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_ranges_rule_over_the_image),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
