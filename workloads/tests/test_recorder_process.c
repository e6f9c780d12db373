/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bitmap.h"
#include "workloads/recorder_process.h"
#include "workloads/tests/twin_trace.h"
#include "workloads/trace_reader.h"

/*
 * Real recordings of children that write what is known. A child shares the addresses of `memory`,
 * as it is forked after that was mapped.
 */
#define PAGES 200u

static uint8_t *memory;
static char recording[256]; /* the trace that is being made */

static void *map(size_t pages, int flag)
{
    void *at = mmap(NULL, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, flag | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR)
        ;
}

/* A child that runs `body` and then waits to be killed; it writes to the pipe when it says so. */
static pid_t fork_child(void (*body)(int out), int *ret_in)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        close(fds[0]);
        body(fds[1]);
        _exit(0);
    }
    close(fds[1]);
    *ret_in = fds[0];
    return pid;
}

static void end_child(pid_t pid, int fd)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
}

/* True, with a visible message, where the kernel forbids reading another process's memory. */
static bool forbidden(pid_t pid)
{
    uint8_t byte;
    struct iovec local = {&byte, 1}, remote = {memory, 1};
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1)
        return false;
    print_message("SKIPPED: process_vm_readv: %s\n", strerror(errno));
    return true;
}

static void set_options(struct recorder_options *options, enum recorder_method method, bool pause)
{
    *options = (struct recorder_options){0};
    option_set_defaults(recorder_options_table, options);
    options->interval_ns = 20000000;
    options->method = method;
    options->pause = pause;
}

/* The trace played to its end, as far as it is of `memory`. */
struct played {
    uint8_t bytes[PAGES][PAGE_SIZE];
    unsigned changes[PAGES], rewrites[PAGES];
    uint64_t epochs, places;
};

static uint32_t place_of(const uint64_t *addresses, uint32_t page_no)
{
    uint64_t begin = (uintptr_t)memory;
    uint64_t at = addresses[page_no];
    return at >= begin && at < begin + PAGES * PAGE_SIZE ? (uint32_t)((at - begin) / PAGE_SIZE)
                                                         : UINT32_MAX;
}

static void play(const char *file, struct played *played)
{
    static uint64_t addresses[1u << 18];
    struct trace_item item;
    struct error error;
    enum trace_step step;
    struct trace_reader *reader = trace_reader_open(file, &error);
    if (!reader)
        fail_msg("%s", error.text);
    memset(played, 0, sizeof *played);
    while ((step = trace_reader_next(reader, &item, &error)) != TRACE_STEP_END) {
        if (step == TRACE_STEP_DAMAGED)
            fail_msg("%s", error.text);
        if (step == TRACE_STEP_EPOCH_END)
            played->epochs++;
        for (uint32_t i = 0; step == TRACE_STEP_PLACE && i < item.place.pages; i++)
            addresses[item.place.first_page + i] = item.place.address + i * PAGE_SIZE;
        if (step != TRACE_STEP_IMAGE && step != TRACE_STEP_CHANGE)
            continue;
        uint32_t page = place_of(addresses, item.change.page_no);
        if (page == UINT32_MAX)
            continue;
        trace_change_apply(&item.change, played->bytes[page]);
        if (step == TRACE_STEP_CHANGE && item.change.form == TRACE_REWRITTEN)
            played->rewrites[page]++;
        else if (step == TRACE_STEP_CHANGE)
            played->changes[page]++;
    }
    assert_true(trace_reader_extent(reader).ended);
    trace_reader_close(reader);
}

/*
 * Writes counters into the first half of the pages, some more often than others; one page is
 * written again and again with what it holds, the rest stays. Never touches the last page.
 */
static void write_round(unsigned round)
{
    for (unsigned page = 0; page < PAGES / 2; page++)
        if (round % (1 + page % 5) == 0)
            memory[page * PAGE_SIZE + round * 7 % PAGE_SIZE] += (uint8_t)(page + round);
    memory[(PAGES - 10) * PAGE_SIZE] = 9;
}

#define ROUNDS 60u

static void write_counters(int out)
{
    while (access(recording, F_OK) != 0) /* it is made when the image has been taken */
        sleep_ms(1);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        write_round(round);
        sleep_ms(2);
    }
    (void)!write(out, "x", 1);
    for (;;)
        pause();
}

/* What the memory must be in the end: the same writes, done here. */
static void expect_counters(enum recorder_method method, bool pause)
{
    struct recorder_options options;
    struct recorder_report report;
    struct recorder_target target;
    struct error error;
    struct played *played = must_alloc(1, sizeof *played, "a trace");
    int in;

    snprintf(recording, sizeof recording, "%s", twin_trace_file("counters"));
    unlink(recording);
    memset(memory, 5, (PAGES - 1) * PAGE_SIZE);
    memory[(PAGES - 10) * PAGE_SIZE] = 9;
    pid_t pid = fork_child(write_counters, &in);
    if (forbidden(pid)) {
        end_child(pid, in);
        free(played);
        return;
    }
    set_options(&options, method, pause);
    assert_true(recorder_target_attach(&target, pid, &error));
    bool good = recorder_run(&target, &options, recording, in, &report, &error);
    recorder_target_release(&target);
    end_child(pid, in);
    if (!good && strstr(error.text, "is not to be had")) {
        print_message("SKIPPED: %s\n", error.text);
        free(played);
        return;
    }
    if (!good)
        fail_msg("%s", error.text);
    assert_int_equal(report.end, RECORDER_END_STOPPED);
    assert_int_equal(report.method, method);
    play(recording, played);
    unlink(recording);
    for (unsigned round = 1; round <= ROUNDS; round++)
        write_round(round);
    assert_int_equal(played->epochs, report.epochs);
    assert_true(played->epochs >= 2);
    for (unsigned page = 0; page < PAGES; page++) {
        assert_memory_equal(played->bytes[page], memory + page * PAGE_SIZE, PAGE_SIZE);
        assert_true((played->changes[page] > 0) == (page < PAGES / 2));
        if (page != PAGES - 10 && page >= PAGES / 2)
            assert_int_equal(played->rewrites[page], 0);
    }
    /* Only a method that sees writes, not bytes, knows of the page that got what it held. */
    assert_true((played->rewrites[PAGES - 10] > 0) == (method == RECORDER_PAGEMAP_SCAN));
    assert_true((report.stopped_ns > 0) == (pause || method != RECORDER_COMPARE));
    free(played);
}

static void test_known_writes(void **state)
{
    (void)state;
    expect_counters(RECORDER_COMPARE, false);
    expect_counters(RECORDER_COMPARE, true);
    expect_counters(RECORDER_PAGEMAP_SCAN, false);
    expect_counters(RECORDER_PAGEMAP_SCAN, true);
    expect_counters(RECORDER_SOFT_DIRTY, false);
}

static volatile bool *shared_end; /* seen by the children too */

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Waits in system calls of every kind of restart; each must end as if nobody had looked. */
static int waits_in_system_calls(void)
{
    struct timespec time = {0, 60000000};
    int fds[2];
    char byte;
    double start = seconds();
    if (nanosleep(&time, NULL) != 0 || seconds() - start < 0.06) /* goes on by restart_syscall */
        return 2;
    if (pipe(fds) != 0)
        return 3;
    struct pollfd poll_fd = {fds[0], POLLIN, 0};
    start = seconds();
    if (poll(&poll_fd, 1, 60) != 0 || seconds() - start < 0.06) /* the same */
        return 4;
    pid_t child = fork();
    if (child == 0) {
        sleep_ms(60);
        (void)!write(fds[1], "x", 1);
        _exit(0);
    }
    if (read(fds[0], &byte, 1) != 1) /* begins anew */
        return 5;
    if (waitpid(child, NULL, 0) != child)
        return 6;
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static void wait_in_system_calls(int out)
{
    int status = 0;
    (void)out;
    while (!*shared_end && status == 0)
        status = waits_in_system_calls();
    _exit(status);
}

static void test_system_calls_are_not_disturbed(void **state)
{
    struct recorder_options options;
    struct recorder_report report;
    struct recorder_target target;
    struct error error;
    char file[256];
    int in, status;

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("calls"));
    *shared_end = false;
    pid_t pid = fork_child(wait_in_system_calls, &in);
    if (forbidden(pid)) {
        end_child(pid, in);
        return;
    }
    for (unsigned i = 0; i < 15; i++) { /* a new injection each time */
        sleep_ms(23);
        set_options(&options, RECORDER_PAGEMAP_SCAN, false);
        options.duration_ns = 1000000;
        options.max_memory = 1u << 20; /* the memory does not matter here */
        assert_true(recorder_target_attach(&target, pid, &error));
        bool good = recorder_run(&target, &options, file, -1, &report, &error);
        recorder_target_release(&target);
        if (!good) {
            print_message("SKIPPED: %s\n", error.text);
            break;
        }
    }
    *shared_end = true;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(in);
    unlink(file);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* `words` of the command have bars between them. */
static bool run_command(const char *words, const char *file, enum recorder_method method,
                        int64_t duration_ns, struct recorder_report *report,
                        struct recorder_target *target, struct error *error)
{
    struct recorder_options options;
    char text[400], *argv[8] = {0}, *rest = text;
    snprintf(text, sizeof text, "%s", words);
    for (size_t i = 0; i < 7 && (argv[i] = strtok_r(rest, "|", &rest)); i++)
        ;
    set_options(&options, method, false);
    options.duration_ns = duration_ns;
    *report = (struct recorder_report){0};
    if (!recorder_target_start(target, argv, error))
        return false;
    bool good = recorder_run(target, &options, file, -1, report, error);
    recorder_target_release(target);
    return good;
}

static void test_commands(void **state)
{
    struct recorder_report report;
    struct recorder_target target;
    struct error error = {{0}};
    struct trace_extent extent;
    struct trace_header header;
    char file[256], marker[256], script[400];

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("command"));
    snprintf(marker, sizeof marker, "%s", twin_trace_file("marker"));
    if (!run_command("sh|-c|sleep 0.2; exit 3", file, RECORDER_AUTO, 0, &report, &target, &error))
        fail_msg("%s", error.text);
    assert_int_equal(report.end, RECORDER_END_PROCESS);
    assert_true(WIFEXITED(target.status) && WEXITSTATUS(target.status) == 3);
    assert_true(trace_verify(file, &header, &extent, &error));
    assert_string_equal(header.command, "sh -c 'sleep 0.2; exit 3'");
    assert_true(extent.epochs >= 2 && !extent.cut);

    /* It is told to end when the recording is over first. */
    assert_true(
        run_command("sleep|100", file, RECORDER_COMPARE, 50000000, &report, &target, &error));
    assert_int_equal(report.end, RECORDER_END_DURATION);
    assert_true(target.reaped && WIFSIGNALED(target.status) && WTERMSIG(target.status) == SIGTERM);

    /* Another program in its place: watched as before. */
    if (!run_command("sh|-c|sleep 0.1; exec sleep 0.2", file, RECORDER_AUTO, 0, &report, &target,
                     &error))
        fail_msg("%s", error.text);
    assert_false(report.became_compare);
    assert_true(report.span_ns > 150000000);
    unlink(file);

    /* What cannot begin does not begin: no file, and not one instruction of the command. */
    snprintf(script, sizeof script, "sh|-c|touch %s; sleep 1", marker);
    assert_false(
        run_command(script, "/nonexistent/x.mgt", RECORDER_COMPARE, 0, &report, &target, &error));
    assert_string_equal(error.text, "/nonexistent/x.mgt: cannot create: No such file or directory");
    assert_int_equal(access(marker, F_OK), -1);
    assert_false(
        run_command("migsim-no-such-command", file, RECORDER_AUTO, 0, &report, &target, &error));
    assert_string_equal(error.text, "migsim-no-such-command: command not found");
    assert_false(run_command("/etc/passwd", file, RECORDER_AUTO, 0, &report, &target, &error));
    assert_string_equal(error.text, "/etc/passwd: Permission denied");
    assert_int_equal(access(file, F_OK), -1);
}

static void do_nothing(int out)
{
    (void)out;
}

static void test_processes_that_are_not_there(void **state)
{
    struct recorder_target target;
    struct recorder_options options;
    struct recorder_report report;
    struct error error;
    char text[100];
    int in;

    (void)state;
    pid_t pid = fork_child(do_nothing, &in);
    sleep_ms(50); /* it has ended, but nobody has waited for it */
    assert_true(recorder_target_attach(&target, pid, &error));
    set_options(&options, RECORDER_COMPARE, false);
    const char *file = twin_trace_file("gone");
    assert_false(recorder_run(&target, &options, file, -1, &report, &error));
    assert_non_null(strstr(error.text, "ended before its memory could be read"));
    recorder_target_release(&target);
    assert_int_equal(access(file, F_OK), -1);
    end_child(pid, in);
    snprintf(text, sizeof text, "there is no process %ld", (long)pid);
    assert_false(recorder_target_attach(&target, pid, &error));
    assert_string_equal(error.text, text);
}

/* Writes other bytes to all pages all the time. */
static void write_noise(int out)
{
    (void)out;
    for (unsigned x = 1;;)
        for (size_t i = 0; i < PAGES * PAGE_SIZE; i += 4)
            memcpy(memory + i, &x, 4), x = x * 1664525 + 1013904223;
}

/* kill -9 in the middle: what reached the file can be read. */
static void test_killed_recorder_leaves_a_readable_trace(void **state)
{
    struct recorder_options options;
    struct recorder_target target;
    struct trace_extent extent;
    struct error error;
    char file[256];
    int in;

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("killed"));
    pid_t pid = fork_child(write_noise, &in);
    if (forbidden(pid)) {
        end_child(pid, in);
        return;
    }
    pid_t recorder = fork();
    if (recorder == 0) {
        struct recorder_report report;
        set_options(&options, RECORDER_AUTO, false);
        if (recorder_target_attach(&target, pid, &error))
            recorder_run(&target, &options, file, -1, &report, &error);
        _exit(1);
    }
    for (int i = 0; i < 300; i++) {
        sleep_ms(100);
        if (trace_verify(file, NULL, &extent, &error) && extent.epochs > 2)
            break;
    }
    kill(recorder, SIGKILL);
    waitpid(recorder, NULL, 0);
    assert_int_equal(kill(pid, 0), 0); /* and the process goes on */
    end_child(pid, in);
    assert_true(trace_verify(file, NULL, &extent, &error));
    assert_true(extent.cut && extent.epochs > 2);
    unlink(file);
}

/* The trace stays as small as it shall be; what does not fit is counted. */
static void test_memory_limit(void **state)
{
    struct recorder_options options;
    struct recorder_report report;
    struct recorder_target target;
    struct trace_extent extent;
    struct error error;
    char file[256];
    int in;

    (void)state;
    snprintf(file, sizeof file, "%s", twin_trace_file("limit"));
    pid_t pid = fork_child(write_noise, &in);
    if (forbidden(pid)) {
        end_child(pid, in);
        return;
    }
    set_options(&options, RECORDER_COMPARE, false);
    options.max_memory = 20 * PAGE_SIZE;
    options.duration_ns = 60000000;
    options.image = false;
    assert_true(recorder_target_attach(&target, pid, &error));
    assert_true(recorder_run(&target, &options, file, -1, &report, &error));
    recorder_target_release(&target);
    end_child(pid, in);
    assert_int_equal(report.pages, 20);
    assert_true(report.left_out_pages >= PAGES - 20);
    assert_true(trace_verify(file, NULL, &extent, &error));
    assert_int_equal(extent.pages, 20);
    assert_int_equal(extent.image_pages, 0);
    unlink(file);
}

/* Numbers, marks and places of the recorder's pages, without a process. */
static void test_pages(void **state)
{
    struct recorder_pages *pages = recorder_pages_create(5000);
    const struct trace_place *place;
    bool fresh, written;

    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        uint64_t address = 0x7f0000000000 + (uint64_t)i * PAGE_SIZE + (i >= 1000 ? 1 << 30 : 0);
        assert_int_equal(recorder_pages_mark(pages, address, "[heap]", i % 3 == 0, &fresh), i);
        assert_true(fresh);
    }
    assert_true(recorder_pages_next_place(pages, &place));
    assert_int_equal(place->first_page, 0);
    assert_int_equal(place->pages, 1000);
    assert_true(recorder_pages_next_place(pages, &place));
    assert_int_equal(place->first_page, 1000);
    assert_int_equal(place->pages, 2000);
    assert_string_equal(place->name, "[heap]");
    assert_false(recorder_pages_next_place(pages, &place));
    for (uint32_t i = 0, next = 0; i < 3000; i++, next++) {
        next = recorder_pages_take(pages, next, &written);
        assert_int_equal(next, i);
        assert_int_equal(written, i % 3 == 0);
    }
    assert_int_equal(recorder_pages_take(pages, 0, &written), RECORDER_NO_PAGE);
    assert_int_equal(recorder_pages_mark(pages, 0x7f0000000000 + 5 * PAGE_SIZE, "", false, &fresh),
                     5);
    assert_false(fresh);
    for (uint64_t i = 0; i < 100000; i++) /* far apart: a leaf of its own for each */
        recorder_pages_mark(pages, i << 21, "", false, &fresh);
    assert_int_equal(recorder_pages_count(pages), 5000);
    assert_int_equal(recorder_pages_left_out(pages), 98000);
    recorder_pages_mark(pages, 99999ull << 21, "", false, &fresh);
    assert_int_equal(recorder_pages_left_out(pages), 98000); /* each page once */
    for (uint64_t i = 0; i < 2000; i++)
        assert_int_equal(recorder_pages_address(pages, (uint32_t)(3000 + i)), i << 21);
    recorder_pages_destroy(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_known_writes),
        cmocka_unit_test(test_system_calls_are_not_disturbed),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_processes_that_are_not_there),
        cmocka_unit_test(test_killed_recorder_leaves_a_readable_trace),
        cmocka_unit_test(test_memory_limit),
    };
    signal(SIGPIPE, SIG_IGN);
    memory = map(PAGES, MAP_PRIVATE);
    shared_end = map(1, MAP_SHARED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
