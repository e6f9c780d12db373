/* SPDX-License-Identifier: MIT */
/* What docs/codec.md says of sizes is what the code gives. Run at the top of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/tests/twin_patterns.h"

static void test_sizes_in_the_document(void **state)
{
    static char text[1 << 18];
    FILE *file = fopen("docs/codec.md", "r");

    (void)state;
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof(text) - 1);
    for (size_t i = 0; i < PAGE_PATTERNS; i++) {
        char row[160];
        pattern_row(&page_patterns[i], row, sizeof(row));
        if (!strstr(text, row))
            fail_msg("docs/codec.md has no line that begins %s", row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_in_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
