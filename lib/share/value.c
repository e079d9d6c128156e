/* SPDX-License-Identifier: MIT
 *
 * Values: made, one line each, and checked where they go; read; cleared.
 */
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "lib/share/handle.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sys/fd.h"
#include "lib/wire/value.h"

brood_value brood_none(void) {
  return (brood_value){.type = BROOD_TYPE_NONE};
}

brood_value brood_bool(bool value) {
  return (brood_value){.type = BROOD_TYPE_BOOL, .as.boolean = value};
}

brood_value brood_int64(int64_t value) {
  return (brood_value){.type = BROOD_TYPE_INT64, .as.int64 = value};
}

brood_value brood_double(double value) {
  return (brood_value){.type = BROOD_TYPE_DOUBLE, .as.real = value};
}

brood_value brood_string(const char *text) {
  return (brood_value){.type = BROOD_TYPE_STRING,
                       .as.data = text,
                       .size_bytes = text == NULL ? 0 : strlen(text)};
}

brood_value brood_bytes(const void *data, size_t size_bytes) {
  return (brood_value){
      .type = BROOD_TYPE_BYTES, .as.data = data, .size_bytes = size_bytes};
}

brood_value brood_descriptor(int descriptor) {
  return (brood_value){.type = BROOD_TYPE_DESCRIPTOR,
                       .as.descriptor = descriptor};
}

brood_value brood_pointer(const void *pointer) {
  return (brood_value){.type = BROOD_TYPE_POINTER, .as.data = pointer};
}

brood_value brood_object(const void *object) {
  return (brood_value){.type = BROOD_TYPE_OBJECT, .as.data = object};
}

/* -------------------------------------------------------------- Reading -- */

/* The value if it is of this type and can be written to an output, or NULL with
 * the error set. */
static const brood_value *value_of_type(const brood_value *value,
                                        enum brood_type type, const void *out) {
  if (error_check_out(out) < 0) return NULL;
  if (value != NULL && value->type == type) return value;
  if (value != NULL) {
    error_set(BROOD_TYPE_ERROR, "the value is %s, not %s",
              wire_type_name(value->type), wire_type_name(type));
  } else if (brood_error() != BROOD_INDEX_ERROR) {
    error_set(BROOD_TYPE_ERROR, "the value is NULL, not %s",
              wire_type_name(type));
  }
  return NULL;
}

#define READ_SCALAR(name, c_type, TYPE, member)                         \
  int brood_value_##name(const brood_value *value, c_type *out_value) { \
    value = value_of_type(value, TYPE, out_value);                      \
    if (value == NULL) return brood_error();                            \
    *out_value = value->as.member;                                      \
    return 0;                                                           \
  }

READ_SCALAR(bool, bool, BROOD_TYPE_BOOL, boolean)
READ_SCALAR(int64, int64_t, BROOD_TYPE_INT64, int64)
READ_SCALAR(double, double, BROOD_TYPE_DOUBLE, real)
READ_SCALAR(string, const char *, BROOD_TYPE_STRING, data)
READ_SCALAR(descriptor, int, BROOD_TYPE_DESCRIPTOR, descriptor)
READ_SCALAR(pointer, const void *, BROOD_TYPE_POINTER, data)

int brood_value_bytes(const brood_value *value, const void **out_data,
                      size_t *out_size_bytes) {
  value = value_of_type(value, BROOD_TYPE_BYTES, out_data);
  if (value == NULL || error_check_out(out_size_bytes) < 0) {
    return brood_error();
  }
  *out_data = value->as.data;
  *out_size_bytes = value->size_bytes;
  return 0;
}

void *brood_value_object(const brood_value *value, enum brood_kind kind) {
  value = value_of_type(value, BROOD_TYPE_OBJECT, &kind);
  if (value == NULL) return NULL;
  uint32_t is = share_kind_of(value->as.data);
  uint32_t wanted = SHARE_NO_KIND + (uint32_t)kind;
  if (is == wanted) return value->as.object;
  error_set(BROOD_TYPE_ERROR, "the value is %s, not %s", share_kind_name(is),
            share_kind_name(wanted));
  return NULL;
}

int brood_kind_of(const void *object) {
  struct share_handle handles[SHARE_MAX_HANDLES];
  if (share_handles(object, handles) > 0) {
    return (int)(handles[0].kind - SHARE_NO_KIND);
  }
  return share_refuse(object, SHARE_FREE);
}

void brood_value_clear(brood_value *value) {
  if (value == NULL) return;
  switch (value->type) {
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: free((void *)value->as.data); break;
    case BROOD_TYPE_DESCRIPTOR: sys_close(value->as.descriptor); break;
    case BROOD_TYPE_OBJECT: share_forget(value->as.data); break;
    default: break;
  }
  *value = (brood_value){.type = BROOD_TYPE_NONE};
}
