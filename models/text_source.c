/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/text_source.h"

#include "base/random.h"

#include <string.h>

void text_source_write(uint64_t seed, uint8_t *bytes, size_t size)
{
    static const char words[32][12] = {
        "the ",      "page ",   "of ",     "memory ", "is ",    "sent ",       "again ", "to ",
        "return ",   "int ",    "value ",  "= ",      "0;\n",   "if (",        "x) ",    "{\n    ",
        "error: ",   "info: ",  "host ",   "guest ",  "id=42 ", "ok\n",        "<div>",  "</div>\n",
        "\"key\": ", "null,\n", "select ", "from ",   "where ", "1970-01-01 ", "user ",  "\n",
    };
    static const uint8_t lengths[32] = {4, 5, 3, 7, 3, 5, 6, 3, 7, 4, 6, 2, 3, 4,  3, 6,
                                        7, 6, 5, 6, 6, 3, 5, 7, 7, 6, 7, 5, 6, 11, 5, 1};
    size_t used = 0;
    for (uint64_t turn = 0; used < size; turn++) {
        uint64_t draw = random_mix(seed, turn, 2);
        for (unsigned shift = 0; shift < 60 && used < size; shift += 5) {
            unsigned word = draw >> shift & 31;
            size_t left = size - used, length = lengths[word] < left ? lengths[word] : left;
            if (left >= sizeof words[0]) /* a fixed length is one or two moves */
                memcpy(bytes + used, words[word], sizeof words[0]);
            else
                memcpy(bytes + used, words[word], length);
            used += length;
        }
    }
}
