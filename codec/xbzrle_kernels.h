/* SPDX-License-Identifier: MIT */
#ifndef CODEC_XBZRLE_KERNELS_H
#define CODEC_XBZRLE_KERNELS_H

#include "xbzrle.h"

/* The kernels by name, for the table in xbzrle.c. Not installed. */

extern const struct xbzrle_kernel xbzrle_scalar;

#endif
