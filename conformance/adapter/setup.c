/* SPDX-License-Identifier: MIT
 *
 * See setup.h. Each member of the dictionary has a reader in the table.
 */
#include "conformance/adapter/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "conformance/adapter/action.h"
#include "conformance/adapter/memory.h"

static int wrong(struct call *call, const char *name) {
  return call_fail(call, "TypeError", "%s of a setup is of another type", name);
}

/* 0, or -1 and the failure is set. */
static int number(struct call *call, const cJSON *json, int64_t *out) {
  const cJSON *plain = call_plain(call, json);
  if (!cJSON_IsNumber(plain)) return wrong(call, "a number");
  *out = (int64_t)plain->valuedouble;
  return 0;
}

static int read_stream(struct call *call, const cJSON *json,
                       struct brood_stream *out) {
  if (cJSON_IsString(json)) {
    bool inherit = strcmp(json->valuestring, "inherit") == 0;
    if (!inherit && strcmp(json->valuestring, "null") != 0) {
      return wrong(call, "a stream");
    }
    out->kind = inherit ? BROOD_STREAM_INHERIT : BROOD_STREAM_NULL;
    return 0;
  }
  out->kind = BROOD_STREAM_DESCRIPTOR;
  return call_descriptor_of(call, json, &out->descriptor);
}

static int read_environment(struct call *call, const cJSON *json,
                            struct setup *out) {
  const cJSON *map = cJSON_GetObjectItemCaseSensitive(json, "map");
  if (map == NULL) return wrong(call, "the environment");
  size_t count = (size_t)cJSON_GetArraySize(map), used = 0;
  out->environment = memory_must(calloc(count + 1, sizeof(char *)));
  out->is.environment = out->environment;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, map) {
    if (!cJSON_IsString(entry)) return wrong(call, "the environment");
    size_t size = strlen(entry->string) + strlen(entry->valuestring) + 2;
    char *text = memory_must(malloc(size));
    snprintf(text, size, "%s=%s", entry->string, entry->valuestring);
    out->environment[used++] = text;
  }
  return 0;
}

static int read_numbers(struct call *call, const cJSON *json, struct setup *out,
                        bool are_cpus) {
  if (!cJSON_IsArray(json)) return wrong(call, "a list");
  size_t count = (size_t)cJSON_GetArraySize(json), i = 0;
  int64_t *numbers = memory_must(calloc(count + 1, sizeof *numbers));
  const cJSON *item;
  int r = 0;
  cJSON_ArrayForEach(item, json) {
    if (r == 0) r = number(call, item, &numbers[i++]);
  }
  int *cpus = memory_must(calloc(count + 1, sizeof *cpus));
  uint32_t *groups = memory_must(calloc(count + 1, sizeof *groups));
  for (i = 0; i < count; i++) {
    cpus[i] = (int)numbers[i];
    groups[i] = (uint32_t)numbers[i];
  }
  free(numbers);
  if (are_cpus) {
    out->is.cpus = out->cpus = cpus;
    out->is.num_cpus = count;
    free(groups);
  } else {
    out->is.groups = out->groups = groups;
    out->is.num_groups = count;
    out->is.flags |= BROOD_SETUP_GROUPS;
    free(cpus);
  }
  return r;
}

static int read_limit(struct call *call, const cJSON *json, brood_limit *out) {
  const cJSON *name = cJSON_GetArrayItem(json, 0);
  int64_t soft = 0, hard = 0;
  if (cJSON_GetArraySize(json) != 3 || !cJSON_IsString(name) ||
      number(call, cJSON_GetArrayItem(json, 1), &soft) < 0 ||
      number(call, cJSON_GetArrayItem(json, 2), &hard) < 0) {
    return wrong(call, "a limit");
  }
  bool is_core = strcmp(name->valuestring, "CORE") == 0;
  if (!is_core && strcmp(name->valuestring, "NOFILE") != 0) {
    return wrong(call, "a limit");
  }
  *out = (brood_limit){.resource = is_core ? RLIMIT_CORE : RLIMIT_NOFILE,
                       .soft = (uint64_t)soft,
                       .hard = (uint64_t)hard};
  return 0;
}

static int read_limits(struct call *call, const cJSON *json,
                       struct setup *out) {
  if (!cJSON_IsArray(json)) return wrong(call, "limits");
  size_t count = (size_t)cJSON_GetArraySize(json);
  out->limits = memory_must(calloc(count + 1, sizeof *out->limits));
  out->is.limits = out->limits;
  out->is.num_limits = count;
  for (size_t i = 0; i < count; i++) {
    const cJSON *item = cJSON_GetArrayItem(json, (int)i);
    if (read_limit(call, item, &out->limits[i]) < 0) return -1;
  }
  return 0;
}

static int read_prepare(struct call *call, const cJSON *json,
                        struct setup *out) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "fn");
  if (!cJSON_IsString(name)) return wrong(call, "prepare");
  out->is.prepare = action_find(name->valuestring);
  if (out->is.prepare != NULL) return 0;
  return failure_unsupported(&call->failure, name->valuestring);
}

/* Numbers and flags; 1 if it is another member. */
static int read_plain(struct call *call, const cJSON *json, struct setup *out) {
  static const struct {
    const char *name;
    unsigned flag;
  } members[] = {{"session", BROOD_SETUP_SESSION},
                 {"no_new_privileges", BROOD_SETUP_NO_NEW_PRIVILEGES},
                 {"process_group", BROOD_SETUP_PROCESS_GROUP},
                 {"nice", BROOD_SETUP_NICE},
                 {"umask", BROOD_SETUP_UMASK},
                 {"group", BROOD_SETUP_GROUP_ID},
                 {"user", BROOD_SETUP_USER_ID}};
  int64_t value = 0;
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    if (strcmp(json->string, members[i].name) != 0) continue;
    out->is.flags |= members[i].flag;
    if (i < 2) return cJSON_IsTrue(json) ? 0 : wrong(call, json->string);
    if (number(call, json, &value) < 0) return -1;
    if (i == 2) out->is.process_group = (int)value;
    if (i == 3) out->is.nice = (int)value;
    if (i == 4) out->is.umask = (unsigned)value;
    if (i == 5) out->is.group_id = (uint32_t)value;
    if (i == 6) out->is.user_id = (uint32_t)value;
    return 0;
  }
  return 1;
}

static int read_member(struct call *call, const cJSON *json,
                       struct setup *out) {
  static const char *const streams[] = {"stdin", "stdout", "stderr"};
  const char *name = json->string;
  for (int i = 0; i < 3; i++) {
    if (strcmp(name, streams[i]) == 0) {
      return read_stream(call, json, &out->is.streams[i]);
    }
  }
  if (strcmp(name, "environment") == 0) {
    return read_environment(call, json, out);
  }
  if (strcmp(name, "directory") == 0) {
    if (!cJSON_IsString(json)) return wrong(call, name);
    out->is.directory = json->valuestring;
    return 0;
  }
  if (strcmp(name, "processors") == 0) {
    return read_numbers(call, json, out, true);
  }
  if (strcmp(name, "groups") == 0) return read_numbers(call, json, out, false);
  if (strcmp(name, "limits") == 0) return read_limits(call, json, out);
  if (strcmp(name, "prepare") == 0) return read_prepare(call, json, out);
  int r = read_plain(call, json, out);
  return r > 0 ? call_fail(call, "TypeError", "no setup has '%s'", name) : r;
}

int setup_read(struct call *call, int index, struct setup *out) {
  const cJSON *map = cJSON_GetObjectItemCaseSensitive(call->args[index], "map");
  if (map == NULL) return wrong(call, "the dictionary");
  const cJSON *entry;
  cJSON_ArrayForEach(entry, map) {
    if (read_member(call, entry, out) < 0) return -1;
  }
  return 0;
}

void setup_clear(struct setup *setup) {
  for (char **text = setup->environment; text != NULL && *text != NULL;
       text++) {
    free(*text);
  }
  free(setup->environment);
  free(setup->cpus);
  free(setup->groups);
  free(setup->limits);
}
