/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include <stdint.h>

/*
 * The discrete-event engine: a clock and a queue of events, ordered by (time, priority, sequence
 * number), so that no address and no heap shape ever decides what comes first.
 *
 * Time is ns since the migrate command. An event's function may do work that takes time by counting
 * its own local time forward, as long as it stays at or below engine_next_ns(); then it schedules
 * its own continuation.
 */
typedef int64_t sim_time;
#define SIM_TIME_NEVER INT64_MAX

/* At equal times outside changes come before the migration's own steps. */
enum engine_priority { PRIORITY_CHANGE, PRIORITY_STEP };

struct engine;
typedef void engine_function(void *context);

struct engine *engine_create(void);         /* owned by the caller, to engine_destroy */
void engine_destroy(struct engine *engine); /* NULL is fine */
sim_time engine_now(const struct engine *engine);
sim_time
engine_next_ns(const struct engine *engine); /* of the next event; SIM_TIME_NEVER if none */

/* `time` is not before engine_now. `context` is borrowed until the event has run. */
void engine_at(struct engine *engine, sim_time time, enum engine_priority priority,
               engine_function *function, void *context);

/* Runs events until the queue is empty or engine_stop is called. */
void engine_run(struct engine *engine);
void engine_stop(struct engine *engine);

#endif
