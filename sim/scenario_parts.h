/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SCENARIO_PARTS_H
#define SIM_SCENARIO_PARTS_H

#include "sim/scenario.h"

/* The steps of scenario_create, each in a file of its own; for no one else. */

/*
 * A copy of the text, with what the preset of `[guest] preset` says where the text itself says
 * nothing. Owned by the caller. NULL if there is no such preset.
 */
struct scenario_text *scenario_expand_preset(const struct scenario_text *text, struct error *error);

/* [workload NAME]: kinds, their options, where their regions lie. scenario_workloads.c */
bool scenario_add_workloads(struct scenario *scenario, const struct scenario_text *text,
                            struct error *error);

/* [at TIME]. scenario_changes.c */
bool scenario_add_changes(struct scenario *scenario, const struct scenario_text *text,
                          struct error *error);

/* Puts the policy's name for `auto`, and checks that there is such a policy. scenario_check.c */
bool scenario_resolve_cache(struct scenario *scenario, const struct scenario_text *text,
                            struct error *error);

/* What no single option can tell: sizes that do not fit each other. scenario_check.c */
bool scenario_check(struct scenario *scenario, const struct scenario_text *text,
                    struct error *error);

/* A cache size that the policy has, not above the guest's memory; else an error without place. */
bool scenario_check_cache_size(const struct scenario *scenario, uint64_t bytes,
                               struct error *error);

/* The resolved parameters as settings. scenario_settings.c */
void scenario_add_settings(struct scenario *scenario, const struct scenario_text *text);

/* Sets one option from an entry, paths resolved; the error has the entry's place. */
bool scenario_set_option(const struct scenario_text *text, const struct scenario_entry *entry,
                         const struct option *option, void *object, struct error *error);

/* "no such parameter", with the nearest name of the tables (ended by NULL). Always false. */
bool scenario_unknown_key(const struct scenario_text *text, const struct scenario_entry *entry,
                          const struct option *const *tables, struct error *error);

#endif
