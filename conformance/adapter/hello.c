/* SPDX-License-Identifier: MIT
 *
 * Name, version, methods, features and profiles; see hello.h. The features
 * are those of spec/features.txt without what only Python or billiard can
 * have, and without argv.write: a program of C cannot give its children other
 * arguments than its own. Of billiard's profile Brood has limits and a crew.
 */
#include "conformance/adapter/hello.h"

#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/memory.h"

static const char *const features[] = {
    "method",
    "context",
    "process",
    "isolation",
    "descriptors",
    "signals",
    "output",
    "forkserver",
    "authkey",
    "close",
    "daemon",
    "executable",
    "foreign",
    "kill",
    "log",
    "parent",
    "preload",
    "lock",
    "condition",
    "event",
    "barrier",
    "shared",
    "pipe",
    "queue",
    "joinable",
    "simple",
    "locked",
    "owner-died",
#ifndef __SANITIZE_ADDRESS__ /* takes a cancelled thread for an overflow */
    "cancel",
#endif
    "helpers",
    "message.objects",
    "message.timeout",
    "message.whole",
    "owner-death",
    "preload.report",
    "process.setup",
    "event.fileno",
    "queue.direct",
    "queue.fileno",
    "queue.many",
    "start.refused",
    "status.true",
    "pool",
    "pool.callback",
    "pool.imap",
    "pool.initializer",
    "pool.recycle",
    "pool.lost",
    "pool.strict",
    "pool.limits",
    "pool.crew",
    "manager",
    "manager.sync",
    "manager.own",
    "manager.nested",
    "manager.count",
    "manager.kept",
    "manager.named",
    "manager.remote",
    NULL,
};

static const char *const profiles[] = {"core", "full", "brood", "billiard",
                                       NULL};

static cJSON *list_of(const char *const *texts) {
  cJSON *list = memory_must(cJSON_CreateArray());
  for (; *texts != NULL; texts++) {
    cJSON_AddItemToArray(list, memory_must(cJSON_CreateString(*texts)));
  }
  return list;
}

cJSON *hello_new(void) {
  cJSON *hello = memory_must(cJSON_CreateObject());
  cJSON_AddNumberToObject(hello, "protocol", 1);
  cJSON_AddStringToObject(hello, "name", "brood");
  cJSON_AddStringToObject(hello, "version", brood_version());
  cJSON_AddStringToObject(hello, "language", "C");
  cJSON_AddItemToObject(hello, "methods",
                        list_of(brood_get_all_start_methods()));
  cJSON_AddItemToObject(hello, "features", list_of(features));
  cJSON_AddItemToObject(hello, "profiles", list_of(profiles));
  return hello;
}
