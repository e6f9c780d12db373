/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_TESTS_TWIN_FIXTURE_H
#define SIM_TESTS_TWIN_FIXTURE_H

#include "sim/simulate.h"

/* Scenarios and runs from text, for tests; any error fails the test that asked. */

/* Owned by the caller, to scenario_destroy. */
struct scenario *fixture_scenario(const char *ini);

/* A whole run. Owned by the caller, to free. */
struct record *fixture_run(const char *ini);
struct record *fixture_run_to(const char *ini, FILE *stream_file);

/* The error that the scenario gets; "" if it is accepted. Valid until the next call. */
const char *fixture_error(const char *ini);

#endif
