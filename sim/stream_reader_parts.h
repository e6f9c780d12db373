/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STREAM_READER_PARTS_H
#define SIM_STREAM_READER_PARTS_H

/* The inside of stream_reader, shared by stream_reader.c and stream_reader_setup.c alone. */

#include "models/content.h"
#include "sim/stream_reader.h"

#define BLOCKS_MAX     1024u
#define NAME_MAX_BYTES 256u
#define RECORD_MAX     (8 + NAME_MAX_BYTES + 8 + 2 * PAGE_SIZE) /* the longest item, amply */
#define COMMAND_MAX    1024u /* QEMU's longest is a list of 12 ranges to discard */

enum state { AT_FILE, AT_SECTION, AT_CAPABILITY, AT_RECORD, AT_LIST, AT_FOOTER, AT_END };

struct block {
    char name[NAME_MAX_BYTES];
    uint64_t pages;
};

struct stream_reader {
    struct stream_events events;
    enum stream_dialect dialect;
    enum state state;
    uint64_t offset; /* in the stream, of the item in hand */
    uint32_t section_id;
    uint64_t list_bytes; /* of the blocks still to be announced */
    uint32_t capabilities_left;
    bool ignores_shared; /* each block in the list has its address as well */
    char machine[NAME_MAX_BYTES + 1];
    struct block *blocks;
    unsigned block_count, last_block;
    bool any_record, ram_complete;
    struct stream_tally tally;
    uint64_t *kind;    /* in the tally: where the bytes of the item in hand belong, */
    size_t name_bytes; /* but for these, which are a block's name */
    struct stream_section section;
    bool section_over; /* with this item */
    void (*watch)(void *context, const struct stream_section *section);
    void *watch_context;
    uint8_t carry[RECORD_MAX]; /* the begin of an item whose end has not come yet */
    size_t carried;
};

/* A piece of input; every read says first how much it wants. */
struct input {
    const uint8_t *bytes;
    size_t left;
    bool short_of; /* more was wanted than is there */
};

/* The next `size` bytes; NULL, from then on as well, if fewer are left. */
const uint8_t *stream_want(struct input *input, size_t size);

/* Always false: the stream's offset and what is wrong there. */
bool stream_bad(const struct stream_reader *reader, struct error *error, const char *what);

/*
 * Readers of what comes before the pages; after the byte or the record's head that says what it is.
 * As all readers of an item: true with input->short_of means "more bytes, please", and nothing but
 * `kind` and `name_bytes` has changed then.
 */
bool stream_read_configuration(struct stream_reader *reader, struct input *input,
                               struct error *error);
bool stream_read_subsection(struct stream_reader *reader, struct input *input, struct error *error);
void stream_read_capability(struct stream_reader *reader, struct input *input);
bool stream_read_command(struct stream_reader *reader, struct input *input, struct error *error);
bool stream_read_memory_size(struct stream_reader *reader, uint64_t bytes, struct error *error);
bool stream_read_list(struct stream_reader *reader, struct input *input, struct error *error);

#endif
