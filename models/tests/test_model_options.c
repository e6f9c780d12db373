/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/content.h"
#include "models/host_cost.h"
#include "models/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every table: defaults are set (a bad one aborts), names are unique, help is one short line. */
static void check_table(const struct option *table, size_t size)
{
    void *object = calloc(1, size);
    option_set_defaults(table, object);
    for (const struct option *option = table; option->name; option++) {
        assert_ptr_equal(option_find(table, option->name), option);
        assert_true(strspn(option->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(option->name));
        assert_true(strlen(option->help) > 5 && strlen(option->help) < 90);
        assert_true(option->help[strlen(option->help) - 1] != '.');
        assert_non_null(option->fallback);
        assert_in_range(option->offset, 0, size - 1);
    }
    option_release(table, object);
    free(object);
}

static void test_tables(void **state)
{
    (void)state;
    check_table(content_options_table, sizeof(struct content_options));
    check_table(link_options_table, sizeof(struct link_options));
    check_table(host_cost_table, sizeof(struct host_cost));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
