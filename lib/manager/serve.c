/* SPDX-License-Identifier: MIT
 *
 * See server.h: how a server begins, in a process of its own.
 */
#include <signal.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/work/task.h"

void brood_manager_server(const brood_args *args) {
  sys_signal_answer(SIGINT, SIG_IGN);
  sys_signal_answer(SIGTERM, SIG_IGN);
  sys_fd_limit_raise();
  brood_connection *door = brood_value_object(brood_args_get(args, SERVER_DOOR),
                                              BROOD_KIND_CONNECTION);
  uint64_t token = 0;
  int r = door == NULL ? brood_error() : server_open(&token);
  struct caller *first = r < 0 ? NULL : server_add(door, -1);
  if (first == NULL) brood_fail(brood_error_message());
  const brood_value *name = brood_args_get(args, SERVER_INITIALIZER);
  if (name->type == BROOD_TYPE_STRING) {
    r = task_initialize(registry_task(name->as.data),
                        brood_args_get(args, SERVER_INITARGS));
  }
  brood_value id = brood_int64((int64_t)token);
  first->value = &id;
  if (!answer_call(first, r) || r < 0) return;
  server_run();
  object_destroy_all();
}
REGISTRY_TARGET(brood_manager_server);
