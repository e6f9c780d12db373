-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 2: views of a run's course, its bytes, its costs, and what the study varies. As those
-- before: seconds, milliseconds, MiB and Mbit/s; what does not apply is NULL.

-- The sync that opens an iteration finds what was written during the one before.
CREATE VIEW v_iteration AS
SELECT run_id, number, start_ns / 1e9 AS start_s, (end_ns - start_ns) / 1e6 AS takes_ms,
       dirty_pages,
       CASE WHEN number > 1 AND lag(end_ns - start_ns) OVER course > 0
            THEN dirty_pages * 1e9 / lag(end_ns - start_ns) OVER course END AS dirty_pages_per_s,
       remaining_bytes / 1048576.0 AS remaining_mib,
       threshold_bytes / 1048576.0 AS threshold_mib,
       CASE WHEN bandwidth_bytes_per_s > 0 THEN bandwidth_bytes_per_s * 8e-6 END AS bandwidth_mbit,
       transferred / 1048576.0 AS transferred_mib, normal, duplicate,
       xbzrle_pages, xbzrle_bytes / 1048576.0 AS xbzrle_mib, xbzrle_cache_miss, xbzrle_overflow,
       CASE WHEN xbzrle_pages + xbzrle_cache_miss > 0
            THEN 1.0 * xbzrle_cache_miss / (xbzrle_pages + xbzrle_cache_miss) END AS miss_ratio
FROM iteration
WINDOW course AS (PARTITION BY run_id ORDER BY number);

CREATE VIEW v_timeline AS
SELECT run_id, number, end_ns / 1e9 AS end_s,
       CASE WHEN window_ns > 0 THEN window_bytes * 8e3 / window_ns END AS mbit_per_s,
       remaining_bytes / 1048576.0 AS remaining_mib,
       threshold_bytes / 1048576.0 AS threshold_mib,
       dirty_sync_count, xbzrle_pages, xbzrle_cache_miss
FROM timeline;

-- One row a run and kind of bytes.
CREATE VIEW v_stream AS
WITH kinds (run_id, kind, bytes) AS (
    SELECT id, 'file header', stream_file_header FROM run
    UNION ALL SELECT id, 'setup', stream_setup FROM run
    UNION ALL SELECT id, 'framing', stream_framing FROM run
    UNION ALL SELECT id, 'zero pages', stream_zero FROM run
    UNION ALL SELECT id, 'whole pages', stream_normal FROM run
    UNION ALL SELECT id, 'deltas', stream_delta FROM run
    UNION ALL SELECT id, 'block names', stream_name FROM run
    UNION ALL SELECT id, 'ends of sections', stream_part_eos FROM run
    UNION ALL SELECT id, 'devices', stream_device FROM run
)
SELECT run_id, kind, bytes, bytes / 1048576.0 AS mib,
       CASE WHEN sum(bytes) OVER (PARTITION BY run_id) > 0
            THEN 1.0 * bytes / sum(bytes) OVER (PARTITION BY run_id) END AS share
FROM kinds;

-- What a run cost besides time, and why its cache missed.
CREATE VIEW v_cost AS
SELECT id AS run_id,
       CASE WHEN total_time_ns > 0 THEN 1.0 * sender_cpu_ns / total_time_ns END AS sender_cpu_share,
       CASE WHEN xbzrle THEN cache_bytes / 1048576.0 END AS cache_mib,
       CASE WHEN xbzrle THEN encoded_pages END AS encoded_pages,
       written_bytes / 1048576.0 AS written_mib, guest_stopped_ns / 1e6 AS guest_stopped_ms,
       CASE WHEN miss_first_touch + miss_capacity + miss_conflict > 0
            THEN miss_first_touch END AS miss_first_touch,
       CASE WHEN miss_first_touch + miss_capacity + miss_conflict > 0
            THEN miss_capacity END AS miss_capacity,
       CASE WHEN miss_first_touch + miss_capacity + miss_conflict > 0
            THEN miss_conflict END AS miss_conflict
FROM run;

-- The settings of all runs together: those with more than one value are what the study varies.
CREATE VIEW v_setting AS
SELECT key, count(DISTINCT value) AS value_count, count(*) AS runs,
       min(CASE WHEN is_number THEN CAST(value AS NUMERIC) ELSE value END) AS least,
       max(CASE WHEN is_number THEN CAST(value AS NUMERIC) ELSE value END) AS most,
       max(unit) AS unit
FROM setting
GROUP BY key;
