-- SPDX-License-Identifier: GPL-3.0-or-later
-- A study: what was asked, and what became of each run. Documented in docs/schema.md.
-- Times are nanoseconds of simulated time since the migrate command; sizes are bytes; counters have
-- the names of QEMU's query-migrate with '_' for '-'. No wall clock, no host, no path anywhere.

CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL
) STRICT;

-- The settings that a sweep varies, in the order in which its scenario lists them.
CREATE TABLE axis (
    position INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL CHECK (source IN ('simulated', 'measured')),
    digest TEXT NOT NULL CHECK (length(digest) = 32), -- of all settings, the seed aside
    seed TEXT NOT NULL CHECK (length(seed) = 16),     -- 64 bits in hexadecimal
    outcome TEXT NOT NULL CHECK (outcome IN ('converged', 'not-converged', 'failed')),
    why TEXT NOT NULL,                                -- one line; empty when converged
    status TEXT NOT NULL,                             -- of query-migrate: completed, cancelled, ...
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    total_time_ns INTEGER NOT NULL,
    downtime_ns INTEGER NOT NULL,                     -- means nothing unless converged
    setup_time_ns INTEGER NOT NULL,
    expected_downtime_ns INTEGER NOT NULL,
    ram_total INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    dirty_pages_rate INTEGER NOT NULL,                -- pages/s
    precopy_bytes INTEGER NOT NULL,
    downtime_bytes INTEGER NOT NULL,
    pages_per_second INTEGER NOT NULL,
    mbps REAL NOT NULL,                               -- 10^6 bit/s
    transferred INTEGER NOT NULL,
    normal INTEGER NOT NULL,                          -- pages
    duplicate INTEGER NOT NULL,                       -- pages
    dirty_sync_count INTEGER NOT NULL,
    xbzrle_pages INTEGER NOT NULL,                    -- cache hits
    xbzrle_bytes INTEGER NOT NULL,
    xbzrle_cache_miss INTEGER NOT NULL,               -- pages
    xbzrle_overflow INTEGER NOT NULL,                 -- pages
    xbzrle INTEGER NOT NULL CHECK (xbzrle IN (0, 1)),
    xbzrle_cache_size INTEGER NOT NULL,
    xbzrle_cache_miss_rate REAL NOT NULL,
    xbzrle_encoding_rate REAL NOT NULL,
    stream_file_header INTEGER NOT NULL,              -- stream_*: bytes on the wire, by kind
    stream_setup INTEGER NOT NULL,
    stream_framing INTEGER NOT NULL,
    stream_zero INTEGER NOT NULL,
    stream_normal INTEGER NOT NULL,
    stream_delta INTEGER NOT NULL,
    stream_name INTEGER NOT NULL,
    stream_part_eos INTEGER NOT NULL,
    stream_device INTEGER NOT NULL,
    sender_cpu_ns INTEGER NOT NULL,
    encoded_pages INTEGER NOT NULL,
    cache_bytes INTEGER NOT NULL,
    written_bytes INTEGER NOT NULL,
    miss_first_touch INTEGER NOT NULL,
    miss_capacity INTEGER NOT NULL,
    miss_conflict INTEGER NOT NULL,
    guest_stopped_ns INTEGER NOT NULL,
    UNIQUE (source, digest, seed)
) STRICT;

-- Every parameter of a run, defaults included, in base units.
CREATE TABLE setting (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    is_number INTEGER NOT NULL CHECK (is_number IN (0, 1)),
    unit TEXT NOT NULL,                               -- bytes, bytes/s, ns, or empty
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;

-- From one bitmap sync to the next; the counters are those of the iteration alone.
CREATE TABLE iteration (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,                          -- from 1
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    dirty_pages INTEGER NOT NULL,                     -- found by the sync that opens it
    remaining_bytes INTEGER NOT NULL,                 -- right after that sync
    threshold_bytes INTEGER NOT NULL,                 -- of its last switchover test
    bandwidth_bytes_per_s REAL NOT NULL,              -- estimate at its end; 0: none yet
    transferred INTEGER NOT NULL,
    normal INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    dirty_sync_count INTEGER NOT NULL,
    xbzrle_pages INTEGER NOT NULL,
    xbzrle_bytes INTEGER NOT NULL,
    xbzrle_cache_miss INTEGER NOT NULL,
    xbzrle_overflow INTEGER NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- The bandwidth windows of the migration thread, 100 ms or longer.
CREATE TABLE timeline (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,                          -- from 1
    end_ns INTEGER NOT NULL,
    window_bytes INTEGER NOT NULL,
    window_ns INTEGER NOT NULL,
    remaining_bytes INTEGER NOT NULL,                 -- at its end
    threshold_bytes INTEGER NOT NULL,
    dirty_sync_count INTEGER NOT NULL,                -- so far, as the two below
    xbzrle_pages INTEGER NOT NULL,
    xbzrle_cache_miss INTEGER NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- A run in the units in which people think. What does not apply is NULL.
CREATE VIEW v_run AS
SELECT id, source, digest, seed, outcome, why,
       total_time_ns / 1e9 AS total_time_s,
       CASE WHEN outcome = 'converged' THEN downtime_ns / 1e6 END AS downtime_ms,
       setup_time_ns / 1e6 AS setup_time_ms,
       transferred / 1048576.0 AS transferred_mib,
       stream_file_header + stream_setup + stream_framing + stream_zero + stream_normal
           + stream_delta + stream_name + stream_part_eos + stream_device AS stream_total,
       mbps, normal, duplicate, dirty_sync_count,
       CASE WHEN xbzrle THEN xbzrle_cache_size / 1048576.0 END AS xbzrle_cache_mib,
       CASE WHEN xbzrle THEN xbzrle_pages END AS xbzrle_pages,
       CASE WHEN xbzrle THEN xbzrle_cache_miss END AS xbzrle_cache_miss,
       CASE WHEN xbzrle THEN xbzrle_overflow END AS xbzrle_overflow,
       CASE WHEN xbzrle AND xbzrle_pages + xbzrle_cache_miss > 0
            THEN 1.0 * xbzrle_cache_miss / (xbzrle_pages + xbzrle_cache_miss) END AS miss_ratio,
       sender_cpu_ns / 1e9 AS sender_cpu_s
FROM run;

-- One row for each distinct scenario of the study, over its seeds: medians of the converged runs.
-- NULL as xbzrle_cache_mib: XBZRLE off.
CREATE VIEW v_cache_size AS
WITH placed AS (
    SELECT source, digest, outcome, total_time_ns, downtime_ns,
           row_number() OVER (PARTITION BY source, digest, outcome ORDER BY total_time_ns) AS by_time,
           row_number() OVER (PARTITION BY source, digest, outcome ORDER BY downtime_ns) AS by_down,
           count(*) OVER (PARTITION BY source, digest, outcome) AS n
    FROM run
), median AS (
    SELECT source, digest,
           avg(total_time_ns) FILTER (WHERE by_time IN ((n + 1) / 2, (n + 2) / 2)) / 1e9 AS total_time_s,
           avg(downtime_ns) FILTER (WHERE by_down IN ((n + 1) / 2, (n + 2) / 2)) / 1e6 AS downtime_ms
    FROM placed
    WHERE outcome = 'converged'
    GROUP BY source, digest
)
SELECT r.source, r.digest,
       CASE WHEN r.xbzrle THEN r.xbzrle_cache_size / 1048576.0 END AS xbzrle_cache_mib,
       count(*) AS runs,
       sum(r.outcome = 'converged') AS converged,
       m.total_time_s, m.downtime_ms,
       avg(r.transferred) / 1048576.0 AS mean_transferred_mib,
       CASE WHEN r.xbzrle AND sum(r.xbzrle_pages + r.xbzrle_cache_miss) > 0
            THEN 1.0 * sum(r.xbzrle_cache_miss) / sum(r.xbzrle_pages + r.xbzrle_cache_miss)
       END AS miss_ratio
FROM run AS r LEFT JOIN median AS m ON m.source = r.source AND m.digest = r.digest
GROUP BY r.source, r.digest
ORDER BY r.xbzrle_cache_size * r.xbzrle, r.digest;
