/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/timeline_csv.h"

#include "results/text.h"

#include <inttypes.h>

char *timeline_csv(const struct record *record)
{
    char *text;
    size_t size;
    FILE *stream = text_stream(&text, &size);
    fputs("time_s,throughput_bytes_per_s,remaining_bytes,threshold_bytes,dirty_sync_count,"
          "xbzrle_pages,xbzrle_cache_miss\n",
          stream);
    for (size_t i = 0; i < record->sample_count; i++) {
        const struct record_sample *sample = &record->samples[i];
        double seconds = (double)sample->window_ns / 1e9;
        fprintf(stream, "%.6f,%.0f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
                (double)sample->end_ns / 1e9, (double)sample->window_bytes / seconds,
                sample->remaining_bytes, sample->threshold_bytes, sample->dirty_sync_count,
                sample->xbzrle_pages, sample->xbzrle_cache_miss);
    }
    fclose(stream);
    return text;
}
