/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "codec/tests/twin_pages.h"
#include "codec/xbzrle.h"

#define PAGE   4096u
#define ROUNDS 10000

/*
 * A guest that writes its page while it is encoded: the delta must turn the cached page of before
 * into the cached page of after, whichever bytes were caught.
 */
struct guest {
    uint8_t page[PAGE];
    atomic_bool stop;
};

static struct guest guest;

/* Few lines, so that each of them changes often while it is looked at. */
static void *write_page(void *argument)
{
    uint8_t value = 0;

    (void)argument;
    while (!atomic_load_explicit(&guest.stop, memory_order_relaxed)) {
        value++;
        for (size_t at = 0; at < PAGE; at += 251)
            __atomic_store_n(&guest.page[at], value, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* The sanitizers see a race here, and it is one: on purpose, and only between bytes. */
static void test_update_of_a_page_being_written(void **state)
{
    static uint8_t cached[PAGE], before[PAGE], delta[2 * PAGE];
    pthread_t thread;
    size_t size, deltas = 0;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, write_page, NULL), 0);
    for (size_t i = 0; xbzrle_kernels[i]; i++) {
        for (size_t round = 0; xbzrle_kernels[i]->usable() && round < ROUNDS; round++) {
            memcpy(before, cached, PAGE);
            enum encode_result result = xbzrle_kernels[i]->encode_update(
                cached, guest.page, PAGE, delta, sizeof(delta), &size);
            assert_int_not_equal(result, ENCODE_OVERFLOW);
            assert_true(xbzrle_decode_checked(delta, size, before, PAGE));
            assert_memory_equal(before, cached, PAGE);
            deltas += result == ENCODE_DELTA;
        }
    }
    atomic_store(&guest.stop, true);
    pthread_join(thread, NULL);
    assert_true(deltas > 0);
}

/*
 * The same without luck: the delta is written over the new page itself, which is against the
 * contract, but right in pages of one chunk if each byte of it is read once, before any is written.
 */
static void test_update_reads_the_new_page_once(void **state)
{
    struct page_random random = {.state = 1};
    uint8_t old_page[PAGE], new_page[PAGE], cached[PAGE], delta[PAGE], both[PAGE];
    size_t size, want_size;

    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        page_pair_make(&random, old_page, new_page, PAGE);
        enum encode_result want = xbzrle_encode(old_page, new_page, PAGE, delta, PAGE, &want_size);
        for (size_t i = 0; xbzrle_kernels[i]; i++) {
            if (!xbzrle_kernels[i]->usable())
                continue;
            memcpy(cached, old_page, PAGE);
            memcpy(both, new_page, PAGE);
            assert_int_equal(
                xbzrle_kernels[i]->encode_update(cached, both, PAGE, both, PAGE, &size), want);
            assert_memory_equal(cached, new_page, PAGE);
            assert_int_equal(size, want_size);
            assert_memory_equal(both, delta, size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_of_a_page_being_written),
        cmocka_unit_test(test_update_reads_the_new_page_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
