/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_CELLS_H
#define SIM_STUDY_CELLS_H

#include "results/record.h"
#include "sim/scenario_text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Migrations that real QEMUs did, as the laboratory writes them (scripts/qemu-lab;
 * docs/formats.md): one JSON object a line, a cell being the guest and the parameters, and a line
 * one run of it.
 */
/* When QEMU's trace events fell, in seconds on one clock; 0: not in the file. */
struct cell_marks {
    double command;    /* state setup: the command is being done */
    double setup;      /* the migration thread sets up RAM */
    double active;     /* set-up is over */
    double decided;    /* less than the threshold remains after a sync */
    double stopped;    /* the vCPUs stand still */
    double completing; /* the last stage of RAM begins */
    double completed;
    double sync_s; /* median duration of the syncs after the first */
};

struct cell {
    char *id, *group;
    unsigned repeat;
    unsigned line;              /* in the file */
    char *problem;              /* why it cannot be predicted: an unknown kind or field; or NULL */
    struct scenario_text *text; /* the same migration as a scenario; NULL with a problem */
    struct record *measured;    /* owned */
    struct cell_marks marks;
    bool baseline; /* an idle guest: what calibrate may use */
};

struct cells {
    struct cell *cells;
    size_t count;
    size_t shown; /* the first so many are of interest; all, unless cells_keep was called */
};

/*
 * Reads the file. Each cell's scenario gets the [host] section of `host` (or NULL) on top. Owned by
 * the caller, to cells_free. NULL if the file cannot be read or a line is no JSON; a cell that is
 * JSON but not understood has a `problem`.
 */
struct cells *cells_read(const char *path, const struct scenario_text *host, struct error *error);
/* Brings the cells named `name`, an id or id/repeat, to the front and shows only the first. */
void cells_keep(struct cells *cells, const char *name);
void cells_free(struct cells *cells); /* NULL is fine */

#endif
