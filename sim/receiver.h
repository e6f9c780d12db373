/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RECEIVER_H
#define SIM_RECEIVER_H

#include "models/machine.h"
#include "models/page_store.h"
#include "sim/stream_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The destination: reads the stream and keeps a memory of its own, decoding every record.
 *
 * Its memory is all zero at first. To need no storage for pages that no one ever wrote, a page that
 * arrives is compared with the content which the source's memory began with: if it is equal to the
 * byte, that is noted (the `arrived` bit) and nothing stored.
 */
struct receiver;

/* `machine` and `content` are borrowed. Owned by the caller, to receiver_destroy. */
struct receiver *receiver_create(const struct machine *machine, const struct content *content,
                                 enum stream_dialect dialect);
void receiver_destroy(struct receiver *receiver); /* NULL is fine */

/* The next piece of the stream. False, with the page or the stream's offset, if it is refused. */
bool receiver_feed(struct receiver *receiver, const uint8_t *bytes, size_t size,
                   struct error *error);

/* All of RAM has come. */
bool receiver_complete(const struct receiver *receiver);

/* The page as it is here: borrowed, or `scratch` filled. */
const uint8_t *receiver_page(const struct receiver *receiver, uint64_t page_no,
                             uint8_t scratch[static PAGE_SIZE]);

/* True without looking at bytes: the page arrived, and is what the source's memory began with. */
bool receiver_holds_content(const struct receiver *receiver, uint64_t page_no);

#endif
