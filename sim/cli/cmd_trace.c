/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"
#include "results/json.h"
#include "sim/cli/cli.h"
#include "workloads/trace_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON };
static const struct argument TABLE[] = {
    {"json", 0, NULL, "info: print JSON"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "trace",
    .usage = "info|verify|cat [OPTION...] FILE.mgt",
    .description =
        "Looks at a recorded trace.\n\n"
        "  info    what was recorded, and its figures: how many pages are written in an epoch, "
        "how\n"
        "          much of a page changes, how many different pages there are (working set)\n"
        "  verify  reads every byte and says whether the trace is good, and if not up to where;\n"
        "          exit status 0 or 1. A trace cut short is good up to its last whole block.\n"
        "  cat     a line for each epoch: number, begin and end in ns, pages written, of them\n"
        "          with equal bytes",
    .example = "migsim trace info workloads/traces/sqlite.mgt\n"
               "migsim trace verify workloads/traces/sqlite.mgt",
    .table = TABLE,
};

/* A text that grows. */
struct lines {
    char *text;
    size_t size;
    FILE *file;
};

static void lines_open(struct lines *lines)
{
    lines->file = open_memstream(&lines->text, &lines->size);
    if (!lines->file)
        must_alloc(SIZE_MAX, 1, "a text");
}

static char *lines_close(struct lines *lines)
{
    fclose(lines->file);
    return lines->text;
}

static const char *size_text(uint64_t bytes, char text[static UNITS_TEXT_SIZE])
{
    return units_format_size(bytes, text);
}

static double per_second(double count, int64_t ns)
{
    return ns > 0 ? count * 1e9 / (double)ns : 0;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print_extent(FILE *out, const char *file, const struct trace_extent *extent)
{
    char a[UNITS_TEXT_SIZE];
    fprintf(out, "file            %s, %s", file, size_text(extent->file_bytes, a));
    if (extent->cut)
        fprintf(out, "; cut short: good up to byte %" PRIu64 "%s", extent->good_bytes,
                extent->partial ? ", the last epoch is not whole" : "");
    fprintf(out, "\n");
}

static void print_writes(FILE *out, const struct trace_summary *s)
{
    char a[UNITS_TEXT_SIZE];
    int64_t span = s->extent.end_ns;
    double pages = per_second((double)s->changes, span);
    fprintf(out, "pages written   %" PRIu64 ", %.0f a second (%s/s)\n", s->changes, pages,
            size_text((uint64_t)(pages * PAGE_SIZE), a));
    fprintf(out,
            "  in an epoch   %" PRIu64 " median, %" PRIu64 " p90, %" PRIu64 " most\n"
            "  distinct      %" PRIu32 ", the working set: %s\n",
            s->epoch_pages.median, s->epoch_pages.p90, s->epoch_pages.most, s->working_set_pages,
            size_text((uint64_t)s->working_set_pages * PAGE_SIZE, a));
    if (s->header.has_rewrites)
        fprintf(out, "  same bytes    %" PRIu64 " (%.1f %%)\n", s->rewrites,
                percent(s->rewrites, s->changes));
    fprintf(out, "changed bytes   of 4096 in a page: %" PRIu64 " median, %" PRIu64 " p90\n",
            s->changed_bytes.median, s->changed_bytes.p90);
    fprintf(out,
            "XBZRLE delta    %" PRIu64 " bytes median, %" PRIu64
            " p90; %.1f %% of the pages do not fit one\n",
            s->delta_bytes.median, s->delta_bytes.p90,
            percent(s->whole_pages, s->changes - s->rewrites));
}

static char *summary_text(const char *file, const struct trace_summary *s)
{
    struct lines lines;
    char a[UNITS_TEXT_SIZE], b[UNITS_TEXT_SIZE], c[UNITS_TEXT_SIZE], d[UNITS_TEXT_SIZE];
    lines_open(&lines);
    FILE *out = lines.file;
    print_extent(out, file, &s->extent);
    fprintf(out, "recorded        %s\n                %s\n", s->header.command, s->header.comment);
    fprintf(out, "memory          %s, %" PRIu32 " pages\n",
            size_text((uint64_t)s->extent.pages * PAGE_SIZE, a), s->extent.pages);
    if (s->header.has_image)
        fprintf(out, "  at the start  %" PRIu32 " pages, of them zero: %" PRIu32 "\n",
                s->first_pages, s->first_pages - s->extent.image_pages);
    else
        fprintf(out, "  at the start  not recorded\n");
    fprintf(out, "epochs          %" PRIu64 " in %s\n", s->extent.epochs,
            units_format_time(s->extent.end_ns, a));
    fprintf(out, "  interval      %s wanted; %s least, %s median, %s most\n",
            units_format_time(s->header.interval_ns, a),
            units_format_time((int64_t)s->span_ns.least, b),
            units_format_time((int64_t)s->span_ns.median, c),
            units_format_time((int64_t)s->span_ns.most, d));
    print_writes(out, s);
    fprintf(out, "digest          %016" PRIx64 "\n", s->extent.digest);
    return lines_close(&lines);
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        must_alloc(SIZE_MAX, 1, "JSON");
}

static void put_count(json_t *object, const char *key, uint64_t value)
{
    put(object, key, json_integer((json_int_t)value));
}

static void put_spread(json_t *object, const char *key, const struct trace_spread *spread)
{
    json_t *value = json_object();
    put_count(value, "least", spread->least);
    put_count(value, "median", spread->median);
    put_count(value, "p90", spread->p90);
    put_count(value, "most", spread->most);
    put(object, key, value);
}

static char *summary_json(const char *file, const struct trace_summary *s)
{
    char digest[17];
    json_t *o = json_object();
    snprintf(digest, sizeof digest, "%016" PRIx64, s->extent.digest);
    put_count(o, "schema_version", JSON_SCHEMA_VERSION);
    put(o, "file", json_string(file));
    put(o, "command", json_string(s->header.command));
    put(o, "comment", json_string(s->header.comment));
    put_count(o, "file-bytes", s->extent.file_bytes);
    put_count(o, "good-bytes", s->extent.good_bytes);
    put(o, "cut", json_boolean(s->extent.cut));
    put(o, "digest", json_string(digest));
    put_count(o, "pages", s->extent.pages);
    put_count(o, "page-size", PAGE_SIZE);
    put(o, "image", json_boolean(s->header.has_image));
    put_count(o, "start-pages", s->first_pages);
    put_count(o, "start-zero-pages",
              s->header.has_image ? s->first_pages - s->extent.image_pages : 0);
    put_count(o, "epochs", s->extent.epochs);
    put_count(o, "span-ns", (uint64_t)s->extent.end_ns);
    put_count(o, "interval-ns", (uint64_t)s->header.interval_ns);
    put_spread(o, "epoch-ns", &s->span_ns);
    put_count(o, "written-pages", s->changes);
    put(o, "written-pages-per-s", json_real(per_second((double)s->changes, s->extent.end_ns)));
    put_spread(o, "epoch-pages", &s->epoch_pages);
    put_count(o, "working-set-pages", s->working_set_pages);
    put(o, "rewrites-known", json_boolean(s->header.has_rewrites));
    put_count(o, "rewritten-pages", s->rewrites);
    put_spread(o, "changed-bytes", &s->changed_bytes);
    put_spread(o, "xbzrle-bytes", &s->delta_bytes);
    put_count(o, "xbzrle-overflow-pages", s->whole_pages);
    return json_text(o);
}

static int info(const char *file, bool json)
{
    struct error error;
    struct trace_summary *summary = must_alloc(1, sizeof *summary, "the summary of a trace");
    int status = STATUS_FAILED;
    if (trace_summarise(file, summary, &error)) {
        char *text = json ? summary_json(file, summary) : summary_text(file, summary);
        status = cli_print("trace", text) ? STATUS_DONE : STATUS_FAILED;
    } else {
        message_failed("trace", "%s", error.text);
    }
    free(summary);
    return status;
}

/* The verdict goes to stdout, as it is what was asked for; what is wrong with the file to stderr.
 */
static int verify(const char *file)
{
    struct error error;
    struct trace_extent extent;
    struct lines lines;
    char a[UNITS_TEXT_SIZE];
    bool good = trace_verify(file, NULL, &extent, &error);
    lines_open(&lines);
    if (extent.file_bytes > 0)
        fprintf(lines.file, "%s: %s: %" PRIu64 " epochs, %s, %" PRIu64 " of %" PRIu64 " bytes\n",
                file,
                !good        ? "damaged, good up to"
                : extent.cut ? "cut short, good up to"
                             : "good",
                extent.epochs, units_format_time(extent.end_ns, a), extent.good_bytes,
                extent.file_bytes);
    if (!cli_print("trace", lines_close(&lines)))
        return STATUS_FAILED;
    return good ? STATUS_DONE : message_failed("trace", "%s", error.text);
}

static int cat(const char *file)
{
    struct error error;
    struct trace_item item;
    enum trace_step step;
    uint64_t changes = 0, rewrites = 0;
    struct trace_reader *reader = trace_reader_open(file, &error);
    if (!reader)
        return message_failed("trace", "%s", error.text);
    do {
        step = trace_reader_next(reader, &item, &error);
        if (step == TRACE_STEP_CHANGE) {
            changes++;
            rewrites += item.change.form == TRACE_REWRITTEN;
        } else if (step == TRACE_STEP_EPOCH_END) {
            printf("%" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 "\n",
                   item.epoch.number, item.epoch.begin_ns, item.epoch.end_ns, changes, rewrites);
            changes = rewrites = 0;
        }
    } while (step != TRACE_STEP_END && step != TRACE_STEP_DAMAGED && !ferror(stdout));
    trace_reader_close(reader);
    if (step == TRACE_STEP_DAMAGED)
        return message_failed("trace", "%s", error.text);
    return cli_print("trace", must_copy("", "a text")) ? STATUS_DONE : STATUS_FAILED;
}

static bool take(void *context, size_t index, const char *value)
{
    (void)value;
    *(bool *)context = index == JSON;
    return true;
}

int cmd_trace(int argc, char **argv)
{
    static const char *const actions[] = {"info", "verify", "cat", NULL};
    bool json = false;
    int rest;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &json, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    const char *action = rest < argc ? argv[rest] : "";
    size_t i = 0;
    while (actions[i] && strcmp(action, actions[i]) != 0)
        i++;
    if (!actions[i]) {
        const char *nearest = option_nearest(action, actions);
        return message_usage("trace", "no action '%s'%s%s%s", action,
                             nearest ? ": did you mean " : ": info, verify or cat",
                             nearest ? nearest : "", nearest ? "?" : "");
    }
    if (argc - rest != 2)
        return message_usage("trace", "%s wants one trace file", action);
    if (json && i != 0)
        return message_usage("trace", "--json goes with info");
    const char *file = argv[rest + 1];
    return i == 0 ? info(file, json) : i == 1 ? verify(file) : cat(file);
}
