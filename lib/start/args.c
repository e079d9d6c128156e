/* SPDX-License-Identifier: MIT
 *
 * See args.h. Arguments are one tuple, packed as any value is, and read where
 * the record lies: a large string is not copied in the child. The table of the
 * launch record has the record's own descriptors in front.
 */
#include "lib/start/args.h"

#include <stdlib.h>

#include "lib/state/error.h"

int args_pack(struct pack *out, const brood_value *values, size_t num_values) {
  if (num_values > BROOD_MAX_ARGS) {
    return error_set(BROOD_VALUE_ERROR, "%zu arguments: at most %d", num_values,
                     BROOD_MAX_ARGS);
  }
  if (num_values > 0 && values == NULL) {
    return error_set(BROOD_TYPE_ERROR, "%zu arguments at NULL", num_values);
  }
  *out = (struct pack){.use = PACK_FOR_PROCESS};
  if (num_values == 0) return 0;
  brood_value tuple = brood_tuple(values, num_values);
  return pack_value(out, &tuple, PACK_FOR_PROCESS);
}

/* Reads them into values; false if they are none, or cannot be had. */
static bool read_args(struct brood_args *args, const struct wire_record *record,
                      uint32_t num_values, int *fds, size_t num_fds) {
  struct wire_values into = {.values = args->values,
                             .num_values = num_values,
                             .num_fds = (uint32_t)num_fds,
                             .has_pointers = true,
                             .depth = -1};
  if (!wire_get_tuple(&into, record->args, record->args_size, &args->tuple) ||
      unpack_values(args->values, num_values, fds, num_fds) < 0) {
    return false;
  }
  for (uint32_t i = 0; i < num_values; i++) {
    if (args->values[i].type == BROOD_TYPE_OBJECT) {
      unpack_keep(args->values[i].as.data);
    }
  }
  return true;
}

bool args_unpack(struct brood_args *out, const struct wire_record *record,
                 int *fds, size_t num_fds) {
  uint32_t num_values;
  out->tuple = brood_tuple(NULL, 0);
  out->values = out->few;
  if (record->args_size == 0) return true;
  if (record->args_size < WIRE_COUNTS ||
      !wire_get_counts(record->args, record->args_size, &num_values)) {
    return false;
  }
  if (num_values > sizeof out->few / sizeof out->few[0]) {
    out->values = malloc(num_values * sizeof out->values[0]);
  }
  return out->values != NULL &&
         read_args(out, record, num_values, fds, num_fds);
}

size_t brood_args_count(const brood_args *args) {
  return args == NULL ? 0 : args->tuple.num_items;
}

const brood_value *brood_args_get(const brood_args *args, size_t index) {
  if (args != NULL && index < args->tuple.num_items)
    return &args->tuple.as.items[index];
  error_set(BROOD_INDEX_ERROR, "no argument %zu: there are %zu", index,
            brood_args_count(args));
  return NULL;
}
