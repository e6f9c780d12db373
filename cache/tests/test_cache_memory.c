/* SPDX-License-Identifier: MIT */
#include "cache/cache_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)

/* Whatever the kernel's own taste: large mappings begin on a huge page, and all bytes are there. */
static void alignment_and_ends(void **state)
{
    (void)state;
    void *held[40];
    for (unsigned i = 0; i < 40; i++) {
        uint64_t bytes = i < 5 ? 1 + 1000 * i : 2 * MIB + 65537 * i;
        uint8_t *memory = held[i] = cache_memory_map(bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % (i < 5 ? 4096 : 2 * MIB), 0);
        assert_int_equal(memory[0], 0);
        assert_int_equal(memory[bytes - 1], 0);
        memory[0] = memory[bytes - 1] = 1;
    }
    for (unsigned i = 0; i < 40; i++)
        cache_memory_unmap(held[i], i < 5 ? 1 + 1000 * i : 2 * MIB + 65537 * i);
    cache_memory_unmap(NULL, 12345);
}

static void refusals(void **state)
{
    (void)state;
    assert_null(cache_memory_map(UINT64_MAX));
    assert_null(cache_memory_map(UINT64_C(1) << 63));
    assert_null(cache_memory_map(UINT64_C(1) << 60));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignment_and_ends),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
