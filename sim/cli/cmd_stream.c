/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "base/units.h"
#include "results/json.h"
#include "results/text.h"
#include "sim/cli/cli.h"
#include "sim/stream.h"
#include "sim/stream_image.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON, V5, MEMORY, OFFSET, BLOCK, IMAGE };
static const struct argument TABLE[] = {
    {"json", 0, NULL, "print JSON"},
    {"v5", 0, NULL, "deltas are those of the v5 patches (technique xbrle)"},
    {"memory", 0, "IMAGE", "verify: compare a RAM block with this raw image of memory"},
    {"offset", 0, "SIZE",
     "verify: the image is a part of the block, which begins\n"
     "SIZE from the block's start; without, it is all of it"},
    {"block", 0, "NAME", "verify: the RAM block that is meant (default: pc.ram)"},
    {"image", 0, "OUT", "verify: write the block as a raw image"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "stream",
    .usage = "dump|verify [OPTION...] FILE [OTHER]",
    .description =
        "Reads a migration stream: of 'migsim run --stream', or of QEMU's migrate \"exec:cat "
        ">FILE\".\n\n"
        "  dump    what the records are, section by section and in all, and the sums that QEMU's\n"
        "          query-migrate shows\n"
        "  verify  rebuilds the memory page by page, and compares it with an image of the stopped\n"
        "          source (QMP: pmemsave), or with the memory of a second stream. Exit status: 0\n"
        "          equal, or nothing to compare with; 1 different, damaged or cut short.",
    .example = "migsim run --stream cover.stream workloads/scenarios/cover-letter.ini\n"
               "migsim stream dump cover.stream\n"
               "migsim stream verify --memory guest.raw qemu.stream",
    .table = TABLE,
};

struct stream_arguments {
    const char *memory, *block, *image;
    uint64_t offset;
    bool json, part;
    enum stream_dialect dialect;
};

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

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        must_alloc(SIZE_MAX, 1, "JSON");
}

static void put_count(json_t *object, const char *key, uint64_t value)
{
    put(object, key, json_integer((json_int_t)value));
}

static void put_text(json_t *object, const char *key, const char *text)
{
    char *clean = text_utf8(text);
    put(object, key, json_string(clean));
    free(clean);
}

/* ---- dump: sections are printed as they end, so that memory does not grow with the stream */

struct dump {
    bool json;
    uint64_t sections;
    json_t *blocks;
    uint64_t ram_total, part_bytes, end_bytes; /* the last two as in `transferred` of 7.2 */
};

static bool dump_block(void *context, const char *name, uint64_t bytes, struct error *error)
{
    (void)error;
    struct dump *dump = context;
    json_t *block = json_object();
    put_text(block, "name", name);
    put_count(block, "bytes", bytes);
    if (json_array_append_new(dump->blocks, block) != 0)
        must_alloc(SIZE_MAX, 1, "JSON");
    dump->ram_total += bytes;
    return true;
}

static bool no_page(void *context, unsigned block, uint64_t page, const uint8_t *bytes,
                    struct error *error)
{
    (void)context, (void)block, (void)page, (void)bytes, (void)error;
    return true;
}

static bool no_zero(void *context, unsigned block, uint64_t page, uint8_t value,
                    struct error *error)
{
    (void)context, (void)block, (void)page, (void)value, (void)error;
    return true;
}

static bool no_delta(void *context, unsigned block, uint64_t page, const uint8_t *delta,
                     size_t size, struct error *error)
{
    (void)context, (void)block, (void)page, (void)delta, (void)size, (void)error;
    return true;
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
    put_text(o, "file", file);
    put_text(o, "machine", stream_reader_machine(reader));
    put(o, "complete", json_boolean(!*damage));
    put_text(o, "error", damage);
    put(o, "blocks", json_incref(dump->blocks));
    put_count(ram, "total", dump->ram_total);
    put_count(ram, "transferred", transferred(&tally.bytes));
    put_count(ram, "normal", tally.normal);
    put_count(ram, "normal-bytes", tally.normal * PAGE_SIZE);
    put_count(ram, "duplicate", tally.duplicate);
    put_count(ram, "page-size", PAGE_SIZE);
    put_count(ram, "precopy-bytes", dump->part_bytes);
    put_count(ram, "downtime-bytes", dump->end_bytes);
    put(o, "ram", ram);
    put_count(cache, "records", tally.delta);
    put_count(cache, "bytes", xbzrle_bytes(&tally));
    put(o, "xbzrle-cache", cache);
    for (size_t i = 0; i < KIND_COUNT; i++)
        put_count(kinds, KINDS[i].name, kind_bytes(&tally.bytes, &KINDS[i]));
    put_count(kinds, "total", record_stream_total(&tally.bytes));
    put(o, "stream", kinds);
    char *text = json_text(o);
    printf("\n  ],%s", text + 1);
    free(text);
}

static int dump(const struct stream_arguments *arguments, const char *file)
{
    struct error error = {.text = ""};
    struct dump dump = {.json = arguments->json, .blocks = json_array()};
    struct stream_events events = {dump_block, no_zero, no_page, no_delta, &dump};
    struct stream_reader *reader = stream_reader_create(&events, arguments->dialect);
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

/* ---- verify */

/* One comparison, for people or as an object in `list`. True if equal. */
static bool report(const struct stream_arguments *arguments, json_t *list, const char *block,
                   const char *with, const struct stream_difference *d)
{
    if (arguments->json) {
        json_t *object = json_object();
        put_text(object, "block", block);
        put_text(object, "with", with);
        put_count(object, "pages", d->compared);
        put_count(object, "different-pages", d->count);
        put(object, "first-page", d->count ? json_integer((json_int_t)d->first_page) : json_null());
        put(object, "first-offset",
            d->count ? json_integer((json_int_t)(d->first_page * PAGE_SIZE + d->first_byte))
                     : json_null());
        if (json_array_append_new(list, object) != 0)
            must_alloc(SIZE_MAX, 1, "JSON");
        return !d->count;
    }
    char *name = text_printable(block), *other = text_printable(with);
    printf("%s and %s: ", name, other);
    if (d->count)
        printf("%" PRIu64 " of %" PRIu64 " pages differ; the first is page %" PRIu64 ", at byte %u "
               "of it (0x%" PRIx64 " of the block): 0x%02x, and there 0x%02x\n",
               d->count, d->compared, d->first_page, d->first_byte,
               d->first_page * PAGE_SIZE + d->first_byte, d->here, d->there);
    else
        printf("equal, %" PRIu64 " pages\n", d->compared);
    free(name);
    free(other);
    return !d->count;
}

/* Compares all blocks, or the one that was named. Sets *ret_equal; false if they do not match. */
static bool compare_streams(const struct stream_arguments *arguments,
                            const struct stream_image *image, const char *file, json_t *list,
                            bool *ret_equal, struct error *error)
{
    struct stream_image *other = stream_image_read(file, arguments->dialect, error);
    bool ok = other != NULL;
    if (ok && !arguments->block && other->block_count != image->block_count)
        ok = error_set(error, "%s: %u RAM blocks, and there are %u in the first stream", file,
                       other->block_count, image->block_count);
    for (unsigned i = 0; ok && i < image->block_count; i++) {
        const struct stream_image_block *block = &image->blocks[i], *there;
        struct stream_difference difference;
        if (arguments->block && strcmp(arguments->block, block->name) != 0)
            continue;
        there = stream_image_find(other, block->name);
        if (!there || there->pages != block->pages) {
            ok = error_set(error, "%s: no RAM block '%.60s' of %" PRIu64 " pages in it", file,
                           block->name, block->pages);
            break;
        }
        stream_image_compare_block(block, there, &difference);
        if (!report(arguments, list, block->name, file, &difference))
            *ret_equal = false;
    }
    stream_image_destroy(other);
    return ok;
}

static char *block_names(const struct stream_image *image)
{
    size_t size;
    char *text, *clean;
    FILE *out = text_stream(&text, &size);
    for (unsigned i = 0; i < image->block_count; i++)
        fprintf(out, "%s%s", i ? ", " : "", image->blocks[i].name);
    fclose(out);
    clean = text_printable(text);
    free(text);
    return clean;
}

static void print_verified(const struct stream_arguments *arguments, const char *file,
                           const struct stream_image *image, json_t *list, bool equal)
{
    if (!arguments->json) {
        char *name = text_printable(file);
        printf("%s: whole: %u RAM blocks, %" PRIu64 " pages, %" PRIu64 " of them written\n"
               "%" PRIu64 " deltas, %" PRIu64 " of them byte for byte what our encoder writes\n",
               name, image->block_count, image->total_pages, image->stored_pages, image->deltas,
               image->same_deltas);
        free(name);
        return;
    }
    json_t *o = json_object();
    put_count(o, "schema_version", JSON_SCHEMA_VERSION);
    put_text(o, "file", file);
    put_count(o, "pages", image->total_pages);
    put_count(o, "written-pages", image->stored_pages);
    put_count(o, "deltas", image->deltas);
    put_count(o, "same-deltas", image->same_deltas);
    put(o, "comparisons", json_incref(list));
    put(o, "equal", json_boolean(equal));
    char *text = json_text(o);
    fputs(text, stdout);
    free(text);
}

/* All that is asked of the rebuilt memory. Returns the exit status. */
static int check_image(const struct stream_arguments *arguments, const char *file,
                       const struct stream_image *image, const char *other, json_t *list)
{
    struct error error;
    struct stream_difference difference;
    const char *name = arguments->block ? arguments->block : "pc.ram";
    const struct stream_image_block *block = stream_image_find(image, name);
    if (!block && (arguments->memory || arguments->image || arguments->block)) {
        char *names = block_names(image);
        int status =
            message_wrong("stream", "%s: no RAM block '%s' in it; --block NAME takes one of: %s",
                          file, name, names);
        free(names);
        return status;
    }
    bool ok = true, equal = true;
    if (!arguments->json)
        print_verified(arguments, file, image, list, equal);
    if (arguments->image)
        ok = stream_image_write(block, arguments->image, &error);
    if (ok && arguments->memory) {
        ok = stream_image_compare_file(block, arguments->memory, arguments->offset, arguments->part,
                                       &difference, &error);
        equal = ok && report(arguments, list, name, arguments->memory, &difference);
    }
    if (ok && other)
        ok = compare_streams(arguments, image, other, list, &equal, &error);
    if (ok && arguments->json)
        print_verified(arguments, file, image, list, equal);
    if (!ok)
        return message_failed("stream", "%s", error.text);
    return equal ? STATUS_DONE : STATUS_FAILED;
}

static int verify(const struct stream_arguments *arguments, const char *file, const char *other)
{
    struct error error;
    struct stream_image *image = stream_image_read(file, arguments->dialect, &error);
    if (!image)
        return message_failed("stream", "%s", error.text);
    json_t *list = json_array();
    int status = check_image(arguments, file, image, other, list);
    json_decref(list);
    stream_image_destroy(image);
    bool printed = cli_print("stream", must_copy("", "a text"));
    return printed ? status : STATUS_FAILED;
}

static bool take(void *context, size_t index, const char *value)
{
    struct stream_arguments *arguments = context;
    struct error error;
    switch (index) {
    case JSON:
        arguments->json = true;
        break;
    case V5:
        arguments->dialect = DIALECT_V5;
        break;
    case MEMORY:
        arguments->memory = value;
        break;
    case BLOCK:
        arguments->block = value;
        break;
    case IMAGE:
        arguments->image = value;
        break;
    default:
        arguments->part = true;
        if (units_parse_size(value, &arguments->offset, &error))
            break;
        message_usage("stream", "--offset: %s", error.text);
        return false;
    }
    return true;
}

int cmd_stream(int argc, char **argv)
{
    static const char *const actions[] = {"dump", "verify", NULL};
    struct stream_arguments arguments = {.dialect = DIALECT_QEMU};
    int rest;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &arguments, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    const char *action = rest < argc ? argv[rest] : "";
    bool verifies = !strcmp(action, "verify");
    if (!verifies && strcmp(action, "dump") != 0) {
        const char *nearest = option_nearest(action, actions);
        return message_usage("stream", "no action '%s'%s%s%s", action,
                             nearest ? ": did you mean " : ": dump or verify",
                             nearest ? nearest : "", nearest ? "?" : "");
    }
    int files = argc - rest - 1;
    if (files < 1 || files > (verifies ? 2 : 1))
        return message_usage("stream", "%s wants %s", action,
                             verifies ? "a stream, or two" : "one stream");
    if (!verifies && (arguments.memory || arguments.block || arguments.image || arguments.part))
        return message_usage("stream", "--memory, --offset, --block and --image go with verify");
    if (arguments.part && !arguments.memory)
        return message_usage("stream", "--offset goes with --memory");
    if (!verifies)
        return dump(&arguments, argv[rest + 1]);
    return verify(&arguments, argv[rest + 1], files == 2 ? argv[rest + 2] : NULL);
}
