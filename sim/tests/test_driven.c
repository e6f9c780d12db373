/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bitmap.h"
#include "sim/guest.h"
#include "sim/tests/twin_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Workloads that others drive (kinds phases and burst), in scenarios and in the guest. */
#define WEB "[workload web]\nkind = sequential\nregion = 16M\nrate = 1k\n"
#define LOG "[workload log]\nkind = append\nregion = 16M\nrate = 1k\nrecord = 4K\nhead = off\n"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *ini, *message;
    } rows[] = {
        {WEB "[workload day]\nkind = phases\n", "[workload day] kind phases needs a 'schedule'"},
        {WEB "[workload day]\nkind = phases\nschedule = wbe 5s\n",
         "[workload day] runs 'wbe', but there is no [workload wbe]: did you mean web?"},
        {WEB "[workload day]\nkind = phases\nschedule = web 0s\n", "'web 0s' lasts no time"},
        {WEB "[workload day]\nkind = phases\nschedule = web\n", "'web' is no phase"},
        {WEB "[workload day]\nkind = phases\nschedule = web 5s\nregion = 4K\n",
         "workload day.region: no such parameter"},
        {WEB "[workload day]\nkind = phases\nschedule = day 5s\n", "run each other in a circle"},
        {"[workload a]\nkind = burst\nof = b\n[workload b]\nkind = burst\nof = c\n"
         "[workload c]\nkind = phases\nschedule = a 1s\n",
         "[workload c] and [workload a] run each other in a circle"},
        {WEB "[workload a]\nkind = burst\nof = web\n[workload b]\nkind = phases\n"
             "schedule = web 1s\n",
         "[workload web] is run by both [workload a] and [workload b]"},
        {WEB "[workload a]\nkind = burst\n", "kind burst needs an 'of'"},
        {WEB "[workload a]\nkind = burst\nof = web\non = 0s\n", "out of range: from 1ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *error = fixture_error(rows[i].ini);
        if (!strstr(error, rows[i].message))
            fail_msg("scenario %zu: '%s' should say '%s'", i, error, rows[i].message);
        if (strncmp(error, "test.ini", 8) != 0)
            fail_msg("scenario %zu: '%s' does not say where", i, error);
    }
}

static uint64_t take(struct guest *guest, sim_time now)
{
    uint64_t *written = guest_written(guest, now), pages = guest_machine(guest)->page_count;
    uint64_t count = bitmap_count(written, pages);
    memset(written, 0, BITMAP_WORDS(pages) * sizeof *written);
    return count;
}

static struct guest *start(const char *ini, struct scenario **ret_scenario)
{
    struct error error;
    *ret_scenario = fixture_scenario(ini);
    struct guest *guest = guest_create(*ret_scenario, &error);
    assert_non_null(guest);
    return guest;
}

#define S 1000000000ll

/* 1000 pages a second of web for 2 s, of both for 1 s, of none for 1 s, again and again. */
static void test_phases(void **state)
{
    (void)state;
    static const uint64_t pages[] = {1000, 1000, 2000, 0, 1000, 1000, 2000, 0};
    struct scenario *scenario;
    struct guest *guest = start("[guest]\nuptime = 0s\n[workload day]\nkind = phases\n"
                                "schedule = web 2s, web + log 1s, idle 1s\n" WEB LOG,
                                &scenario);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(take(guest, i * S + S / 2), pages[i] / 2);
        assert_int_equal(take(guest, (i + 1) * S), pages[i] / 2);
    }
    guest_destroy(guest);
    scenario_destroy(scenario);
}

/* A driver that is driven: log runs in the second half of each second in which bursts run. */
static void test_nested(void **state)
{
    (void)state;
    static const uint64_t halves[] = {0, 500, 0, 0, 0, 500, 0, 0};
    struct scenario *scenario;
    struct guest *guest =
        start("[guest]\nuptime = 0s\n" LOG "[workload inner]\nkind = phases\n"
              "schedule = idle 500ms, log 500ms\n[workload outer]\nkind = burst\nof = inner\n"
              "on = 1s\noff = 1s\nlaw = fixed\n",
              &scenario);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(take(guest, (i + 1) * S / 2), halves[i]);
    guest_destroy(guest);
    scenario_destroy(scenario);
}

/* In the long run, a burst writes its duty cycle of what its workload would. */
static void test_duty_cycle(void **state)
{
    (void)state;
    uint64_t pages = 0;
    struct scenario *scenario;
    struct guest *guest = start("[guest]\nuptime = 0s\n" LOG "[workload on-off]\nkind = burst\n"
                                "of = log\non = 100ms\noff = 300ms\n",
                                &scenario);
    for (int64_t t = 1; t <= 4000; t++)
        pages += take(guest, t * S / 4);
    assert_in_range(pages, 237000,
                    263000); /* a quarter of a million: 2500 cycles, 5 % is 3 sigma */
    guest_destroy(guest);
    scenario_destroy(scenario);
}

/* The whole way: delivered to the byte, and twice the same. */
static void test_run(void **state)
{
    (void)state;
    static const char ini[] =
        "[guest]\nmemory = 128M\n" WEB "[workload heap]\nkind = gc\nregion = 32M\n"
        "[workload store]\nkind = kv\nregion = 16M\n[workload day]\nkind = phases\n"
        "schedule = web 300ms, heap 200ms, idle 500ms, store + web 100ms\n"
        "[migration]\nxbzrle = on\nxbzrle-cache-size = 16M\ndowntime-limit = 20ms\n";
    struct record *a = fixture_run(ini), *b = fixture_run(ini);
    assert_true(a->verified);
    assert_int_equal(a->total_time_ns, b->total_time_ns);
    assert_int_equal(a->counters.transferred, b->counters.transferred);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_phases),
        cmocka_unit_test(test_nested),  cmocka_unit_test(test_duty_cycle),
        cmocka_unit_test(test_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
