/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TRACE_READER_H
#define WORKLOADS_TRACE_READER_H

#include "workloads/trace_format.h"

#include <stdio.h>

/*
 * Reads a trace step by step, one block in memory at a time (at most 8 MiB, whatever the file
 * says). Input may be hostile: everything is checked before it is handed out, and damage ends the
 * reading with the file and the place of it.
 *
 *     place | image page ...   epoch, change ..., epoch end   ...   end
 *
 * Places may also stand between two epochs. A file cut short ends after its last whole block; an
 * epoch of which only a part is there then has no epoch end.
 */
struct trace_reader;

enum trace_step {
    TRACE_STEP_PLACE,     /* item->place */
    TRACE_STEP_IMAGE,     /* item->change, against a page of zeros */
    TRACE_STEP_EPOCH,     /* item->epoch begins */
    TRACE_STEP_CHANGE,    /* item->change within item->epoch */
    TRACE_STEP_EPOCH_END, /* item->epoch was whole */
    TRACE_STEP_END,       /* no more, see trace_reader_extent; and again if called again */
    TRACE_STEP_DAMAGED,   /* the error is set; and again if called again */
};

struct trace_item {
    struct trace_epoch epoch;
    struct trace_change change; /* its bytes are borrowed until the next call on the reader */
    struct trace_place place;
};

/* How far the reading has come. */
struct trace_extent {
    uint32_t pages;       /* of the trace's memory */
    uint32_t image_pages; /* that are not zero before the first epoch */
    uint64_t epochs;      /* whole ones */
    int64_t end_ns;       /* of the last whole one */
    uint64_t good_bytes;  /* of the file, up to the end of the last whole block */
    uint64_t file_bytes;
    uint64_t digest; /* of header and data blocks so far: equal traces have equal ones */
    bool ended;      /* TRACE_STEP_END was reached */
    bool cut;        /* and that by the end of a file cut short */
    bool partial;    /* and in the middle of an epoch */
};

/* A place in the trace to come back to. Its members are the reader's alone. */
struct trace_mark {
    uint64_t offset;      /* of the block at hand, or of the next one */
    uint32_t at;          /* of the next record in it */
    uint32_t number;      /* of that block */
    uint32_t left;        /* changes left in the part at hand */
    uint32_t lowest_page; /* that the next change may have */
    uint32_t pages, image_pages;
    struct trace_epoch epoch; /* at hand */
    uint64_t epochs;          /* whole ones so far */
    int64_t end_ns;           /* of the last of them */
    struct trace_entry entry; /* of the block at hand, as the index should have it */
    uint64_t chain, index_chain, index_offset;
    unsigned stage; /* enum stage in trace_reader.c */
    bool entered;   /* the block at hand has been looked at */
    bool in_epoch, in_part, in_image, last_part;
    bool sought; /* what came before is not known */
    bool lost;   /* nor is what the next part belongs to */
};

/* Owned by the caller, to trace_reader_close. NULL: not readable, or not a trace. */
struct trace_reader *trace_reader_open(const char *file, struct error *error);
/* The same for an open file that can be sought in; takes it over (failing too). */
struct trace_reader *trace_reader_open_stream(FILE *stream, const char *name, struct error *error);
void trace_reader_close(struct trace_reader *reader); /* NULL is fine */

const struct trace_header *trace_reader_header(const struct trace_reader *reader);

/* The next thing in the trace. `error` is set with TRACE_STEP_DAMAGED alone. */
enum trace_step trace_reader_next(struct trace_reader *reader, struct trace_item *item,
                                  struct error *error);

struct trace_extent trace_reader_extent(const struct trace_reader *reader);

/* Where the reading stands, and back to there: the next steps are the same again. */
struct trace_mark trace_reader_mark(const struct trace_reader *reader);
void trace_reader_rewind(struct trace_reader *reader, const struct trace_mark *mark);

/*
 * By the index: the next step is the beginning of the first epoch that ends after `time_ns`, or the
 * end. False if the trace has no index (cut short) or is damaged. What is skipped is not checked,
 * and the extent is not known afterwards.
 */
bool trace_reader_seek(struct trace_reader *reader, int64_t time_ns, struct error *error);

/*
 * Reads the whole file, so that replay cannot fail later. False if it is damaged: *ret_extent (and
 * *ret_header, if the file has one) then say how far it is good. Either may be NULL. A file cut
 * short is good.
 */
bool trace_verify(const char *file, struct trace_header *ret_header,
                  struct trace_extent *ret_extent, struct error *error);

#endif
