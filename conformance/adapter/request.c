/* SPDX-License-Identifier: MIT
 *
 * Requests; see request.h. Each verb has one function that fills in a call;
 * the reply is made of the call's outcome in one place.
 */
#include "conformance/adapter/request.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/class.h"
#include "conformance/adapter/hello.h"
#include "conformance/adapter/line.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"

/* The fields of a request; NULL: not there. */
struct request {
  const char *on;
  const char *name;
  const char *ref;
  const char *bind;
  const cJSON *args;
  const cJSON *named;
  const cJSON *value;
};

static const char *text_in(const cJSON *json, const char *key) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static struct request read_request(const cJSON *json) {
  return (struct request){
      .on = text_in(json, "on"),
      .name = text_in(json, "name"),
      .ref = text_in(json, "ref"),
      .bind = text_in(json, "bind"),
      .args = cJSON_GetObjectItemCaseSensitive(json, "args"),
      .named = cJSON_GetObjectItemCaseSensitive(json, "named"),
      .value = cJSON_GetObjectItemCaseSensitive(json, "value"),
  };
}

static int find_self(struct call *call, const struct request *request) {
  if (request->on == NULL || request->name == NULL) {
    return call_fail(call, "TypeError", "a request without `on` or `name`");
  }
  call->self = handles_find(call->handles, request->on);
  if (call->self == NULL) {
    return call_fail(call, "KeyError", "no such handle: '%s'", request->on);
  }
  return 0;
}

static int do_hello(struct call *call, const struct request *request) {
  (void)request;
  call->result = value_json(hello_new());
  return 0;
}

static int do_call(struct call *call, const struct request *request) {
  if (find_self(call, request) < 0) return -1;
  const struct method *method = class_method(call->self, request->name);
  if (method == NULL) {
    return class_attribute(call->self, request->name) != NULL
               ? call_fail(call, "TypeError", "'%s' is not callable",
                           request->name)
               : failure_unsupported(&call->failure, request->name);
  }
  if (call_bind(call, method->signature, request->args, request->named) < 0) {
    return -1;
  }
  return method->run(call);
}

static int do_read(struct call *call, const struct request *request) {
  if (find_self(call, request) < 0) return -1;
  const struct attribute *found = class_attribute(call->self, request->name);
  if (found == NULL) return failure_unsupported(&call->failure, request->name);
  return found->read(call);
}

static int do_write(struct call *call, const struct request *request) {
  if (find_self(call, request) < 0) return -1;
  const struct attribute *found = class_attribute(call->self, request->name);
  if (found == NULL) return failure_unsupported(&call->failure, request->name);
  if (found->write == NULL) {
    return call_fail(call, "AttributeError", "'%s' cannot be written",
                     request->name);
  }
  call->args[0] = call_plain(call, request->value);
  return found->write(call);
}

static int do_drop(struct call *call, const struct request *request) {
  if (request->ref != NULL) handles_drop(call->handles, request->ref);
  return 0;
}

static int do_bye(struct call *call, const struct request *request) {
  (void)request;
  call->ending->how = ENDING_BYE;
  return 0;
}

static const struct {
  const char *name;
  int (*run)(struct call *call, const struct request *request);
} verbs[] = {
    {"hello", do_hello}, {"call", do_call}, {"read", do_read},
    {"write", do_write}, {"drop", do_drop}, {"bye", do_bye},
};

static int run(struct call *call, const char *verb,
               const struct request *request) {
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    if (strcmp(verbs[i].name, verb) == 0) return verbs[i].run(call, request);
  }
  return failure_unsupported(&call->failure, verb);
}

static cJSON *new_reply(const cJSON *id) {
  cJSON *reply = memory_must(cJSON_CreateObject());
  cJSON_AddItemToObject(reply, "id", memory_must(cJSON_Duplicate(id, true)));
  return reply;
}

/* Prints and deletes a reply. One that is too long becomes an error. */
static char *print_reply(cJSON *reply) {
  char *line = memory_must(cJSON_PrintUnformatted(reply));
  if (strlen(line) > LINE_MAX_BYTES) {
    free(line);
    struct failure failure;
    failure_set(&failure, "OverflowError", "the reply is longer than 1 MiB");
    cJSON_DeleteItemFromObjectCaseSensitive(reply, "ok");
    failure_add(&failure, reply);
    line = memory_must(cJSON_PrintUnformatted(reply));
  }
  cJSON_Delete(reply);
  return line;
}

char *request_answer(struct handles *handles, const char *line,
                     struct ending *out_ending) {
  char *text = number_protect(line);
  cJSON *json = cJSON_Parse(text);
  char *answer = NULL;
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(json, "id");
  const char *verb = text_in(json, "do");
  if (cJSON_IsNumber(id) && verb != NULL) {
    struct request request = read_request(json);
    struct call call = {.handles = handles, .ending = out_ending};
    cJSON *reply = new_reply(id);
    int r = run(&call, verb, &request);
    if (r < 0) {
      value_clear(&call.result); /* as far as it had come */
      failure_add(&call.failure, reply);
      if (call.failure.type != NULL) handles_fail(handles, call.failure);
    } else {
      cJSON_AddItemToObject(reply, "ok",
                            handles_encode(handles, call.result, request.bind));
    }
    answer = print_reply(reply);
  }
  cJSON_Delete(json);
  free(text);
  return answer;
}
