/* SPDX-License-Identifier: MIT */
#ifndef CODEC_XBZRLE_KERNELS_H
#define CODEC_XBZRLE_KERNELS_H

#include "xbzrle.h"

/* The kernels by name, for the table in xbzrle.c. Not installed. */

extern const struct xbzrle_kernel xbzrle_scalar;
#if defined(__x86_64__)
extern const struct xbzrle_kernel xbzrle_sse4;
extern const struct xbzrle_kernel xbzrle_avx2;
extern const struct xbzrle_kernel xbzrle_avx512;
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
extern const struct xbzrle_kernel xbzrle_neon;
#endif

/* For their inner parts. */
#define KERNEL_INLINE static inline __attribute__((always_inline))

/* gcc at -O2 unrolls no loop that it thinks small enough; clang does so unasked. */
#if defined(__clang__)
#define KERNEL_UNROLL
#else
#define KERNEL_UNROLL _Pragma("GCC unroll 16")
#endif

#endif
