/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_TRACE_SUMMARY_H
#define WORKLOADS_TRACE_SUMMARY_H

#include "workloads/trace_reader.h"

/* A value in the middle of many: half of them are at most `median`, nine tenths at most `p90`. */
struct trace_spread {
    uint64_t least, median, p90, most;
};

/* What a trace holds, in figures. Quantiles above 128 are exact to 1 in 64. */
struct trace_summary {
    struct trace_header header;
    struct trace_extent extent;
    uint32_t first_pages; /* known before the first epoch; those not in the image are zero then */
    uint64_t changes;     /* pages written, summed over the epochs */
    uint64_t rewrites;    /* of them with equal bytes */
    uint64_t whole_pages; /* of them that no delta of a page's size holds */
    uint32_t working_set_pages;        /* distinct pages among the changes */
    struct trace_spread span_ns;       /* of an epoch */
    struct trace_spread epoch_pages;   /* written in an epoch */
    struct trace_spread changed_bytes; /* of a page whose bytes changed */
    struct trace_spread delta_bytes;   /* of the same, in XBZRLE; 4096 for a whole page */
};

/* False if the trace is damaged; the summary is then of what comes before the damage. */
bool trace_summarise(const char *file, struct trace_summary *summary, struct error *error);

#endif
