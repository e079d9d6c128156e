/* SPDX-License-Identifier: MIT
 *
 * Which tables belong to which kind of handle; see class.h.
 */
#include "conformance/adapter/class.h"

#include <stddef.h>
#include <string.h>

enum { MAX_TABLES = 16 }; /* and a NULL behind */

struct tables {
  const struct method *methods[MAX_TABLES];
};

/* The top level is the default context and has a little more. */
static struct tables tables_of_context(const brood_context *context) {
  struct tables tables = {{context_methods, sync_new_methods,
                           shared_new_methods, comm_new_methods,
                           pool_new_methods, manager_new_methods}};
  if (context == NULL) {
    tables.methods[6] = mp_methods;
    tables.methods[7] = connection_new_methods;
    tables.methods[8] = wait_methods;
    tables.methods[9] = manager_connect_methods;
  }
  return tables;
}

static struct tables tables_of(const struct value *value) {
  switch (value->kind) {
    case VALUE_CONTEXT: return tables_of_context(value->as.context);
    case VALUE_PROCESS: return (struct tables){{process_methods}};
    case VALUE_OS:
      return (struct tables){
          {os_methods, os_descriptor_methods, os_bytes_methods,
           os_ending_methods, os_object_methods, os_signal_methods,
           os_thread_methods, os_process_methods, os_iterator_methods,
           os_result_methods, callback_new_methods, source_new_methods,
           os_far_methods}};
    case VALUE_LOCK:
    case VALUE_RLOCK: return (struct tables){{lockable_methods, lock_methods}};
    case VALUE_SEMAPHORE:
    case VALUE_BOUNDED:
      return (struct tables){{lockable_methods, semaphore_methods}};
    case VALUE_CONDITION:
      return (struct tables){{lockable_methods, condition_methods}};
    case VALUE_EVENT: return (struct tables){{event_methods}};
    case VALUE_BARRIER: return (struct tables){{barrier_methods}};
    case VALUE_VALUE:
      return (struct tables){{lockable_methods, guarded_methods}};
    case VALUE_ARRAY:
      return (struct tables){
          {lockable_methods, guarded_methods, shared_array_methods}};
    case VALUE_RAW_ARRAY:
    case VALUE_VARIABLES: return (struct tables){{shared_array_methods}};
    case VALUE_CONNECTION: return (struct tables){{connection_methods}};
    case VALUE_QUEUE: return (struct tables){{queue_methods}};
    case VALUE_JOINABLE:
      return (struct tables){{queue_methods, joinable_methods}};
    case VALUE_SIMPLE_QUEUE: return (struct tables){{simple_queue_methods}};
    case VALUE_POOL: return (struct tables){{pool_methods}};
    case VALUE_RESULT: return (struct tables){{result_methods}};
    case VALUE_ITERATOR: return (struct tables){{iterator_methods}};
    case VALUE_MANAGER:
      return (struct tables){{manager_methods, manager_sync_methods}};
    case VALUE_DICT: return (struct tables){{dict_methods}};
    case VALUE_MANAGED_LIST: return (struct tables){{list_methods}};
    case VALUE_NAMESPACE: return (struct tables){{namespace_methods}};
    case VALUE_MANAGED_ARRAY: return (struct tables){{managed_array_methods}};
    case VALUE_PROXY: return (struct tables){{proxy_methods}};
    default: return (struct tables){{NULL}};
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

static const struct attribute *attributes_of(const struct value *value) {
  switch (value->kind) {
    case VALUE_PROCESS: return process_attributes;
    case VALUE_BARRIER: return barrier_attributes;
    case VALUE_CONNECTION: return connection_attributes;
    case VALUE_MANAGER: return manager_attributes;
    case VALUE_MANAGED_VALUE: return managed_value_attributes;
    case VALUE_VALUE:
    case VALUE_RAW_VALUE:
    case VALUE_VARIABLE: return shared_value_attributes;
    default: return NULL;
  }
}

const struct attribute *class_attribute(const struct value *value,
                                        const char *name) {
  const struct attribute *attribute = attributes_of(value);
  for (; attribute != NULL && attribute->name != NULL; attribute++) {
    if (strcmp(attribute->name, name) == 0) return attribute;
  }
  return NULL;
}
