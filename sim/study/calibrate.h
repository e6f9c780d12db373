/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_CALIBRATE_H
#define SIM_STUDY_CALIBRATE_H

#include "sim/study/cells.h"

#include <stdio.h>

/*
 * The constants of the [host] section, measured. What comes out is text: a scenario file with a
 * [host] section whose comments say where each value is from, and, if cells were used, a
 * [calibration] section that names them, so that validate can leave them out.
 */

/*
 * From measured migrations of idle guests alone. Durations between QEMU's trace events are taken as
 * medians; the CPU time of a zero page, and of one whose memory the host must first back, are
 * solved for (GSL, Brent) so that the predicted total times have the measured median. False with an
 * error if there is no such cell.
 */
bool calibrate_from_cells(const struct cells *cells, FILE *out, struct error *error);

/*
 * On this machine without QEMU: what its memory, sockets, timers and scheduler take. Lasts some
 * five seconds. False with an error if something cannot be measured.
 */
bool calibrate_this_host(FILE *out, struct error *error);

#endif
