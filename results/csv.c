/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "results/csv.h"

#include "results/field.h"
#include "results/text.h"

#include <inttypes.h>

static char *rows(const struct field *fields, const void *objects, size_t count, size_t size)
{
    char *text;
    size_t length;
    FILE *out = text_stream(&text, &length);
    for (const struct field *field = fields; field->name; field++)
        fprintf(out, "%s%c", field->name, field[1].name ? ',' : '\n');
    for (size_t i = 0; i < count; i++) {
        const char *object = (const char *)objects + i * size;
        for (const struct field *field = fields; field->name; field++) {
            if (field->type == FIELD_REAL)
                fprintf(out, "%.17g", field_real(field, object));
            else
                fprintf(out, "%" PRId64, field_integer(field, object));
            fputc(field[1].name ? ',' : '\n', out);
        }
    }
    fclose(out);
    return text;
}

char *csv_timeline(const struct record *record)
{
    return rows(sample_fields, record->samples, record->sample_count, sizeof *record->samples);
}

char *csv_iterations(const struct record *record)
{
    return rows(iteration_fields, record->iterations, record->iteration_count,
                sizeof *record->iterations);
}
