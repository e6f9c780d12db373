/* SPDX-License-Identifier: MIT */
#ifndef CODEC_ENCODE_RESULT_H
#define CODEC_ENCODE_RESULT_H

/* How an encoder ended. None of these is an error. */
enum encode_result {
    ENCODE_DELTA,     /* *ret_size bytes are written */
    ENCODE_UNCHANGED, /* the pages are equal; *ret_size is 0 */
    ENCODE_OVERFLOW,  /* it would exceed the limit: send the whole page; *ret_size is 0 */
};

#endif
