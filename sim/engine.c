/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine.h"

#include "base/error.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* A heap with four children a node: half as deep as a binary one, and its children lie together. */
#define CHILDREN 4u

struct event {
    sim_time time;
    uint64_t order; /* priority in the top bits, then the sequence number */
    engine_function *function;
    void *context;
};

struct engine {
    sim_time now;
    uint64_t sequence;
    struct event *heap;
    size_t count, room;
    bool stopped;
};

struct engine *engine_create(void)
{
    return must_alloc(1, sizeof(struct engine), "the event queue");
}

void engine_destroy(struct engine *engine)
{
    if (!engine)
        return;
    free(engine->heap);
    free(engine);
}

sim_time engine_now(const struct engine *engine)
{
    return engine->now;
}

sim_time engine_next_ns(const struct engine *engine)
{
    return engine->count ? engine->heap[0].time : SIM_TIME_NEVER;
}

static bool before(const struct event *a, const struct event *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

void engine_at(struct engine *engine, sim_time time, enum engine_priority priority,
               engine_function *function, void *context)
{
    assert(time >= engine->now);
    if (engine->count == engine->room) {
        engine->room = engine->room * 2 + 16;
        engine->heap =
            must_grow(engine->heap, engine->room, sizeof *engine->heap, "the event queue");
    }
    struct event event = {time, (uint64_t)priority << 60 | engine->sequence++, function, context};
    size_t hole = engine->count++;
    while (hole > 0 && before(&event, &engine->heap[(hole - 1) / CHILDREN])) {
        engine->heap[hole] = engine->heap[(hole - 1) / CHILDREN];
        hole = (hole - 1) / CHILDREN;
    }
    engine->heap[hole] = event;
}

static struct event take_first(struct engine *engine)
{
    struct event first = engine->heap[0], last = engine->heap[--engine->count];
    size_t hole = 0;
    for (;;) {
        size_t child = hole * CHILDREN + 1, end = child + CHILDREN, least = child;
        if (child >= engine->count)
            break;
        for (size_t i = child + 1; i < end && i < engine->count; i++)
            if (before(&engine->heap[i], &engine->heap[least]))
                least = i;
        if (!before(&engine->heap[least], &last))
            break;
        engine->heap[hole] = engine->heap[least];
        hole = least;
    }
    engine->heap[hole] = last;
    return first;
}

void engine_run(struct engine *engine)
{
    engine->stopped = false;
    while (engine->count && !engine->stopped) {
        struct event event = take_first(engine);
        engine->now = event.time;
        event.function(event.context);
    }
}

void engine_stop(struct engine *engine)
{
    engine->stopped = true;
}
