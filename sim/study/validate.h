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
    struct record **runs; /* a seed each, fastest first; owned */
    size_t run_count, converged;
    const struct record *predicted; /* the one in the middle of them; NULL: not predicted */
    char *why_not;                  /* then: the cell's problem, or what went wrong; owned */
    bool calibrated;                /* the cell was used to calibrate: it is not counted below */
    /*
     * A race that luck ends: only a moment in which its vCPU does not run lets the guest converge
     * (the cell has stalls), or repeats of the cell, or the seeds of its predictions, disagree
     * whether it converges, or differ in total time by more than LUCK_RATIO. No single prediction
     * can be right then; distributions are compared instead.
     */
    bool luck;
};
#define LUCK_RATIO 1.5

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
    size_t wrong_verdicts, cells, not_predicted, calibrated, luck;
};

struct validate_options {
    unsigned workers, seeds;       /* processes; predictions of a cell; both at least 1 */
    const char *const *calibrated; /* ids that the host's constants were taken from; or NULL */
    const volatile sig_atomic_t *interrupted;
};

/*
 * Predicts each cell: repeat r with the seeds r + 1, r + 1001, ... A cell whose verdict comes out
 * wrong though its repeats agree gets eight more, which tell a wrong model from a race. False with
 * an error, or with an empty one if interrupted.
 */
bool validate(const struct cells *cells, const struct validate_options *options,
              struct validations *ret, struct error *error);
void validations_release(struct validations *validations);

/*
 * Over the cells that were predicted and did not calibrate; errors over those that converged and
 * are no matter of luck.
 */
struct validation_summary validate_summary(const struct validations *validations);

/* The total times of all runs of one cell's repeats, in ms. */
struct validation_luck {
    size_t measured, predicted;                     /* runs */
    size_t measured_converged, predicted_converged; /* of them, which the times below are of */
    double measured_median, measured_low, measured_high;
    double predicted_median, predicted_low, predicted_high;
};
/* Of the cell of row `row`, whether a matter of luck or not. */
struct validation_luck validate_luck(const struct validations *validations, size_t row);

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
    METRIC_THROTTLE,
    METRIC_COUNT
};
extern const char *const validation_metric_names[METRIC_COUNT]; /* QEMU's */
double validation_metric(const struct record *record, enum validation_metric metric);
bool validate_is_outside_noise(const struct validations *validations, size_t row,
                               enum validation_metric metric);

#endif
