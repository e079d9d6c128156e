/* SPDX-License-Identifier: MIT
 *
 * What Values and Arrays have in common; see shared.h.
 */
#include "conformance/adapter/shared.h"

#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/lockable.h"
#include "conformance/adapter/object.h"

static struct shared of_value(brood_shared_value *value) {
  return (struct shared){
      .memory = brood_shared_value_get_obj(value),
      .typecode = (char)brood_shared_value_typecode(value),
      .itemsize = brood_shared_value_itemsize(value),
      .length = 1,
  };
}

static struct shared of_array(brood_shared_array *array) {
  return (struct shared){
      .memory = brood_shared_array_get_obj(array),
      .typecode = (char)brood_shared_array_typecode(array),
      .itemsize = brood_shared_array_itemsize(array),
      .length = brood_shared_array_length(array),
  };
}

static struct shared shared_of(const struct value *value) {
  switch (value->kind) {
    case VALUE_VALUE:
    case VALUE_RAW_VALUE:
    case VALUE_VARIABLE: return of_value(value->as.object);
    default: return of_array(value->as.object);
  }
}

int shared_begin(struct call *call, struct shared *out_shared) {
  struct shared shared = shared_of(call->self);
  if (shared.memory == NULL) return call_fail_brood(call);
  shared.guarded =
      call->self->kind == VALUE_VALUE || call->self->kind == VALUE_ARRAY;
  int r = shared.guarded ? lockable_acquire(call->self, BROOD_FOREVER) : 0;
  if (r < 0) call_fail_brood(call);
  shared.owner_died = r == BROOD_OWNER_DIED;
  if (r < 0 && !shared.owner_died) return -1;
  *out_shared = shared;
  return 0;
}

int shared_end(struct call *call, const struct shared *shared, int r) {
  if (shared->guarded) lockable_release(call->self);
  if (r < 0 || !shared->owner_died) return r;
  value_clear(&call->result);
  return -1; /* and the failure is the one of shared_begin */
}

static int get_lock(struct call *call) {
  void *object = call->self->as.object;
  call->result = object_value(call->self->kind == VALUE_VALUE
                                  ? brood_shared_value_get_lock(object)
                                  : brood_shared_array_get_lock(object));
  return 0;
}

static int get_obj(struct call *call) {
  bool one = call->self->kind == VALUE_VALUE;
  call->result = (struct value){.kind = one ? VALUE_VARIABLE : VALUE_VARIABLES,
                                .as.object = call->self->as.object};
  return 0;
}

/* What raw ones do not have. */
const struct method guarded_methods[] = {
    {"get_lock", "", get_lock},
    {"get_obj", "", get_obj},
    {NULL, NULL, NULL},
};
