/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* realpath */
#include "workloads/recorder_guest.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A line of /proc/PID/maps that belongs to a file. */
struct mapping {
    uint64_t begin, end, offset;
    bool writable, shared;
    dev_t device;
    ino_t inode;
    const char *path; /* in the line it was read from */
};

static bool parse_mapping(char *line, struct mapping *mapping)
{
    unsigned major_no, minor_no;
    uint64_t inode;
    char flags[5];
    int at = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
               &mapping->begin, &mapping->end, flags, &mapping->offset, &major_no, &minor_no,
               &inode, &at) < 7 ||
        inode == 0)
        return false;
    line[strcspn(line, "\n")] = 0;
    mapping->writable = flags[1] == 'w';
    mapping->shared = flags[3] == 's';
    mapping->device = makedev(major_no, minor_no);
    mapping->inode = (ino_t)inode;
    mapping->path = line + at;
    return true;
}

/* What is looked for in a process, and what was found. */
struct search {
    const struct stat *file; /* NULL: the largest shared one */
    const char *path;
    bool is_private; /* it is mapped, but not shared */
    uint64_t bytes;  /* of the file that are mapped; 0: none */
    dev_t device;
    ino_t inode;
    uint64_t map_begin, map_end; /* the mapping that they are of */
};

/*
 * A mapping may have been split by advice to the kernel, so what counts is where its last part
 * ends. An overlay file system shows another device in the mapping than stat does: then the name
 * decides.
 */
static void take_mapping(struct search *search, const struct mapping *mapping)
{
    if (!mapping->writable)
        return;
    if (search->file &&
        (mapping->device != search->file->st_dev || mapping->inode != search->file->st_ino) &&
        strcmp(mapping->path, search->path) != 0)
        return;
    if (!mapping->shared) {
        search->is_private = search->file != NULL;
        return;
    }
    uint64_t bytes = mapping->offset + (mapping->end - mapping->begin);
    if (bytes <= search->bytes)
        return;
    search->bytes = bytes;
    search->device = mapping->device;
    search->inode = mapping->inode;
    search->map_begin = mapping->begin;
    search->map_end = mapping->end;
}

static bool search_process(struct search *search, pid_t pid)
{
    char path[64], *line = NULL;
    size_t room = 0;
    struct mapping mapping;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (getline(&line, &room, file) > 0)
        if (parse_mapping(line, &mapping))
            take_mapping(search, &mapping);
    free(line);
    fclose(file);
    return search->bytes > 0;
}

/* The process that maps the file shared; 0 if none that we may look at does. */
static pid_t find_process(struct search *search)
{
    DIR *proc = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (isdigit((unsigned char)entry->d_name[0]) && pid != getpid() &&
            search_process(search, pid))
            found = pid;
    }
    if (proc)
        closedir(proc);
    return found;
}

/*
 * Opens the process's own descriptor of the file, which may have no name; or the mapping, where the
 * descriptor was closed, for those that the kernel lets do that. -1 if neither can be.
 */
static int open_descriptor(pid_t pid, const struct search *search)
{
    char path[300];
    struct stat file;
    int fd = -1;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && fd < 0 && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "/proc/%ld/fd/%s", (long)pid, entry->d_name);
        if (stat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_dev == search->device &&
            file.st_ino == search->inode)
            fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (folder)
        closedir(folder);
    if (fd >= 0)
        return fd;
    snprintf(path, sizeof path, "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64, (long)pid,
             search->map_begin, search->map_end);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool recorder_guest_whole(const struct recorder_guest *guest, struct error *error)
{
    struct stat file;
    if (fstat(guest->fd, &file) != 0)
        return error_set(error, "%s: %s", guest->name, strerror(errno));
    if ((uint64_t)file.st_size >= guest->bytes)
        return true;
    return error_set(error, "%s: it shrank to %" PRIu64 " bytes; the guest's memory is %" PRIu64,
                     guest->name, (uint64_t)file.st_size, guest->bytes);
}

/* `fd` is the file; it is the guest's from now on, or closed. */
static bool open_map(struct recorder_guest *guest, pid_t pid, int fd, uint64_t bytes,
                     struct error *error)
{
    guest->fd = fd;
    guest->map = NULL;
    guest->bytes = bytes / PAGE_SIZE * PAGE_SIZE;
    if (!recorder_target_attach(&guest->qemu, pid, error)) {
        close(fd);
        return false;
    }
    bool good = recorder_guest_whole(guest, error);
    if (good && guest->bytes / PAGE_SIZE > TRACE_PAGES_MAX)
        good = error_set(error, "%s: a guest of %" PRIu64 " bytes does not fit a trace",
                         guest->name, guest->bytes);
    if (good) {
        void *map = mmap(NULL, guest->bytes, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            good = error_set(error, "%s: cannot map it: %s", guest->name, strerror(errno));
        else
            guest->map = map;
    }
    if (!good)
        recorder_guest_close(guest);
    return good;
}

bool recorder_guest_open(struct recorder_guest *guest, const char *file, struct error *error)
{
    struct stat stat_of_file;
    char *path = realpath(file, NULL);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || fstat(fd, &stat_of_file) != 0 || !S_ISREG(stat_of_file.st_mode)) {
        error_set(error, "%s: %s", file,
                  fd < 0 ? strerror(errno) : "not a file; name QEMU's process number instead");
        if (fd >= 0)
            close(fd);
        free(path);
        return false;
    }
    trace_text_clean(file, guest->name, sizeof guest->name);
    struct search search = {.file = &stat_of_file, .path = path};
    pid_t pid = find_process(&search);
    free(path);
    if (pid)
        return open_map(guest, pid, fd, search.bytes, error);
    close(fd);
    if (search.is_private)
        return error_set(error,
                         "%s: it is mapped, but not shared, so what the guest writes stays out of "
                         "it: QEMU's memory backend needs share=on",
                         file);
    return error_set(error,
                     "%s: no process that we may look at has it mapped: does QEMU run, with this "
                     "file as mem-path?",
                     file);
}

bool recorder_guest_open_process(struct recorder_guest *guest, pid_t pid, struct error *error)
{
    struct search search = {0};
    if (!recorder_target_attach(&guest->qemu, pid, error))
        return false;
    recorder_target_release(&guest->qemu);
    if (!search_process(&search, pid))
        return error_set(error,
                         "process %ld has no file mapped shared: QEMU needs a memory backend with "
                         "share=on (memory-backend-file or memory-backend-memfd)",
                         (long)pid);
    snprintf(guest->name, sizeof guest->name, "memory of process %ld", (long)pid);
    int fd = open_descriptor(pid, &search);
    if (fd < 0)
        return error_set(error, "%s: its file cannot be opened: %s", guest->name, strerror(errno));
    return open_map(guest, pid, fd, search.bytes, error);
}

void recorder_guest_close(struct recorder_guest *guest)
{
    if (guest->map)
        munmap((void *)(uintptr_t)guest->map, guest->bytes);
    close(guest->fd);
    recorder_target_release(&guest->qemu);
}
