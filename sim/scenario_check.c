/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario_parts.h"

#include "base/units.h"
#include "cache/page_cache.h"

#include <stdlib.h>
#include <string.h>

static bool resolve_cache(struct migration_options *migration, struct error *error)
{
    if (!strcmp(migration->cache, "auto")) {
        free(migration->cache);
        migration->cache =
            must_copy(migration->codec == CODEC_XBRLE ? "two-way-v5" : "direct", "a name");
    }
    if (page_cache_policy_find(migration->cache))
        return true;
    const char *names[32];
    size_t count = 0;
    for (; count < 31 && page_cache_policies[count]; count++)
        names[count] = page_cache_policy_name(page_cache_policies[count]);
    names[count] = NULL;
    const char *nearest = option_nearest(migration->cache, names);
    return error_set(error, "no cache policy '%.40s'%s%s%s (migsim list caches)", migration->cache,
                     nearest ? ": did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

bool scenario_check_cache_size(const struct scenario *scenario, uint64_t bytes, struct error *error)
{
    const struct page_cache_policy *policy = page_cache_policy_find(scenario->migration.cache);
    char text[4][UNITS_TEXT_SIZE];
    uint64_t below = bytes, above = bytes;
    if (policy)
        page_cache_sizes_around(policy, bytes, PAGE_SIZE, &below, &above);
    if (below != bytes && below && above)
        return error_set(error, "%s is no size of the policy %s: the nearest are %s and %s",
                         units_format_size(bytes, text[0]), scenario->migration.cache,
                         units_format_size(below, text[1]), units_format_size(above, text[2]));
    if (below != bytes)
        return error_set(error, "%s is no size of the policy %s: the nearest is %s",
                         units_format_size(bytes, text[0]), scenario->migration.cache,
                         units_format_size(below ? below : above, text[1]));
    if (bytes > scenario->guest.memory_bytes)
        return error_set(error, "%s is more than the guest's memory of %s",
                         units_format_size(bytes, text[0]),
                         units_format_size(scenario->guest.memory_bytes, text[1]));
    return true;
}

/* Where a value came from, for the message: its entry, or the file as a whole for a default. */
static bool fail(const struct scenario_text *text, const char *section, const char *key,
                 const struct error *what, struct error *error)
{
    const struct scenario_entry *entry = scenario_text_find(text, section, key);
    if (entry)
        return scenario_text_error(text, entry, error, "%s", what->text);
    return error_at(error, text->file, 0, "%s.%s: %s", section, key, what->text);
}

bool scenario_check(struct scenario *scenario, const struct scenario_text *text,
                    struct error *error)
{
    struct error what;
    if (scenario->guest.memory_bytes % PAGE_SIZE) {
        error_set(&what, "not a whole number of pages of %u bytes", PAGE_SIZE);
        return fail(text, "guest", "memory", &what, error);
    }
    if (scenario->guest.content.run_bytes % PAGE_SIZE) {
        error_set(&what, "not a whole number of pages of %u bytes", PAGE_SIZE);
        return fail(text, "guest", "content-run", &what, error);
    }
    if (scenario->migration.xbzrle &&
        !scenario_check_cache_size(scenario, scenario->migration.xbzrle_cache_size, &what))
        return fail(text, "migration", "xbzrle-cache-size", &what, error);
    if (!content_check(&scenario->guest.content, &what))
        return fail(text, "guest", scenario->guest.content.image[0] ? "image" : "zero-share", &what,
                    error);
    return true;
}

bool scenario_resolve_cache(struct scenario *scenario, const struct scenario_text *text,
                            struct error *error)
{
    struct error what;
    return resolve_cache(&scenario->migration, &what) ||
           fail(text, "migration", "cache", &what, error);
}
