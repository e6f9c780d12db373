# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Named checks that are counted; sourced by lint, same-bytes and fuzz, in the project's folder.
#
#   check NAME COMMAND...   runs it; one line says how it went, and all of its output if it failed
#   checks_end              prints 'N passed, N failed'; its status is what the script ends with
passed=0 failed=0
# Builds for checks lie apart from build/release: theirs have warnings as errors.
checks_build=${O:-build/check}
checks_log=$(mktemp)
trap 'rm -f "$checks_log"' EXIT

check() {
    checks_name=$1
    shift
    checks_began=$(date +%s)
    if "$@" >"$checks_log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %3d s  %s\n' $(($(date +%s) - checks_began)) "$checks_name"
    else
        failed=$((failed + 1))
        printf 'FAIL  %3d s  %s\n' $(($(date +%s) - checks_began)) "$checks_name"
        cat "$checks_log"
    fi
}

checks_end() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# One variant of the Makefile with warnings as errors: checks_make VARIANT TARGET...
checks_make() {
    checks_variant=$1
    shift
    make --no-print-directory -j"$(nproc)" O="$checks_build" VARIANT="$checks_variant" \
        CFLAGS=-Werror "$@"
}
