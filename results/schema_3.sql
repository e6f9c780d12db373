-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 3: what auto-converge took from the guest.

ALTER TABLE run ADD COLUMN cpu_throttle_percentage INTEGER NOT NULL DEFAULT 0; -- the highest
ALTER TABLE run ADD COLUMN throttled_ns INTEGER NOT NULL DEFAULT 0;            -- from each vCPU

DROP VIEW v_cost;
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
            THEN miss_conflict END AS miss_conflict,
       CASE WHEN throttled_ns > 0 THEN cpu_throttle_percentage END AS cpu_throttle_percentage,
       CASE WHEN throttled_ns > 0 THEN throttled_ns / 1e9 END AS throttled_s
FROM run;
