/* SPDX-License-Identifier: MIT
 *
 * Barrier. The action is kept by name, since no address means anything in every
 * process.
 */
#include <errno.h>
#include <string.h>

#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sync/lock.h"
#include "lib/sys/clock.h"

enum { ACTION_SIZE = 64 };

struct brood_barrier {
  int64_t timeout_ns;
  char action[ACTION_SIZE]; /* "": none */
  struct sync_barrier cell;
};

static int find_name(brood_callable action, const char **out_name) {
  *out_name = "";
  if (action == NULL) return 0;
  const char *name = registry_callable_name(action);
  if (name == NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "the action at %p is not registered, or not alone under "
                     "its name: write BROOD_ACTION(name); beside the function",
                     (void *)action);
  }
  if (strlen(name) >= ACTION_SIZE) {
    return error_set(BROOD_VALUE_ERROR, "action '%.100s' has too long a name",
                     name);
  }
  *out_name = name;
  return 0;
}

brood_barrier *brood_barrier_new(const brood_context *context, int parties,
                                 brood_callable action, int64_t timeout_ns) {
  if (parties < 1 || parties > BROOD_MAX_PARTIES) {
    error_set(BROOD_VALUE_ERROR, "a barrier has 1 to %d parties, not %d",
              BROOD_MAX_PARTIES, parties);
    return NULL;
  }
  const char *name;
  if (find_name(action, &name) < 0) return NULL;
  size_t size = offsetof(struct brood_barrier, cell) +
                sync_barrier_size((uint32_t)parties);
  brood_barrier *barrier = share_new(context, SHARE_BARRIER, size);
  if (barrier == NULL) return NULL;
  barrier->timeout_ns = timeout_ns;
  strcpy(barrier->action, name);
  sync_barrier_init(&barrier->cell, (uint32_t)parties);
  return barrier;
}

SHARE_FREE_FUNCTION(brood_barrier_free, brood_barrier, SHARE_BARRIER)

/* The action's way from here through the cell and back. */
struct call {
  const char *name;
  brood_callable function;
  int code;
};

static int call_callable(void *argument) {
  struct call *call = argument;
  call->code = call->function();
  return 0;
}

/* An action that threw past this would leave the others waiting for ever. */
static int call_action(void *argument) {
  struct call *call = argument;
  call->function = registry_callable(call->name);
  call->code = 1;
  if (call->function != NULL) guard_call(call_callable, call);
  return call->code;
}

static int refuse_action(const struct call *call) {
  if (call->function == NULL) {
    return error_set(BROOD_RUNTIME_ERROR,
                     "no action is registered as '%s' in this program",
                     call->name);
  }
  return error_set(BROOD_RUNTIME_ERROR, "action '%s' failed with %d",
                   call->name, call->code);
}

int brood_barrier_wait(brood_barrier *barrier, int64_t timeout_ns) {
  int r = share_check(barrier, SHARE_BARRIER);
  if (r != 0) return proxy_ask(r, barrier, PROXY_WAIT, timeout_ns);
  if (timeout_ns == BROOD_FOREVER) timeout_ns = barrier->timeout_ns;
  struct call call = {.name = barrier->action};
  struct sync_action action = {
      .call = *barrier->action == '\0' ? NULL : call_action, .argument = &call};
  r = sync_barrier_wait(&barrier->cell, &action,
                        sys_clock_deadline(timeout_ns));
  if (r == -EPIPE) {
    return error_set(BROOD_BROKEN_BARRIER, "the barrier is broken");
  }
  return r == -ECANCELED ? refuse_action(&call) : r;
}

SHARE_QUESTION(brood_barrier_abort, brood_barrier, SHARE_BARRIER, PROXY_ABORT,
               (sync_barrier_abort(&object->cell), 0))
SHARE_QUESTION(brood_barrier_reset, brood_barrier, SHARE_BARRIER, PROXY_RESET,
               (sync_barrier_reset(&object->cell), 0))
SHARE_QUESTION(brood_barrier_parties, brood_barrier, SHARE_BARRIER,
               PROXY_PARTIES, object->cell.parties)
SHARE_QUESTION(brood_barrier_n_waiting, brood_barrier, SHARE_BARRIER,
               PROXY_N_WAITING, sync_barrier_num_waiting(&object->cell))
SHARE_QUESTION(brood_barrier_broken, brood_barrier, SHARE_BARRIER, PROXY_BROKEN,
               sync_barrier_is_broken(&object->cell))
