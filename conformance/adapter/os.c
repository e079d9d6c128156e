/* SPDX-License-Identifier: MIT
 *
 * The actor's own process: what it is and where it works. Descriptors,
 * signals, threads and endings have files of their own.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/cell.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/libc.h"
#include "conformance/adapter/main.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/preload.h"

/* Fork copies it, a fresh image has 0. */
int64_t cell_value;

static int get_pid(struct call *call) {
  call->result = value_int64(getpid());
  return 0;
}

static int get_ppid(struct call *call) {
  call->result = value_int64(getppid());
  return 0;
}

static int get_cwd(struct call *call) {
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == NULL) return call_fail_os(call, "getcwd");
  call->result = value_text(path);
  return 0;
}

static int change_dir(struct call *call) {
  const char *path = NULL;
  if (call_text(call, 0, &path) < 0) return -1;
  return chdir(path) < 0 ? call_fail_os(call, path) : 0;
}

static int get_env(struct call *call) {
  const char *name = NULL;
  if (call_text(call, 0, &name) < 0) return -1;
  const char *value = getenv(name);
  if (value != NULL) call->result = value_text(value);
  return 0;
}

static int put_env(struct call *call) {
  const char *name = NULL, *value = NULL;
  if (call_text(call, 0, &name) < 0) return -1;
  if (call_text(call, 1, &value) < 0) return -1;
  return setenv(name, value, 1) < 0 ? call_fail_os(call, name) : 0;
}

static int unset_env(struct call *call) {
  const char *name = NULL;
  if (call_text(call, 0, &name) < 0) return -1;
  return unsetenv(name) < 0 ? call_fail_os(call, name) : 0;
}

static int clear_env(struct call *call) {
  return clearenv() == 0 ? 0 : call_fail_os(call, "the environment");
}

static int set_umask(struct call *call) {
  int mask = 0;
  if (call_int(call, 0, &mask) < 0) return -1;
  call->result = value_int64(umask((mode_t)mask));
  return 0;
}

static int argv(struct call *call) {
  const char *const *words = brood_argv(NULL);
  cJSON *list = memory_must(cJSON_CreateArray());
  for (; words != NULL && *words != NULL; words++) {
    cJSON_AddItemToArray(list, memory_must(cJSON_CreateString(*words)));
  }
  call->result = value_json(list);
  return 0;
}

/* What setproctitle, strtok and getopt do to them. */
static int spoil_argv(struct call *call) {
  if (main_argv == NULL) return call_fail(call, "RuntimeError", "not in main");
  for (char **word = main_argv; *word != NULL; word++) {
    memset(*word, 'x', strlen(*word));
  }
  main_argv[0] = NULL;
  return 0;
}

static int cell(struct call *call) {
  call->result = value_int64(cell_value);
  return 0;
}

static int set_cell(struct call *call) {
  return call_int64(call, 0, &cell_value);
}

static int preloaded(struct call *call) {
  call->result = value_int64(preload_count());
  return 0;
}

static int print(struct call *call) {
  const char *text = NULL;
  if (call_text(call, 0, &text) < 0) return -1;
  return fputs(text, stdout) < 0 ? call_fail_os(call, "stdout") : 0;
}

static int print_error(struct call *call) {
  const char *text = NULL;
  if (call_text(call, 0, &text) < 0) return -1;
  return fputs(text, stderr) < 0 ? call_fail_os(call, "stderr") : 0;
}

static int allow_core(struct call *call) {
  struct rlimit limit;
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_CORE, &limit) < 0 ? call_fail_os(call, "setrlimit")
                                            : 0;
}

static int limit_processors(struct call *call) {
  cpu_set_t allowed;
  int left = 0;
  if (call_int(call, 0, &left) < 0) return -1;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) {
    return call_fail_os(call, "sched_getaffinity");
  }
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET(i, &allowed) && left-- <= 0) CPU_CLR(i, &allowed);
  }
  return sched_setaffinity(0, sizeof allowed, &allowed) < 0
             ? call_fail_os(call, "sched_setaffinity")
             : 0;
}

static int processors(struct call *call) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) {
    return call_fail_os(call, "sched_getaffinity");
  }
  cJSON *list = memory_must(cJSON_CreateArray());
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (!CPU_ISSET(i, &allowed)) continue;
    cJSON_AddItemToArray(list, memory_must(cJSON_CreateNumber(i)));
  }
  call->result = value_json(list);
  return 0;
}

static int letters(struct call *call) {
  int count = 0;
  if (call_int(call, 0, &count) < 0) return -1;
  size_t size = count > 0 ? (size_t)count : 0;
  char *text = memory_new(size + 1, 1);
  memset(text, 'x', size);
  call->result = value_text(text);
  free(text);
  return 0;
}

static int wait_any(struct call *call) {
  int status = 0;
  pid_t pid = waitpid(-1, &status, WNOHANG);
  if (pid >= 0) {
    call->result = value_int64(pid);
  } else {
    call->result = value_text(strerrorname_np(errno));
  }
  return 0;
}

const struct method os_methods[] = {
    {"getpid", "", get_pid},
    {"getppid", "", get_ppid},
    {"getcwd", "", get_cwd},
    {"chdir", "path", change_dir},
    {"getenv", "name", get_env},
    {"putenv", "name value", put_env},
    {"unsetenv", "name", unset_env},
    {"clearenv", "", clear_env},
    {"umask", "mask", set_umask},
    {"argv", "", argv},
    {"spoil_argv", "", spoil_argv},
    {"cell", "", cell},
    {"set_cell", "n", set_cell},
    {"preloaded", "", preloaded},
    {"print", "text", print},
    {"print_error", "text", print_error},
    {"wait_any", "", wait_any},
    {"allow_core", "", allow_core},
    {"limit_processors", "n", limit_processors},
    {"processors", "", processors},
    {"letters", "n", letters},
    {NULL, NULL, NULL},
};
