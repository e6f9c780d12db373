/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RESULTS_REPORT_H
#define RESULTS_REPORT_H

#include "base/error.h"
#include "results/store.h"
#include "results/study.h"

/*
 * A study as one HTML page for people who decide: the question, the answer in words and figures,
 * plots, tables, every parameter, how to do it again. It stands alone (no network, no scripts, SVG
 * by gnuplot inside), suits light and dark, wide and narrow, and the same study gives the same
 * bytes. Texts of the study are escaped: they may be anybody's.
 *
 * `study` is what `store` holds; runs whose course is drawn are read from there. Owned by the
 * caller; NULL on failure.
 */
char *report_html(const struct study *study, struct store *store, struct error *error);

#endif
