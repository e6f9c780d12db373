/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_TESTS_TWIN_FOLDER_H
#define RESULTS_TESTS_TWIN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* A folder for one test's files, made by the first call; removed with its files by the last. */
const char *test_folder(void);
void test_folder_remove(void);
size_t test_folder_files(void); /* how many there are */

/* The path of a file in it; valid until the next eight calls. */
const char *test_path(const char *name);

/* Whole files. The bytes are owned by the caller; NULL if there is no such file. */
unsigned char *test_read(const char *path, size_t *ret_size);
void test_write(const char *path, const void *bytes, size_t size);

#endif
