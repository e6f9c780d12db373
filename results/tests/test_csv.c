/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

static void rows_have_the_columns_of_the_database(void **state)
{
    (void)state;
    const struct record_sample samples[] = {{100, 2, 3, 4, 5, 6, 7, 8}, {200, 0, 0, 0, 0, 0, 0, 0}};
    const struct record_iteration iteration = {
        .start_ns = 1, .end_ns = 2, .dirty_pages = 3, .bandwidth_bytes_per_s = 0.5};
    const struct record record = {
        .samples = samples, .sample_count = 2, .iterations = &iteration, .iteration_count = 1};
    char *text = csv_timeline(&record);
    assert_string_equal(text, "end_ns,window_bytes,window_ns,remaining_bytes,threshold_bytes,"
                              "dirty_sync_count,xbzrle_pages,xbzrle_cache_miss\n"
                              "100,2,3,4,5,6,7,8\n200,0,0,0,0,0,0,0\n");
    free(text);
    text = csv_iterations(&record);
    assert_non_null(strstr(text, "\n1,2,3,0,0,0.5,0,0,0,0,0,0,0,0\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_have_the_columns_of_the_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
