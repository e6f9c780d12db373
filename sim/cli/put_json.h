/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_PUT_JSON_H
#define SIM_CLI_PUT_JSON_H

#include <jansson.h>
#include <stdint.h>

/* Members of an object. They end the program if there is no memory, a NULL `value` included. */
void put_json(json_t *object, const char *key, json_t *value); /* takes the value over */
void put_json_count(json_t *object, const char *key, uint64_t value);
void put_json_text(json_t *object, const char *key, const char *text); /* any bytes */
void put_json_element(json_t *array, json_t *value);                   /* takes the value over */

#endif
