# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux guests: recorded, migrated, and the migration predicted from the recording. See linux.

    linux.py MIGSIM SPEC [--only ID ...] [--seconds N] [--repeats N] [--host FILE] [--again]
"""
import argparse
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True  # nothing is built in the source tree
import lab
from qemu import host_facts

# Replay has run for this long when the migration begins.
UPTIME_S = 1
# What is laid side by side: name, and the way to it in query-migrate.
COUNTERS = [("setup-time", ()), ("total-time", ()), ("downtime", ()), ("dirty-sync-count", ("ram",)),
            ("transferred", ("ram",)), ("normal", ("ram",)), ("duplicate", ("ram",)),
            ("downtime-bytes", ("ram",)), ("cache-miss", ("xbzrle-cache",)),
            ("pages", ("xbzrle-cache",)), ("bytes", ("xbzrle-cache",)), ("overflow", ("xbzrle-cache",))]


def mount_memory(kib):
    """A folder for the guest's memory file, in our own mount namespace. Its pages are huge, as those of
    QEMU's own preallocated memory are: with small ones the first look at a page costs 1 to 10 us where
    the host is a virtual machine itself, and that look is the migration's."""
    folder = os.path.abspath("linux/memory")
    os.makedirs(folder, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"huge=always,size={kib // 1024 + 64}M", "tmpfs", folder]
    if subprocess.run(words).returncode:
        print("no huge pages for the guest's memory: its migration takes longer", file=sys.stderr)
    return folder


def record(program, memory, trace, seconds):
    """Records the guest; returns what the recorder says of itself."""
    done = subprocess.run([program, "record", "-o", trace, "--duration", f"{seconds}s", "qemu", memory],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stderr.strip().splitlines()


def measure(program, cell, repeat, host, port, trace, seconds):
    """Records and then migrates one guest. Returns the result, as of lab.run, with "recording"."""
    said = []
    memory = f"linux/memory/{os.getpid()}"
    try:
        result = lab.run(cell, repeat, host, port, memory,
                         lambda: said.extend(record(program, memory, trace, seconds)))
    finally:
        if os.path.exists(memory):
            os.unlink(memory)
    result["recording"] = {"file": trace, "seconds": seconds, "report": said}
    return result


def knows(program, parameter):
    listed = subprocess.run([program, "list", "parameters"], capture_output=True, text=True).stdout
    return f"\n{parameter} " in listed


def scenario(program, cell, accel, trace, host_section):
    """The scenario of a cell whose guest is the recording."""
    migration = dict(cell["migration"])
    switches = migration.pop("capabilities", {})
    lines = [f"; cell {cell['id']}, from a recording of the guest",
             "[guest]", f"memory = {cell['guest']['memory_kib']}KiB", f"uptime = {UPTIME_S}s"]
    if knows(program, "guest.accel"):
        lines.append(f"accel = {accel}")
    lines += ["[workload linux]", "kind = trace", f"file = {trace}",
              "[link]", f"bandwidth = {cell.get('link', {}).get('rate_bytes_per_s', 2 << 30)}B/s",
              "latency = 20us", "[migration]"]
    units = {"max-bandwidth": "B/s", "downtime-limit": "ms", "xbzrle-cache-size": "B"}
    lines += [f"{key} = {value}{units.get(key, '')}" for key, value in migration.items()]
    lines += [f"{key} = on" for key, on in switches.items() if on]
    lines += ["[run]", f"time-limit = {cell.get('time_limit_s', 60)}s"]
    return "\n".join(lines) + "\n" + host_section


def predict(program, path):
    done = subprocess.run([program, "run", "--json", path], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def at(reply, name, way):
    for step in way:
        reply = reply.get(step, {})
    return reply.get(name)


def error_text(measured, predicted):
    if measured == predicted:
        return "="
    return f"{100 * (predicted - measured) / measured:+.1f} %" if measured else ""


def after_setup(reply):
    """What the model is to predict: setup-time is the host's, mostly the first sync (README.md)."""
    total, setup = reply.get("total-time"), reply.get("setup-time")
    return total - setup if total is not None and setup is not None else None


def line(label, real, ours):
    if real is not None and ours is not None:
        print(f"  {label:18}{real:14}{ours:14}  {error_text(real, ours)}")


def show(measured, predicted):
    """Counters and syncs of one migration, measured beside predicted."""
    print(f"  {'':18}{'measured':>14}{'predicted':>14}")
    print(f"  {'outcome':18}{measured['outcome']:>14}{predicted['outcome']:>14}")
    for name, way in COUNTERS:
        label = "xbzrle " + name if way == ("xbzrle-cache",) else name
        line(label, at(measured["final"], name, way), at(predicted["migration"], name, way))
        if name == "total-time":
            line("  after setup", after_setup(measured["final"]), after_setup(predicted["migration"]))
    columns = measured["iterations"]["columns"]
    syncs = [dict(zip(columns, row)) for row in measured["iterations"]["rows"]]
    ours = predicted["iterations"]
    print(f"  {'sync':>4}{'at s':>9}{'took ms':>9}{'new pages':>11}   |{'at s':>9}{'new pages':>11}")
    shown = range(max(len(syncs), len(ours)))
    for i in shown if len(shown) <= 14 else [*shown[:10], *shown[-2:]]:
        left = (f"{syncs[i]['t_s']:9.3f}{1e3 * syncs[i]['took_s']:9.1f}{syncs[i]['dirty_pages']:11}"
                if i < len(syncs) else " " * 29)
        right = f"{ours[i]['start-ns'] / 1e9:9.3f}{ours[i]['dirty-pages']:11}" if i < len(ours) else ""
        print(f"  {i:4}{left}   |{right}")
    print(flush=True)


def one(arguments, cell, repeat, host, port, host_section):
    name = f"{cell['id']}.{repeat}"
    trace, path, kept = f"linux/{name}.mgt", f"linux/{name}.ini", f"linux/{name}.json"
    if arguments.again:
        with open(kept) as file:
            measured = json.load(file)
    else:
        measured = measure(arguments.program, cell, repeat, host, port, trace, arguments.seconds)
        with open(kept, "w") as file:
            json.dump(measured, file)
    with open(path, "w") as file:
        accel = measured["host"].get("accel", "tcg")
        file.write(scenario(arguments.program, cell, accel, f"{name}.mgt", host_section))
    predicted = predict(arguments.program, path)
    print(f"{cell['id']} run {repeat}")
    for line in measured["recording"]["report"]:
        print(f"  {line}")
    show(measured, predicted)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("spec")
    parser.add_argument("--only", nargs="+", metavar="ID")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--host", metavar="FILE")
    parser.add_argument("--again", action="store_true")
    arguments = parser.parse_args()
    arguments.program = os.path.abspath(arguments.program)
    cells = [cell for cell in lab.lines(arguments.spec) if "kernel" in cell["guest"]
             and (not arguments.only or any(cell["id"].startswith(name) for name in arguments.only))]
    if not cells:
        sys.exit("no such cell of a Linux guest")
    host_section = ""
    if arguments.host:
        with open(arguments.host) as file:
            host_section = file.read()
    folder = os.path.abspath(os.environ.get("LAB_BUILD", "build/qemu-lab"))
    if not os.environ.get("LAB_NAMESPACE") and not arguments.again:
        lab.build(folder, cells)  # the network is still there: it may fetch Debian's kernel
        lab.enter_namespace("-m")
    os.chdir(folder)
    os.makedirs("linux", exist_ok=True)
    host = None
    if not arguments.again:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        host = host_facts()
        mount_memory(max(cell["guest"]["memory_kib"] for cell in cells))
    port, failed = 20000 + os.getpid() % 20000, 0
    for cell in cells:
        for repeat in range(arguments.repeats):
            port += 1
            try:
                one(arguments, cell, repeat, host, port, host_section)
            except (RuntimeError, OSError, ValueError) as error:
                print(f"{cell['id']}: {error}", file=sys.stderr, flush=True)
                failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
