/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/host_cost.h"

#define COST(name, member, fallback, text)                                                         \
    {                                                                                              \
        name, OPTION_TIME, offsetof(struct host_cost, member), fallback, .help = text,             \
                                                                         .max = 60000000000        \
    }

const struct option host_cost_table[] = {
    COST("connect-time", connect_ns, "3140us", "from the command to the start of the thread"),
    COST("setup-time", setup_ns, "1360us", "from there to the first bitmap sync"),
    COST("sync-time", sync_ns_per_gib, "180us", "one bitmap sync, for each GiB of guest memory"),
    COST("sync-page-time", sync_page_ns, "15ns",
         "tcg: one page of a RAM block that is no multiple of 64 pages"),
    COST("sync-dirty-page-time", sync_dirty_page_ns, "1200ns", "tcg: and on top if it is dirty"),
    COST("zero-page-time", zero_page_ns, "640ns", "CPU time to find and send a page of zeros"),
    COST("untouched-page-time", untouched_page_ns, "6900ns",
         "on top, where the host has not backed the page yet"),
    COST("page-time", page_ns, "1us", "CPU time to find, copy and send a whole page"),
    COST("encode-time", encode_ns, "850ns", "CPU time to look up and encode a cached page"),
    COST("insert-time", insert_ns, "300ns", "CPU time to copy a page into the cache"),
    COST("cache-page-time", cache_page_ns, "30us",
         "on top for the first page in a slot, whose memory the host must back"),
    COST("wake-time", wake_ns, "150us", "from the end of a sleep to the thread's running"),
    COST("stop-time", stop_ns, "200us", "to stop the vCPUs"),
    COST("device-time", device_ns, "1850us", "to save the devices' state"),
    COST("load-time", load_ns, "7400us", "at the destination, last byte to the guest's start"),
    {0},
};
