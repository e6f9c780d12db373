/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/query.h"
#include "sim/cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

enum { CSV, JSON, LIMIT, TIME_LIMIT };
static const struct argument TABLE[] = {
    {"csv", 0, NULL, "print CSV, with the columns' names in the first line"},
    {"json", 0, NULL, "print JSON"},
    {"limit", 0, "N", "rows at most; more is an error (default 100000)"},
    {"time-limit", 0, "SECONDS", "give up after that (default 30)"},
    {0},
};
static const struct arguments ARGUMENTS = {
    .command = "query",
    .usage = "[OPTION...] STUDY [VIEW|SQL]",
    .description =
        "Looks into STUDY: all rows of a view or table, or those of one SELECT statement. Without\n"
        "either, lists the views. Nothing is ever written. docs/schema.md describes the tables "
        "and\n"
        "has queries to begin with.",
    .example = "migsim sweep --db cover-letter.db workloads/scenarios/cover-letter.ini\n"
               "migsim query cover-letter.db v_cache_size\n"
               "migsim query --csv cover-letter.db \"SELECT seed, total_time_s FROM v_run\"",
    .table = TABLE,
};

static bool take(void *context, size_t index, const char *value)
{
    struct query *query = context;
    unsigned long number;
    switch (index) {
    case CSV:
        query->format = QUERY_CSV;
        return true;
    case JSON:
        query->format = QUERY_JSON;
        return true;
    case LIMIT:
        if (!cli_number("query", "--limit", value, 1, 100000000, &number))
            return false;
        query->row_limit = number;
        return true;
    default:
        if (!cli_number("query", "--time-limit", value, 1, 1000000, &number))
            return false;
        query->seconds = number;
        return true;
    }
}

int cmd_query(int argc, char **argv)
{
    struct query query = {.row_limit = QUERY_ROWS, .seconds = QUERY_SECONDS};
    struct error error;
    int rest;
    bool wrong;
    enum arguments_result result = arguments_parse(&ARGUMENTS, argc, argv, take, &query, &rest);
    if (result != ARGUMENTS_OK)
        return result == ARGUMENTS_HELP ? STATUS_DONE : STATUS_USAGE;
    if (rest == argc)
        return message_usage("query", "no study is given");
    if (rest + 2 < argc)
        return message_usage("query",
                             "one study and one query are wanted (put SQL in quotes); '%s' is one "
                             "too many",
                             argv[rest + 2]);
    query.what = argv[rest + 1]; /* or the NULL that ends argv */
    query.width = cli_width();
    query.plain = isatty(STDOUT_FILENO);
    char *text = query_text(argv[rest], &query, &wrong, &error);
    if (!text)
        return wrong ? message_wrong("query", "%s", error.text)
                     : message_failed("query", "%s", error.text);
    return cli_print("query", text) ? STATUS_DONE : STATUS_FAILED;
}
