/* SPDX-License-Identifier: MIT
 *
 * Numbers that survive JSON. cJSON reads every number as a double: it cannot
 * tell 1 from 1.0 and rounds above 2^53, but the wire tells them apart and a
 * process argument is an int64. Hence what a double would spoil travels
 * through cJSON as text, and what JSON has no number for as {"double": bits}.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum number_kind {
  NUMBER_NONE, /* not a number */
  NUMBER_INTEGER,
  NUMBER_REAL,
  NUMBER_TOO_LARGE /* for int64, or for a double */
};

/* number_protect returns a copy of a JSON text in which floats and integers of
 * more than 15 digits are {"float": "1.0"} and {"int": "…"}; to be freed by
 * free. A text with a NUL inside, where cJSON would end it, is {"nul": "…"}
 * with U+0001 in the place of each NUL. Other texts are left alone; what is not
 * JSON stays as wrong as it was. */
char *number_protect(const char *json);

/* number_get reads a number out of a protected text, or one that number_int64
 * or number_double made. Only the output of its kind is written. */
enum number_kind number_get(const cJSON *value, int64_t *out_integer,
                            double *out_real);

/* number_get_wrapped likewise, but of an integer of whatever size it writes
 * what is left modulo 2^64, and the nearest double, which may be infinite. */
enum number_kind number_get_wrapped(const cJSON *value, uint64_t *out_integer,
                                    double *out_real);

/* number_int64, number_uint64 and number_double make values that print as JSON
 * numbers, the last one always as a float, or as its bits. */
cJSON *number_int64(int64_t value);
cJSON *number_uint64(uint64_t value);
cJSON *number_double(double value);

/* number_bits writes the 16 hexadecimal digits of a double, and a NUL. */
enum { NUMBER_BITS = 17 };
void number_bits(double value, char out_digits[NUMBER_BITS]);
