/* SPDX-License-Identifier: MIT
 *
 * Names and objects; see handle.h. Two short lists and linear search: an
 * actor of a scenario has a dozen handles. A process forked from an actor has
 * a copy of them that nobody serves; the child's own actor starts afresh.
 */
#include "conformance/adapter/handle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/memory.h"

struct object {
  struct value value;
  unsigned num_names;
};

/* In the order of making, so that the first name found is the first given. */
struct handle {
  struct handle *next;
  struct object *object;
  char *name;
};

static struct handle **place_of(struct handles *handles, const char *name) {
  struct handle **place = &handles->first;
  while (*place != NULL && strcmp((*place)->name, name) != 0) {
    place = &(*place)->next;
  }
  return place;
}

static struct handle *find_same(const struct handles *handles,
                                const struct value *value) {
  struct handle *handle = handles->first;
  while (handle != NULL && !value_same(&handle->object->value, value)) {
    handle = handle->next;
  }
  return handle;
}

static void release(struct object *object) {
  if (--object->num_names > 0) return;
  value_clear(&object->value);
  free(object);
}

static void rebind(struct handle *handle, struct object *object) {
  object->num_names++;
  release(handle->object);
  handle->object = object;
}

/* name NULL: makes one up that no scenario can have. */
static void add_name(struct handles *handles, struct object *object,
                     const char *name) {
  char made_up[16];
  if (name == NULL) {
    snprintf(made_up, sizeof made_up, "#%u", handles->num_made_up++);
    name = made_up;
  }
  struct handle **place = place_of(handles, name);
  if (*place != NULL) {
    rebind(*place, object);
    return;
  }
  struct handle *handle = memory_new(1, sizeof *handle);
  *handle = (struct handle){.object = object, .name = memory_text(name)};
  object->num_names++;
  *place = handle;
}

static const char *first_name(const struct handles *handles,
                              const struct object *object) {
  const struct handle *handle = handles->first;
  while (handle->object != object) handle = handle->next;
  return handle->name;
}

void handles_init(struct handles *handles) {
  *handles = (struct handles){0};
  handles_keep(handles, value_context(NULL), "mp");
  handles_keep(handles, (struct value){.kind = VALUE_OS}, "os");
}

/* Memory that nobody can reach would count as a leak. */
static void leave_pools_and_managers(struct handles *handles) {
  for (struct handle *handle = handles->first; handle != NULL;
       handle = handle->next) {
    struct value *value = &handle->object->value;
    bool ends_itself =
        value->kind == VALUE_POOL || value->kind == VALUE_MANAGER;
    if (!ends_itself || !value->owned) continue;
    value->owned = false;
    memory_keep(value->as.object);
  }
}

void handles_clear(struct handles *handles) {
  leave_pools_and_managers(handles);
  while (handles->first != NULL) handles_drop(handles, handles->first->name);
  handles_fail(handles, (struct failure){0});
}

const char *handles_keep(struct handles *handles, struct value value,
                         const char *name) {
  struct object *object = NULL;
  struct handle *known = find_same(handles, &value);
  if (known != NULL) {
    /* One count for each object: the one that came along goes back. */
    value_clear(&value);
    if (name == NULL) return known->name;
    object = known->object;
  } else {
    object = memory_new(1, sizeof *object);
    object->value = value;
  }
  add_name(handles, object, name);
  return first_name(handles, object);
}

void handles_pin(struct handles *handles, const struct value *value) {
  struct handle *handle = handles->first;
  while (&handle->object->value != value) handle = handle->next;
  add_name(handles, handle->object, NULL);
}

bool handles_drop(struct handles *handles, const char *name) {
  struct handle **place = place_of(handles, name);
  struct handle *handle = *place;
  if (handle == NULL) return false;
  *place = handle->next;
  release(handle->object);
  free(handle->name);
  free(handle);
  return true;
}

const struct value *handles_find(const struct handles *handles,
                                 const char *name) {
  const struct handle *handle = handles->first;
  while (handle != NULL && strcmp(handle->name, name) != 0) {
    handle = handle->next;
  }
  return handle != NULL ? &handle->object->value : NULL;
}

static const char *name_in(const cJSON *json) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "ref");
  if (name == NULL) name = cJSON_GetObjectItemCaseSensitive(json, "fd");
  return cJSON_GetStringValue(name);
}

const struct value *handles_resolve(const struct handles *handles,
                                    const cJSON *json) {
  static const struct value nothing;
  const char *name = name_in(json);
  if (name == NULL) return NULL;
  const struct value *found = handles_find(handles, name);
  return found != NULL ? found : &nothing;
}

void handles_fail(struct handles *handles, struct failure failure) {
  free(handles->last.data);
  handles->last = failure;
}

static cJSON *new_ref(const char *name, const char *type) {
  cJSON *json = memory_must(cJSON_CreateObject());
  memory_must(cJSON_AddStringToObject(json, "ref", name));
  memory_must(cJSON_AddStringToObject(json, "type", type));
  return json;
}

cJSON *handles_name(const struct handles *handles, const struct value *value) {
  const struct handle *handle = handles->first;
  while (&handle->object->value != value) handle = handle->next;
  return new_ref(handle->name, value_type(value));
}

static cJSON *encode_list(struct handles *handles, struct value *list) {
  cJSON *json = memory_must(cJSON_CreateArray());
  for (size_t i = 0; i < list->size; i++) {
    cJSON *item = handles_encode(handles, list->as.items[i], NULL);
    cJSON_AddItemToArray(json, item);
    list->as.items[i] = (struct value){.kind = VALUE_NOTHING};
  }
  value_clear(list);
  return json;
}

cJSON *handles_encode(struct handles *handles, struct value value,
                      const char *bind) {
  if (value.kind == VALUE_NOTHING) return memory_must(cJSON_CreateNull());
  if (value.kind == VALUE_JSON) return value.as.json;
  if (value.kind == VALUE_LIST) return encode_list(handles, &value);
  const char *type = value_type(&value);
  const char *name = handles_keep(handles, value, bind);
  return new_ref(name, type);
}
