/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_texts(void **state)
{
    (void)state;
    struct error error;
    assert_false(error_set(&error, "'%s' is %d too many", "x%sy", 3));
    assert_string_equal(error.text, "'x%sy' is 3 too many");
    assert_false(error_at(&error, "a.ini", 12, "bad '%c'", 'q'));
    assert_string_equal(error.text, "a.ini:12: bad 'q'");
    assert_false(error_at(&error, "a.ini", 0, "cannot be read"));
    assert_string_equal(error.text, "a.ini: cannot be read");
    assert_false(error_prefix(&error, "%s, ", "run 3"));
    assert_string_equal(error.text, "run 3, a.ini: cannot be read");
}

/* Whatever the lengths: cut, ended, and front and text both still show. */
static void test_long_texts(void **state)
{
    (void)state;
    struct {
        struct error error;
        char guard[16];
    } box;
    char huge[4096];
    memset(huge, 'h', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    memset(box.guard, 'g', sizeof box.guard);

    error_set(&box.error, "%s", huge);
    assert_int_equal(strlen(box.error.text), sizeof box.error.text - 1);
    error_prefix(&box.error, "front: ");
    assert_memory_equal(box.error.text, "front: hhh", 10);
    assert_true(strlen(box.error.text) > 300);

    error_at(&box.error, huge, 4294967295u, "what%s", huge);
    assert_non_null(strstr(box.error.text, ":4294967295: whath"));
    error_set(&box.error, "kept%s", huge);
    error_prefix(&box.error, "%s", huge);
    const char *kept = strstr(box.error.text, "hkept");
    assert_non_null(kept);
    assert_true(strlen(kept) > 300);
    for (size_t i = 0; i < sizeof box.guard; i++)
        assert_int_equal(box.guard[i], 'g');
}

static void test_memory(void **state)
{
    (void)state;
    uint64_t *words = must_alloc(100, sizeof *words, "words");
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(words[i], 0);
    words[99] = 7;
    words = must_grow(words, 1000, sizeof *words, "words");
    assert_int_equal(words[99], 7);
    words = must_grow(words, 0, sizeof *words, "words");
    assert_non_null(words);
    free(words);
    void *nothing = must_alloc(0, 8, "nothing");
    assert_non_null(nothing);
    free(nothing);
    nothing = must_grow(NULL, 0, 0, "nothing");
    assert_non_null(nothing);
    free(nothing);

    char text[] = "copied", *copy = must_copy(text, "a text");
    text[0] = 'x';
    assert_string_equal(copy, "copied");
    free(copy);
}

/* In a child: its status, and what it said on stderr. */
static int status_of(void (*end)(void), char *said, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]), close(ends[1]);
        end();
        _exit(77);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t got; used + 1 < size && (got = read(ends[0], said + used, size - 1 - used)) > 0;)
        used += (size_t)got;
    said[used] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void grow_beyond_size_t(void)
{
    free(must_grow(NULL, SIZE_MAX / 8 + 1, 16, "a great table"));
}

static void test_no_memory(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(status_of(grow_beyond_size_t, said, sizeof said), 1);
    assert_non_null(
        strstr(said, "no memory for a great table: 2305843009213693952 times 16 bytes"));
}

#ifndef __SANITIZE_ADDRESS__ /* ASan ends the program itself */
static void alloc_beyond_size_t(void)
{
    free(must_alloc(SIZE_MAX / 8 + 1, 16, "great pages"));
}

static void test_no_zeroed_memory(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(status_of(alloc_beyond_size_t, said, sizeof said), 1);
    assert_non_null(strstr(said, "no memory for great pages: 2305843009213693952 times 16 bytes"));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_no_memory),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_no_zeroed_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
