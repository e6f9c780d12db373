/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/arguments.h"

#include "base/error.h"
#include "sim/cli/message.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LONG 256 /* getopt's numbers for options: above all letters */

static size_t count_of(const struct argument *table)
{
    size_t count = 0;
    while (table[count].name)
        count++;
    return count;
}

static void print_option(const struct argument *argument)
{
    char left[64], letter[8] = "    ";
    if (argument->letter)
        snprintf(letter, sizeof letter, "-%c, ", argument->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, argument->name, argument->value ? " " : "",
             argument->value ? argument->value : "");
    const char *line = argument->help;
    for (const char *front = left; line; front = "") {
        const char *end = strchr(line, '\n');
        int length = end ? (int)(end - line) : (int)strlen(line);
        if (strlen(front) > 27)
            printf("%s\n%-28s", front, "");
        else
            printf("%-28s", front);
        printf("%.*s\n", length, line);
        line = end ? end + 1 : NULL;
    }
}

static void print_help(const struct arguments *arguments)
{
    static const struct argument help = {"help", 'h', NULL, "print this"};
    printf("Usage: migsim %s %s\n\n%s\n\n", arguments->command, arguments->usage,
           arguments->description);
    for (const struct argument *a = arguments->table; a->name; a++)
        print_option(a);
    print_option(&help);
    printf("\nExample:\n");
    for (const char *line = arguments->example; line;) {
        const char *end = strchr(line, '\n');
        printf("  %.*s\n", end ? (int)(end - line) : (int)strlen(line), line);
        line = end ? end + 1 : NULL;
    }
}

enum arguments_result arguments_parse(const struct arguments *arguments, int argc, char **argv,
                                      bool (*take)(void *context, size_t index, const char *value),
                                      void *context, int *ret_rest)
{
    size_t count = count_of(arguments->table), used = 0;
    struct option *longs = must_alloc(count + 2, sizeof *longs, "the command line");
    char *letters = must_alloc(2 * count + 8, 1, "the command line");
    letters[used++] = ':';
    for (size_t i = 0; i < count; i++) {
        const struct argument *a = &arguments->table[i];
        longs[i] = (struct option){a->name, a->value ? required_argument : no_argument, NULL,
                                   FIRST_LONG + (int)i};
        if (a->letter)
            letters[used++] = a->letter;
        if (a->letter && a->value)
            letters[used++] = ':';
    }
    longs[count] = (struct option){"help", no_argument, NULL, 'h'};
    letters[used] = 'h';
    enum arguments_result result = ARGUMENTS_OK;
    int option;
    optind = 1;
    opterr = 0;
    while (result == ARGUMENTS_OK &&
           (option = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        size_t index = option >= FIRST_LONG ? (size_t)option - FIRST_LONG : 0;
        while (option < FIRST_LONG && index < count && arguments->table[index].letter != option)
            index++;
        if (option == 'h') {
            print_help(arguments);
            result = ARGUMENTS_HELP;
        } else if (option == '?' || option == ':') {
            message_usage(arguments->command,
                          option == ':' ? "'%s' wants a value" : "no option '%s'",
                          argv[optind - 1]);
            result = ARGUMENTS_WRONG;
        } else if (!take(context, index, optarg)) {
            result = ARGUMENTS_WRONG;
        }
    }
    *ret_rest = optind;
    free(longs);
    free(letters);
    return result;
}
