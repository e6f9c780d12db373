/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "base/bytes.h"
#include "base/random.h"
#include "workloads/fresh_content.h"
#include "workloads/kinds.h"
#include "workloads/ring.h"
#include "workloads/visitor.h"

#include <stdlib.h>

/*
 * Records one behind another, from the beginning again when the region is full. With `head`, the
 * first page holds what such a buffer keeps there, and every append writes it:
 *
 *     | page 0: bytes so far, records so far (8 bytes each) | page 1 ... the records |
 */
#define BYTES_PER_S_MAX (1ull << 40) /* of any memory; days of it fit 64 bits */

struct append_options {
    struct workload_region region;
    uint64_t rate, record;
    unsigned value;
    bool head;
};

static const struct option APPEND_OPTIONS[] = {
    {"rate", OPTION_COUNT, offsetof(struct append_options, rate), "10k",
     .help = "records a second of guest time", .min = 1, .max = 1000000000},
    {"record", OPTION_SIZE, offsetof(struct append_options, record), "256B",
     .help = "bytes of a record", .min = 1, .max = 1 << 30},
    {"value", OPTION_WORD, offsetof(struct append_options, value), "text",
     .help = "what is in the records", .words = fresh_names},
    {"head", OPTION_SWITCH, offsetof(struct append_options, head), "on",
     .help = "every append counts up two words in the region's first page"},
    {0},
};

struct workload {
    const struct append_options *options;
    struct page_store *memory;
    struct ring ring;
    uint64_t head_page, touched; /* records at the last touch */
};

static bool append_check(void *options, struct error *error)
{
    const struct append_options *o = options;
    if (o->region.bytes < 2 * PAGE_SIZE && o->head)
        return error_set(error, "a region of one page has no room for records beside the head");
    if (o->record > BYTES_PER_S_MAX / o->rate)
        return error_set(error, "rate times record is more than 1 TiB a second");
    return true;
}

static struct workload *append_create(const void *options, const struct workload_env *env,
                                      struct error *error)
{
    (void)error;
    const struct append_options *o = options;
    struct workload *workload = must_alloc(1, sizeof *workload, "a workload");
    workload->options = o;
    workload->memory = env->memory;
    workload->head_page = env->first_page;
    ring_init(&workload->ring, env->first_page + o->head, o->region.bytes / PAGE_SIZE - o->head,
              random_derive(env->seed, env->label), o->value);
    return workload;
}

static void append_touch(struct workload *workload, int64_t guest_time, uint64_t *dirty)
{
    const struct append_options *o = workload->options;
    uint64_t records = visitor_events(o->rate, guest_time);
    ring_touch(&workload->ring, records * o->record, dirty);
    if (o->head && records > workload->touched)
        bitmap_set(dirty, workload->head_page);
    workload->touched = records;
}

static void append_materialise(struct workload *workload, uint64_t page_no, int64_t guest_time)
{
    const struct append_options *o = workload->options;
    uint64_t records = visitor_events(o->rate, guest_time);
    if (!o->head || page_no != workload->head_page) {
        ring_materialise(&workload->ring, records * o->record, page_no, workload->memory);
    } else if (records > 0) {
        uint8_t *bytes = page_store_write(workload->memory, page_no);
        bytes_put_le64(bytes, records * o->record);
        bytes_put_le64(bytes + 8, records);
    }
}

static void append_destroy(struct workload *workload)
{
    ring_release(&workload->ring);
    free(workload);
}

const struct workload_ops workload_append = {
    .name = "append",
    .help = "appends records in order, round and round: logs, journals, network and audio buffers",
    .options = APPEND_OPTIONS,
    .options_size = sizeof(struct append_options),
    .check = append_check,
    .create = append_create,
    .touch = append_touch,
    .materialise = append_materialise,
    .destroy = append_destroy,
};
