/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TRACE_WRITER_H
#define WORKLOADS_TRACE_WRITER_H

#include "workloads/trace_format.h"

/*
 * Writes a trace file as it is recorded. Each block reaches the file as soon as it is full (1 MiB
 * of records) or 2 s of the trace old, so that a recording that is killed leaves a trace that is
 * good up to there.
 *
 *     create
 *     place, image page ...            (the image, pages rising; before the first epoch)
 *     epoch_begin change ... epoch_end (pages rising), place ... , again and again
 *     finish                           (index and trailer)
 *     destroy
 *
 * Every function that returns bool fails if the file cannot be written (a full disk): the error
 * names it, what was written before stays readable, and only destroy may follow. Calls out of
 * order, pages that do not rise and times that go back are the programmer's errors.
 */
struct trace_writer;

/* Creates the file, or empties it if there is one. Owned by the caller, to trace_writer_destroy. */
struct trace_writer *trace_writer_create(const char *file, const struct trace_header *header,
                                         struct error *error);
/* Closes the file; without trace_writer_finish it is a trace cut short. NULL is fine. */
void trace_writer_destroy(struct trace_writer *writer);

/* Says where pages lay. They are part of the trace's memory from then on. */
bool trace_writer_place(struct trace_writer *writer, const struct trace_place *place,
                        struct error *error);

/* The content of a page before the first epoch. A page of zeros is left out. */
bool trace_writer_image(struct trace_writer *writer, uint32_t page_no,
                        const uint8_t bytes[static PAGE_SIZE], struct error *error);

/* Begins the epoch that lasts from the end of the one before (0 for the first) to `end_ns`. */
bool trace_writer_epoch_begin(struct trace_writer *writer, int64_t end_ns, struct error *error);

/* The page was written in this epoch; equal bytes are recorded as such. */
bool trace_writer_change(struct trace_writer *writer, uint32_t page_no,
                         const uint8_t old_bytes[static PAGE_SIZE],
                         const uint8_t new_bytes[static PAGE_SIZE], struct error *error);

bool trace_writer_epoch_end(struct trace_writer *writer, struct error *error);

/* Writes what is left, the index and the trailer, and sees to it that all is on the disk. */
bool trace_writer_finish(struct trace_writer *writer, struct error *error);

uint64_t trace_writer_bytes(const struct trace_writer *writer); /* in the file so far */

#endif
