/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_STREAM_DUMP_H
#define SIM_CLI_STREAM_DUMP_H

#include "sim/stream_reader.h"

/*
 * 'migsim stream dump': prints what is in the file, for people (with `records`, every page record
 * as well) or as JSON. A stream that is damaged or cut short is dumped as far as it goes. Returns
 * the exit status, all messages printed.
 */
int stream_dump(const char *file, enum stream_dialect dialect, bool json, bool records);

#endif
