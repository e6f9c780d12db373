/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_PRESETS_H
#define WORKLOADS_PRESETS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Guests by name: what a scenario that says `preset = NAME` in [guest] starts from. A preset is a
 * piece of a scenario, its [guest] and [workload] sections.
 *
 * A number in it stands in the source, or follows from numbers there, or is named in `assumed`.
 */
enum preset_measure {
    PRESET_NONE,      /* the source gives nothing that a run could be held against */
    PRESET_PAGES,     /* distinct pages written in `window_ns`, a second */
    PRESET_UNCHANGED, /* share of the pages dirty after `window_ns` whose bytes are the same */
    PRESET_DELTA,     /* bytes of the XBZRLE delta of a page dirty after `window_ns` */
};

struct preset {
    const char *name;
    const char *help;    /* one line: what guest it is */
    const char *source;  /* where the figures are from; "" if all is assumed */
    const char *figure;  /* the figure, as the source says it; "" if it has none */
    const char *assumed; /* what is not from there */
    enum preset_measure measure;
    int64_t window_ns;
    double low, high; /* the figure, or the two ends of it, in the measure's unit */
    const char *text; /* of a scenario */
};

extern const struct preset presets[];               /* ended by one without a name */
const struct preset *preset_find(const char *name); /* NULL if unknown */

#endif
