/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/html.h"

#include "results/text.h"

#include <stdlib.h>

void html_put(FILE *out, const char *text)
{
    char *clean = text_printable(text);
    for (const char *p = clean; *p; p++)
        switch (*p) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*p, out);
        }
    free(clean);
}

void html_put_element(FILE *out, const char *tag, const char *text)
{
    fprintf(out, "<%s>", tag);
    html_put(out, text);
    fprintf(out, "</%s>\n", tag);
}

/* <bdi>: letters that run from right to left do not turn their neighbours around. */
void html_put_cell(FILE *out, const char *text, bool number)
{
    fputs(number ? "<td class=\"n\">" : "<td><bdi>", out);
    html_put(out, text);
    fputs(number ? "</td>" : "</bdi></td>", out);
}

/*
 * gnuplot's SVG has its colours as attributes, which any rule of a style sheet outweighs: so black
 * and greys follow the page, and blue gets lighter on a dark one.
 */
static const char style[] =
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1a1a1a;--muted:#5c5c5c;--line:#d8d8d8;"
    "--grid:#e4e4e4;--band:#f2f2f2;--stop:#fbe3d4;--blue:#0072b2;--alert:#b34a00;--good:#00694d;"
    "--card:#f6f7f9;--pale-blue:#9cc3dd;--pale-green:#bbd9cf;--pale-grey:#d9d9d9"
    "}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#16181c;--ink:#ececec;--muted:#a8a8a8;"
    "--line:#3c4048;--grid:#2c3038;--band:#23262c;--stop:#4a2d1c;--blue:#56a8de;--alert:#ff9a57;"
    "--good:#4fd0a5;--card:#1f2228;--pale-blue:#2c4a60;--pale-green:#23483c;"
    "--pale-grey:#484c53}}\n"
    "body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 4rem;background:var(--ground);"
    "color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .3rem;overflow-wrap:anywhere}\n"
    "h2{font-size:1.2rem;margin:2.5rem 0 .6rem;border-bottom:1px solid var(--line)}\n"
    ".lead,.muted,figcaption{color:var(--muted)}\n"
    ".answer{font-size:1.25rem;line-height:1.4;margin:1rem 0;padding:.8rem 1rem;"
    "border-left:.3rem solid var(--blue);background:var(--card)}\n"
    ".warn{border-left:.3rem solid var(--alert);padding:.3rem .8rem;background:var(--card)}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:1rem 0}\n"
    ".tile{flex:1 1 8rem;padding:.6rem .9rem;background:var(--card);border-radius:.4rem}\n"
    ".tile b{display:block;font-size:1.5rem}.tile span{color:var(--muted);font-size:.85rem}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem}\n"
    "th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}\n"
    "th{color:var(--muted);font-weight:600;vertical-align:bottom}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".chosen td{background:var(--card);font-weight:600}.no{color:var(--alert)}\n"
    "tr.why td{color:var(--muted);font-size:.85rem;padding-top:0}.tight td{white-space:nowrap}\n"
    "code,pre{font-family:ui-monospace,monospace;font-size:.85rem}\n"
    "pre{padding:.8rem;background:var(--card);overflow-x:auto}td code{overflow-wrap:anywhere}\n"
    "details{margin:.5rem 0}summary{cursor:pointer;color:var(--blue)}\n"
    "figure{margin:1.5rem 0}figure svg{display:block;width:100%;min-width:52rem;height:auto}\n"
    "figure [fill=\"rgb(0,0,0)\"],figure [fill=\"black\"]{fill:var(--ink)}\n"
    "figure [color=\"black\"],figure [color=\"rgb(  0,   0,   0)\"]{color:var(--ink)}\n"
    "figure [stroke=\"black\"],figure [stroke=\"rgb(  0,   0,   0)\"]{stroke:var(--ink)}\n"
    "figure [color=\"#FFFFFF\"]{color:var(--ground)}\n"
    "figure [fill=\"rgb(112,112,112)\"]{fill:var(--muted)}\n"
    "figure [color=\"rgb(112, 112, 112)\"]{color:var(--muted)}\n"
    "figure [stroke=\"rgb(112, 112, 112)\"]{stroke:var(--muted)}\n"
    "figure [stroke=\"rgb(228, 228, 228)\"]{stroke:var(--grid)}\n"
    "figure [fill=\"rgb(242, 242, 242)\"]{fill:var(--band)}\n"
    "figure [fill=\"rgb(251, 227, 212)\"]{fill:var(--stop)}\n"
    "figure [fill=\"rgb(156, 195, 221)\"]{fill:var(--pale-blue)}\n"
    "figure [fill=\"rgb(187, 217, 207)\"]{fill:var(--pale-green)}\n"
    "figure [fill=\"rgb(217, 217, 217)\"]{fill:var(--pale-grey)}\n"
    "figure [fill=\"rgb(112, 112, 112)\"]{fill:var(--muted)}\n"
    "figure [fill=\"rgb(213,94,0)\"]{fill:var(--alert)}\n"
    "figure [fill=\"rgb(0,114,178)\"],figure [fill=\"rgb(  0, 114, 178)\"]{fill:var(--blue)}\n"
    "figure [color=\"rgb(  0, 114, 178)\"]{color:var(--blue)}\n"
    "figure [stroke=\"rgb(  0, 114, 178)\"]{stroke:var(--blue)}\n"
    "@media print{body{max-width:none}figure,tr{break-inside:avoid}}\n";

void html_put_head(FILE *out, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          /* Nothing is loaded and nothing runs, whatever the texts may hold. */
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
          out);
    html_put_element(out, "title", title);
    fprintf(out, "<style>\n%s</style>\n</head>\n<body>\n", style);
}

void html_put_foot(FILE *out)
{
    fputs("</body>\n</html>\n", out);
}
