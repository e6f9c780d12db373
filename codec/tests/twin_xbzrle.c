/* SPDX-License-Identifier: MIT */
#include "codec/tests/twin_xbzrle.h"

static size_t put_length(uint8_t *out, size_t at, size_t length)
{
    while (length > 127) {
        out[at++] = (uint8_t)(128 + length % 128);
        length /= 128;
    }
    out[at++] = (uint8_t)length;
    return at;
}

static size_t length_bytes(size_t length)
{
    return length < 128 ? 1 : length < 16384 ? 2 : 3;
}

enum encode_result twin_xbzrle_encode(const uint8_t *old_page, const uint8_t *new_page,
                                      size_t page_size, uint8_t *delta, size_t capacity,
                                      size_t *ret_size)
{
    size_t used = 0;
    bool changed = false;

    *ret_size = 0;
    for (size_t i = 0; i < page_size;) {
        size_t zrun = 0, nzrun = 0;
        if (used + 2 > capacity)
            return ENCODE_OVERFLOW;
        for (; i < page_size && old_page[i] == new_page[i]; i++)
            zrun++;
        if (i == page_size)
            break;
        if (used + length_bytes(zrun) + 2 > capacity)
            return ENCODE_OVERFLOW;
        used = put_length(delta, used, zrun);
        size_t start = i;
        for (; i < page_size && old_page[i] != new_page[i]; i++)
            nzrun++;
        if (used + length_bytes(nzrun) + nzrun > capacity)
            return ENCODE_OVERFLOW;
        used = put_length(delta, used, nzrun);
        for (size_t k = 0; k < nzrun; k++)
            delta[used++] = new_page[start + k];
        changed = true;
    }
    *ret_size = used;
    return changed ? ENCODE_DELTA : ENCODE_UNCHANGED;
}

size_t twin_xbzrle_size(const uint8_t *old_page, const uint8_t *new_page, size_t page_size)
{
    size_t size = 0;

    for (size_t i = 0; i < page_size;) {
        size_t zrun = 0, nzrun = 0;
        for (; i < page_size && old_page[i] == new_page[i]; i++)
            zrun++;
        for (; i < page_size && old_page[i] != new_page[i]; i++)
            nzrun++;
        if (nzrun)
            size += length_bytes(zrun) + length_bytes(nzrun) + nzrun;
    }
    return size;
}

/* Reads a length, false if the rules refuse it. */
static bool get_length(const uint8_t *delta, size_t size, size_t *at, size_t page_size,
                       size_t *ret_length)
{
    size_t most = page_size >= 16384 ? 3 : 2;

    *ret_length = 0;
    if (size - *at < 2)
        return false;
    for (size_t i = 0; i < most && *at < size; i++) {
        uint8_t byte = delta[(*at)++];
        *ret_length += (size_t)(byte % 128) << 7 * i;
        if (byte < 128)
            return true;
    }
    return false;
}

bool twin_xbzrle_decode(const uint8_t *delta, size_t size, uint8_t *page, size_t page_size)
{
    size_t i = 0, at = 0, zrun, nzrun;

    while (i < size) {
        bool first = i == 0;
        if (!get_length(delta, size, &i, page_size, &zrun) || (zrun == 0 && !first))
            return false;
        at += zrun;
        if (at > page_size || !get_length(delta, size, &i, page_size, &nzrun) || nzrun == 0)
            return false;
        if (at + nzrun > page_size || i + nzrun > size)
            return false;
        for (; nzrun; nzrun--)
            page[at++] = delta[i++];
    }
    return true;
}

enum encode_result twin_xbrle_encode(const uint8_t *old_page, const uint8_t *new_page,
                                     size_t page_size, uint8_t *pairs, size_t capacity,
                                     size_t *ret_size)
{
    size_t used = 0;
    unsigned run = 0;

    *ret_size = 0;
    for (size_t i = 0; i < page_size; i++) {
        uint8_t byte = old_page[i] ^ new_page[i];
        run++;
        if (i + 1 < page_size && (old_page[i + 1] ^ new_page[i + 1]) == byte && run < 255)
            continue;
        if (used + 2 > capacity || used + 2 > page_size / 3)
            return ENCODE_OVERFLOW;
        pairs[used++] = (uint8_t)run;
        pairs[used++] = byte;
        run = 0;
    }
    *ret_size = used;
    return ENCODE_DELTA;
}
