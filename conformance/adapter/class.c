/* SPDX-License-Identifier: MIT
 *
 * Which tables belong to which kind of handle; see class.h.
 */
#include "conformance/adapter/class.h"

#include <stddef.h>
#include <string.h>

enum { MAX_TABLES = 6 };

struct tables {
  const struct method *methods[MAX_TABLES];
};

static struct tables tables_of(const struct value *value) {
  switch (value->kind) {
    case VALUE_CONTEXT:
      /* The top level is the default context and has a little more. */
      return (struct tables){
          {context_methods, value->as.context == NULL ? mp_methods : NULL}};
    case VALUE_PROCESS:
      return (struct tables){{process_methods}};
    case VALUE_OS:
      return (struct tables){{os_methods, os_descriptor_methods,
                              os_ending_methods, os_signal_methods,
                              os_thread_methods}};
    default:
      return (struct tables){{NULL}};
  }
}

const struct method *class_method(const struct value *value, const char *name) {
  struct tables tables = tables_of(value);
  for (size_t i = 0; tables.methods[i] != NULL; i++) {
    const struct method *method = tables.methods[i];
    for (; method->name != NULL; method++) {
      if (strcmp(method->name, name) == 0) return method;
    }
  }
  return NULL;
}

const struct attribute *class_attribute(const struct value *value,
                                        const char *name) {
  if (value->kind != VALUE_PROCESS) return NULL;
  const struct attribute *attribute = process_attributes;
  for (; attribute->name != NULL; attribute++) {
    if (strcmp(attribute->name, name) == 0) return attribute;
  }
  return NULL;
}
