/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_PAGE_WRITER_H
#define WORKLOADS_PAGE_WRITER_H

#include "models/page_store.h"

#include <gsl/gsl_rng.h>
#include <stdint.h>

/*
 * Applies `writes` writes to one page: each puts `write_size` random bytes at a random aligned
 * place in it. Only the bytes that show are drawn, so that the cost is bounded by the page however
 * many writes there were; the set of places that were hit has the law that writing one by one
 * gives. `write_size` is from 4 to PAGE_SIZE and divides PAGE_SIZE.
 */
void page_writer_scatter(uint8_t bytes[static PAGE_SIZE], uint64_t writes, uint64_t write_size,
                         gsl_rng *rng);

#endif
