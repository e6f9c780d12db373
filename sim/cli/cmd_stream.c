/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "base/units.h"
#include "results/json.h"
#include "results/text.h"
#include "sim/cli/cli.h"
#include "sim/cli/put_json.h"
#include "sim/cli/stream_dump.h"
#include "sim/stream_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON, RECORDS, V5, MEMORY, OFFSET, BLOCK, IMAGE };
static const struct argument TABLE[] = {
    {"json", 0, NULL, "print JSON"},
    {"records", 0, NULL, "dump: every page record as well: its kind, page, bytes, block"},
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
    bool json, records, part;
    enum stream_dialect dialect;
};

/* One comparison, for people or as an object in `list`. True if equal. */
static bool report(const struct stream_arguments *arguments, json_t *list, const char *block,
                   const char *with, const struct stream_difference *d)
{
    if (arguments->json) {
        json_t *object = json_object();
        put_json_text(object, "block", block);
        put_json_text(object, "with", with);
        put_json_count(object, "pages", d->compared);
        put_json_count(object, "different-pages", d->count);
        put_json(object, "first-page",
                 d->count ? json_integer((json_int_t)d->first_page) : json_null());
        put_json(object, "first-offset",
                 d->count ? json_integer((json_int_t)(d->first_page * PAGE_SIZE + d->first_byte))
                          : json_null());
        put_json_element(list, object);
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
               "%" PRIu64 " deltas, %" PRIu64 " of them byte for byte what our encoder writes; of "
               "the whole pages it refuses %" PRIu64 " as too long\n",
               name, image->block_count, image->total_pages, image->stored_pages, image->deltas,
               image->same_deltas, image->unfit_pages);
        free(name);
        return;
    }
    json_t *o = json_object();
    put_json_count(o, "schema_version", JSON_SCHEMA_VERSION);
    put_json_text(o, "file", file);
    put_json_count(o, "pages", image->total_pages);
    put_json_count(o, "written-pages", image->stored_pages);
    put_json_count(o, "deltas", image->deltas);
    put_json_count(o, "same-deltas", image->same_deltas);
    put_json_count(o, "unfit-pages", image->unfit_pages);
    put_json(o, "comparisons", json_incref(list));
    put_json(o, "equal", json_boolean(equal));
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
    case RECORDS:
        arguments->records = true;
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
    if (arguments.records && (verifies || arguments.json))
        return message_usage("stream", "--records goes with dump, and not with --json");
    if (arguments.part && !arguments.memory)
        return message_usage("stream", "--offset goes with --memory");
    if (!verifies)
        return stream_dump(argv[rest + 1], arguments.dialect, arguments.json, arguments.records);
    return verify(&arguments, argv[rest + 1], files == 2 ? argv[rest + 2] : NULL);
}
