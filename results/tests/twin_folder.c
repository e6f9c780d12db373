/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/tests/twin_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

const char *test_folder(void)
{
    if (!folder[0]) {
        strcpy(folder, "/tmp/migsim-test-XXXXXX");
        if (!mkdtemp(folder))
            abort();
    }
    return folder;
}

static size_t walk(bool delete)
{
    size_t count = 0;
    DIR *dir = opendir(test_folder());
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        count++;
        if (delete)
            remove(test_path(entry->d_name));
    }
    if (dir)
        closedir(dir);
    return count;
}

size_t test_folder_files(void)
{
    return walk(false);
}

void test_folder_remove(void)
{
    walk(true);
    rmdir(folder);
    folder[0] = 0;
}

const char *test_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder(), name);
    return path;
}

unsigned char *test_read(const char *path, size_t *ret_size)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return NULL;
    fseek(in, 0, SEEK_END);
    *ret_size = (size_t)ftell(in);
    rewind(in);
    unsigned char *bytes = malloc(*ret_size + 1);
    if (!bytes || fread(bytes, 1, *ret_size, in) != *ret_size)
        abort();
    bytes[*ret_size] = 0;
    fclose(in);
    return bytes;
}

void test_write(const char *path, const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(bytes, 1, size, out) != size || fclose(out))
        abort();
}
