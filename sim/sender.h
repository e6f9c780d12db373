/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SENDER_H
#define SIM_SENDER_H

#include "cache/page_cache.h"
#include "results/record.h"
#include "sim/dirty_log.h"
#include "sim/guest.h"
#include "sim/scenario.h"
#include "sim/stream.h"
#include "sim/stream_reader.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The RAM side of the source: takes page after page from the dirty log, decides what it is sent as
 * and puts the record into the stream (migration/ram.c: ram_save_target_page; QEMU.md 4.3, 5.2).
 *
 *     dirty log ──page──> zero? ──yes──> zero record
 *                           │no
 *                           v
 *                        delta technique (none before it has started) ──> whole page, delta,
 * nothing
 */
struct sender {
    const struct scenario *scenario;
    struct guest *guest;
    struct stream *stream;
    struct dirty_log *dirty;
    struct page_cache *cache;                /* NULL if no delta technique is on */
    const struct delta_technique *technique; /* NULL: none */
    bool wrapped;                            /* the scan has passed the end of memory once */
    bool last_stage; /* the guest is stopped: the rest, and the cache is not written any more */
    struct record_counters counters; /* but for `transferred`: see sender_counters */
    uint64_t pages_put; /* as QEMU's section loops count them: zero, whole and delta records */
    struct record_cost cost;
    uint8_t scratch[PAGE_SIZE], delta[PAGE_SIZE];
};

/* One page in hand. */
struct page_in_hand {
    uint64_t page_no;
    unsigned block;
    uint64_t page; /* counted from the block's first */
    const uint8_t *bytes;
};

/*
 * How a page that is not zero goes out while a delta technique is on; one file each. The functions
 * put at most one record, count, and return the CPU time spent in ns.
 */
struct delta_technique {
    const char *name;
    enum stream_dialect dialect;
    bool any_byte_is_zero; /* pages of any single byte go as "zero" records (before QEMU 1.5) */
    bool from_the_start;   /* else only after the scan has wrapped */
    /* *ret_sent is false if nothing had to be sent. */
    int64_t (*send)(struct sender *sender, const struct page_in_hand *page, bool *ret_sent);
    /* After a zero record went out. */
    int64_t (*sent_zero)(struct sender *sender, const struct page_in_hand *page);
};
extern const struct delta_technique technique_xbzrle, technique_xbrle;

/* For techniques: the page as a whole, `bytes` being its own or the cache's copy. */
int64_t sender_put_whole(struct sender *sender, const struct page_in_hand *page,
                         const uint8_t *bytes, bool by_reference);

/* Everything is borrowed. False if the cache cannot be had. */
bool sender_init(struct sender *sender, const struct scenario *scenario, struct guest *guest,
                 struct stream *stream, struct error *error);
void sender_release(struct sender *sender);

/* Synchronises the dirty log at `now`. Returns the pages newly found dirty (none at the first). */
uint64_t sender_sync(struct sender *sender, sim_time now);
uint64_t sender_remaining_bytes(const struct sender *sender);

enum sender_step { SENDER_SENT, SENDER_UNCHANGED, SENDER_EMPTY };
/* Sends the next page, if one waits; *now goes on by the CPU time. The stream may be full then. */
enum sender_step sender_step(struct sender *sender, sim_time *now);

struct record_counters sender_counters(const struct sender *sender);

/* A new cache size in flight, as the scenario says what that does. False: no memory; as before. */
bool sender_resize_cache(struct sender *sender, uint64_t bytes);

#endif
