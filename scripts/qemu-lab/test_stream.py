# SPDX-License-Identifier: GPL-3.0-or-later
"""Our reader and our encoder against a real QEMU: see test-stream.

    test_stream.py MIGSIM FOLDER    FOLDER holds guest.elf
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # nothing is built in the source tree
from qemu import Qemu, accelerator, tsc_hz

MIB = 1 << 20
# 64 KiB more than 64 MiB: an odd size makes QEMU 7.2 take its slow, correct way through the dirty log
# under TCG (README.md). The guest must never converge by itself, so that there are passes to look at.
MEMORY_KIB = 65600
LIMITS = {"max-bandwidth": 8 * MIB, "downtime-limit": 1, "capabilities": {"xbzrle": True}}
PASSES, AT_LEAST_S, AT_MOST_S = 8, 2.5, 12
# A slot for every page of all RAM blocks: what is not in it was never put there.
ALL_MEMORY = 128 * MIB

CASES = {
    "random writes, half of them fit the cache": (
        {"kind": "random", "region_mib": 4, "fill": "random", "write_bytes": 64, "rate_per_s": 8000},
        2 * MIB),
    "stride over pages that were zero": (
        {"kind": "stride", "region_mib": 4, "fill": "zero", "step": 512, "rate_per_s": 1000000},
        ALL_MEMORY),
    "whole pages: overflows": (
        {"kind": "sequential", "region_mib": 4, "fill": "random", "rate_per_s": 1500}, ALL_MEMORY),
}


def wait_for_end(source):
    while True:
        reply = source.qmp("query-migrate")
        if reply["status"] in ("completed", "failed", "cancelled"):
            return reply
        time.sleep(0.05)


def capture(guest, cache_bytes, host, folder):
    """Migrates a guest into FOLDER/stream, and saves the memory of the stopped source as FOLDER/memory.
    Returns query-migrate's last reply."""
    source = Qemu("source", {"memory_kib": MEMORY_KIB, **guest}, host, folder)
    try:
        source.wait_for("READY", 60)
        source.configure({**LIMITS, "xbzrle-cache-size": cache_bytes})
        source.qmp("migrate", uri=f"exec:cat >{folder}/stream")
        start = time.monotonic()
        while True:
            reply, t = source.qmp("query-migrate"), time.monotonic() - start
            enough = t > AT_LEAST_S and reply.get("ram", {}).get("dirty-sync-count", 0) >= PASSES
            if enough or t > AT_MOST_S or reply["status"] == "completed":
                break
            time.sleep(0.05)
        source.qmp("migrate-set-parameters", **{"max-bandwidth": 1 << 30, "downtime-limit": 10000})
        reply = wait_for_end(source)
        source.qmp("pmemsave", val=0, size=MEMORY_KIB * 1024, filename=f"{folder}/memory")
        return reply
    finally:
        source.end()


class Checks:
    """Counts; a check that fails says what was seen."""
    passed = failed = 0

    def __call__(self, name, ok, seen=""):
        self.passed, self.failed = self.passed + bool(ok), self.failed + (not ok)
        print(f"{'ok  ' if ok else 'FAIL'}  {name}{'' if ok else f': {seen}'}", flush=True)

    def equal(self, name, ours, theirs):
        self(f"{name}: {ours}", ours == theirs, f"QEMU says {theirs}")


def migsim(program, *words):
    done = subprocess.run([program, "stream", *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def misses_and_overflows(records):
    """What QEMU's cache did, read off the whole pages that it sent, if the cache holds all memory. It is
    looked at from the first wrap of the scan on; from then on every page sent is in it."""
    before, wrapped, cached, misses, overflows = (-1, -1), False, set(), 0, 0
    blocks = {}
    for kind, page, _, name in records:
        here = (blocks.setdefault(name, len(blocks)), page)
        wrapped, before = wrapped or here <= before, here
        if wrapped and kind == "normal":
            overflows, misses = overflows + (here in cached), misses + (here not in cached)
        if wrapped:
            cached.add(here)
    return misses, overflows


def page_records(dump):
    """(kind, page, bytes, block) of each line of a record in 'dump --records'."""
    lines = re.findall(r"^ {16}(\w+) +(\d+) +(\d+)  (.*)$", dump, re.M)
    return [(kind, int(page), int(size), name) for kind, page, size, name in lines]


def check_counters(check, final, dumped):
    ram, ours = final["ram"], dumped["ram"]
    for key in ("total", "transferred", "normal", "normal-bytes", "duplicate", "precopy-bytes",
                "downtime-bytes"):
        check.equal(key, ours[key], ram[key])
    cache, records = final["xbzrle-cache"], dumped["xbzrle-cache"]["records"]
    overflow = cache["overflow"]
    check.equal("xbzrle bytes", dumped["xbzrle-cache"]["bytes"] + 4096 * overflow, cache["bytes"])
    # Hits are sent as a delta, as a whole page, or, unchanged, not at all: the stream has the first two.
    check(f"xbzrle pages: {records} deltas, {overflow} overflows",
          0 < records + overflow <= cache["pages"], f"QEMU says {cache['pages']}")


def check_case(check, program, guest, cache_bytes, host):
    with tempfile.TemporaryDirectory() as folder:
        stream, memory = f"{folder}/stream", f"{folder}/memory"
        final = capture(guest, cache_bytes, host, folder)
        status, out, err = migsim(program, "dump", "--json", stream)
        check("dump", status == 0 and final["status"] == "completed", err or final["status"])
        if status:
            return
        dumped = json.loads(out)
        check.equal("size of the stream", dumped["stream"]["total"], os.path.getsize(stream))
        check_counters(check, final, dumped)
        cache = final["xbzrle-cache"]
        if cache_bytes == ALL_MEMORY:
            records = page_records(migsim(program, "dump", "--records", stream)[1])
            misses, overflows = misses_and_overflows(records)
            check.equal("cache misses", misses, cache["cache-miss"])
            check.equal("overflows", overflows, cache["overflow"])
        status, out, err = migsim(program, "verify", "--json", "--memory", memory, stream)
        verified = json.loads(out) if out else {}
        check("verify: equal to the source's memory", status == 0 and verified.get("equal"), out + err)
        check.equal("deltas that our encoder writes the same", verified.get("same-deltas"),
                    dumped["xbzrle-cache"]["records"])
        check(f"overflows: our encoder refuses {verified.get('unfit-pages')} of the whole pages",
              verified.get("unfit-pages", -1) >= cache["overflow"], cache["overflow"])
        check_damage(check, program, folder)


def check_damage(check, program, folder):
    """The test above can fail: another byte in memory, a stream cut short."""
    stream, memory = f"{folder}/stream", f"{folder}/memory"
    with open(memory, "r+b") as file:
        file.seek(17 * MIB + 5)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    status, out, err = migsim(program, "verify", "--json", "--memory", memory, stream)
    first = json.loads(out)["comparisons"][0]["first-offset"] if out else None
    check("verify: one byte differs", status == 1 and first == 17 * MIB + 5, out + err)
    os.truncate(stream, os.path.getsize(stream) // 2)
    status, _, err = migsim(program, "verify", stream)
    check("verify: half a stream", status == 1 and "ends before all of RAM" in err, err)


def main():
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.chdir(folder)
    check, host = Checks(), {"tsc_hz": tsc_hz(), "accel": accelerator()}
    for name, (guest, cache_bytes) in CASES.items():
        print(f"{name} ({host['accel']})", flush=True)
        check_case(check, program, guest, cache_bytes, host)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
