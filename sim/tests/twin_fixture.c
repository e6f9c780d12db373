/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/tests/twin_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct scenario *parse(const char *ini, struct error *error)
{
    struct scenario_text *text = scenario_text_parse("test.ini", ini, strlen(ini), error);
    struct scenario *scenario = text ? scenario_create(text, error) : NULL;
    scenario_text_destroy(text);
    return scenario;
}

struct scenario *fixture_scenario(const char *ini)
{
    struct error error;
    struct scenario *scenario = parse(ini, &error);
    if (!scenario)
        fail_msg("%s", error.text);
    return scenario;
}

const char *fixture_error(const char *ini)
{
    static struct error error;
    struct scenario *scenario = parse(ini, &error);
    if (scenario)
        error.text[0] = 0;
    scenario_destroy(scenario);
    return error.text;
}

struct record *fixture_run_to(const char *ini, FILE *stream_file)
{
    struct error error;
    struct scenario *scenario = fixture_scenario(ini);
    struct simulate_options options = {.stream_file = stream_file};
    struct record *record = simulate(scenario, &options, &error);
    if (!record)
        fail_msg("%s", error.text);
    scenario_destroy(scenario);
    return record;
}

struct record *fixture_run(const char *ini)
{
    return fixture_run_to(ini, NULL);
}
