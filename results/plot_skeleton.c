/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "results/plot_script.h"

/*
 * A kind of plot from which to begin: bytes transferred by each run. It is compiled, so that it
 * stays true, but not in the table of plot.c. To make a kind of it: copy the file to
 * plot_<name>.c, rename what bears the name, and add `&plot_<name>` to the table and to the line of
 * externs above it. The contract is in plot.h, the vocabulary in plot_script.h.
 */

/* Required. All data goes into the script, numbers only; texts through plot_put_text. */
static bool write_skeleton(const struct plot_input *input, FILE *script, struct error *error)
{
    static const double weights[] = {1}; /* one panel */
    const struct study *study = input->study;
    if (!study->run_count)
        return error_set(error, "the study holds no runs");
    plot_put_begin(input, script, "Transferred by each run", plot_study_name(study));
    plot_put_panel(input, script, 0, 1, weights, 0);
    plot_put_y_label(input, script, "transferred [MiB]");
    fputs("set xlabel 'run'\nset yrange [0:*]\n$runs << EOD\n", script);
    for (size_t i = 0; i < study->run_count; i++)
        fprintf(script, "%lld %.9g\n", (long long)study->runs[i].id,
                (double)study->runs[i].record->counters.transferred / 1048576.0);
    fprintf(script,
            "EOD\nplot $runs using 1:2 with impulses linewidth 3 linecolor rgb '%s' notitle\n",
            plot_colours[0]);
    plot_put_end(script);
    return true;
}

extern const struct plot_kind plot_skeleton;
const struct plot_kind plot_skeleton = {
    .name = "skeleton",                      /* Required. As on the command line. */
    .help = "bytes transferred by each run", /* Required. */
    .needs_run = false, /* true: input->run is one run, with its iterations and samples */
    .write = write_skeleton,
};
