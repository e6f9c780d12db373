/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"
#include "results/plot.h"
#include "results/text.h"
#include "sim/cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT, TERMINAL, RUN };
static const struct argument TABLE[] = {
    {"output", 'o', "FILE",
     "draw into FILE; .png, .svg, .pdf, or .gp for the gnuplot\nscript, to be restyled and run"},
    {"terminal", 0, NULL, "draw in characters (also the default without -o)"},
    {"run", 0, "N|DIGEST",
     "which migration, for kinds that draw one: its number in the\n"
     "study, or the first digits of its digest"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "plot",
    .usage = "[OPTION...] STUDY [KIND]",
    .description =
        "Draws the runs that a sweep stored in STUDY, with intervals over seeds. Kinds of all "
        "runs\n"
        "are cache-size (total time and downtime against the cache size), miss-ratio (cache "
        "misses,\n"
        "by cause if migration.classify-misses is on), techniques (all combinations side by "
        "side),\n"
        "heat (two settings that vary, with the frontier of convergence) and downtime (its\n"
        "distribution over seeds); of one run, timeline (its course) and iterations (bytes by "
        "kind).\n"
        "Without KIND, timeline for a study of one run, else cache-size.",
    .example = "migsim sweep --db cover-letter.db workloads/scenarios/cover-letter.ini\n"
               "migsim plot cover-letter.db\n"
               "migsim plot cover-letter.db cache-size -o cover-letter.png\n"
               "migsim plot cover-letter.db timeline --run 3 -o third.svg\n"
               "migsim plot cover-letter.db iterations --run 3 -o third.pdf",
    .table = TABLE,
};

/* A terminal's plot keeps the shape of one of 100 columns by 36 lines. */
enum { LEAST_COLUMNS = 60, MOST_COLUMNS = 160 };

struct plot_arguments {
    const char *output, *run;
    bool terminal;
};

static bool take(void *context, size_t index, const char *value)
{
    struct plot_arguments *arguments = context;
    enum plot_format format;
    struct error error;
    if (index == OUTPUT && !plot_format_of(value, &format, &error)) {
        message_usage("plot", "%s", error.text);
        return false;
    }
    if (index == OUTPUT)
        arguments->output = value;
    else if (index == RUN)
        arguments->run = value;
    else
        arguments->terminal = true;
    return true;
}

static const struct plot_kind *find_kind(const char *name)
{
    const struct plot_kind *kind = plot_find(name);
    if (kind)
        return kind;
    const char *names[16] = {0};
    for (size_t i = 0; plot_kinds[i] && i + 1 < sizeof names / sizeof *names; i++)
        names[i] = plot_kinds[i]->name;
    const char *nearest = option_nearest(name, names);
    message_usage("plot", "no kind of plot is called '%s'%s%s%s", name,
                  nearest ? ": did you mean " : "; there are those of migsim list plots",
                  nearest ? nearest : "", nearest ? "?" : "");
    return NULL;
}

/* "3: cache 64MiB, seed 1", a line for each of the runs (of many, for the first ten). */
static char *list_runs(const struct study *study)
{
    char *text;
    size_t size, shown = study->run_count > 10 ? 10 : study->run_count;
    FILE *out = text_stream(&text, &size);
    struct study_groups *groups = study_group(study);
    for (size_t i = 0; i < shown; i++) {
        const struct record *record = study->runs[i].record;
        for (size_t k = 0; k < groups->group_count; k++)
            for (size_t r = 0; r < groups->groups[k].run_count; r++)
                if (groups->groups[k].runs[r] == record) {
                    char *label = study_group_label(groups, k, true);
                    char *clean = text_printable(label);
                    fprintf(out, "\n  %" PRId64 ": %s%sseed %" PRIu64 ", %s", study->runs[i].id,
                            clean, *clean ? ", " : "", record->seed,
                            record_outcome_name(record->outcome));
                    free(clean);
                    free(label);
                }
    }
    if (shown < study->run_count)
        fprintf(out, "\n  ... and %zu more", study->run_count - shown);
    study_groups_free(groups);
    fclose(out);
    return text;
}

/* Short numbers name a run by its place in the study, other texts by the digest's first digits. */
static bool is_named(const struct study_run *run, const char *name)
{
    size_t length = strlen(name);
    if (length < 8 && strspn(name, "0123456789") == length)
        return run->id == strtoll(name, NULL, 10);
    return length >= 4 && !strncmp(run->digest, name, length);
}

/* The id of the one run that is meant; 0 with a message if there is no such run, or more. */
static int64_t choose_run(const struct study *study, const char *name)
{
    const struct study_run *found = NULL;
    size_t matches = 0;
    for (size_t i = 0; i < study->run_count; i++)
        if (!name || is_named(&study->runs[i], name)) {
            found = &study->runs[i];
            matches++;
        }
    if (matches == 1)
        return found->id;
    char *list = list_runs(study);
    if (!name)
        message_usage("plot", "the study holds %zu runs: say which by --run%s", study->run_count,
                      list);
    else if (!matches)
        message_usage("plot", "--run: the study holds no run '%s'; it has%s", name, list);
    else
        message_usage("plot", "--run: '%s' names %zu runs: give the number of one%s", name, matches,
                      list);
    free(list);
    return 0;
}

static int draw(const struct plot_arguments *arguments, const struct plot_kind *kind,
                const struct plot_input *input)
{
    struct error error;
    if (arguments->output && !plot_write(kind, input, arguments->output, &error))
        return message_failed("plot", "%s", error.text);
    if (arguments->output && !arguments->terminal)
        return STATUS_DONE;
    size_t columns = cli_width();
    columns = columns < LEAST_COLUMNS  ? LEAST_COLUMNS
              : columns > MOST_COLUMNS ? MOST_COLUMNS
                                       : columns;
    char *text = plot_characters(kind, input, columns, columns * 36 / 100, &error);
    if (!text)
        return message_failed("plot", "%s", error.text);
    return cli_print("plot", text) ? STATUS_DONE : STATUS_FAILED;
}

static int draw_study(const struct plot_arguments *arguments, const struct plot_kind *kind,
                      struct store *store, const struct study *study)
{
    struct error error;
    struct plot_input input = {.study = study};
    struct record *run = NULL;
    if (!study->run_count)
        return message_failed("plot", "the study holds no runs yet");
    if (!kind)
        kind = arguments->run ? plot_find("timeline") : plot_default(study);
    if (arguments->run && !kind->needs_run)
        return message_usage("plot", "%s draws all runs: --run has no meaning", kind->name);
    if (kind->needs_run) {
        int64_t id = choose_run(study, arguments->run);
        if (!id)
            return STATUS_USAGE;
        input.run = run = store_load_run(store, id, &error);
        if (!run)
            return message_failed("plot", "%s", error.text);
    }
    int status = draw(arguments, kind, &input);
    free(run);
    return status;
}

int cmd_plot(int argc, char **argv)
{
    struct plot_arguments arguments = {.output = NULL};
    struct error error;
    int rest, status;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &arguments, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (rest == argc)
        return message_usage("plot", "no study is given");
    if (rest + 2 < argc)
        return message_usage("plot", "one study and one kind are wanted; '%s' is one too many",
                             argv[rest + 2]);
    const struct plot_kind *kind = rest + 1 < argc ? find_kind(argv[rest + 1]) : NULL;
    if (rest + 1 < argc && !kind)
        return STATUS_USAGE;
    struct store *store = store_open(argv[rest], &error);
    struct study *study = store ? store_load(store, &error) : NULL;
    if (study)
        status = draw_study(&arguments, kind, store, study);
    else
        status = message_failed("plot", "%s", error.text);
    study_free(study);
    store_close(store);
    return status;
}
