/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bitmap.h"
#include "workloads/recorder_backlog.h"
#include "workloads/recorder_qemu.h"
#include "workloads/recorder_shadow.h"
#include "workloads/tests/twin_trace.h"
#include "workloads/trace_reader.h"

/*
 * In QEMU's place stands a child that maps a memory file and writes to it what is known. The real
 * thing is tested by scripts/qemu-lab/test-record.
 */
#define PAGES  4000u /* several batches of a look; the image takes longer than an interval */
#define ROUNDS 40u

static char memory_file[256], recording[256];

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR)
        ;
}

static int make_file(void)
{
    snprintf(memory_file, sizeof memory_file, "%s", twin_trace_file("memory"));
    int fd = open(memory_file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, PAGES * PAGE_SIZE), 0);
    return fd;
}

static uint8_t *map_file(int fd, int flag)
{
    void *at = mmap(NULL, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, flag, fd, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

/* Before the first write: data, data that is zero, and holes. */
static void fill(uint8_t *memory)
{
    uint32_t x = 1;
    for (unsigned page = 0; page < PAGES; page++) {
        if (page % 7 == 0)
            memset(memory + page * PAGE_SIZE, page % 14 ? 0 : 1 + (int)page % 200, PAGE_SIZE);
        for (unsigned i = 0; page >= 500 && i < PAGE_SIZE; i += 4, x = x * 1664525 + 1013904223)
            memcpy(memory + page * PAGE_SIZE + i, &x, 4);
    }
}

static void write_round(uint8_t *memory, unsigned round)
{
    for (unsigned page = 3; page < PAGES; page += 1 + page % 9)
        if (page < 300 || page >= 500)
            memory[page * PAGE_SIZE + round * 97 % PAGE_SIZE] += (uint8_t)(page + round);
    memory[350 * PAGE_SIZE] = 5; /* once, then the same again */
}

/* A page that is given back to the host is zero. */
static void punch(int fd, uint8_t *memory)
{
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 14 * PAGE_SIZE,
                  (off_t)15 * PAGE_SIZE) != 0)
        memset(memory + 14 * PAGE_SIZE, 0, 15 * PAGE_SIZE);
}

static void guest_writes(int fd, int out)
{
    uint8_t *memory = map_file(fd, MAP_SHARED);
    fill(memory);
    (void)!write(out, "r", 1);
    while (access(recording, F_OK) != 0) /* it is made when the first snapshot has been taken */
        sleep_ms(1);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        write_round(memory, round);
        if (round == ROUNDS / 2)
            punch(fd, memory);
        sleep_ms(3);
    }
    (void)!write(out, "x", 1);
    pause();
}

static void guest_ends(int fd, int out)
{
    map_file(fd, MAP_SHARED);
    (void)!write(out, "r", 1);
    while (access(recording, F_OK) != 0)
        sleep_ms(1);
    sleep_ms(100);
}

static void guest_shrinks(int fd, int out)
{
    uint8_t *memory = map_file(fd, MAP_SHARED);
    fill(memory);
    (void)!write(out, "r", 1);
    while (access(recording, F_OK) != 0)
        sleep_ms(1);
    sleep_ms(100);
    (void)!ftruncate(fd, 100 * PAGE_SIZE);
    pause();
}

static void guest_private(int fd, int out)
{
    map_file(fd, MAP_PRIVATE);
    (void)!write(out, "r", 1);
    pause();
}

/* The child runs `body` and is then killed; it is ready when this returns. */
static pid_t fork_guest(void (*body)(int fd, int out), int fd, int *ret_in)
{
    int fds[2];
    char ready;
    assert_int_equal(pipe(fds), 0);
    snprintf(recording, sizeof recording, "%s", twin_trace_file("guest"));
    unlink(recording);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(fds[0]);
        body(fd, fds[1]);
        _exit(0);
    }
    close(fds[1]);
    *ret_in = fds[0];
    assert_int_equal(read(fds[0], &ready, 1), 1);
    return pid;
}

static void end_guest(pid_t pid, int in)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(in);
}

static void set_options(struct recorder_options *options)
{
    *options = (struct recorder_options){0};
    option_set_defaults(recorder_options_table, options);
    options->interval_ns = 5000000;
}

/* The trace played to its end. */
static void play(const char *file, uint8_t *memory, unsigned *changes)
{
    struct trace_item item;
    struct error error;
    enum trace_step step;
    struct trace_reader *reader = trace_reader_open(file, &error);
    if (!reader)
        fail_msg("%s", error.text);
    while ((step = trace_reader_next(reader, &item, &error)) != TRACE_STEP_END) {
        if (step == TRACE_STEP_DAMAGED)
            fail_msg("%s", error.text);
        if (step != TRACE_STEP_IMAGE && step != TRACE_STEP_CHANGE)
            continue;
        assert_true(item.change.page_no < PAGES);
        trace_change_apply(&item.change, memory + item.change.page_no * PAGE_SIZE);
        changes[item.change.page_no] += step == TRACE_STEP_CHANGE;
    }
    assert_true(trace_reader_extent(reader).ended);
    assert_int_equal(trace_reader_extent(reader).pages, PAGES);
    trace_reader_close(reader);
}

/* Records the guest of guest_writes and holds the trace against the same writes, done here. */
static void expect_writes(struct recorder_guest *guest, struct recorder_qmp *qmp, int in,
                          struct recorder_report *report)
{
    static unsigned changes[PAGES];
    struct recorder_options options;
    struct error error;
    uint8_t *played = must_alloc(PAGES, PAGE_SIZE, "memory");
    uint8_t *wanted = must_alloc(PAGES, PAGE_SIZE, "memory");
    set_options(&options);
    options.pause = qmp != NULL;
    if (!recorder_qemu_run(guest, qmp, &options, recording, in, report, &error))
        fail_msg("%s", error.text);
    assert_int_equal(report->end, RECORDER_END_STOPPED);
    assert_true(report->epochs >= 2);
    assert_int_equal(report->pages, PAGES);
    memset(changes, 0, sizeof changes);
    play(recording, played, changes);
    fill(wanted);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        write_round(wanted, round);
        if (round == ROUNDS / 2)
            memset(wanted + 14 * PAGE_SIZE, 0, 15 * PAGE_SIZE);
    }
    for (unsigned page = 0; page < PAGES; page++)
        assert_memory_equal(played + page * PAGE_SIZE, wanted + page * PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(changes[0], 0);
    assert_int_equal(changes[350], 1);
    assert_true(changes[3] > 1);
    uint64_t sum = 0;
    for (unsigned page = 0; page < PAGES; page++)
        sum += changes[page];
    assert_int_equal(report->changed_pages, sum);
    free(played);
    free(wanted);
    unlink(recording);
}

static void test_known_writes(void **state)
{
    struct recorder_guest guest;
    struct recorder_report report;
    struct error error;
    int in;

    (void)state;
    for (int by_process = 0; by_process < 2; by_process++) {
        int fd = make_file();
        pid_t pid = fork_guest(guest_writes, fd, &in);
        bool good = by_process ? recorder_guest_open_process(&guest, pid, &error)
                               : recorder_guest_open(&guest, memory_file, &error);
        if (!good)
            fail_msg("%s", error.text);
        assert_int_equal(guest.bytes, PAGES * PAGE_SIZE);
        assert_int_equal(guest.qemu.pid, pid);
        expect_writes(&guest, NULL, in, &report);
        assert_int_equal(report.stopped_ns, 0);
        /* Holes were not looked at: on file systems that know them, less than all pages. */
        assert_true(report.compared_pages <= (report.epochs + 1) * PAGES);
        recorder_guest_close(&guest);
        end_guest(pid, in);
        close(fd);
        unlink(memory_file);
    }
}

/* A memory file without a name. */
static void test_memfd(void **state)
{
    struct recorder_guest guest;
    struct recorder_report report;
    struct error error;
    int in;

    (void)state;
    int fd = memfd_create("guest", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, PAGES * PAGE_SIZE), 0);
    pid_t pid = fork_guest(guest_writes, fd, &in);
    if (!recorder_guest_open_process(&guest, pid, &error))
        fail_msg("%s", error.text);
    expect_writes(&guest, NULL, in, &report);
    recorder_guest_close(&guest);
    end_guest(pid, in);
    close(fd);
}

/* QEMU's monitor, as far as a recorder speaks to it; counts how often the guest was stopped. */
static void serve_monitor(int listener, int out)
{
    static const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";
    char line[200];
    bool running = true;
    int stops = 0, fd = accept(listener, NULL, NULL);
    FILE *in = fdopen(fd, "r");
    (void)!write(fd, greeting, strlen(greeting));
    while (fgets(line, sizeof line, in)) {
        const char *answer = "{\"return\": {}}\r\n";
        if (strstr(line, "query-status"))
            answer = running ? "{\"event\": \"X\"}\r\n{\"return\": {\"running\": true}}\r\n"
                             : "{\"return\": {\"running\": false}}\r\n";
        if (strstr(line, "\"stop\""))
            running = false, stops++;
        if (strstr(line, "\"cont\"")) {
            if (running)
                answer = "{\"error\": {}}\r\n";
            running = true;
            if (stops == 5) /* now the user stops it */
                running = false;
        }
        (void)!write(fd, answer, strlen(answer));
    }
    (void)!write(out, &stops, sizeof stops);
    (void)!write(out, &running, sizeof running);
}

static void test_guest_is_stopped_and_goes_on(void **state)
{
    struct recorder_guest guest;
    struct recorder_report report;
    struct error error;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int in, fds[2], stops;
    bool running;

    (void)state;
    assert_null(recorder_qmp_open("/nonexistent/qmp", &error));
    assert_string_equal(error.text, "/nonexistent/qmp: cannot connect: No such file or directory");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", twin_trace_file("qmp"));
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(pipe(fds), 0);
    pid_t monitor = fork();
    if (monitor == 0) {
        serve_monitor(listener, fds[1]);
        _exit(0);
    }
    close(listener);
    int fd = make_file();
    pid_t pid = fork_guest(guest_writes, fd, &in);
    assert_true(recorder_guest_open(&guest, memory_file, &error));
    struct recorder_qmp *qmp = recorder_qmp_open(address.sun_path, &error);
    if (!qmp)
        fail_msg("%s", error.text);
    expect_writes(&guest, qmp, in, &report);
    assert_true(report.stopped_ns > 0 && report.stopped_ns < report.look_ns);
    recorder_qmp_close(qmp);
    assert_int_equal(read(fds[0], &stops, sizeof stops), sizeof stops);
    assert_int_equal(read(fds[0], &running, sizeof running), sizeof running);
    assert_int_equal(stops, 5);
    assert_false(running); /* whom the user stopped is left alone */
    waitpid(monitor, NULL, 0);
    recorder_guest_close(&guest);
    end_guest(pid, in);
    close(fd);
    close(fds[0]);
    close(fds[1]);
    unlink(address.sun_path);
    unlink(memory_file);
}

/* Epochs that wait: their order, and what a page was before its first change. */
static void test_backlog(void **state)
{
    static uint8_t pages[4][PAGE_SIZE];
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        memset(pages[i], (int)i + 1, PAGE_SIZE);
    struct recorder_backlog *backlog = recorder_backlog_create(100, 3);
    recorder_backlog_end(backlog, 5);
    recorder_backlog_add(backlog, 7, pages[0], pages[1]);
    recorder_backlog_add(backlog, 99, pages[2], pages[3]);
    recorder_backlog_end(backlog, 9);
    assert_true(recorder_backlog_room(backlog));
    recorder_backlog_add(backlog, 7, pages[1], pages[2]);
    recorder_backlog_end(backlog, 12);
    assert_false(recorder_backlog_room(backlog));
    assert_memory_equal(recorder_backlog_first(backlog, 7), pages[0], PAGE_SIZE);
    assert_memory_equal(recorder_backlog_first(backlog, 99), pages[2], PAGE_SIZE);
    assert_null(recorder_backlog_first(backlog, 8));
    assert_int_equal(recorder_backlog_epochs(backlog), 3);
    static const struct recorder_backlog_epoch wanted[] = {{5, 0, 0}, {9, 0, 2}, {12, 2, 3}};
    for (size_t i = 0; i < 3; i++) {
        struct recorder_backlog_epoch epoch = recorder_backlog_epoch(backlog, i);
        assert_memory_equal(&epoch, &wanted[i], sizeof epoch);
    }
    assert_int_equal(recorder_backlog_change(backlog, 2)->page_no, 7);
    assert_memory_equal(recorder_backlog_change(backlog, 2)->after, pages[2], PAGE_SIZE);
    recorder_backlog_destroy(backlog);
}

static void expect_refused(const char *file, const char *message)
{
    struct recorder_guest guest;
    struct error error = {{0}};
    assert_false(recorder_guest_open(&guest, file, &error));
    if (!strstr(error.text, message))
        fail_msg("'%s' is not in '%s'", message, error.text);
}

static void test_what_cannot_be_recorded(void **state)
{
    struct recorder_guest guest;
    struct error error;
    int in;

    (void)state;
    expect_refused("/nonexistent/memory", "/nonexistent/memory: No such file or directory");
    expect_refused("/tmp", "/tmp: not a file; name QEMU's process number");
    int fd = make_file();
    expect_refused(memory_file, "no process that we may look at has it mapped");
    pid_t pid = fork_guest(guest_private, fd, &in);
    expect_refused(memory_file, "needs share=on");
    assert_false(recorder_guest_open_process(&guest, pid, &error));
    assert_non_null(strstr(error.text, "has no file mapped shared"));
    end_guest(pid, in);
    assert_false(recorder_guest_open_process(&guest, pid, &error));
    assert_non_null(strstr(error.text, "there is no process"));
    close(fd);
    unlink(memory_file);
}

static void test_ends_of_a_recording(void **state)
{
    struct recorder_options options;
    struct recorder_guest guest;
    struct recorder_report report;
    struct trace_extent extent;
    struct error error;
    int in;

    (void)state;
    set_options(&options);
    int fd = make_file();
    pid_t pid = fork_guest(guest_ends, fd, &in);
    assert_true(recorder_guest_open(&guest, memory_file, &error));
    assert_true(recorder_qemu_run(&guest, NULL, &options, recording, -1, &report, &error));
    assert_int_equal(report.end, RECORDER_END_PROCESS);
    assert_true(trace_verify(recording, NULL, &extent, &error));
    assert_true(extent.epochs == report.epochs && !extent.cut);
    recorder_guest_close(&guest);
    end_guest(pid, in);
    unlink(recording);

    pid = fork_guest(guest_shrinks, fd, &in);
    assert_true(recorder_guest_open(&guest, memory_file, &error));
    assert_false(recorder_qemu_run(&guest, NULL, &options, recording, -1, &report, &error));
    assert_non_null(strstr(error.text, ": it shrank to 409600 bytes; the guest's memory is"));
    recorder_guest_close(&guest);
    end_guest(pid, in);
    unlink(recording);

    assert_int_equal(ftruncate(fd, PAGES * PAGE_SIZE), 0);
    pid = fork_guest(guest_ends, fd, &in);
    assert_true(recorder_guest_open(&guest, memory_file, &error));
    options.duration_ns = 20000000;
    assert_false(recorder_qemu_run(&guest, NULL, &options, "/dev/full", -1, &report, &error));
    assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
    recorder_guest_close(&guest);
    end_guest(pid, in);
    close(fd);
    unlink(memory_file);
}

/* Shrinks between two pages of one look: the SIGBUS is caught, and only then. */
static void test_shadow_survives_a_shrinking_file(void **state)
{
    struct recorder_shadow *shadow;
    struct recorder_changed changed;
    uint64_t compared = 0;
    uint32_t page_no = 0;

    (void)state;
    int fd = make_file();
    uint8_t *memory = map_file(fd, MAP_SHARED);
    memset(memory, 7, PAGES * PAGE_SIZE);
    shadow = recorder_shadow_create(memory, fd, PAGES);
    assert_true(recorder_shadow_look(shadow, &page_no, &compared, &changed));
    assert_int_equal(changed.count, RECORDER_SHADOW_BATCH);
    assert_int_equal(ftruncate(fd, (off_t)(RECORDER_SHADOW_BATCH + 10) * PAGE_SIZE), 0);
    assert_false(recorder_shadow_look(shadow, &page_no, &compared, &changed));
    recorder_shadow_destroy(shadow);
    munmap(memory, PAGES * PAGE_SIZE);
    close(fd);
    unlink(memory_file);
}

static void toggle(int fd, int out)
{
    volatile uint8_t *memory = map_file(fd, MAP_SHARED);
    (void)!write(out, "r", 1);
    for (;;) {
        memory[4000] = 1;
        memory[4000] = 0;
    }
}

/* A page that is again as it was when it is copied has not changed. */
static void test_changes_that_are_taken_back(void **state)
{
    struct recorder_changed changed;
    uint64_t compared = 0, seen = 0;
    int in;

    (void)state;
    int fd = make_file();
    pid_t pid = fork_guest(toggle, fd, &in);
    uint8_t *memory = map_file(fd, MAP_SHARED);
    struct recorder_shadow *shadow = recorder_shadow_create(memory, fd, 1);
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t page_no = 0;
        assert_true(recorder_shadow_look(shadow, &page_no, &compared, &changed));
        for (size_t k = 0; k < changed.count; k++)
            assert_int_equal(changed.bytes[k * PAGE_SIZE + 4000], 1);
        seen += changed.count;
    }
    print_message("%lu of 100000 looks saw the change\n", (unsigned long)seen);
    recorder_shadow_destroy(shadow);
    end_guest(pid, in);
    munmap(memory, PAGES * PAGE_SIZE);
    close(fd);
    unlink(memory_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_known_writes),
        cmocka_unit_test(test_memfd),
        cmocka_unit_test(test_guest_is_stopped_and_goes_on),
        cmocka_unit_test(test_what_cannot_be_recorded),
        cmocka_unit_test(test_ends_of_a_recording),
        cmocka_unit_test(test_changes_that_are_taken_back),
        cmocka_unit_test(test_shadow_survives_a_shrinking_file),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
