/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/plot.h"

#include "results/gnuplot.h"
#include "results/plot_script.h"
#include "results/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct plot_kind plot_cache_size, plot_miss_ratio, plot_techniques, plot_heat,
    plot_downtime, plot_timeline, plot_iterations;

const struct plot_kind *const plot_kinds[] = {
    &plot_cache_size, &plot_miss_ratio, &plot_techniques, &plot_heat,
    &plot_downtime,   &plot_timeline,   &plot_iterations, NULL};

const struct plot_kind *plot_find(const char *name)
{
    for (size_t i = 0; plot_kinds[i]; i++)
        if (!strcmp(plot_kinds[i]->name, name))
            return plot_kinds[i];
    return NULL;
}

const struct plot_kind *plot_default(const struct study *study)
{
    return study->run_count == 1 ? &plot_timeline : &plot_cache_size;
}

static const struct {
    const char *suffix, *terminal;
} formats[] = {
    [PLOT_PNG] = {".png",
                  "pngcairo size 1200,840 font 'Sans,13' noenhanced background rgb 'white'"},
    [PLOT_SVG] = {".svg", "svg size 1200,840 dynamic font 'sans-serif,15' "
                          "noenhanced background rgb 'white'"},
    [PLOT_PDF] = {".pdf", "pdfcairo size 12in,8.4in fontscale 0.75 font 'Sans,13' noenhanced"},
    [PLOT_SCRIPT] = {".gp", NULL},
};

bool plot_format_of(const char *path, enum plot_format *ret_format, struct error *error)
{
    size_t length = strlen(path);
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t suffix = strlen(formats[i].suffix);
        if (length > suffix && path[length - suffix - 1] != '/' &&
            !strcmp(path + length - suffix, formats[i].suffix)) {
            *ret_format = (enum plot_format)i;
            return true;
        }
    }
    return error_set(
        error, "%.300s: a plot's name ends with .png, .svg, .pdf, or .gp for the gnuplot script",
        path);
}

/* The script, ready to run; drawn to where its standard output goes unless it has a name. */
static char *make_script(const struct plot_kind *kind, const struct plot_input *input,
                         const char *terminal, const char *output, struct error *error)
{
    char *text;
    size_t size;
    assert(!kind->needs_run || input->run);
    FILE *script = text_stream(&text, &size);
    fprintf(script, "# migsim plot %s\nset terminal %s\nset output", kind->name, terminal);
    if (output) {
        fputc(' ', script);
        plot_put_text(script, output, 1000);
    }
    fputc('\n', script);
    bool good = kind->write(input, script, error);
    fputs("set output\n", script);
    fclose(script);
    if (good)
        return text;
    free(text);
    return NULL;
}

/* A new file beside `path`, its name in `temporary` of `size` bytes; -1 on failure. */
static int create_beside(const char *path, char *temporary, size_t size, struct error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        error_set(error, "%.300s: is no regular file", path);
        return -1;
    }
    int file = -1;
    for (unsigned i = 0; i < 100 && file < 0; i++) {
        snprintf(temporary, size, "%s.%ld-%u.part", path, (long)getpid(), i);
        file = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST)
            break;
    }
    if (file < 0)
        error_set(error, "%.300s: cannot write: %s", path, strerror(errno));
    return file;
}

static bool write_text(int file, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t written = write(file, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        left -= (size_t)written;
    }
    return true;
}

/* gnuplot does not notice a full disk: what it leaves then has no end, or is empty. */
static bool is_whole(int file, enum plot_format format)
{
    static const char png_end[] = "IEND\xae\x42\x60\x82", svg_end[] = "</svg>";
    const char *end = format == PLOT_PNG ? png_end : format == PLOT_PDF ? "%%EOF" : svg_end;
    char tail[64] = "";
    off_t size = lseek(file, 0, SEEK_END), from = size > 32 ? size - 32 : 0;
    ssize_t got = pread(file, tail, sizeof tail - 1, from);
    size_t length = strlen(end);
    for (ssize_t i = 0; i + (ssize_t)length <= got; i++)
        if (!memcmp(tail + i, end, length))
            return true;
    return false;
}

/* Two drawings would differ in the time of their making alone: it becomes 1970, in place. */
static bool blank_pdf_date(int file)
{
    static const char key[] = "/CreationDate (D:", date[] = "19700101000000";
    off_t size = lseek(file, 0, SEEK_END);
    size_t length = size > 0 ? (size_t)size : 0, whole = sizeof key - 1 + sizeof date - 1;
    char *bytes = must_alloc(length + 1, 1, "a plot");
    bool good = pread(file, bytes, length, 0) == size;
    for (size_t i = 0; good && i + whole <= length; i++)
        if (!memcmp(bytes + i, key, sizeof key - 1))
            good = pwrite(file, date, sizeof date - 1, (off_t)(i + sizeof key - 1)) ==
                   (ssize_t)sizeof date - 1;
    free(bytes);
    return good;
}

/* "a/b.gp" draws into "b.png", beside wherever it is run. */
static char *script_output(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t base = strlen(name) - strlen(formats[PLOT_SCRIPT].suffix), size = base + sizeof ".png";
    char *output = must_alloc(size, 1, "a file name");
    snprintf(output, size, "%.*s.png", (int)base, name);
    return output;
}

static bool draw(const struct plot_kind *kind, const struct plot_input *input, const char *path,
                 int file, struct error *error)
{
    bool good;
    if (input->format == PLOT_SCRIPT) {
        char *output = script_output(path);
        char *script = make_script(kind, input, formats[PLOT_PNG].terminal, output, error);
        good = script && (write_text(file, script) ||
                          error_set(error, "%.300s: cannot write: %s", path, strerror(errno)));
        free(script);
        free(output);
    } else {
        char *script = make_script(kind, input, formats[input->format].terminal, NULL, error);
        good = script && gnuplot_run(script, file, error) &&
               ((is_whole(file, input->format) &&
                 (input->format != PLOT_PDF || blank_pdf_date(file))) ||
                error_set(error, "%.300s: cannot write all of it: is the disk full?", path));
        free(script);
    }
    return good;
}

bool plot_write(const struct plot_kind *kind, const struct plot_input *input, const char *path,
                struct error *error)
{
    struct plot_input mine = *input;
    if (!plot_format_of(path, &mine.format, error))
        return false;
    size_t size = strlen(path) + 40;
    char *temporary = must_alloc(size, 1, "a file name");
    int file = create_beside(path, temporary, size, error);
    bool good = file >= 0 && draw(kind, &mine, path, file, error);
    if (file >= 0 && close(file) != 0 && good)
        good = error_set(error, "%.300s: cannot write: %s", path, strerror(errno));
    if (good && rename(temporary, path) != 0)
        good = error_set(error, "%.300s: cannot write: %s", path, strerror(errno));
    if (file >= 0 && !good)
        unlink(temporary);
    free(temporary);
    return good;
}

/* What gnuplot drew, without form feeds and blanks at the ends of lines. */
static char *read_characters(FILE *drawn)
{
    char *text;
    size_t size, blanks = 0, lines = 0;
    FILE *out = text_stream(&text, &size);
    bool begun = false;
    rewind(drawn);
    for (int c; (c = getc(drawn)) != EOF;) {
        if (c == '\n') {
            blanks = 0;
            lines += begun;
        } else if (c == ' ') {
            blanks++;
        } else if (c != '\f') {
            for (; lines > 0; lines--)
                fputc('\n', out);
            fprintf(out, "%*s%c", (int)blanks, "", c);
            blanks = 0, begun = true;
        }
    }
    fputc('\n', out);
    fclose(out);
    return text;
}

char *plot_characters(const struct plot_kind *kind, const struct plot_input *input, size_t columns,
                      size_t lines, struct error *error)
{
    struct plot_input mine = *input;
    mine.format = PLOT_TERMINAL;
    mine.columns = columns;
    char terminal[80], *text = NULL;
    snprintf(terminal, sizeof terminal, "dumb size %zu,%zu mono noenhanced", columns, lines);
    char *script = make_script(kind, &mine, terminal, NULL, error);
    FILE *drawn = script ? tmpfile() : NULL;
    if (script && !drawn)
        error_set(error, "cannot make a temporary file: %s", strerror(errno));
    if (drawn && gnuplot_run(script, fileno(drawn), error))
        text = read_characters(drawn);
    if (drawn)
        fclose(drawn);
    free(script);
    return text;
}

/* gnuplot's ids begin with "gp" or "gnuplot_", are quoted in one way or the other, and referred to
 * by '#'. What a user's text holds of these words is in text nodes, where a change does no harm. */
static char *prefix_ids(const char *svg, const char *prefix)
{
    static const char *const marks[] = {"id='gp",   "id=\"gnuplot_", "href='#gp", "url(#gp",
                                        "id='text", "id='grey",      "url(#text", "url(#grey"};
    static const size_t before[] = {4, 4, 7, 5, 4, 4, 5, 5}; /* characters that stay in front */
    char *text;
    size_t size;
    FILE *out = text_stream(&text, &size);
    while (*svg) {
        size_t keep = 0;
        for (size_t i = 0; !keep && i < sizeof marks / sizeof *marks; i++)
            if (!strncmp(svg, marks[i], strlen(marks[i])))
                keep = before[i];
        if (keep)
            fprintf(out, "%.*s%s-", (int)keep, svg, prefix);
        else
            fputc(*svg, out);
        svg += keep ? keep : 1;
    }
    fclose(out);
    return text;
}

/* The file from its <svg on; NULL if that, or its end, is missing. */
static char *read_svg(FILE *drawn, const char *prefix, struct error *error)
{
    char *text, *svg = NULL;
    size_t size;
    FILE *out = text_stream(&text, &size);
    rewind(drawn);
    for (int c; (c = fgetc(drawn)) != EOF;)
        fputc(c, out);
    fclose(out);
    const char *start = strstr(text, "<svg");
    if (start && strstr(start, "</svg>"))
        svg = prefix_ids(start, prefix);
    else
        error_set(error, "gnuplot drew no whole SVG: is the disk full?");
    free(text);
    return svg;
}

char *plot_svg(const struct plot_kind *kind, const struct plot_input *input, const char *prefix,
               struct error *error)
{
    struct plot_input mine = *input;
    mine.format = PLOT_SVG;
    char *script = make_script(
        kind, &mine, "svg size 1080,760 dynamic font 'sans-serif,15' noenhanced", NULL, error);
    FILE *drawn = script ? tmpfile() : NULL;
    char *svg = NULL;
    if (script && !drawn)
        error_set(error, "cannot make a temporary file: %s", strerror(errno));
    if (drawn && gnuplot_run(script, fileno(drawn), error))
        svg = read_svg(drawn, prefix, error);
    if (drawn)
        fclose(drawn);
    free(script);
    return svg;
}
