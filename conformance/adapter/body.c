/* SPDX-License-Identifier: MIT
 *
 * Bodies of functions; see body.h.
 */
#include "conformance/adapter/body.h"

#include <errno.h>
#include <string.h>

#include "conformance/adapter/io.h"

int body_must(int r) {
  if (r < 0) brood_fail(brood_error_message());
  return r;
}

const brood_value *body_at(const brood_args *args, size_t index) {
  const brood_value *value = brood_args_get(args, index);
  if (value == NULL) brood_fail(brood_error_message());
  return value;
}

const char *body_text(const brood_args *args, size_t index) {
  const char *text = NULL;
  body_must(brood_value_string(brood_args_get(args, index), &text));
  return text;
}

int64_t body_int64(const brood_args *args, size_t index) {
  int64_t integer = 0;
  body_must(brood_value_int64(brood_args_get(args, index), &integer));
  return integer;
}

void *body_object(const brood_args *args, size_t index, enum brood_kind kind) {
  void *object = brood_value_object(brood_args_get(args, index), kind);
  if (object == NULL) brood_fail(brood_error_message());
  return object;
}

void body_note(const char *path, const char *text) {
  if (io_note(path, text) < 0) brood_fail(strerror(errno));
}

void body_gate(const char *path) {
  if (io_gate(path) < 0) brood_fail(strerror(errno));
}

/* Set where no pool waits for a value. */
static bool is_process;

int body_answer(brood_value value) {
  return is_process ? 0 : brood_return(value);
}

int body_answer_int64(int64_t integer) {
  return body_answer(brood_int64(integer));
}

void body_run(brood_task task, const brood_args *args) {
  is_process = true;
  if (task(args) != 0) brood_fail(brood_error_message());
}
