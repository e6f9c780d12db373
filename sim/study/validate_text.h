/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_STUDY_VALIDATE_TEXT_H
#define SIM_STUDY_VALIDATE_TEXT_H

#include "sim/study/validate.h"

#include <jansson.h>

/* Two rows a cell, measured and predicted, then the summary. Owned by the caller. */
char *validate_table_text(const struct validations *validations);

/* The iterations of both side by side, and where they part first. Owned by the caller. */
char *validate_trace_text(const struct validation *validation, size_t width);

/* {"schema_version", "cells": [...], "summary": {...}}. Owned by the caller, to json_decref. */
json_t *validate_json(const struct validations *validations);

#endif
