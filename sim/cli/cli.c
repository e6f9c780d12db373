/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* struct winsize */
#include "sim/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_take_scenario(struct cli_scenario *cli, size_t index, const char *value)
{
    if (index == CLI_SEED)
        cli->seed = value;
    if (index == CLI_SET) {
        cli->overrides = must_grow(cli->overrides, cli->override_count + 1, sizeof *cli->overrides,
                                   "the command line");
        cli->overrides[cli->override_count++] = value;
    }
    return index < CLI_SCENARIO_COUNT;
}

/* The one file that must be left of the arguments, read and overridden; NULL with a message. */
static struct scenario_text *read_scenario(const struct cli_scenario *cli, int argc, char **argv,
                                           int rest)
{
    struct error error;
    if (rest == argc) {
        message_usage(cli->command, "no scenario file is given");
        return NULL;
    }
    if (rest + 1 < argc) {
        message_usage(cli->command, "one scenario file is wanted; '%s' is one too many",
                      argv[rest + 1]);
        return NULL;
    }
    struct scenario_text *text = scenario_text_read(argv[rest], &error);
    for (size_t i = 0; text && i < cli->override_count; i++) {
        if (!scenario_text_override(text, cli->overrides[i], &error)) {
            scenario_text_destroy(text);
            text = NULL;
        }
    }
    if (!text)
        message_wrong(cli->command, "%s", error.text);
    else if (cli->seed)
        scenario_text_set(text, "run", "seed", cli->seed, 0);
    return text;
}

int cli_scenario_command(const struct arguments *arguments, int argc, char **argv,
                         bool (*take)(void *context, size_t index, const char *value),
                         int (*act)(void *context, const struct scenario_text *text), void *context,
                         struct cli_scenario *cli)
{
    int rest, status = STATUS_USAGE;
    cli->command = arguments->command;
    enum arguments_result result = arguments_parse(arguments, argc, argv, take, context, &rest);
    if (result == ARGUMENTS_HELP)
        status = STATUS_DONE;
    if (result == ARGUMENTS_OK) {
        struct scenario_text *text = read_scenario(cli, argc, argv, rest);
        if (text)
            status = act(context, text);
        scenario_text_destroy(text);
    }
    free(cli->overrides);
    return status;
}

size_t cli_width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return 100;
}

bool cli_shows_progress(void)
{
    return isatty(STDERR_FILENO);
}

bool cli_print(const char *command, char *text)
{
    bool ok = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
    free(text);
    if (!ok)
        message_failed(command, "cannot write to standard output: %s", strerror(errno));
    return ok;
}

bool cli_write_file(const char *path, const char *text, struct error *error)
{
    size_t size = strlen(path) + sizeof ".part";
    char *beside = must_alloc(size, 1, "a file name");
    snprintf(beside, size, "%s.part", path);
    FILE *file = fopen(beside, "wb");
    bool ok = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        ok = false;
    ok = ok && rename(beside, path) == 0;
    if (!ok) {
        error_set(error, "%s: %s", path, strerror(errno));
        if (file)
            remove(beside);
    }
    free(beside);
    return ok;
}

bool cli_number(const char *command, const char *option, const char *text, unsigned long least,
                unsigned long most, unsigned long *ret)
{
    char *end;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && *ret >= least && *ret <= most)
        return true;
    message_usage(command, "%s: '%s' is no whole number from %lu to %lu", option, text, least,
                  most);
    return false;
}

unsigned long cli_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > 256 ? 256 : (unsigned long)count;
}
