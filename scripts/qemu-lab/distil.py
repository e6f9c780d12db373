# SPDX-License-Identifier: GPL-3.0-or-later
"""What QEMU's trace log tells of a migration: bitmap syncs, bandwidth estimates, the switchover."""
import re

# The trace events that distil() reads; ram_save_iterate_big_wait and the limiter's for the log's reader.
TRACE = ["migrate_set_state", "migrate_pending", "migrate_transferred", "migration_bitmap_sync_start",
         "migration_bitmap_sync_end", "migration_throttle", "migration_thread_setup_complete",
         "migration_thread_low_pending", "migration_completion_vm_stop", "migration_thread_after_loop",
         "savevm_state_setup", "savevm_state_iterate", "savevm_state_complete_precopy",
         "savevm_section_start", "savevm_section_end", "ram_save_iterate_big_wait",
         "migration_rate_limit_pre", "migration_rate_limit_post"]
STAGES = ("migrate_set_state", "migration_thread_setup_complete", "migration_thread_low_pending",
          "migration_completion_vm_stop", "migration_thread_after_loop", "savevm_state_setup",
          "savevm_state_complete_precopy")
PAGE = 4096


def since_last_sync(syncs):
    """Turns dirty_pages, QEMU's count since it last closed a rate period, into the count since the sync
    before. QEMU closes a period at the end of a sync when its clock has moved by more than 1000 whole
    milliseconds. Within a millisecond of that, the next count decides: it falls after a close; if it
    does not, the reading is taken that fits the dirty rate just seen."""
    opened, total, before = None, 0, None
    for sync, following in zip(syncs, syncs[1:] + [None]):
        end = sync["t_s"] + sync["took_s"]
        count, sync["dirty_pages"] = sync["dirty_pages"], sync["dirty_pages"] - total
        opened = sync["t_s"] if opened is None else opened
        closes = end - opened > 1.0
        if following and 1.0 <= end - opened < 1.0011 and before:
            rate = sync["dirty_pages"] / (sync["t_s"] - before["t_s"])
            expected = rate * (following["t_s"] - sync["t_s"])
            closes = (abs(following["dirty_pages"] - expected)
                      < abs(following["dirty_pages"] - count - expected))
        if closes or (following and following["dirty_pages"] < count):
            opened, count = end, 0
            sync["closes_rate_period"] = True
        total, before = count, sync


def pages_between(syncs):
    """The first pending test after a sync says what remains; by the next sync that many less are left."""
    for sync, following in zip(syncs, syncs[1:]):
        if sync["remaining_bytes_after"] is not None and following["remaining_bytes_after"] is not None:
            sync["pages_sent_until_next_sync"] = (sync["remaining_bytes_after"] // PAGE
                                                  + following["dirty_pages"]
                                                  - following["remaining_bytes_after"] // PAGE)


def tests_between(syncs, pending):
    for sync, following in zip(syncs, syncs[1:] + [None]):
        until = following["t_s"] if following else float("inf")
        sync["pending_tests"] = sum(sync["t_s"] <= test["t_s"] < until for test in pending)


def distil(log, start):
    """`log` by lines; times become seconds since `start`, seconds since the epoch. A dict of lists of
    rows: iterations, rate_windows, pending_tests, stages, throttle_t_s, sections."""
    found = {"iterations": [], "rate_windows": [], "pending_tests": [], "stages": [], "throttle_t_s": [],
             "sections": []}
    syncs = found["iterations"]
    began = threshold = section = None
    for line in log:
        m = re.match(r"(?:\d+@)?(\d+)\.(\d+):(\w+) ?(.*)", line)
        if not m:
            continue
        t = round(int(m[1]) + int(m[2]) / 1e6 - start, 6)
        event, args = m[3], m[4]
        n = [int(x) for x in re.findall(r"(?<![\w.])\d+", args)]
        if event == "migration_bitmap_sync_start":
            began = t
        elif event == "migration_bitmap_sync_end":
            syncs.append({"t_s": began, "took_s": round(t - began, 6), "dirty_pages": n[-1],
                          "remaining_bytes_after": None, "threshold_bytes": threshold})
        elif event == "migrate_pending":
            threshold = n[1]
            if syncs and syncs[-1]["remaining_bytes_after"] is None:
                syncs[-1]["remaining_bytes_after"] = n[0]
            found["pending_tests"].append({"t_s": t, "pending_bytes": n[0], "threshold_bytes": n[1]})
        elif event == "migrate_transferred":
            found["rate_windows"].append({"t_s": t, "bytes": n[0], "time_ms": n[1],
                                          "bandwidth_bytes_per_ms": n[2], "threshold_bytes": n[3]})
        elif event == "migration_throttle":
            found["throttle_t_s"].append(t)
        elif event == "savevm_section_start":
            section = (args.split(",")[0], t)
        elif event == "savevm_section_end" and section:
            found["sections"].append({"section": section[0], "t_s": section[1],
                                      "took_s": round(t - section[1], 6)})
        elif event in STAGES:
            found["stages"].append({"t_s": t, "event": event, "args": args})
    since_last_sync(syncs)
    tests_between(syncs, found["pending_tests"])
    pages_between(syncs)
    return found
