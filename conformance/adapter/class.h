/* SPDX-License-Identifier: MIT
 *
 * What each kind of handle offers: methods and attributes, by name. A name
 * that is in no table does not exist.
 */
#pragma once

#include "conformance/adapter/call.h"
#include "conformance/adapter/value.h"

struct method {
  const char *name;
  const char *signature; /* as call_bind reads it */
  call_function run;
};

/* write finds the new value as argument 0; NULL: it cannot be written. */
struct attribute {
  const char *name;
  call_function read;
  call_function write;
};

/* Tables end with a name that is NULL. */
extern const struct method mp_methods[];
extern const struct method context_methods[];
extern const struct method sync_new_methods[];
extern const struct method shared_new_methods[];
extern const struct method comm_new_methods[];
extern const struct method connection_new_methods[];
extern const struct method wait_methods[];
extern const struct method process_methods[];
extern const struct attribute process_attributes[];
extern const struct method lockable_methods[];
extern const struct method lock_methods[];
extern const struct method semaphore_methods[];
extern const struct method condition_methods[];
extern const struct method event_methods[];
extern const struct method barrier_methods[];
extern const struct attribute barrier_attributes[];
extern const struct method guarded_methods[];
extern const struct attribute shared_value_attributes[];
extern const struct method shared_array_methods[];
extern const struct method connection_methods[];
extern const struct attribute connection_attributes[];
extern const struct method queue_methods[];
extern const struct method joinable_methods[];
extern const struct method simple_queue_methods[];
extern const struct method pool_new_methods[];
extern const struct method pool_methods[];
extern const struct method result_methods[];
extern const struct method iterator_methods[];
extern const struct method callback_new_methods[];
extern const struct method source_new_methods[];
extern const struct method manager_new_methods[];
extern const struct method manager_connect_methods[];
extern const struct method manager_methods[];
extern const struct method os_far_methods[];
extern const struct method manager_sync_methods[];
extern const struct attribute manager_attributes[];
extern const struct method dict_methods[];
extern const struct method list_methods[];
extern const struct method namespace_methods[];
extern const struct attribute managed_value_attributes[];
extern const struct method managed_array_methods[];
extern const struct method proxy_methods[];
extern const struct method os_methods[];
extern const struct method os_bytes_methods[];
extern const struct method os_descriptor_methods[];
extern const struct method os_ending_methods[];
extern const struct method os_iterator_methods[];
extern const struct method os_object_methods[];
extern const struct method os_process_methods[];
extern const struct method os_result_methods[];
extern const struct method os_signal_methods[];
extern const struct method os_thread_methods[];

/* class_method and class_attribute return what a value offers under a name,
 * or NULL. */
const struct method *class_method(const struct value *value, const char *name);
const struct attribute *class_attribute(const struct value *value,
                                        const char *name);
