/* SPDX-License-Identifier: MIT
 *
 * Values as arguments: one line each, checked when a process is made.
 */
#include <string.h>

#include "brood.h"

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
