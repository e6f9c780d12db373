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

/* Starts gnuplot with these as its standard files and waits for it. 0 or an errno. */
static int run(int input, int output, int complaints, int *ret_status)
{
    char name[] = "gnuplot", plain[] = "-d"; /* -d: nobody's .gnuplot changes our plots */
    char *const arguments[] = {name, plain, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, complaints, 2);
    int failure = posix_spawnp(&child, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    while (!failure && waitpid(child, ret_status, 0) < 0)
        failure = errno == EINTR ? 0 : errno;
    return failure;
}

/* Through files and not pipes: no signal if it dies early, no deadlock, no shell. */
static bool run_with(FILE *input, FILE *complaints, const char *script, int output,
                     struct error *error)
{
    char complaint[220];
    int status = 0;
    if (!input || !complaints || fputs(script, input) < 0 || fflush(input) != 0)
        return error_set(error, "cannot write a temporary file for gnuplot: %s", strerror(errno));
    rewind(input);
    int failure = run(fileno(input), output, fileno(complaints), &status);
    if (failure == ENOENT)
        return error_set(error, "gnuplot is not there: install it (Debian: gnuplot-nox), or ask "
                                "for the script with a name that ends with .gp");
    if (failure)
        return error_set(error, "cannot run gnuplot: %s", strerror(failure));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    read_complaint(complaints, complaint, sizeof complaint);
    return error_set(error, "gnuplot failed: %s", complaint);
}

bool gnuplot_run(const char *script, int output, struct error *error)
{
    FILE *input = tmpfile(), *complaints = tmpfile();
    bool good = run_with(input, complaints, script, output, error);
    if (input)
        fclose(input);
    if (complaints)
        fclose(complaints);
    return good;
}
