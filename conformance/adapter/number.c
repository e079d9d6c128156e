/* SPDX-License-Identifier: MIT
 *
 * Exact numbers; see number.h. Protecting is a pass over the characters that
 * knows of JSON only where texts begin and end.
 */
#include "conformance/adapter/number.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/memory.h"

/* All integers of 15 digits are doubles; not all of 16 are. */
enum { EXACT_DIGITS = 15 };

static size_t text_length(const char *json) {
  size_t i = 1;
  while (json[i] != '\0' && json[i] != '"') {
    i += json[i] == '\\' && json[i + 1] != '\0' ? 2 : 1;
  }
  return json[i] == '"' ? i + 1 : i;
}

enum { NUL_LENGTH = 6 };

static bool is_nul(const char *json) {
  return strncmp(json, "\\u0000", NUL_LENGTH) == 0;
}

static bool has_nul(const char *json, size_t length) {
  for (size_t i = 0; i < length; i += json[i] == '\\' ? 2 : 1) {
    if (is_nul(json + i)) return true;
  }
  return false;
}

static const char *protection(const char *number, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (strchr(".eE", number[i]) != NULL) return "float";
  }
  return length > EXACT_DIGITS ? "int" : NULL;
}

static size_t put_number(FILE *out, const char *json) {
  size_t length = strspn(json, "-+.eE0123456789");
  const char *key = protection(json, length);
  if (key == NULL) {
    fwrite(json, 1, length, out);
  } else {
    fprintf(out, "{\"%s\":\"%.*s\"}", key, (int)length, json);
  }
  return length;
}

/* A text of JSON in its quotes. Where cJSON would end it, at a NUL, it becomes
 * {"nul": …}, with another character in the place of each. */
static size_t put_text(FILE *out, const char *json) {
  size_t length = text_length(json);
  bool with_nul = has_nul(json, length);
  if (with_nul) fputs("{\"nul\":", out);
  for (size_t i = 0, size; i < length; i += size) {
    bool nul = is_nul(json + i);
    size = nul ? NUL_LENGTH : json[i] == '\\' && i + 1 < length ? 2 : 1;
    fwrite(nul ? "\\u0001" : json + i, 1, size, out);
  }
  if (with_nul) fputc('}', out);
  return length;
}

char *number_protect(const char *json) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = memory_must(open_memstream(&text, &size));
  while (*json != '\0') {
    size_t length = 1;
    if (strchr("-0123456789", *json) != NULL) {
      length = put_number(out, json);
    } else if (*json == '"') {
      length = put_text(out, json);
    } else {
      fputc(*json, out);
    }
    json += length;
  }
  if (fclose(out) != 0) memory_must(NULL);
  return memory_must(text);
}

static const char *protected_text(const cJSON *value) {
  if (cJSON_IsRaw(value)) return value->valuestring;
  if (!cJSON_IsObject(value) || value->child == NULL) return NULL;
  const char *key = value->child->string;
  if (strcmp(key, "int") != 0 && strcmp(key, "float") != 0) return NULL;
  return cJSON_GetStringValue(value->child);
}

static enum number_kind parse(const char *text, int64_t *out_integer,
                              double *out_real) {
  char *end = NULL;
  if (strpbrk(text, ".eE") != NULL) {
    double real = strtod(text, &end);
    if (end == text || *end != '\0') return NUMBER_NONE;
    if (!isfinite(real)) return NUMBER_TOO_LARGE;
    *out_real = real;
    return NUMBER_REAL;
  }
  errno = 0;
  long long integer = strtoll(text, &end, 10);
  if (end == text || *end != '\0') return NUMBER_NONE;
  if (errno == ERANGE) return NUMBER_TOO_LARGE;
  *out_integer = integer;
  return NUMBER_INTEGER;
}

/* {"double": "7ff8000000000000"} */
static bool get_bits(const cJSON *value, double *out_real) {
  const char *digits =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "double"));
  if (digits == NULL) return false;
  uint64_t bits = strtoull(digits, NULL, 16);
  memcpy(out_real, &bits, sizeof bits);
  return true;
}

void number_bits(double value, char out_digits[NUMBER_BITS]) {
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  snprintf(out_digits, NUMBER_BITS, "%016" PRIx64, bits);
}

enum number_kind number_get(const cJSON *value, int64_t *out_integer,
                            double *out_real) {
  if (get_bits(value, out_real)) return NUMBER_REAL;
  if (cJSON_IsNumber(value)) {
    *out_integer = (int64_t)value->valuedouble;
    return NUMBER_INTEGER;
  }
  const char *text = protected_text(value);
  return text == NULL ? NUMBER_NONE : parse(text, out_integer, out_real);
}

static uint64_t wrap(const char *digits) {
  bool negative = *digits == '-';
  uint64_t integer = 0;
  for (digits += negative; *digits != '\0'; digits++) {
    integer = integer * 10 + (uint64_t)(*digits - '0');
  }
  return negative ? -integer : integer;
}

enum number_kind number_get_wrapped(const cJSON *value, uint64_t *out_integer,
                                    double *out_real) {
  int64_t integer = 0;
  enum number_kind kind = number_get(value, &integer, out_real);
  if (kind == NUMBER_INTEGER) {
    *out_integer = (uint64_t)integer;
    *out_real = (double)integer;
  }
  if (kind != NUMBER_TOO_LARGE) return kind;
  const char *text = protected_text(value);
  if (strpbrk(text, ".eE") != NULL) return kind;
  *out_integer = wrap(text);
  *out_real = strtod(text, NULL);
  return NUMBER_INTEGER;
}

cJSON *number_int64(int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return memory_must(cJSON_CreateRaw(text));
}

cJSON *number_uint64(uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  return memory_must(cJSON_CreateRaw(text));
}

cJSON *number_double(double value) {
  char text[48], bits[NUMBER_BITS];
  if (!isfinite(value)) {
    number_bits(value, bits);
    snprintf(text, sizeof text, "{\"double\":\"%s\"}", bits);
    return memory_must(cJSON_CreateRaw(text));
  }
  int length = snprintf(text, sizeof text - 2, "%.17g", value);
  if (strpbrk(text, ".e") == NULL) memcpy(text + length, ".0", 3);
  return memory_must(cJSON_CreateRaw(text));
}
