#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut what lab.py wrote down to what is worth keeping.

    thin.py RUNS.jsonl >CELLS.jsonl

Drops the polls, the pending tests (and their number) and the stream's sections. A table of thousands
of bitmap syncs keeps its first and last rows; "iterations_cut" then says so. One line a run, in the
order given.
"""
import json
import sys

KEPT = ["cell", "repeat", "host", "outcome", "final", "guest_stopped", "guest_rate", "host_load",
        "iterations", "rate_windows", "stages", "throttle_t_s"]
FIRST, LAST = 200, 50


def without_column(table, name):
    if name not in table["columns"]:
        return table
    place = table["columns"].index(name)
    return {"columns": table["columns"][:place] + table["columns"][place + 1:],
            "rows": [row[:place] + row[place + 1:] for row in table["rows"]]}


def thin(run):
    kept = {key: run[key] for key in KEPT if key in run}
    syncs = kept["iterations"] = without_column(run["iterations"], "pending_tests")
    if len(syncs["rows"]) > FIRST + LAST:
        syncs["rows"] = syncs["rows"][:FIRST] + syncs["rows"][-LAST:]
        kept["iterations_cut"] = True
    return kept


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    with open(sys.argv[1]) as runs:
        for line in runs:
            if line.strip():
                print(json.dumps(thin(json.loads(line)), separators=(",", ":")))


if __name__ == "__main__":
    main()
