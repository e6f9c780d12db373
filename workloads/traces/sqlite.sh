#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Records sqlite3 under a paced bank workload in memory: 100000 accounts in a B-tree; each of some
# 3000 transactions a second updates one account, popular ones more often, and appends a row to the
# history; every tenth rewrites the account's note too, and rows move within their page.
#
#   workloads/traces/sqlite.sh [FILE.mgt]        MIGSIM=build/migsim; needs sqlite3
set -eu
out=${1:-sqlite.mgt}
migsim=${MIGSIM:-build/migsim}
dir=$(mktemp -d)
sqlite= feeder=
trap 'kill $sqlite $feeder 2>/dev/null || true; rm -rf "$dir"' EXIT

statements() {
    awk -v loaded="$dir/loaded" '
    function account() { return 1 + int(100000 * rand() ^ 2) }
    function note(n, text) {
        for (text = ""; n > 0; n--)
            text = text phrase[1 + int(phrases * rand())]
        return text
    }
    BEGIN {
        srand(1)
        phrases = split("called back on monday, will decide by the end of the week; |" \
                        "invoice sent by mail; |contract renewed until the end of march; |" \
                        "special price for the order of the north branch, ask before use; |", phrase, "|")
        print "PRAGMA journal_mode = OFF;"
        print "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INT, at INT, note TEXT);"
        print "CREATE TABLE history (account INT, change INT, at INT, what TEXT);"
        print "BEGIN;"
        for (i = 1; i <= 100000; i++)
            printf "INSERT INTO account VALUES (%d, %d, 1000, '\''%s'\'');\n", i, 500000, note(3)
        print "COMMIT;"
        print ".system touch " loaded
        for (t = 1001; ; t++) {
            print "BEGIN;"
            for (i = 0; i < 90; i++) {
                a = account()
                change = int(2000 * rand()) - 1000
                printf "UPDATE account SET balance = balance + %d, at = %d WHERE id = %d;\n", change, t, a
                printf "INSERT INTO history VALUES (%d, %d, %d, '\''card'\'');\n", a, change, t
                if (i % 10 == 0)
                    printf "UPDATE account SET note = '\''%s'\'' WHERE id = %d;\n", note(3), a
            }
            print "COMMIT;"
            fflush()
            system("sleep 0.025")
        }
    }'
}

mkfifo "$dir/statements"
sqlite3 :memory: <"$dir/statements" >/dev/null &
sqlite=$!
statements >"$dir/statements" &
feeder=$!
while [ ! -e "$dir/loaded" ]; do sleep 0.1; done
sleep 0.5
"$migsim" record -o "$out" --interval 100ms --duration 4s process $sqlite
