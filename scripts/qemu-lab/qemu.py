# SPDX-License-Identifier: GPL-3.0-or-later
"""A QEMU process with its QMP connection, and what it has to know of the host."""
import json
import os
import re
import socket
import subprocess
import tempfile
import time

QEMU = "qemu-system-x86_64"

# The options of a cell's guest and the words of guest.c's command line.
GUEST_OPTIONS = {"kind": "kind", "region_mib": "region", "fill": "fill", "pad_mib": "pad",
                 "rate_per_s": "rate", "write_bytes": "width", "step": "step", "spin": "spin"}

TSC_PROGRAM = r"""
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>
int main(void)
{
    struct timespec a, b, pause = {2, 0};
    clock_gettime(CLOCK_MONOTONIC, &a);
    unsigned long long begin = __rdtsc();
    nanosleep(&pause, 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    double s = b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) * 1e-9;
    printf("%.0f\n", (double)(__rdtsc() - begin) / s);
}
"""


def tsc_hz():
    """The frequency of the host's TSC, measured for two seconds. The guest paces itself by it."""
    with tempfile.TemporaryDirectory() as folder:
        program = folder + "/tsc"
        subprocess.run(["gcc", "-O1", "-xc", "-", "-o", program], input=TSC_PROGRAM.encode(), check=True)
        return int(subprocess.check_output([program]))


def accelerator():
    """"kvm" if a QEMU starts with it here, else "tcg"."""
    words = [QEMU, "-accel", "kvm", "-M", "pc", "-nodefaults", "-display", "none", "-S", "-qmp", "stdio"]
    quit_at_once = b'{"execute": "qmp_capabilities"}\n{"execute": "quit"}\n'
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    try:
        tried = subprocess.run(words, input=quit_at_once, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return "tcg"
    return "kvm" if tried.returncode == 0 else "tcg"


def host_facts():
    with open("/proc/cpuinfo") as file:
        info = file.read()
    version = subprocess.check_output([QEMU, "--version"], text=True).splitlines()[0]
    model = re.search(r"model name\s*: (.*)", info)[1]
    family = re.search(r"cpu family\s*: (.*)", info)[1]
    return {"cpu": f"{model} family {family}", "cores": os.cpu_count(), "tsc_hz": tsc_hz(),
            "kernel": os.uname().release, "qemu": version.replace("QEMU emulator version ", ""),
            "accel": accelerator()}


class Qemu:
    """One running QEMU. Ends with end(), whatever happened before."""

    def __init__(self, name, guest, host, folder, incoming=None, trace=(), memory=None,
                 more=()):
        """`guest` as in a cell; files of the guest lie in the working folder, ours in `folder`. With
        `memory` the guest's RAM is that file, shared; "memfd": one without a name. `more`
        are further words for QEMU."""
        self.name = name
        self.console = f"{folder}/{name}.console"
        self.log = f"{folder}/{name}.log"
        self.events = {}
        path = f"{folder}/{name}.qmp"
        size = f"{guest['memory_kib']}K" if "memory_kib" in guest else f"{guest['memory_mib']}M"
        prealloc = "on" if guest.get("prealloc", True) else "off"
        backend = ("memory-backend-ram" if not memory else "memory-backend-memfd,share=on" if memory == "memfd"
                   else f"memory-backend-file,mem-path={memory},share=on,align=2M")
        words = [QEMU, "-accel", host["accel"], "-M", "pc,memory-backend=pc.ram", "-smp", "1", "-m", size,
                 "-object", f"{backend},id=pc.ram,size={size},prealloc={prealloc}",
                 "-display", "none", "-nodefaults", "-no-reboot",
                 "-qmp", f"unix:{path},server=on,wait=off", "-msg", "timestamp=on", "-D", self.log]
        words += [*self.kernel_words(guest, host), *more]
        for event in trace:
            words += ["-trace", event]
        if incoming:
            words += ["-incoming", incoming]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        try:
            self.connect(path)
        except Exception:
            self.process.kill()
            self.process.wait()
            raise

    def kernel_words(self, guest, host):
        if "kernel" in guest:
            return ["-kernel", guest["kernel"], "-initrd", guest["initrd"], "-append", guest["append"],
                    "-serial", f"file:{self.console}"]
        options = [f"{word}={guest[key]}" for key, word in GUEST_OPTIONS.items() if key in guest]
        return ["-kernel", "guest.elf", "-append", " ".join(options + [f"tsc={host['tsc_hz']}"]),
                "-debugcon", f"file:{self.console}"]

    def connect(self, path):
        for _ in range(200):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                break
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} QEMU ended with status {self.process.returncode}")
                time.sleep(0.05)
        self.reader = self.socket.makefile("r")
        self.reader.readline()
        self.qmp("qmp_capabilities")

    def qmp(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            reply = json.loads(self.reader.readline())
            if "return" in reply:
                return reply["return"]
            if "event" in reply:
                stamp = reply["timestamp"]
                self.events[reply["event"]] = stamp["seconds"] + stamp["microseconds"] / 1e6
            if "error" in reply:
                raise RuntimeError(f"{command} {arguments}: {reply['error']['desc']}")

    def configure(self, migration):
        """Sets parameters by their QMP names, and "capabilities": {name: bool}."""
        parameters = dict(migration)
        switches = parameters.pop("capabilities", {})
        if switches:
            self.qmp("migrate-set-capabilities",
                     capabilities=[{"capability": name, "state": on} for name, on in switches.items()])
        self.qmp("migrate-set-parameters", **parameters)

    def text(self):
        """What the guest has printed so far."""
        try:
            with open(self.console, errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def rates(self):
        """[(guest second, writes so far, writes owed)], as the bare-metal guest prints them."""
        return [tuple(map(int, m)) for m in re.findall(r"^R (\d+) (\d+) (\d+)$", self.text(), re.M)]

    def wait_for(self, what, timeout_s):
        end = time.monotonic() + timeout_s
        while what not in self.text():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"no {what} on the console: {self.text()[-300:]}")
            time.sleep(0.02)

    def cpu_seconds(self):
        """CPU time of the process, ended threads included."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        if self.process.poll() is None:
            try:
                self.qmp("quit")
                self.process.wait(5)
            except Exception:
                self.process.kill()
                self.process.wait()
