/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/*
 * gnuplot echoes the command, points at the place, and then says "line 0: what is wrong"; warnings
 * look alike. Without such a line (it may be the shared library that is missing): the first.
 */
static void read_complaint(FILE *complaints, char *text, size_t size)
{
    char line[400];
    snprintf(text, size, "it said nothing");
    rewind(complaints);
    for (bool first = true; fgets(line, sizeof line, complaints);) {
        line[strcspn(line, "\n")] = 0;
        const char *start = line + strspn(line, " ");
        const char *message = !strncmp(start, "line ", 5) ? strstr(start, ": ") : NULL;
        if (message && strncmp(message, ": warning", 9) != 0) {
            snprintf(text, size, "%.200s", message + 2);
            return;
        }
        if (first && *start) {
            snprintf(text, size, "%.200s", start);
            first = false;
        }
    }
}

/* Through files and not pipes: no signal if it dies early, no deadlock, no shell. */
bool gnuplot_run(const char *script, int output, struct error *error)
{
    char name[] = "gnuplot", plain[] = "-d"; /* -d: nobody's .gnuplot changes our plots */
    char *const arguments[] = {name, plain, NULL};
    FILE *input = tmpfile(), *complaints = tmpfile();
    pid_t child = 0;
    int status = 0, failure = 0;
    posix_spawn_file_actions_t actions;
    if (!input || !complaints || fputs(script, input) < 0 || fflush(input) != 0)
        failure = errno ? errno : EIO;
    if (!failure) {
        rewind(input);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, fileno(input), 0);
        posix_spawn_file_actions_adddup2(&actions, output, 1);
        posix_spawn_file_actions_adddup2(&actions, fileno(complaints), 2);
        failure = posix_spawnp(&child, name, &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        while (!failure && waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    bool good = !failure && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char complaint[220] = "";
    if (!good && !failure)
        read_complaint(complaints, complaint, sizeof complaint);
    if (failure == ENOENT)
        error_set(error, "gnuplot is not there: install it (Debian: gnuplot-nox), or ask for the "
                         "script with a name that ends with .gp");
    else if (failure)
        error_set(error, "cannot run gnuplot: %s", strerror(failure));
    else if (!good)
        error_set(error, "gnuplot failed: %s", complaint);
    if (input)
        fclose(input);
    if (complaints)
        fclose(complaints);
    return good;
}
