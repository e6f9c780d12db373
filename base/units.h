/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Quantities as people write them. A number may have a fraction if the result is whole; a bare
 * number is refused wherever a unit matters, 0 excepted.
 *
 *     size    16M 1.5GiB 4096B        K M G T and KiB MiB GiB TiB are powers of 1024,
 *                                     kB MB GB TB powers of 1000
 *     rate    1Gbit 10Gbit/s 125MiB/s bits may leave out the "/s", bytes may not; kbit Mbit Gbit
 *                                     are powers of 1000
 *     time    300ms 1.5s              ns us ms s min h
 *     count   2000000 2M 10k          k M G are powers of 1000: for writes, not for bytes
 *     share   0.9 90%                 from 0 to 1
 *     decimal 0.99 1.2                three places at most
 *
 * The parsers take the whole text (surrounding blanks aside) and on failure name what they read
 * and what they take. Results are bytes, bytes a second and nanoseconds.
 */
bool units_parse_size(const char *text, uint64_t *ret_bytes, struct error *error);
bool units_parse_rate(const char *text, uint64_t *ret_bytes_per_s, struct error *error);
bool units_parse_time(const char *text, int64_t *ret_ns, struct error *error);
bool units_parse_count(const char *text, uint64_t *ret_count, struct error *error);
bool units_parse_share(const char *text, double *ret_share, struct error *error);
/* In thousandths. */
bool units_parse_decimal(const char *text, uint64_t *ret_thousandths, struct error *error);
/* Decimal or 0x hexadecimal, no unit. */
bool units_parse_integer(const char *text, uint64_t *ret_value, struct error *error);

/* Long enough for any text below. */
#define UNITS_TEXT_SIZE 32

/*
 * In the largest unit that the value reaches: exact if it is a whole number of it ("64MiB",
 * "300ms", "1Gbit/s"), else with three or four significant digits ("1.23GiB"). For people; not
 * meant to be parsed again. All return `text`.
 */
char *units_format_size(uint64_t bytes, char text[static UNITS_TEXT_SIZE]);
char *units_format_rate(uint64_t bytes_per_s, char text[static UNITS_TEXT_SIZE]);
char *units_format_time(int64_t ns, char text[static UNITS_TEXT_SIZE]);
char *units_format_count(uint64_t count, char text[static UNITS_TEXT_SIZE]);

#endif
