/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/stream_dump.h"

#include "base/units.h"
#include "results/json.h"
#include "results/text.h"
#include "sim/cli/cli.h"
#include "sim/cli/put_json.h"
#include "sim/stream.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the bytes are for, under the names of 'migsim run --json'. */
static const struct kind {
    const char *name, *what;
    size_t offset;
} KINDS[] = {
#define KIND(name, member, what)                                                                   \
    {                                                                                              \
        name, what, offsetof(struct record_stream_bytes, member)                                   \
    }
    KIND("file-header", file_header, "magic, version, configuration, commands"),
    KIND("setup", setup, "RAM START section: the list of blocks"),
    KIND("framing", framing, "begin and end of the sections, but for part-eos"),
    KIND("zero", zero, "zero pages"),
    KIND("normal", normal, "whole pages"),
    KIND("delta", delta, "XBZRLE pages"),
    KIND("name", name, "names of RAM blocks in page records"),
    KIND("part-eos", part_eos, "end marks of PART sections"),
    KIND("device", device, "devices' state and description"),
#undef KIND
};
#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

static uint64_t kind_bytes(const struct record_stream_bytes *bytes, const struct kind *kind)
{
    return *(const uint64_t *)(const void *)((const char *)bytes + kind->offset);
}

/* Sections and records are printed as they come: memory does not grow with the stream. */
struct dump {
    bool json, records;
    uint64_t sections;
    json_t *blocks;
    uint64_t ram_total, part_bytes, end_bytes; /* the last two as in `transferred` of 7.2 */
};

static bool dump_block(void *context, const char *name, uint64_t bytes, struct error *error)
{
    (void)error;
    struct dump *dump = context;
    json_t *block = json_object();
    put_json_text(block, "name", name);
    put_json_count(block, "bytes", bytes);
    put_json_element(dump->blocks, block);
    dump->ram_total += bytes;
    return true;
}

static bool dump_record(const struct dump *dump, const char *kind, unsigned block, uint64_t page,
                        size_t bytes)
{
    if (!dump->records)
        return true;
    const json_t *at = json_array_get(dump->blocks, block);
    char *name = text_printable(json_string_value(json_object_get(at, "name")));
    printf("%14s  %-7s  %12" PRIu64 "  %9zu  %s\n", "", kind, page, bytes, name);
    free(name);
    return true;
}

static bool dump_page(void *context, unsigned block, uint64_t page, const uint8_t *bytes,
                      struct error *error)
{
    (void)bytes, (void)error;
    return dump_record(context, "normal", block, page, PAGE_SIZE);
}

static bool dump_zero(void *context, unsigned block, uint64_t page, uint8_t value,
                      struct error *error)
{
    (void)value, (void)error;
    return dump_record(context, "zero", block, page, 1);
}

static bool dump_delta(void *context, unsigned block, uint64_t page, const uint8_t *delta,
                       size_t size, struct error *error)
{
    (void)delta, (void)error;
    return dump_record(context, "xbzrle", block, page, size);
}

/* What query-migrate of QEMU 7.2 calls `transferred`. */
static uint64_t transferred(const struct record_stream_bytes *bytes)
{
    return bytes->zero + bytes->normal + bytes->delta + bytes->name + bytes->part_eos;
}

/* xbzrle-cache.bytes: without the 8 bytes in front of each record. */
static uint64_t xbzrle_bytes(const struct stream_tally *tally)
{
    return tally->bytes.delta - 8 * tally->delta;
}

static void dump_section(void *context, const struct stream_section *section)
{
    struct dump *dump = context;
    const struct stream_tally *tally = &section->tally;
    const char *type = section->type == SECTION_START  ? "start"
                       : section->type == SECTION_PART ? "part"
                                                       : "end";
    *(section->type == SECTION_END ? &dump->end_bytes : &dump->part_bytes) +=
        transferred(&tally->bytes);
    if (dump->json)
        printf("%s\n    {\"offset\": %" PRIu64 ", \"section\": \"%s\", \"bytes\": %" PRIu64
               ", \"normal\": %" PRIu64 ", \"duplicate\": %" PRIu64 ", \"xbzrle\": %" PRIu64
               ", \"xbzrle-bytes\": %" PRIu64 "}",
               dump->sections ? "," : "", section->offset, type, record_stream_total(&tally->bytes),
               tally->normal, tally->duplicate, tally->delta, xbzrle_bytes(tally));
    else
        printf("%14" PRIu64 "  %-7s  %12" PRIu64 "  %9" PRIu64 "  %9" PRIu64 "  %9" PRIu64
               "  %12" PRIu64 "\n",
               section->offset, type, record_stream_total(&tally->bytes), tally->normal,
               tally->duplicate, tally->delta, xbzrle_bytes(tally));
    dump->sections++;
}

static void print_sums(const struct dump *dump, const struct stream_tally *tally)
{
    printf("\nBytes of the stream: %" PRIu64 " in %" PRIu64 " sections of RAM and around them\n",
           record_stream_total(&tally->bytes), dump->sections);
    for (size_t i = 0; i < KIND_COUNT; i++)
        printf("%14" PRIu64 "  %-12s  %s\n", kind_bytes(&tally->bytes, &KINDS[i]), KINDS[i].name,
               KINDS[i].what);
    printf("\nAs query-migrate of QEMU 7.2 counts\n"
           "%14" PRIu64 "  transferred   (%" PRIu64 " precopy-bytes, %" PRIu64 " downtime-bytes)\n"
           "%14" PRIu64 "  normal\n"
           "%14" PRIu64 "  duplicate\n"
           "%14" PRIu64 "  xbzrle bytes  in %" PRIu64
           " records; QEMU adds 4096 for each overflow\n",
           transferred(&tally->bytes), dump->part_bytes, dump->end_bytes, tally->normal,
           tally->duplicate, xbzrle_bytes(tally), tally->delta);
}

static void print_blocks(const struct dump *dump, const char *machine)
{
    size_t i;
    json_t *block;
    char size[UNITS_TEXT_SIZE], *text = text_printable(machine);
    printf("\nMachine %s\n", *text ? text : "(not named)");
    free(text);
    json_array_foreach(dump->blocks, i, block)
    {
        text = text_printable(json_string_value(json_object_get(block, "name")));
        uint64_t bytes = (uint64_t)json_integer_value(json_object_get(block, "bytes"));
        printf("%14s  %s\n", units_format_size(bytes, size), text);
        free(text);
    }
}

/* What follows the sections: without the brace that json_text begins with. */
static void print_json_rest(struct dump *dump, const struct stream_reader *reader, const char *file,
                            const char *damage)
{
    struct stream_tally tally = stream_reader_tally(reader);
    json_t *o = json_object(), *ram = json_object(), *cache = json_object(), *kinds = json_object();
    put_json_text(o, "file", file);
    put_json_text(o, "machine", stream_reader_machine(reader));
    put_json(o, "complete", json_boolean(!*damage));
    put_json_text(o, "error", damage);
    put_json(o, "blocks", json_incref(dump->blocks));
    put_json_count(ram, "total", dump->ram_total);
    put_json_count(ram, "transferred", transferred(&tally.bytes));
    put_json_count(ram, "normal", tally.normal);
    put_json_count(ram, "normal-bytes", tally.normal * PAGE_SIZE);
    put_json_count(ram, "duplicate", tally.duplicate);
    put_json_count(ram, "page-size", PAGE_SIZE);
    put_json_count(ram, "precopy-bytes", dump->part_bytes);
    put_json_count(ram, "downtime-bytes", dump->end_bytes);
    put_json(o, "ram", ram);
    put_json_count(cache, "records", tally.delta);
    put_json_count(cache, "bytes", xbzrle_bytes(&tally));
    put_json(o, "xbzrle-cache", cache);
    for (size_t i = 0; i < KIND_COUNT; i++)
        put_json_count(kinds, KINDS[i].name, kind_bytes(&tally.bytes, &KINDS[i]));
    put_json_count(kinds, "total", record_stream_total(&tally.bytes));
    put_json(o, "stream", kinds);
    char *text = json_text(o);
    printf("\n  ],%s", text + 1);
    free(text);
}

int stream_dump(const char *file, enum stream_dialect dialect, bool json, bool records)
{
    struct error error = {.text = ""};
    struct dump dump = {.json = json, .records = records, .blocks = json_array()};
    struct stream_events events = {dump_block, dump_zero, dump_page, dump_delta, &dump};
    struct stream_reader *reader = stream_reader_create(&events, dialect);
    stream_reader_watch(reader, dump_section, &dump);
    if (dump.json)
        printf("{\n  \"schema_version\": %d,\n  \"sections\": [", JSON_SCHEMA_VERSION);
    else
        printf("%14s  %-7s  %12s  %9s  %9s  %9s  %12s\n", "offset", "section", "bytes", "normal",
               "duplicate", "xbzrle", "xbzrle bytes");
    bool ok = stream_reader_feed_file(reader, file, &error);
    if (dump.json) {
        print_json_rest(&dump, reader, file, error.text);
    } else {
        struct stream_tally tally = stream_reader_tally(reader);
        print_blocks(&dump, stream_reader_machine(reader));
        print_sums(&dump, &tally);
    }
    stream_reader_destroy(reader);
    json_decref(dump.blocks);
    int status = cli_print("stream", must_copy("", "a text")) ? STATUS_DONE : STATUS_FAILED;
    return ok ? status : message_failed("stream", "%s", error.text);
}
