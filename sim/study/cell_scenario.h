/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_CELL_SCENARIO_H
#define SIM_STUDY_CELL_SCENARIO_H

#include "sim/scenario_text.h"

#include <jansson.h>

/* The link of a cell without one: memory copied from process to process, 1 GB/s in the laboratory.
 */
#define CELL_LOOPBACK "1300000000B/s"

/*
 * The scenario that stands for a measured run: the laboratory guest's layout, its writes, the
 * parameters and the link. `run` is the whole line. NULL with an error that names the unknown kind
 * or field. Owned by the caller, to scenario_text_destroy.
 */
struct scenario_text *cell_scenario(const char *name, const json_t *run, struct error *error);

#endif
