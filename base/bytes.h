/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdint.h>

/* Integers in a stated byte order, at any alignment. Compilers make one instruction of each. */

static inline void bytes_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v;
}

static inline uint16_t bytes_get_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void bytes_put_be32(uint8_t *p, uint32_t v)
{
    bytes_put_be16(p, (uint16_t)(v >> 16)), bytes_put_be16(p + 2, (uint16_t)v);
}

static inline uint32_t bytes_get_be32(const uint8_t *p)
{
    return (uint32_t)bytes_get_be16(p) << 16 | bytes_get_be16(p + 2);
}

static inline void bytes_put_be64(uint8_t *p, uint64_t v)
{
    bytes_put_be32(p, (uint32_t)(v >> 32)), bytes_put_be32(p + 4, (uint32_t)v);
}

static inline uint64_t bytes_get_be64(const uint8_t *p)
{
    return (uint64_t)bytes_get_be32(p) << 32 | bytes_get_be32(p + 4);
}

static inline void bytes_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8);
}

static inline uint16_t bytes_get_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline void bytes_put_le32(uint8_t *p, uint32_t v)
{
    bytes_put_le16(p, (uint16_t)v), bytes_put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline uint32_t bytes_get_le32(const uint8_t *p)
{
    return (uint32_t)bytes_get_le16(p + 2) << 16 | bytes_get_le16(p);
}

static inline void bytes_put_le64(uint8_t *p, uint64_t v)
{
    bytes_put_le32(p, (uint32_t)v), bytes_put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline uint64_t bytes_get_le64(const uint8_t *p)
{
    return (uint64_t)bytes_get_le32(p + 4) << 32 | bytes_get_le32(p);
}

#endif
