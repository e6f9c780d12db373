/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_VALIDATE_H
#define SIM_STUDY_VALIDATE_H

#include "results/record.h"
#include "sim/study/cells.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Predictions beside measured migrations. */
struct validation {
    const struct cell *cell;
    struct record *predicted; /* owned; NULL: not predicted */
    char *why_not;            /* then: the cell's problem, or what went wrong; owned */
    bool calibrated;          /* the cell was used to calibrate: it is not counted below */
    bool verdict_is_noise;    /* repeats of this cell disagree whether it converges */
};

struct validations {
    struct validation *rows; /* as the cells stand in the file */
    size_t count;
};

struct error_spread {
    double median, p90; /* of the absolute errors */
    size_t count;
};

struct validation_summary {
    struct error_spread total_time, transferred, cache_miss; /* relative */
    struct error_spread downtime;                            /* ms */
    size_t wrong_verdicts, cells, not_predicted, calibrated;
};

/*
 * Predicts each cell, repeat r with seed r + 1, in that many processes. False with an error, or
 * with an empty one if interrupted. `calibrated` names the cells (by id, ended by NULL) that the
 * host's constants were taken from; may be NULL.
 */
bool validate(const struct cells *cells, unsigned workers, const char *const *calibrated,
              const volatile sig_atomic_t *interrupted, struct validations *ret,
              struct error *error);
void validations_release(struct validations *validations);

/* Over the cells that were predicted and did not calibrate; times and bytes of converged ones. */
struct validation_summary validate_summary(const struct validations *validations);

/*
 * What two runs of one cell differ by. `value` is measured; true if `predicted` lies outside
 * the range of the cell's repeats, widened by the half-range that repeated cells show on the
 * median.
 */
enum validation_metric {
    METRIC_TOTAL_TIME,
    METRIC_DOWNTIME,
    METRIC_SETUP_TIME,
    METRIC_TRANSFERRED,
    METRIC_SYNCS,
    METRIC_NORMAL,
    METRIC_DUPLICATE,
    METRIC_XBZRLE_PAGES,
    METRIC_XBZRLE_BYTES,
    METRIC_CACHE_MISS,
    METRIC_OVERFLOW,
    METRIC_COUNT
};
extern const char *const validation_metric_names[METRIC_COUNT]; /* QEMU's */
double validation_metric(const struct record *record, enum validation_metric metric);
bool validate_is_outside_noise(const struct validations *validations, size_t row,
                               enum validation_metric metric);

#endif
