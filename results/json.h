/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_JSON_H
#define RESULTS_JSON_H

#include "results/record.h"
#include "results/study.h"

#include <jansson.h>

/*
 * Records as JSON, for scripts. "migration" has the shape, names and units of QMP's query-migrate,
 * so that one script reads both:
 *
 *     {"schema_version": 1, "scenario": {"guest.memory": 1073741824, ...}, "seed": 1,
 *      "source": "simulated", "outcome": "converged", "why": "", "verified": true,
 *      "migration": {"status": "completed", "total-time": 11314, "downtime": 77, "setup-time": 2,
 *                    "ram": {...}, "xbzrle-cache": {...}},
 *      "iterations": [{"start-ns": ..., ...}, ...],
 *      "stream": {"file-header": 26, ..., "total": ...}, "cost": {...}}
 *
 * As in QMP, "downtime" is there once the migration has completed and "expected-downtime" until
 * then, "xbzrle-cache" only if a delta codec was on, and times are whole milliseconds, cut. The
 * scenario's values are in base units. A seed from 2^53 on is a string, as most readers of JSON
 * would round it. Reals have 17 significant digits; one that is not finite is null. The order of
 * the keys is fixed. Invalid UTF-8 in a text becomes U+FFFD.
 */
#define JSON_SCHEMA_VERSION 1

/* Owned by the caller, to json_decref. */
json_t *json_of_record(const struct record *record);

/* {"schema_version": 1, "runs": [{...}, ...]}; the runs are without a version of their own. */
json_t *json_of_runs(const struct record *const *records, size_t count);

/*
 * The same with what the seeds of each scenario say together, and a note if they are too few:
 *
 *     "groups": [{"varying": {...}, "source": "simulated", "xbzrle-cache-size": 16777216,
 *                 "seeds": 10, "converged": {"count": 7, "low": 0.4, "high": 0.89}, "failed": 0,
 *                 "total-time-s": {"count": 7, "median": 10.6, "min": 10.3, "max": 11.0,
 *                                  "low": 10.4, "high": 10.8}, "downtime-ms": ..., ...}, ...],
 *     "note": ""
 *
 * "low" and "high" are intervals of 95 %, null where the values are too few for one; a quantity
 * that means nothing for any run is null, as is the size with XBZRLE off.
 */
json_t *json_of_study(const struct study *study);

/* Indented by two, with a newline at the end; takes the value over. Owned by the caller. */
char *json_text(json_t *value);

#endif
