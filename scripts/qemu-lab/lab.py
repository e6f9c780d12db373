#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrate real QEMU guests and store what happened: README.md says what and how.

    lab.py SPEC.jsonl RUNS.jsonl [--only ID ...]

SPEC.jsonl holds one cell a line:
    id, group     names
    guest         memory_mib or memory_kib, prealloc, and for guest.c kind, region_mib, fill, pad_mib,
                  rate_per_s, write_bytes, step, spin; or for Linux kernel, initrd, append
    migration     QMP's migration parameters by name, and "capabilities": {name: bool}
    link          {"rate_bytes_per_s": N}: a token bucket (burst 128 KiB) on the loopback device;
                  without it only max-bandwidth limits
    time_limit_s  cancel after this long (default 60)
    repeats       how often to run the cell (default 1)
One JSON line a run is appended to RUNS.jsonl; runs that stand there already are skipped. Everything
runs in a network namespace of its own, and in the folder LAB_BUILD, where the guests lie.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # nothing is built in the source tree
from distil import TRACE, distil
from qemu import Qemu, host_facts

POLL_S = 0.1
PENDING_ROWS = 400


def busy_seconds():
    """CPU seconds that the whole host has spent, all cores."""
    with open("/proc/stat") as file:
        fields = [int(x) for x in file.readline().split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def flatten(reply):
    """The polled counters of one query-migrate."""
    ram, cache = reply.get("ram", {}), reply.get("xbzrle-cache", {})
    row = {"status": reply.get("status")}
    for key in ("transferred", "remaining", "dirty-sync-count", "dirty-pages-rate", "normal", "duplicate"):
        row[key] = ram.get(key)
    for key in ("pages", "bytes", "cache-miss", "cache-miss-rate", "encoding-rate", "overflow"):
        if cache:
            row["xbzrle." + key] = cache.get(key)
    for key in ("expected-downtime", "cpu-throttle-percentage"):
        if key in reply:
            row[key] = reply[key]
    return row


def table(rows):
    """Rows of one kind, keys written once: {"columns": [...], "rows": [[...], ...]}."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return {"columns": columns, "rows": [[row.get(key) for key in columns] for row in rows]}


def interpolate(series, t, key):
    before = [row for row in series if row["t_s"] <= t and row.get(key) is not None]
    after = [row for row in series if row["t_s"] > t and row.get(key) is not None]
    if not before or not after:
        return before[-1][key] if before else after[0][key] if after else None
    a, b = before[-1], after[0]
    return round(a[key] + (b[key] - a[key]) * (t - a["t_s"]) / (b["t_s"] - a["t_s"]))


def set_link(link):
    subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], stderr=subprocess.DEVNULL)
    if link:
        subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "tbf",
                        "rate", f"{link['rate_bytes_per_s'] * 8}bit", "burst", "128kb", "limit", "64mb"],
                       check=True)


def poll(source, limit_s, start):
    """Asks every POLL_S how far it is. Returns the outcome, the last reply and all polls."""
    series, tick = [], 0
    while True:
        reply = source.qmp("query-migrate")
        t = time.monotonic() - start
        series.append({"t_s": round(t, 4), **flatten(reply)})
        if reply.get("status") in ("completed", "failed", "cancelled"):
            return reply["status"], reply, series
        if t > limit_s:
            return "not converged", reply, series
        tick += 1
        time.sleep(max(0, start + tick * POLL_S - time.monotonic()))


def wait_until(condition, end):
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def runs_on(source, destination, is_linux, end):
    """The guest goes on at the destination: with its console, or with the very second that follows the
    source's last."""
    if is_linux:
        size = len(destination.text())
        wait_until(lambda: len(destination.text()) > size, end)
        return len(destination.text()) > size
    wait_until(lambda: len(destination.rates()) >= 2, end)
    there = destination.rates()
    return len(there) >= 2 and there[0][0] == source.rates()[-1][0] + 1


def stopped(source, destination, wall):
    """From the source's STOP event to the destination's RESUME event; None if one is missing."""
    source.qmp("query-status")
    stop, resume = source.events.get("STOP"), destination.events.get("RESUME")
    if not stop or not resume:
        return None
    return {"stop_t_s": round(stop - wall, 6), "resume_t_s": round(resume - wall, 6),
            "ms": round((resume - stop) * 1e3, 3)}


def add_log(result, path, wall, took_s, series):
    """The tables that come from the source's trace log."""
    completed = result["outcome"] == "completed"
    with open(path, errors="replace") as log:
        found = distil(log, wall)
    if result["outcome"] == "not converged":
        for key in ("iterations", "rate_windows", "pending_tests"):
            found[key] = [row for row in found[key] if row["t_s"] <= took_s + 0.001]
    for sync in found["iterations"]:
        sync["transferred_at_sync_interpolated"] = interpolate(series, sync["t_s"], "transferred")
    pending, sections = found["pending_tests"], found["sections"]
    if len(pending) > PENDING_ROWS:
        pending = pending[:PENDING_ROWS // 2] + pending[-PENDING_ROWS // 2:]
    result["iterations"] = table(found["iterations"])
    result["rate_windows"] = table(found["rate_windows"])
    result["pending_tests"] = table(pending)
    result["stages"] = table(found["stages"])
    if found["throttle_t_s"]:
        result["throttle_t_s"] = found["throttle_t_s"]
    result["sections"] = {"first": sections[:3], "count": len(sections),
                          "last": sections[-36:] if completed else []}
    result["series"] = table(series)


def migrate(cell, repeat, host, uri, source, destination, before=None):
    """One migration of two QEMUs that are up; `before` is called when the guest has settled. Returns the
    result without the log's tables, the start by the wall clock, the seconds it took, and the polls."""
    source.wait_for("READY", 120)
    time.sleep(cell.get("settle_s", 1) + 0.15)  # one whole second of the guest's own count
    if before:
        before()
    for qemu in (destination, source):
        qemu.configure(cell["migration"])
    baseline = source.rates()
    busy, cpu = busy_seconds(), [qemu.cpu_seconds() for qemu in (source, destination)]
    load_before = os.getloadavg()[0]
    wall, start = time.time(), time.monotonic()
    source.qmp("migrate", uri=uri)
    outcome, reply, series = poll(source, cell.get("time_limit_s", 60), start)
    took = time.monotonic() - start
    spent = [round(qemu.cpu_seconds() - before, 2) for qemu, before in zip((source, destination), cpu)]
    busy = busy_seconds() - busy
    result = {"cell": {key: value for key, value in cell.items() if key != "repeats"}, "repeat": repeat,
              "host": host, "outcome": outcome, "observed_time_s": round(took, 3), "final": reply}
    source_rates = source.rates()
    if outcome == "not converged":
        source.qmp("migrate_cancel")
    goes_on = None
    if outcome == "completed":
        end = time.monotonic() + 5
        while destination.qmp("query-status")["status"] != "running" and time.monotonic() < end:
            time.sleep(0.02)
        gap = stopped(source, destination, wall)
        if gap:
            result["guest_stopped"] = gap
        goes_on = runs_on(source, destination, "kernel" in cell["guest"], end)
    result["destination_runs_on"] = goes_on
    result["guest_rate"] = {"unit": "[guest second, writes so far, writes owed]", "source": source_rates,
                            "destination": destination.rates()[:4], "seconds_at_migrate": len(baseline)}
    result["host_load"] = {"loadavg_1m_before": round(load_before, 2), "busy_cpu_s": round(busy, 2),
                           "source_cpu_s": spent[0], "destination_cpu_s": spent[1],
                           "other_cpu_s": round(busy - sum(spent), 2)}
    return result, wall, took, series


def run(cell, repeat, host, port, memory=None, before=None):
    """One cell. `memory`: a shared file for the source's RAM; `before`: see migrate."""
    uri = f"tcp:127.0.0.1:{port}"
    source = destination = None
    set_link(cell.get("link"))
    with tempfile.TemporaryDirectory() as folder:
        try:
            destination = Qemu("destination", cell["guest"], host, folder, incoming=uri)
            source = Qemu("source", cell["guest"], host, folder, trace=TRACE, memory=memory)
            result, wall, took, series = migrate(cell, repeat, host, uri, source, destination, before)
        finally:
            for qemu in (source, destination):
                if qemu:
                    qemu.end()
        add_log(result, source.log, wall, took, series)
        return result


def summary(result):
    """One line for the terminal."""
    final, ram = result["final"], result["final"].get("ram", {})
    cache, cell = final.get("xbzrle-cache", {}), result["cell"]
    shown = {"total": final.get("total-time"), "down": final.get("downtime"),
             "stopped": result.get("guest_stopped", {}).get("ms"), "sync": ram.get("dirty-sync-count"),
             "MiB": round(ram.get("transferred", 0) / 2**20, 1), "normal": ram.get("normal"),
             "hits": cache.get("pages"), "miss": cache.get("cache-miss"), "overflow": cache.get("overflow"),
             "runs-on": result["destination_runs_on"], "other-cpu": result["host_load"]["other_cpu_s"]}
    text = " ".join(f"{name} {value}" for name, value in shown.items() if value is not None)
    return f"{cell['id']:32} r{result['repeat']} {result['outcome']:13} {text}"


def build(folder, cells):
    makefile = os.path.dirname(os.path.abspath(__file__))
    targets = ["guest"] + ["linux"] * any("kernel" in cell["guest"] for cell in cells)
    if subprocess.run(["make", "-s", "-C", makefile, f"O={folder}"] + targets).returncode:
        sys.exit("the guests could not be built")


def enter_namespace(*more):
    """Starts this program again where the loopback device is its own and may be shaped."""
    words = ["unshare", "-n", *more] if os.geteuid() == 0 else ["unshare", "-r", "-n", *more]
    os.environ["LAB_NAMESPACE"] = "entered"
    os.execvp("unshare", words + [sys.executable] + sys.argv)


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec")
    parser.add_argument("runs")
    parser.add_argument("--only", nargs="+", metavar="ID",
                        help="the cells to run, or what their names begin with")
    arguments = parser.parse_args()
    cells = [cell for cell in lines(arguments.spec)
             if not arguments.only or any(cell["id"].startswith(name) for name in arguments.only)]
    if not cells:
        sys.exit("no such cell")
    runs = os.path.abspath(arguments.runs)
    folder = os.path.abspath(os.environ.get("LAB_BUILD", "build/qemu-lab"))
    if not os.environ.get("LAB_NAMESPACE"):
        build(folder, cells)  # the network is still there: it may fetch Debian's kernel
        enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.chdir(folder)
    host = host_facts()
    print(f"QEMU {host['qemu']}, {host['accel']}, {len(cells)} cells", flush=True)
    done = {(row["cell"]["id"], row["repeat"]) for row in lines(runs)}
    todo = [(cell, repeat) for cell in cells for repeat in range(cell.get("repeats", 1))
            if (cell["id"], repeat) not in done]
    port, failed = 20000 + os.getpid() % 20000, 0
    for cell, repeat in todo:
        port += 1
        try:
            result = run(cell, repeat, host, port)
        except (RuntimeError, OSError, ValueError) as error:
            print(f"{cell['id']}: {error}", file=sys.stderr, flush=True)
            failed += 1
            continue
        with open(runs, "a") as file:
            file.write(json.dumps(result, separators=(",", ":")) + "\n")
        print(summary(result), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
