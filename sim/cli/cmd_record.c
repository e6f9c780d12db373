/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* signalfd */
#include "base/units.h"
#include "sim/cli/cli.h"
#include "workloads/recorder_process.h"
#include "workloads/recorder_qemu.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT, QMP, FOR_PROCESSES };
static const struct argument TABLE[] = {
    {"output", 'o', "FILE.mgt", "the trace; it must be named"},
    {"qmp", 0, "SOCKET", "qemu: QEMU's QMP socket, for --pause"},
    /* The others are those of recorder_options_table; first those that a guest has no use for. */
    {"max-memory", 0, "SIZE", "process: memory of the trace; pages beyond it are left out (1GiB)"},
    {"method", 0, "WORD",
     "process: how written pages are found: auto, pagemap-scan,\nsoft-dirty, compare"},
    {"interval", 'i', "TIME", "time between two snapshots (100ms)"},
    {"duration", 'd', "TIME", "how long to record (until the process ends)"},
    {"image", 0, "on|off", "record what was in memory before the first epoch (on)"},
    {"pause", 0, "on|off", "stop the process or guest during each snapshot (off)"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "record",
    .usage = "-o FILE.mgt [OPTION...] -- COMMAND [ARGUMENT...]\n"
             "       migsim record -o FILE.mgt [OPTION...] process PID\n"
             "       migsim record -o FILE.mgt [OPTION...] qemu PID|MEMORY-FILE",
    .description =
        "Records memory writes into a trace, for workloads of kind trace: what changed, at each\n"
        "interval. Ctrl-C ends a recording; the trace is whole then too. What the recording cost\n"
        "is printed at the end.\n\n"
        "A process: its private writable memory. A command is started for it and told to end\n"
        "(SIGTERM) when the recording is over first; its children are not followed. Methods:\n"
        "pagemap-scan (Linux 6.7) has the kernel note writes, by a userfaultfd that the process\n"
        "is made to open; soft-dirty has it do so where it was built for that, and stops the\n"
        "process at each snapshot; compare reads all memory each time. auto takes the first that\n"
        "works.\n\n"
        "qemu: a guest whose memory is a shared file (-object memory-backend-file or\n"
        "memory-backend-memfd, share=on), found by that file or by QEMU's process. All memory is\n"
        "compared each time. Page n of the trace is page n of the guest's RAM, so the trace in a\n"
        "guest of the same size is that guest.",
    .example = "migsim record -o perl.mgt -d 2s -- perl -e 'for (;;) { $h{rand 1e5}++ }'\n"
               "migsim record -o server.mgt --interval 50ms --duration 10s process 1234\n"
               "qemu-system-x86_64 -M pc,memory-backend=ram -m 512M -object \\\n"
               "    memory-backend-file,id=ram,size=512M,mem-path=/dev/shm/guest,share=on ...\n"
               "migsim record -o guest.mgt --duration 10s qemu /dev/shm/guest",
    .table = TABLE,
};

struct record_arguments {
    struct recorder_options options;
    const char *output, *qmp;
    const char *for_processes; /* an option that was given and makes no sense for a guest */
    int signals;               /* readable when the recording is to stop */
};

static bool take(void *context, size_t index, const char *value)
{
    struct record_arguments *arguments = context;
    struct error error;
    if (index == OUTPUT) {
        arguments->output = value;
        return true;
    }
    if (index == QMP) {
        arguments->qmp = value;
        return true;
    }
    if (index < FOR_PROCESSES + 2)
        arguments->for_processes = TABLE[index].name;
    const struct option *option = option_find(recorder_options_table, TABLE[index].name);
    if (option_set(option, &arguments->options, value, &error))
        return true;
    message_usage("record", "--%s: %s", option->name, error.text);
    return false;
}

static void show_progress(const struct recorder_report *report)
{
    char time[UNITS_TEXT_SIZE];
    fprintf(stderr, "\r\033[K%s, %" PRIu64 " epochs, %" PRIu64 " pages changed",
            units_format_time(report->span_ns / 100000000 * 100000000, time), report->epochs,
            report->changed_pages);
}

static void end_progress(const struct record_arguments *arguments)
{
    if (arguments->options.progress)
        fprintf(stderr, "\r\033[K");
}

static void print_end(const struct recorder_target *target, const struct recorder_report *report)
{
    if (report->end == RECORDER_END_STOPPED)
        fprintf(stderr, "stopped by a signal");
    else if (report->end == RECORDER_END_DURATION)
        fprintf(stderr, "duration over");
    else
        fprintf(stderr, "the process ended");
    if (report->end == RECORDER_END_PROCESS && target->reaped && WIFEXITED(target->status))
        fprintf(stderr, ", exit status %d", WEXITSTATUS(target->status));
    if (report->end == RECORDER_END_PROCESS && target->reaped && WIFSIGNALED(target->status))
        fprintf(stderr, ", killed by signal %d", WTERMSIG(target->status));
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void print_cost(const struct recorder_report *report)
{
    char a[UNITS_TEXT_SIZE];
    int64_t wall_ns = report->span_ns + report->stopped_ns;
    fprintf(stderr,
            "observation   %s of CPU time, %.1f %% of the recorded time; snapshots %.1f %%\n",
            units_format_time(report->cpu_ns, a), share(report->cpu_ns, wall_ns),
            share(report->look_ns, wall_ns));
    fprintf(stderr, "cost to it    stood still %s (%.2f %%)",
            units_format_time(report->stopped_ns, a), share(report->stopped_ns, wall_ns));
    if (report->faults > 0)
        fprintf(stderr, "; %" PRIu64 " write faults more, about %s (%.2f %%)", report->faults,
                units_format_time(report->fault_ns, a), share(report->fault_ns, wall_ns));
    fprintf(stderr, "\n");
}

static void print_report(const char *file, const struct recorder_target *target,
                         const struct recorder_report *report)
{
    char a[UNITS_TEXT_SIZE], b[UNITS_TEXT_SIZE], c[UNITS_TEXT_SIZE];
    fprintf(stderr, "%s: ", file);
    print_end(target, report);
    fprintf(stderr, "; %s\nmethod        %s%s", units_format_size(report->file_bytes, a),
            recorder_method_names[report->method],
            report->became_compare ? ", then compare: another program took its place" : "");
    if (report->why[0])
        fprintf(stderr, " (%s)", report->why);
    fprintf(stderr, "\nepochs        %" PRIu64 " in %s; interval %s least, %s median, ",
            report->epochs, units_format_time(report->span_ns, a),
            units_format_time(report->interval_min_ns, b),
            units_format_time(report->interval_median_ns, c));
    fprintf(stderr, "%s most\n", units_format_time(report->interval_max_ns, a));
    fprintf(stderr, "memory        %s, %" PRIu32 " pages",
            units_format_size((uint64_t)report->pages * PAGE_SIZE, a), report->pages);
    if (report->left_out_pages > 0)
        fprintf(stderr, "; %" PRIu64 " pages left out, beyond --max-memory",
                report->left_out_pages);
    fprintf(stderr, "\npages         %" PRIu64 " compared, %" PRIu64 " changed",
            report->compared_pages, report->changed_pages);
    if (report->rewritten_pages > 0)
        fprintf(stderr, ", %" PRIu64 " written with equal bytes", report->rewritten_pages);
    fprintf(stderr, "\n");
    print_cost(report);
}

/* SIGINT and SIGTERM as something to wait for; a command that is started has them as usual. */
static int open_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* What every recording ends with. */
static int finish(const struct record_arguments *arguments, const struct recorder_target *target,
                  const struct recorder_report *report, bool good, const struct error *error)
{
    end_progress(arguments);
    if (good && report->epochs == 0)
        return message_failed("record",
                              "%s holds no epoch: the process ended before the first --interval "
                              "was over",
                              arguments->output);
    if (report->epochs > 0)
        print_report(arguments->output, target, report);
    return good ? STATUS_DONE : message_failed("record", "%s", error->text);
}

static int record(const struct record_arguments *arguments, struct recorder_target *target)
{
    struct recorder_report report;
    struct error error;
    bool good = recorder_run(target, &arguments->options, arguments->output, arguments->signals,
                             &report, &error);
    recorder_target_release(target);
    return finish(arguments, target, &report, good, &error);
}

static bool all_digits(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == 0;
}

static bool open_guest(struct recorder_guest *guest, const char *text, struct error *error)
{
    uint64_t pid;
    if (!all_digits(text))
        return recorder_guest_open(guest, text, error);
    if (!units_parse_integer(text, &pid, error) || pid == 0 || pid > INT32_MAX)
        return error_set(error, "'%s' is no process number", text);
    return recorder_guest_open_process(guest, (pid_t)pid, error);
}

static int record_qemu(const struct record_arguments *arguments, const char *text)
{
    struct recorder_guest guest;
    struct recorder_report report;
    struct recorder_qmp *qmp = NULL;
    struct error error;
    if (arguments->for_processes)
        return message_usage("record", "--%s is not for 'qemu'", arguments->for_processes);
    if (arguments->options.pause && !arguments->qmp)
        return message_usage("record", "--pause on needs --qmp SOCKET");
    if (!open_guest(&guest, text, &error))
        return message_failed("record", "%s", error.text);
    if (arguments->options.pause && !(qmp = recorder_qmp_open(arguments->qmp, &error))) {
        recorder_guest_close(&guest);
        return message_failed("record", "%s", error.text);
    }
    bool good = recorder_qemu_run(&guest, qmp, &arguments->options, arguments->output,
                                  arguments->signals, &report, &error);
    int status = finish(arguments, &guest.qemu, &report, good, &error);
    recorder_qmp_close(qmp);
    recorder_guest_close(&guest);
    return status;
}

static int record_process(const struct record_arguments *arguments, const char *text)
{
    struct recorder_target target;
    struct error error;
    uint64_t pid;
    if (!units_parse_integer(text, &pid, &error) || pid == 0 || pid > INT32_MAX)
        return message_usage("record", "'%s' is no process number", text);
    if ((pid_t)pid == getpid())
        return message_usage("record", "%s is this program itself", text);
    if (!recorder_target_attach(&target, (pid_t)pid, &error))
        return message_failed("record", "%s", error.text);
    return record(arguments, &target);
}

static int record_command(const struct record_arguments *arguments, char **argv)
{
    struct recorder_target target;
    struct error error;
    if (!recorder_target_start(&target, argv, &error))
        return message_failed("record", "%s", error.text);
    return record(arguments, &target);
}

int cmd_record(int argc, char **argv)
{
    struct record_arguments arguments = {0};
    int rest;
    option_set_defaults(recorder_options_table, &arguments.options);
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &arguments, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (!arguments.output)
        return message_usage("record", "where to? -o FILE.mgt");
    bool is_qemu = argc - rest == 2 && !strcmp(argv[rest], "qemu");
    if (arguments.qmp && !is_qemu)
        return message_usage("record", "--qmp is for 'qemu'");
    arguments.signals = open_signals();
    if (isatty(STDERR_FILENO))
        arguments.options.progress = show_progress;
    if (rest < argc && !strcmp(argv[rest - 1], "--"))
        return record_command(&arguments, argv + rest);
    if (argc - rest == 2 && !strcmp(argv[rest], "process"))
        return record_process(&arguments, argv[rest + 1]);
    if (is_qemu)
        return record_qemu(&arguments, argv[rest + 1]);
    return message_usage("record", "what? 'process PID', 'qemu PID', 'qemu MEMORY-FILE', or '--' "
                                   "and a command");
}
