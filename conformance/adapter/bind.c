/* SPDX-License-Identifier: MIT
 *
 * Binding the arguments of a call to a signature; see call.h. The order of
 * the checks is Python's: surplus, unknown, doubled, missing.
 */
#include <stddef.h>
#include <string.h>

#include "conformance/adapter/call.h"

struct parameter {
  const char *name;
  size_t length;
  bool optional;
  bool only_by_name;
};

struct signature {
  struct parameter parameters[CALL_MAX_ARGS];
  int count;
  int count_positional;
};

static struct signature read_signature(const char *text) {
  struct signature signature = {0};
  while (*text != '\0' && signature.count < CALL_MAX_ARGS) {
    struct parameter *next = &signature.parameters[signature.count++];
    next->only_by_name = *text == '*';
    text += next->only_by_name;
    next->name = text;
    next->length = strcspn(text, "? ");
    text += next->length;
    next->optional = *text == '?';
    text += next->optional;
    if (!next->only_by_name) signature.count_positional++;
    text += strspn(text, " ");
  }
  return signature;
}

static int index_of(const struct signature *signature, const char *name) {
  for (int i = 0; i < signature->count; i++) {
    const struct parameter *parameter = &signature->parameters[i];
    if (strlen(name) == parameter->length &&
        memcmp(name, parameter->name, parameter->length) == 0) {
      return i;
    }
  }
  return -1;
}

static int bind_positional(struct call *call, const struct signature *signature,
                           const cJSON *args) {
  int given = cJSON_GetArraySize(args);
  if (given > signature->count_positional) {
    return call_fail(call, "TypeError", "takes %d arguments, %d were given",
                     signature->count_positional, given);
  }
  int i = 0;
  const cJSON *arg = NULL;
  cJSON_ArrayForEach(arg, args) call->args[i++] = call_plain(call, arg);
  return 0;
}

static int bind_named(struct call *call, const struct signature *signature,
                      const cJSON *named) {
  const cJSON *arg = NULL;
  cJSON_ArrayForEach(arg, named) {
    int i = index_of(signature, arg->string);
    if (i < 0) {
      return call_fail(call, "TypeError", "unknown keyword argument '%s'",
                       arg->string);
    }
    if (call->args[i] != NULL) {
      return call_fail(call, "TypeError", "two values for argument '%s'",
                       arg->string);
    }
    call->args[i] = call_plain(call, arg);
  }
  return 0;
}

int call_bind(struct call *call, const char *text, const cJSON *args,
              const cJSON *named) {
  struct signature signature = read_signature(text);
  if (bind_positional(call, &signature, args) < 0) return -1;
  if (bind_named(call, &signature, named) < 0) return -1;
  for (int i = 0; i < signature.count; i++) {
    const struct parameter *parameter = &signature.parameters[i];
    if (call->args[i] == NULL && !parameter->optional) {
      return call_fail(call, "TypeError", "missing argument '%.*s'",
                       (int)parameter->length, parameter->name);
    }
  }
  return 0;
}
