/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "sim/study/calibrate.h"

#include "cache/page_cache.h"
#include "codec/xbzrle.h"
#include "codec/zero_page.h"
#include "models/content.h"

#include <errno.h>
#include <gsl/gsl_statistics_double.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/*
 * The machine's own share of the constants: QEMU's bookkeeping around it cannot be measured without
 * QEMU, so that zero pages and whole pages come out cheaper here than calibrate --cells finds them.
 */
#define PAGES       16384u /* 64 MiB: beyond the processor's caches */
#define REPEATS     7
#define BATCH_PAGES 32u /* QEMU hands the kernel so many at once */
#define SLEEPS      15
#define SPIN_S      2.0
#define STALL_S     0.0005 /* a gap above this is no interrupt but time given to others */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint8_t *map_pages(void)
{
    void *memory = mmap(NULL, (size_t)PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Scans all pages; the time of one in ns. `ret_zero` keeps the compiler from leaving it out. */
static double scan(const uint8_t *memory, size_t *ret_zero)
{
    double start = now_s();
    for (size_t i = 0; i < PAGES; i++)
        *ret_zero += zero_page(memory + i * PAGE_SIZE, PAGE_SIZE);
    return (now_s() - start) * 1e9 / PAGES;
}

static bool measure_zero_pages(double *ret_touched_ns, double *ret_untouched_ns,
                               struct error *error)
{
    double touched[REPEATS], untouched[REPEATS];
    size_t zero = 0;
    for (int i = 0; i < REPEATS; i++) {
        uint8_t *memory = map_pages();
        if (!memory)
            return error_set(error, "no memory to measure with: %s", strerror(errno));
        untouched[i] = scan(memory, &zero);
        memset(memory, 0, (size_t)PAGES * PAGE_SIZE);
        touched[i] = scan(memory, &zero);
        munmap(memory, (size_t)PAGES * PAGE_SIZE);
    }
    if (zero != 2 * REPEATS * (size_t)PAGES)
        return error_set(error, "fresh memory was not zero");
    *ret_touched_ns = gsl_stats_median(touched, 1, REPEATS);
    *ret_untouched_ns = gsl_stats_median(untouched, 1, REPEATS) - *ret_touched_ns;
    return true;
}

/* A child that takes whatever comes over the socket, as the destination does. */
static pid_t start_drain(int socket, int other)
{
    pid_t child = fork();
    if (child == 0) {
        static uint8_t sink[1 << 17];
        close(other);
        while (read(socket, sink, sizeof sink) > 0)
            ;
        _exit(0);
    }
    return child;
}

static bool write_batches(int socket, const uint8_t *memory)
{
    for (size_t i = 0; i < PAGES; i += BATCH_PAGES) {
        const uint8_t *from = memory + i * PAGE_SIZE;
        for (size_t left = (size_t)BATCH_PAGES * PAGE_SIZE; left;) {
            ssize_t sent = send(socket, from, left, MSG_NOSIGNAL);
            if (sent < 0)
                return false;
            from += sent, left -= (size_t)sent;
        }
    }
    return true;
}

static bool measure_page(double *ret_ns, struct error *error)
{
    int pair[2];
    double times[REPEATS];
    uint8_t *memory = map_pages();
    if (!memory || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return error_set(error, "no socket to measure with: %s", strerror(errno));
    memset(memory, 0x5a, (size_t)PAGES * PAGE_SIZE);
    pid_t child = start_drain(pair[1], pair[0]);
    close(pair[1]);
    bool ok = child > 0;
    for (int i = 0; ok && i < REPEATS; i++) {
        double start = now_s();
        ok = write_batches(pair[0], memory);
        times[i] = (now_s() - start) * 1e9 / PAGES;
    }
    close(pair[0]);
    munmap(memory, (size_t)PAGES * PAGE_SIZE);
    if (child > 0)
        waitpid(child, NULL, 0);
    if (!ok)
        return error_set(error, "cannot write to a socket: %s", strerror(errno));
    *ret_ns = gsl_stats_median(times, 1, REPEATS);
    return true;
}

/* Inserting a page, and encoding one with four changed bytes, over a working set of 16 MiB. */
static bool measure_delta(double *ret_encode_ns, double *ret_insert_ns, struct error *error)
{
    enum { SET = 4096 };
    double encode[REPEATS], insert[REPEATS];
    struct page_cache *cache;
    uint8_t *memory = map_pages(), delta[PAGE_SIZE], copy[PAGE_SIZE];
    if (!memory || page_cache_create(page_cache_policy_find("direct"), (uint64_t)SET * PAGE_SIZE,
                                     PAGE_SIZE, &cache) != PAGE_CACHE_OK)
        return error_set(error, "no memory to measure with");
    memset(memory, 1, (size_t)SET * PAGE_SIZE);
    for (unsigned round = 0; round < REPEATS; round++) {
        double start = now_s();
        for (size_t i = 0; i < SET; i++)
            page_cache_insert(cache, i, memory + i * PAGE_SIZE, round);
        insert[round] = (now_s() - start) * 1e9 / SET;
        start = now_s();
        for (size_t i = 0; i < SET; i++) {
            uint8_t *page = memory + i * PAGE_SIZE;
            size_t size;
            for (size_t k = 0; k < PAGE_SIZE; k += PAGE_SIZE / 4)
                page[k]++;
            memcpy(copy, page, PAGE_SIZE); /* QEMU takes a private copy first */
            xbzrle_encode_update(page_cache_lookup(cache, i, round), copy, PAGE_SIZE, delta,
                                 PAGE_SIZE, &size);
        }
        encode[round] = (now_s() - start) * 1e9 / SET;
    }
    page_cache_destroy(cache);
    munmap(memory, (size_t)PAGES * PAGE_SIZE);
    *ret_encode_ns = gsl_stats_median(encode, 1, REPEATS);
    *ret_insert_ns = gsl_stats_median(insert + 1, 1, REPEATS - 1);
    return true;
}

/* Writes all over its memory, as the vCPU does: the thread that faults shares the address space. */
struct writer {
    uint8_t *memory;
    atomic_bool stop;
};

static int write_all_over(void *context)
{
    struct writer *writer = context;
    while (!atomic_load_explicit(&writer->stop, memory_order_relaxed))
        for (size_t i = 0; i < PAGES; i++)
            writer->memory[i * PAGE_SIZE]++;
    return 0;
}

/* A page of fresh memory, allocated and filled as QEMU's cache does it when it fills a slot. */
static bool measure_cache_page(double insert_ns, double *ret_ns, struct error *error)
{
    enum { SLOTS = 2048 };
    static void *slots[REPEATS][SLOTS];
    double times[REPEATS];
    thrd_t thread;
    struct writer writer = {.memory = map_pages()};
    if (!writer.memory || thrd_create(&thread, write_all_over, &writer) != thrd_success)
        return error_set(error, "no memory or thread to measure with");
    for (int i = 0; i < REPEATS; i++) {
        double start = now_s();
        for (size_t k = 0; k < SLOTS; k++) {
            slots[i][k] = must_alloc(1, PAGE_SIZE, "a page");
            memset(slots[i][k], 1, PAGE_SIZE);
        }
        times[i] = (now_s() - start) * 1e9 / SLOTS - insert_ns;
    }
    atomic_store(&writer.stop, true);
    thrd_join(thread, NULL);
    for (int i = 0; i < REPEATS; i++)
        for (size_t k = 0; k < SLOTS; k++)
            free(slots[i][k]);
    munmap(writer.memory, (size_t)PAGES * PAGE_SIZE);
    *ret_ns = gsl_stats_median(times, 1, REPEATS);
    return true;
}

static double measure_wake(void)
{
    const struct timespec sleep = {0, 20000000};
    double late[SLEEPS];
    for (int i = 0; i < SLEEPS; i++) {
        double start = now_s();
        nanosleep(&sleep, NULL);
        late[i] = (now_s() - start) * 1e9 - (double)sleep.tv_nsec;
    }
    return gsl_stats_median(late, 1, SLEEPS);
}

/* Spins, and notes the gaps in which this thread did not run. */
static size_t measure_stalls(double *ret_mean_ns)
{
    double start = now_s(), last = start, lost = 0;
    size_t count = 0;
    while (last - start < SPIN_S) {
        double now = now_s();
        if (now - last > STALL_S)
            lost += now - last, count++;
        last = now;
    }
    *ret_mean_ns = count ? lost * 1e9 / (double)count : 0;
    return count;
}

bool calibrate_this_host(FILE *out, struct error *error)
{
    double zero = 0, untouched = 0, page = 0, encode = 0, insert = 0, fresh = 0, stall;
    if (!measure_zero_pages(&zero, &untouched, error) || !measure_page(&page, error) ||
        !measure_delta(&encode, &insert, error) || !measure_cache_page(insert, &fresh, error))
        return false;
    double wake = measure_wake();
    size_t stalls = measure_stalls(&stall);
    fprintf(out,
            "; measured on this host without QEMU, by migsim calibrate: the machine's own share;\n"
            "; QEMU's bookkeeping comes on top, and what is not named here needs --cells\n"
            "[host]\nzero-page-time = %.0fns\nuntouched-page-time = %.0fns\npage-time = %.0fns\n"
            "encode-time = %.0fns\ninsert-time = %.0fns\ncache-page-time = %.0fns\n"
            "wake-time = %.0fns\n",
            zero, untouched > 0 ? untouched : 0, page, encode, insert, fresh > 0 ? fresh : 0, wake);
    if (stalls)
        fprintf(out, "stall-interval = %.0fns\nstall-time = %.0fns\n",
                SPIN_S * 1e9 / (double)stalls, stall);
    return true;
}
