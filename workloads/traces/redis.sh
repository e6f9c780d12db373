#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Records redis-server under a paced cache workload: 64000 sessions, each a JSON text of some 250
# bytes, replaced as a whole, popular ones more often (a new object each time, the old one's place
# reused by the allocator); counters; a queue that is pushed and popped; a ranking.
#
#   workloads/traces/redis.sh [FILE.mgt]        MIGSIM=build/migsim; needs redis-server
set -eu
out=${1:-redis.mgt}
migsim=${MIGSIM:-build/migsim}
dir=$(mktemp -d)
redis= client=
trap 'kill $redis $client 2>/dev/null || true; rm -rf "$dir"' EXIT

commands() {
    awk -v loaded="$dir/loaded" '
    function session(id, t) {
        return sprintf("SET session:%05d \"{\\\"user\\\":\\\"user%05d\\\",\\\"visits\\\":%d," \
            "\\\"last-seen\\\":\\\"2012-01-%02dT%02d:%02d:00Z\\\",\\\"theme\\\":\\\"%s\\\"," \
            "\\\"cart\\\":[%s],\\\"token\\\":\\\"%08x\\\",\\\"language\\\":\\\"en\\\"}\"",
            id, id, t, 1 + t % 28, t % 24, t % 60, t % 3 ? "light" : "dark",
            substr("1001,1002,1003,1004,1005,1006,1007,1008", 1, 4 + 5 * int(8 * rand())),
            2147483647 * rand())
    }
    BEGIN {
        srand(1)
        for (id = 0; id < 64000; id++)
            print session(id, 0)
        print "SET loaded 1"
        fflush()
        while (system("test -e " loaded) != 0)
            system("sleep 0.1")
        for (t = 1; ; t++) {
            for (i = 0; i < 60; i++) {
                id = int(64000 * rand() ^ 1.5)
                print session(id, t)
                printf "INCR visits:%d\n", int(500 * rand())
                if (i % 3 == 0)
                    printf "ZINCRBY ranking %d user%05d\n", 1 + 10 * rand(), id
                printf "LPUSH queue job:%08d\n", 60 * t + i
                if (t > 20)
                    print "RPOP queue"
            }
            fflush()
            system("sleep 0.025")
        }
    }'
}

redis-server --port 0 --unixsocket "$dir/socket" --save '' --dir "$dir" >/dev/null &
redis=$!
while [ ! -S "$dir/socket" ]; do sleep 0.1; done
commands | redis-cli -s "$dir/socket" >/dev/null 2>&1 &
client=$!
while [ "$(redis-cli -s "$dir/socket" EXISTS loaded)" != 1 ]; do sleep 0.1; done
touch "$dir/loaded"
sleep 1
"$migsim" record -o "$out" --interval 100ms --duration 3s process $redis
