/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/presets.h"

#include <string.h>

#define MS 1000000ll
#define S  (1000 * MS)

/* The shares of dirty pages without a change that Li's table gives for round 1. */
#define LI_SOURCE                                                                                  \
    "Chunguang Li, \"a question about dirty pages\", qemu-devel 2016/2017 (FGCS 2019), QEMU 2.5.1"
#define LI_ASSUMED                                                                                 \
    "rate, region, memory, order of the pages, and what is written when it is not the same"

const struct preset presets[] = {
    {.name = "xbzrle-doc",
     .help = "the load of QEMU's XBZRLE document: one byte in 1024 counted up, without a pause",
     .source = "QEMU docs/xbzrle; cover letter of the v5 series, qemu-devel, January 2012",
     .figure = "16 MiB, 1 byte in 1 KiB, as fast as a vCPU goes: delta of 15 bytes a page",
     .assumed = "memory; a write takes 10 ns; the rest of the guest is at rest",
     .measure = PRESET_DELTA,
     .window_ns = 100 * MS,
     .low = 15,
     .high = 15,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload load]\n"
             "kind = stride\n"
             "region = 16M\n"
             "stride = 1K\n"
             "rate = unpaced\n"
             "write-time = 10ns\n"
             "fill = zero\n"},
    {.name = "small-cache",
     .help = "the guest of the patch that lets cache entries age: twice the pages of the cache",
     .source = "\"optimize XBZRLE to decrease the cache misses\", qemu-devel, November 2014",
     .figure = "29,130 to 58,781 pages/s, as QEMU saw it: 4096 pages in each sync window",
     .assumed = "a write takes 10 ns; all but the load is at rest, and 94% of it is zero "
                "(174,728 pages were sent as not)",
     .measure = PRESET_PAGES,
     .window_ns = 100 * MS,
     .low = 29130,
     .high = 58781,
     .text = "[guest]\n"
             "memory = 12157892K ; and 16.5 MiB of other blocks: 12,466,991,104 bytes\n"
             "zero-share = 94%\n"
             "text-share = 0%\n"
             "[workload load]\n"
             "kind = stride\n"
             "region = 16M\n"
             "stride = 1K\n"
             "rate = unpaced\n"
             "write-time = 10ns\n"
             "fill = zero\n"},
    {.name = "java-warehouse",
     .help = "a large Java server, 20 vCPUs at 80%, that did not migrate in 25 minutes",
     .source = "Chegu Vinod, auto-converge, qemu-devel 2013 (QEMU commit 7ca1dfad)",
     .figure = "67,551 pages/s, 256 GB",
     .assumed = "a copying collector with a nursery of 1 GiB of which 5% survive; spaces of 512 "
                "MiB; 97% of the memory zero (64.9 of 67.1 million pages were duplicates)",
     .measure = PRESET_PAGES,
     .window_ns = 1 * S,
     .low = 67551,
     .high = 67551,
     .text = "[guest]\n"
             "memory = 256G\n"
             "zero-share = 97%\n"
             "text-share = 0%\n"
             "[workload heap]\n"
             "kind = gc\n"
             "region = 2G\n"
             "nursery = 1G\n"
             "survivors = 5%\n"
             "live = 60%\n"
             "allocation-rate = 266.8MB/s ; with the copies 67,551 pages/s\n"
             "copy-rate = 1GiB/s\n"
             "value = random\n"},
    {.name = "guestperf",
     .help = "QEMU's own stress guest: all memory xored with random bytes, round and round",
     .source = "QEMU tests/migration guestperf, stress; Berrange, blog 2016",
     .figure = "400 ms for a GB: 2.5 GB/s, 610,352 pages/s",
     .assumed = "1 GiB of which 960 MiB are written, in order",
     .measure = PRESET_PAGES,
     .window_ns = 200 * MS,
     .low = 610352,
     .high = 610352,
     .text = "[guest]\n"
             "memory = 1G\n"
             "zero-share = 0%\n"
             "[workload stress]\n"
             "kind = sequential\n"
             "region = 960M\n"
             "write-size = 4096B\n"
             "rate = 610352\n"
             "fill = random\n"},
    {.name = "ocp-idle-node",
     .help = "an idle OpenShift node in a VM: kubelet, etcd, operators",
     .source = "KubeVirt VEP 291",
     .figure = "8 GiB, 650 Mbit/s: 19,836 pages/s",
     .assumed = "half of the memory zero; 512 MiB are written, anywhere (so 21,533 visits a "
                "second give 19,836 pages); 4 words of a page are counted up",
     .measure = PRESET_PAGES,
     .window_ns = 1 * S,
     .low = 19836,
     .high = 19836,
     .text = "[guest]\n"
             "memory = 8G\n"
             "zero-share = 50%\n"
             "[workload node]\n"
             "kind = counter\n"
             "region = 512M\n"
             "rate = 21533\n"
             "writes = 4\n"
             "fill = text\n"},
    {.name = "vep-example",
     .help = "the large VM by which KubeVirt explains when to switch over",
     .source = "KubeVirt VEP 248",
     .figure = "50 GiB, 700 Mbit/s: 21,362 pages/s",
     .assumed = "90% of the memory zero; 512 MiB are written, anywhere (23,344 visits a second); "
                "new bytes in one place of a page",
     .measure = PRESET_PAGES,
     .window_ns = 1 * S,
     .low = 21362,
     .high = 21362,
     .text = "[guest]\n"
             "memory = 50G\n"
             "zero-share = 90%\n"
             "text-share = 0%\n"
             "[workload load]\n"
             "kind = counter\n"
             "region = 512M\n"
             "rate = 23344\n"
             "writes = 1\n"
             "write-size = 256B\n"
             "places = random\n"
             "value = random\n"
             "fill = text\n"},
    {.name = "full-sweep",
     .help = "a guest that writes nearly all of its memory every three seconds",
     .source = "cloud-hypervisor, a log of a migration that did not converge",
     .figure = "5.3 to 5.4 of 6 GiB every 3 s: 463,121 to 471,859 pages/s",
     .assumed = "5.35 GiB in order, whole pages",
     .measure = PRESET_PAGES,
     .window_ns = 3 * S,
     .low = 463121,
     .high = 471859,
     .text = "[guest]\n"
             "memory = 6G\n"
             "zero-share = 100%\n"
             "text-share = 0%\n"
             "[workload sweep]\n"
             "kind = sequential\n"
             "region = 5480M\n"
             "write-size = 4096B\n"
             "rate = 467627\n"
             "fill = zero\n"},
    {.name = "stress-ng-vm",
     .help = "stress-ng --vm: one worker writes patterns to its memory",
     .source = "lab notes of a test kit for migration over TLS",
     .figure = "0.4 GiB/s, 514 MiB a worker: 104,858 pages/s",
     .assumed = "one worker; 1 GiB of memory; in order; patterns that compress as text does",
     .measure = PRESET_PAGES,
     .window_ns = 1 * S,
     .low = 104858,
     .high = 104858,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload worker]\n"
             "kind = counter\n"
             "region = 514M\n"
             "order = sequential\n"
             "rate = 104858\n"
             "write-size = 4K\n"
             "writes = 1\n"
             "value = text\n"
             "fill = text\n"},
    {.name = "rate-dirtier",
     .help = "a tool that replaces whole pages of a large set at a set rate",
     .source = "lab notes of a test kit for migration over TLS",
     .figure = "24 GiB, 1500 MiB/s: 384,000 pages/s",
     .assumed = "32 GiB of memory, the rest zero; random bytes for its 17 patterns of 1 MiB",
     .measure = PRESET_PAGES,
     .window_ns = 1 * S,
     .low = 384000,
     .high = 384000,
     .text = "[guest]\n"
             "memory = 32G\n"
             "zero-share = 100%\n"
             "text-share = 0%\n"
             "[workload dirtier]\n"
             "kind = sequential\n"
             "region = 24G\n"
             "write-size = 4096B\n"
             "rate = 384k\n"
             "fill = zero\n"},
    {.name = "idle-linux",
     .help = "a Linux guest that does nothing but keep the time",
     .source = "a Xen migration log",
     .figure = "about 40 distinct pages a second over a few seconds (derived)",
     .assumed = "memory and its content; 3 words of a page counted up, in 64 MiB of kernel data; "
                "the 200 pages at suspend are left out",
     .measure = PRESET_PAGES,
     .window_ns = 2 * S,
     .low = 40,
     .high = 40,
     .text = "[guest]\n"
             "memory = 1G\n"
             "zero-share = 60%\n"
             "[workload kernel]\n"
             "kind = counter\n"
             "region = 64M\n"
             "rate = 40\n"
             "writes = 3\n"
             "fill = text\n"},
    {.name = "hd-video",
     .help = "full-screen video: frames of 1080p drawn into three buffers in turn",
     .source = "pve-devel, December 2012; the rate derived: 1920 x 1080 x 4 bytes, 30 a second",
     .figure = "249 MB/s at most: 60,750 pages/s, before the buffers come round again",
     .assumed = "memory; three buffers, so a window above 100 ms sees no more pages; new bytes in "
                "each frame; the player's memory is at rest",
     .measure = PRESET_PAGES,
     .window_ns = 100 * MS,
     .low = 60750,
     .high = 60750,
     .text = "[guest]\n"
             "memory = 2G\n"
             "[workload screen]\n"
             "kind = append\n"
             "region = 24883200B ; three frames of 8,294,400 bytes\n"
             "record = 8294400B\n"
             "rate = 30\n"
             "value = random\n"
             "head = off\n"
             "fill = random\n"},
    {.name = "thread-sweep",
     .help = "threads that count up every byte of their 16 MiB: deltas longer than a page",
     .source = "a tutorial on live migration",
     .figure = "16 MiB a thread, every byte changed",
     .assumed = "two threads; 20,000 pages a second each; a page is counted up once as the window "
                "of 25 pages passes, not 25 times; memory",
     .measure = PRESET_NONE,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload thread 1]\n"
             "kind = counter\n"
             "region = 16M\n"
             "order = sequential\n"
             "rate = 20k\n"
             "places = spaced\n"
             "spacing = 1B\n"
             "write-size = 1B\n"
             "writes = 4096\n"
             "fill = random\n"
             "[workload thread 2]\n"
             "kind = counter\n"
             "region = 16M\n"
             "order = sequential\n"
             "rate = 20k\n"
             "places = spaced\n"
             "spacing = 1B\n"
             "write-size = 1B\n"
             "writes = 4096\n"
             "fill = random\n"},
    {.name = "memcached",
     .help = "memcached: nearly half of the dirty pages hold what they held before",
     .source = LI_SOURCE,
     .figure = "0.445 of the dirty pages unchanged",
     .assumed = LI_ASSUMED,
     .measure = PRESET_UNCHANGED,
     .window_ns = 1 * S,
     .low = 0.445,
     .high = 0.445,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload slabs]\n"
             "kind = counter\n"
             "region = 256M\n"
             "rate = 5k\n"
             "places = random\n"
             "write-size = 512B\n"
             "writes = 1\n"
             "value = random\n"
             "unchanged = 45.5% ; some pages are visited twice before a sync\n"
             "fill = random\n"},
    {.name = "mcf",
     .help = "SPEC CPU mcf, route planning: pointers written again as they were",
     .source = LI_SOURCE,
     .figure = "0.808 of the dirty pages unchanged",
     .assumed = LI_ASSUMED,
     .measure = PRESET_UNCHANGED,
     .window_ns = 1 * S,
     .low = 0.808,
     .high = 0.808,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload nodes]\n"
             "kind = counter\n"
             "region = 512M\n"
             "rate = 20k\n"
             "places = random\n"
             "write-size = 8B\n"
             "writes = 4\n"
             "value = random\n"
             "unchanged = 82% ; some pages are visited twice before a sync\n"
             "fill = random\n"},
    {.name = "bzip2",
     .help = "SPEC CPU bzip2, blocks compressed one after another",
     .source = LI_SOURCE,
     .figure = "0.464 of the dirty pages unchanged",
     .assumed = LI_ASSUMED,
     .measure = PRESET_UNCHANGED,
     .window_ns = 1 * S,
     .low = 0.464,
     .high = 0.464,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload blocks]\n"
             "kind = counter\n"
             "region = 256M\n"
             "order = sequential\n"
             "rate = 20k\n"
             "places = random\n"
             "write-size = 1K\n"
             "writes = 3\n"
             "value = random\n"
             "unchanged = 46.4%\n"
             "fill = random\n"},
    {.name = "zeusmp",
     .help = "SPEC CPU zeusmp, fluid dynamics: most of the grid is still",
     .source = LI_SOURCE,
     .figure = "0.670 of the dirty pages unchanged",
     .assumed = LI_ASSUMED,
     .measure = PRESET_UNCHANGED,
     .window_ns = 1 * S,
     .low = 0.67,
     .high = 0.67,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload grid]\n"
             "kind = counter\n"
             "region = 256M\n"
             "order = sequential\n"
             "rate = 30k\n"
             "places = spaced\n"
             "spacing = 16B\n"
             "write-size = 4B\n"
             "writes = 256\n"
             "value = random\n"
             "unchanged = 67%\n"
             "fill = random\n"},
    {.name = "milc",
     .help = "SPEC CPU milc, lattice field theory: a sweep over the lattice",
     .source = LI_SOURCE,
     .figure = "0.341 of the dirty pages unchanged (first round)",
     .assumed = LI_ASSUMED,
     .measure = PRESET_UNCHANGED,
     .window_ns = 1 * S,
     .low = 0.341,
     .high = 0.341,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload lattice]\n"
             "kind = counter\n"
             "region = 256M\n"
             "order = sequential\n"
             "rate = 40k\n"
             "places = spaced\n"
             "spacing = 8B\n"
             "write-size = 4B\n"
             "writes = 512\n"
             "value = random\n"
             "unchanged = 34.1%\n"
             "fill = random\n"},
    {.name = "lbm",
     .help = "SPEC CPU lbm, lattice Boltzmann: streams through its memory, nearly all of it new",
     .source = LI_SOURCE,
     .figure = "0.090 of the dirty pages unchanged",
     .assumed = LI_ASSUMED,
     .measure = PRESET_UNCHANGED,
     .window_ns = 1 * S,
     .low = 0.09,
     .high = 0.09,
     .text = "[guest]\n"
             "memory = 1G\n"
             "[workload lattice]\n"
             "kind = counter\n"
             "region = 256M\n"
             "order = sequential\n"
             "rate = 50k\n"
             "write-size = 4K\n"
             "writes = 1\n"
             "value = random\n"
             "unchanged = 9%\n"
             "fill = random\n"},
#define ASSUMED                                                                                    \
    "everything: published curves exist as pictures only (KubeVirt VEP 248) or not at all"
    {.name = "kernel-build",
     .help = "a kernel is compiled: jobs come and go, objects fill the page cache, then a link",
     .source = "",
     .figure = "",
     .assumed = ASSUMED,
     .text = "[guest]\n"
             "memory = 2G\n"
             "[workload jobs]          ; memory of processes, zeroed when they end\n"
             "kind = zerofill\n"
             "region = 256M\n"
             "extent = 2M\n"
             "rate = 40\n"
             "value = text\n"
             "[workload heaps]\n"
             "kind = zipf\n"
             "region = 256M\n"
             "rate = 8k\n"
             "write-size = 256B\n"
             "value = text\n"
             "[workload page cache]\n"
             "kind = append\n"
             "region = 384M\n"
             "record = 64K\n"
             "rate = 200\n"
             "head = off\n"
             "[workload kernel]\n"
             "kind = counter\n"
             "region = 64M\n"
             "rate = 2k\n"
             "[workload make]\n"
             "kind = phases\n"
             "schedule = jobs + heaps + page cache 50s, heaps 6s, page cache 4s\n"},
    {.name = "redis",
     .help = "an in-memory store under updates, with its log, and a dump once a minute",
     .source = "",
     .figure = "",
     .assumed = ASSUMED,
     .text = "[guest]\n"
             "memory = 2G\n"
             "[workload store]\n"
             "kind = kv\n"
             "region = 768M\n"
             "rate = 8k\n"
             "value-size = 512B\n"
             "fill = random\n"
             "[workload log]\n"
             "kind = append\n"
             "region = 64M\n"
             "rate = 8k\n"
             "record = 600B\n"
             "value = random\n"
             "[workload dump]           ; the file in the page cache\n"
             "kind = append\n"
             "region = 256M\n"
             "rate = 1k\n"
             "record = 64K\n"
             "value = random\n"
             "head = off\n"
             "[workload save]\n"
             "kind = burst\n"
             "of = dump\n"
             "on = 6s\n"
             "off = 54s\n"
             "law = fixed\n"},
    {.name = "oltp",
     .help = "a database under short transactions: buffer pool, write-ahead log, statistics",
     .source = "",
     .figure = "",
     .assumed = ASSUMED,
     .text = "[guest]\n"
             "memory = 4G\n"
             "[workload buffer pool]\n"
             "kind = zipf\n"
             "region = 1G\n"
             "exponent = 0.9\n"
             "rate = 6k\n"
             "write-size = 128B\n"
             "writes = 2\n"
             "fill = text\n"
             "[workload log]\n"
             "kind = append\n"
             "region = 64M\n"
             "rate = 4k\n"
             "record = 512B\n"
             "value = random\n"
             "[workload statistics]\n"
             "kind = counter\n"
             "region = 16M\n"
             "rate = 3k\n"},
    {.name = "specjbb",
     .help = "a Java middle tier under load: a copying collector and its working threads",
     .source = "",
     .figure = "",
     .assumed = ASSUMED,
     .text = "[guest]\n"
             "memory = 4G\n"
             "[workload heap]\n"
             "kind = gc\n"
             "region = 2G\n"
             "nursery = 512M\n"
             "allocation-rate = 300MB/s\n"
             "survivors = 4%\n"
             "[workload threads]\n"
             "kind = zipf\n"
             "region = 64M\n"
             "rate = 10k\n"},
    {.name = "sap-erp",
     .help = "a business suite: large shared buffers, an application server, counters everywhere",
     .source = "",
     .figure = "",
     .assumed = ASSUMED,
     .text = "[guest]\n"
             "memory = 8G\n"
             "[workload buffers]\n"
             "kind = zipf\n"
             "region = 1G\n"
             "exponent = 0.8\n"
             "rate = 15k\n"
             "write-size = 128B\n"
             "writes = 4\n"
             "value = text\n"
             "fill = text\n"
             "[workload server]\n"
             "kind = gc\n"
             "region = 512M\n"
             "nursery = 64M\n"
             "allocation-rate = 40MiB/s\n"
             "[workload counters]\n"
             "kind = counter\n"
             "region = 128M\n"
             "rate = 10k\n"},
    {.name = NULL},
};

const struct preset *preset_find(const char *name)
{
    for (const struct preset *preset = presets; preset->name; preset++)
        if (!strcmp(preset->name, name))
            return preset;
    return NULL;
}
