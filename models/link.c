/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/link.h"

__extension__ typedef unsigned __int128 wide;

#define NS_PER_S 1000000000u

/* A terabyte a second is more than any network card: a buffer then empties within a nanosecond. */
const struct option link_options_table[] = {
    {"bandwidth", OPTION_RATE, offsetof(struct link_options, bandwidth_bytes_per_s), "1Gbit/s",
     .help = "what the wire carries", .min = 1000, .max = 1000000000000, .changeable = true},
    {"latency", OPTION_TIME, offsetof(struct link_options, latency_ns), "100us",
     .help = "one way, from the wire's begin to the destination", .max = 60ull * NS_PER_S},
    {"buffer", OPTION_SIZE, offsetof(struct link_options, buffer_bytes), "4M",
     .help = "socket buffers: what is written but not yet on the wire", .min = 64 << 10,
     .max = 1 << 30},
    {0},
};

void link_init(struct link *link, const struct link_options *options)
{
    *link = (struct link){.options = *options};
}

static int64_t wire_time(struct link *link, uint64_t bytes)
{
    wide total = (wide)bytes * NS_PER_S + link->remainder;
    link->remainder = (uint64_t)(total % link->options.bandwidth_bytes_per_s);
    return (int64_t)(total / link->options.bandwidth_bytes_per_s);
}

int64_t link_write(struct link *link, int64_t now_ns, uint64_t bytes)
{
    if (link->empty_ns < now_ns)
        link->empty_ns = now_ns, link->remainder = 0;
    link->empty_ns += wire_time(link, bytes);
    wide third_ns =
        (wide)link->options.buffer_bytes * NS_PER_S / link->options.bandwidth_bytes_per_s / 3;
    wide queued_ns = (wide)(link->empty_ns - now_ns);
    if (queued_ns <= 3 * third_ns)
        return now_ns;
    wide sleeps = (queued_ns - 3 * third_ns + third_ns - 1) / third_ns;
    return now_ns + (int64_t)(sleeps * third_ns);
}

int64_t link_arrival(const struct link *link, int64_t now_ns)
{
    return (link->empty_ns > now_ns ? link->empty_ns : now_ns) + link->options.latency_ns;
}

void link_set_bandwidth(struct link *link, int64_t now_ns, uint64_t bandwidth_bytes_per_s)
{
    wide queued = 0; /* bytes, times 10^9: whole, so that nothing is lost */
    if (link->empty_ns >= now_ns)
        queued =
            (wide)(link->empty_ns - now_ns) * link->options.bandwidth_bytes_per_s + link->remainder;
    if (queued)
        link->empty_ns = now_ns + (int64_t)(queued / bandwidth_bytes_per_s);
    link->remainder = (uint64_t)(queued % bandwidth_bytes_per_s);
    link->options.bandwidth_bytes_per_s = bandwidth_bytes_per_s;
}
