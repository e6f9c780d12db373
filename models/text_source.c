/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/text_source.h"

#include "base/random.h"

void text_source_write(uint64_t seed, uint8_t *bytes, size_t size)
{
    static const char words[32][12] = {
        "the ",      "page ",   "of ",     "memory ", "is ",    "sent ",       "again ", "to ",
        "return ",   "int ",    "value ",  "= ",      "0;\n",   "if (",        "x) ",    "{\n    ",
        "error: ",   "info: ",  "host ",   "guest ",  "id=42 ", "ok\n",        "<div>",  "</div>\n",
        "\"key\": ", "null,\n", "select ", "from ",   "where ", "1970-01-01 ", "user ",  "\n",
    };
    size_t used = 0;
    for (uint64_t turn = 0; used < size; turn++) {
        uint64_t draw = random_mix(seed, turn, 2);
        for (unsigned shift = 0; shift < 60 && used < size; shift += 5) {
            const char *word = words[draw >> shift & 31];
            for (size_t i = 0; i < sizeof words[0] && word[i] && used < size; i++)
                bytes[used++] = (uint8_t)word[i];
        }
    }
}
