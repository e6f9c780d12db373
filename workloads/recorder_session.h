/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RECORDER_SESSION_H
#define WORKLOADS_RECORDER_SESSION_H

#include "base/option.h"
#include "workloads/recorder_watch.h"
#include "workloads/trace_writer.h"

/*
 * What all recorders by snapshots have in common: a snapshot at the beginning, then every
 * `interval` an epoch of what changed since the last.
 *
 *     snapshot 0     snapshot 1     snapshot 2
 *         |--- epoch 0 ---|--- epoch 1 ---|----> time of the trace (the source's own: what it
 *       image                                    stood still for the recorder is left out)
 *
 * A page is read at one moment, different pages of a snapshot at moments that may be some ms apart;
 * a migration reads a running guest's pages just so. Whatever is written behind the reader's back
 * shows in the next epoch.
 */
struct recorder_report;

struct recorder_options {
    int64_t interval_ns;
    int64_t duration_ns; /* 0: until the source ends */
    uint64_t max_memory; /* process: bytes of the trace's memory; pages beyond it are left out */
    bool image;          /* the content before the first epoch is recorded */
    bool pause;          /* the source stands still during each snapshot */
    unsigned method;     /* process: enum recorder_method */
    /* Called after each epoch with the report so far; NULL: nobody wants to know. */
    void (*progress)(const struct recorder_report *so_far);
};
extern const struct option recorder_options_table[];

enum recorder_end { RECORDER_END_PROCESS, RECORDER_END_DURATION, RECORDER_END_STOPPED };

/* What a recording was and what it cost. */
struct recorder_report {
    enum recorder_method method;
    bool became_compare; /* the process ran another program that cannot be watched otherwise */
    char why[400];       /* why not a better method; "" if there is none */
    enum recorder_end end;

    uint64_t epochs, file_bytes;
    int64_t span_ns;                                              /* of all epochs */
    int64_t interval_min_ns, interval_median_ns, interval_max_ns; /* as achieved */
    uint32_t pages;                                               /* of the trace's memory */
    uint64_t left_out_pages;                                      /* beyond max_memory */
    uint64_t compared_pages, changed_pages, rewritten_pages;      /* summed over the epochs */

    int64_t look_ns;    /* time spent in snapshots, writing of the trace included */
    int64_t cpu_ns;     /* CPU time of the recorder */
    int64_t stopped_ns; /* the source stood still for it */
    uint64_t faults;    /* write faults that it had more, after snapshots */
    int64_t fault_ns;   /* what they cost it, estimated; 0 if not known */
};

/* How a look at the source ended. */
enum recorder_look { RECORDER_LOOK_DONE, RECORDER_LOOK_ENDED, RECORDER_LOOK_FAILED };

struct recorder_session;

/* Whose memory it is. All hooks get `context`. */
struct recorder_source {
    void *context;
    int end_fd; /* readable when it has ended; -1: ask `ended` */
    bool (*ended)(void *context);
    bool (*stop)(void *context); /* true: it stands still from now on because of this call */
    void (*go)(void *context);
    /* After the first snapshot. True: it had not begun yet, so its time begins now. */
    bool (*begin)(void *context);

    /* Finds out what may have been written since the last time. */
    enum recorder_look (*mark)(void *context, struct recorder_session *session,
                               struct error *error);
    /*
     * Reads that and gives what changed to session->writer, pages rising; at the first time there
     * is no writer yet, and what was read is only kept. Counts pages in session->report.
     */
    enum recorder_look (*read)(void *context, struct recorder_session *session,
                               struct error *error);
    void (*describe)(void *context, struct trace_header *header); /* command, comment, flags */
    bool (*places)(void *context, struct trace_writer *writer, struct error *error); /* new ones */
    /*
     * What was read first, to session->writer. It may take snapshots ahead meanwhile
     * (recorder_session_ahead), and then writes them as epochs before it returns.
     */
    bool (*image)(void *context, struct recorder_session *session, struct error *error);
};

struct recorder_session {
    const struct recorder_source *source;
    const struct recorder_options *options;
    struct recorder_report *report;
    const char *file;
    struct trace_writer *writer; /* NULL until the first snapshot has been taken */

    int64_t begin_ns;      /* of the first epoch, on the monotonic clock */
    int64_t look_begin_ns; /* of the snapshot at hand */
    int64_t look_end_ns;   /* the same in the time of the trace: the end of its epoch */
    int64_t stop_begin_ns; /* 0: the source runs */
    int64_t stopped_ns;    /* what it stood still for in all */
    int64_t next_ns;       /* when a snapshot is due, on the monotonic clock */
    int64_t epoch_end_ns;
    int64_t *spans; /* of the epochs */
    size_t span_room;
};

/* Zeroes *report. Release with recorder_session_release. */
void recorder_session_init(struct recorder_session *session, const struct recorder_source *source,
                           const struct recorder_options *options, const char *file,
                           struct recorder_report *report);
/* Closes the file and completes the report's times and intervals. */
void recorder_session_release(struct recorder_session *session);

/*
 * Records until the source ends, `duration` is over, or `stop_fd` becomes readable (-1: no such
 * thing); the trace is then whole. ENDED: the source ended before the first snapshot was taken, and
 * there is no file. FAILED: it could not begin, and there is no file; or it broke off (a full
 * disk), and the trace is cut.
 */
enum recorder_look recorder_session_run(struct recorder_session *session, int stop_fd,
                                        struct error *error);

/* Has the source stand still from now on, if that is wanted and not so already: true then. */
bool recorder_session_stop(struct recorder_session *session, bool wanted);
/*
 * For an image that takes its time: a snapshot, if one is due, by the source's `mark` and `read`,
 * which shall keep what they find. *ret_end_ns is the end of the epoch; 0 if none was due. Not
 * DONE: no such epoch, the source has ended or cannot be read.
 */
enum recorder_look recorder_session_ahead(struct recorder_session *session, int64_t *ret_end_ns,
                                          struct error *error);
/* An epoch that ends then has been written. */
void recorder_session_note(struct recorder_session *session, int64_t end_ns);

/* Lets it go on if `stopped`: what recorder_session_stop returned. */
void recorder_session_go(struct recorder_session *session, bool stopped);

#endif
