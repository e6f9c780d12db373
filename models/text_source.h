/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODELS_TEXT_SOURCE_H
#define MODELS_TEXT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Text in the manner of logs, sources and tables: words of a small vocabulary, a line break in
 * eight words or so. A function of the seed.
 */
void text_source_write(uint64_t seed, uint8_t *bytes, size_t size);

#endif
