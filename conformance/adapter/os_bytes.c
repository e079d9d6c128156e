/* SPDX-License-Identifier: MIT
 *
 * Bytes that do not travel on the wire: made, compared, and carried by errors;
 * and the errno of these.
 */
#include <stddef.h>
#include <string.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"

/* Numbers that no power of two divides, so that a part in the wrong place is
 * seen. */
enum { PERIOD = 251 };

static int blob(struct call *call) {
  int size = 0;
  if (call_int(call, 0, &size) < 0) return -1;
  if (size < 0) return call_fail(call, "ValueError", "%d bytes", size);
  unsigned char *data = memory_new((size_t)size, 1);
  for (int i = 0; i < size; i++) data[i] = (unsigned char)(i % PERIOD);
  call->result = value_blob(data, (size_t)size);
  return 0;
}

static bool are_same(const brood_value *a, const brood_value *b) {
  return a->size_bytes == b->size_bytes &&
         (a->size_bytes == 0 ||
          memcmp(a->as.data, b->as.data, a->size_bytes) == 0);
}

static int same_bytes(struct call *call) {
  struct arguments both = {0};
  int r = arguments_read_bytes(call, call->args[0], &both);
  if (r == 0) r = arguments_read_bytes(call, call->args[1], &both);
  if (r == 0) {
    call->result = value_bool(are_same(&both.values[0], &both.values[1]));
  }
  arguments_clear(&both);
  return r;
}

static int error_data(struct call *call) {
  const struct handles *handles = call->handles;
  if (handles->carried != NULL) {
    call->result = value_bytes(handles->carried, handles->carried_bytes);
  }
  return 0;
}

static int error_name(struct call *call) {
  int number = call->handles->error_number;
  if (number != 0) call->result = value_text(strerrorname_np(number));
  return 0;
}

const struct method os_bytes_methods[] = {
    {"blob", "n", blob},
    {"same_bytes", "a b", same_bytes},
    {"error_data", "", error_data},
    {"error_name", "", error_name},
    {NULL, NULL, NULL},
};
