/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STREAM_READER_H
#define SIM_STREAM_READER_H

#include "base/error.h"
#include "results/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes a migration stream apart, in pieces of any size. What comes in is hostile: every length is
 * checked before it is used, an unknown flag or section is an error that names the stream's offset.
 * It reads the RAM part; at the first device section it stops (stream_reader_ended), since their
 * contents have no frame that could be followed without knowing the device.
 */
struct stream_events {
    /* A RAM block is announced; blocks are numbered from 0 in the order of their coming. */
    bool (*block)(void *context, const char *name, uint64_t bytes, struct error *error);
    /* Page records; `page` counts from the block's first page and lies within it. */
    bool (*zero)(void *context, unsigned block, uint64_t page, uint8_t value, struct error *error);
    bool (*page)(void *context, unsigned block, uint64_t page, const uint8_t *bytes,
                 struct error *error);
    bool (*delta)(void *context, unsigned block, uint64_t page, const uint8_t *delta, size_t size,
                  struct error *error);
    void *context;
};

/* What a record with the XBZRLE flag holds: QEMU's delta, or the pairs of the v5 patches. */
enum stream_dialect { DIALECT_QEMU, DIALECT_V5 };

/* What came, or came in one section: whole records only. `device` is all that follows RAM. */
struct stream_tally {
    uint64_t normal, duplicate, delta; /* page records */
    struct record_stream_bytes bytes;
};

/* A section of RAM that is over; `offset` is where it began in the stream. */
struct stream_section {
    uint8_t type; /* SECTION_START, SECTION_PART or SECTION_END */
    uint64_t offset;
    struct stream_tally tally;
};

struct stream_reader;

/* `events` is copied, its context borrowed. Owned by the caller, to stream_reader_destroy. */
struct stream_reader *stream_reader_create(const struct stream_events *events,
                                           enum stream_dialect dialect);
void stream_reader_destroy(struct stream_reader *reader); /* NULL is fine */

/* From now on `section` is called with each section of RAM when it is over. */
void stream_reader_watch(struct stream_reader *reader,
                         void (*section)(void *context, const struct stream_section *section),
                         void *context);

/* Takes the next piece. False if the stream is malformed or an event refused it. */
bool stream_reader_feed(struct stream_reader *reader, const uint8_t *bytes, size_t size,
                        struct error *error);

/* Feeds a whole file. False too if it cannot be read, or ends before all RAM has come. */
bool stream_reader_feed_file(struct stream_reader *reader, const char *path, struct error *error);

/* All RAM has come: the END section was complete. */
bool stream_reader_ended(const struct stream_reader *reader);

/* All that has come so far. */
struct stream_tally stream_reader_tally(const struct stream_reader *reader);
/* The machine's name in the configuration section; "" without one. Foreign text, borrowed. */
const char *stream_reader_machine(const struct stream_reader *reader);

#endif
