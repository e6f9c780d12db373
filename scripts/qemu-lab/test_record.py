# SPDX-License-Identifier: GPL-3.0-or-later
"""'migsim record qemu' against a real QEMU: see test-record.

    test_record.py MIGSIM FOLDER    FOLDER holds guest.elf
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # nothing is built in the source tree
from qemu import Qemu, accelerator, tsc_hz
from test_stream import Checks

MIB = 1 << 20
MEMORY_MIB = 64
PAGES_OF_REGION = 4096
RATE = 4000
GUEST = {"memory_mib": MEMORY_MIB, "kind": "random", "region_mib": 16, "fill": "random", "write_bytes": 64,
         "rate_per_s": RATE, "prealloc": False}
SECONDS = 3


class Recorder:
    def __init__(self, program, trace, *words):
        self.process = subprocess.Popen([program, "record", "-o", trace, *words], text=True,
                                        stderr=subprocess.PIPE)

    def end(self, signal_no=None):
        """Exit status and what it said; it is told to end if a signal is given."""
        if signal_no:
            self.process.send_signal(signal_no)
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said


def number(pattern, text):
    found = re.search(pattern, text)
    return float(found[1]) if found else -1


def scenario(folder, uptime_ms):
    """The guest of the trace, migrated after it has been replayed to its end."""
    with open(f"{folder}/guest.ini", "w") as file:
        file.write(f"[guest]\nmemory = {MEMORY_MIB}M\nuptime = {uptime_ms}ms\n"
                   "[workload guest]\nkind = trace\nfile = guest.mgt\nloop = off\n"
                   "[link]\nbandwidth = 10Gbit/s\n")
    return f"{folder}/guest.ini"


def check_delivery(check, program, folder, span_ms):
    """What the destination of a simulated migration of the trace holds, against the guest's memory."""
    path = scenario(folder, span_ms + 1000)
    done = subprocess.run([program, "run", "--json", "--stream", f"{folder}/stream", path],
                          capture_output=True, text=True)
    check("the trace is migrated", done.returncode == 0 and json.loads(done.stdout)["verified"], done.stderr)
    done = subprocess.run([program, "stream", "verify", "--json", "--memory", f"{folder}/memory",
                           f"{folder}/stream"], capture_output=True, text=True)
    verified = json.loads(done.stdout) if done.stdout else {}
    check("the destination has the stopped guest's memory", done.returncode == 0 and verified.get("equal"),
          done.stdout + done.stderr)


def check_report(check, said):
    span_ms = 1000 * number(r"epochs +\d+ in ([\d.]+)s", said)
    epochs, changed = number(r"epochs +(\d+)", said), number(r"(\d+) changed", said)
    per_epoch = RATE * span_ms / 1000 / max(epochs, 1)
    expected = PAGES_OF_REGION * (1 - (1 - 1 / PAGES_OF_REGION) ** per_epoch) + 1  # and the guest's own page
    # Bursts after a pause of the vCPU hit a page twice more often, and fill an epoch less.
    check(f"pages changed in an epoch: {changed / max(epochs, 1):.0f}, by the guest's rate {expected:.0f}",
          0.85 * expected < changed / max(epochs, 1) < 1.05 * expected, said)
    check("interval 100 ms in the median", 90 < number(r"([\d.]+)ms median", said) < 150, said)
    return span_ms


def record_to_the_end(check, program, host, folder, memory):
    """Records a guest, stops it, ends the recording: the trace's end is then the guest's memory."""
    qemu = Qemu("guest", GUEST, host, folder, memory=memory)
    try:
        qemu.wait_for("READY", 60)
        named = str(qemu.process.pid) if memory == "memfd" else memory
        recorder = Recorder(program, f"{folder}/guest.mgt", "qemu", named)
        time.sleep(SECONDS)
        qemu.qmp("stop")
        time.sleep(0.3)
        status, said = recorder.end(signal.SIGINT)
        check("recorded until Ctrl-C", status == 0 and "stopped by a signal" in said, said)
        qemu.qmp("pmemsave", val=0, size=MEMORY_MIB * MIB, filename=f"{folder}/memory")
        done = subprocess.run([program, "trace", "verify", f"{folder}/guest.mgt"], capture_output=True, text=True)
        check("the trace is whole", done.returncode == 0 and "good" in done.stdout, done.stdout + done.stderr)
        check_delivery(check, program, folder, int(check_report(check, said)))
    finally:
        qemu.end()


def record_in_vain(check, program, host, folder, memory):
    """A monitor that another client has; then QEMU quits under the recorder."""
    qemu = Qemu("guest", GUEST, host, folder, memory=memory)
    try:
        qemu.wait_for("READY", 60)
        probe = subprocess.run([program, "record", "-o", f"{folder}/x.mgt", "--pause", "on", "--duration", "1s",
                                "--qmp", f"{folder}/guest.qmp", "qemu", memory], capture_output=True, text=True)
        check("a monitor that is taken: said", probe.returncode == 1 and "one client at a time" in probe.stderr,
              probe.stderr)
        recorder = Recorder(program, f"{folder}/guest.mgt", "qemu", memory)
        time.sleep(1)
        qemu.end()
        status, said = recorder.end()
        check("QEMU quits: the trace is whole", status == 0 and "the process ended" in said, said)
    finally:
        qemu.end()


def record_standing(check, program, host, folder, memory):
    """With stop and cont at each snapshot."""
    qemu = Qemu("guest", GUEST, host, folder, memory=memory, more=["-qmp", f"unix:{folder}/more,server=on,wait=off"])
    try:
        qemu.wait_for("READY", 60)
        recorder = Recorder(program, f"{folder}/guest.mgt", "--pause", "on", "--qmp", f"{folder}/more",
                            "--duration", f"{SECONDS}s", "qemu", memory)
        status, said = recorder.end()
        stood = re.search(r"stood still (\S+) \(([\d.]+) %\)", said)
        check("paused at snapshots", status == 0 and stood and float(stood[2]) > 0, said)
        check("the guest runs again", qemu.qmp("query-status")["status"] == "running")
        qemu.qmp("stop")
        recorder = Recorder(program, f"{folder}/guest.mgt", "--pause", "on", "--qmp", f"{folder}/more",
                            "--duration", "1s", "qemu", memory)
        status, said = recorder.end()
        check("a stopped guest stays stopped", status == 0 and qemu.qmp("query-status")["status"] == "paused", said)
    finally:
        qemu.end()


def refuse(check, program, host, folder):
    qemu = Qemu("guest", GUEST, host, folder)
    try:
        done = subprocess.run([program, "record", "-o", f"{folder}/x.mgt", "qemu", str(qemu.process.pid)],
                              capture_output=True, text=True)
        check("memory that is not shared: said", done.returncode == 1 and "share=on" in done.stderr, done.stderr)
    finally:
        qemu.end()


def main():
    program, build = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.chdir(build)
    check, host = Checks(), {"tsc_hz": tsc_hz(), "accel": accelerator()}
    with tempfile.TemporaryDirectory() as folder:
        print(f"a memory file ({host['accel']})", flush=True)
        record_to_the_end(check, program, host, folder, f"{folder}/ram")
        print("a memfd", flush=True)
        record_to_the_end(check, program, host, folder, "memfd")
        print("standing still", flush=True)
        record_standing(check, program, host, folder, f"{folder}/ram")
        print("what goes wrong", flush=True)
        record_in_vain(check, program, host, folder, f"{folder}/ram")
        refuse(check, program, host, folder)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
