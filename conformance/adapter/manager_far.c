/* SPDX-License-Identifier: MIT
 *
 * Managers with an address: where they are, and who connects to them. On the
 * wire an address is [host, port], or a path.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "conformance/adapter/base64.h"
#include "conformance/adapter/body.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/functions.h"
#include "conformance/adapter/manager.h"
#include "conformance/adapter/memory.h"

static int write_address(const cJSON *json, char *out, size_t size) {
  const cJSON *host = cJSON_GetArrayItem(json, 0);
  const cJSON *port = cJSON_GetArrayItem(json, 1);
  if (cJSON_IsString(json)) {
    return snprintf(out, size, "unix:%s", json->valuestring);
  }
  if (!cJSON_IsString(host) || !cJSON_IsNumber(port)) return -1;
  bool is_ipv6 = strchr(host->valuestring, ':') != NULL;
  return snprintf(out, size, is_ipv6 ? "tcp://[%s]:%d" : "tcp://%s:%d",
                  host->valuestring, port->valueint);
}

static bool is_given(const struct call *call, int index) {
  return call->args[index] != NULL && !cJSON_IsNull(call->args[index]);
}

int manager_read_far(struct call *call, int address, struct manager_far *out,
                     brood_manager_options *options) {
  *out = (struct manager_far){.key = NULL};
  if (is_given(call, address)) {
    const cJSON *json = call_plain(call, call->args[address]);
    int size = write_address(json, out->address, sizeof out->address);
    if (size < 0 || (size_t)size >= sizeof out->address) {
      return call_fail(call, "TypeError", "not an address");
    }
    options->address = out->address;
  }
  if (!is_given(call, address + 1)) return 0;
  const cJSON *json = call_plain(call, call->args[address + 1]);
  const char *text =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "b64"));
  out->key = text != NULL ? base64_decode(text, &options->authkey_size) : NULL;
  if (out->key == NULL) return call_fail(call, "TypeError", "not bytes");
  options->authkey = out->key;
  return 0;
}

void manager_clear_far(struct manager_far *far) {
  free(far->key);
}

static void free_connected(void *manager) {
  brood_manager_free(manager);
}

static int connect_manager(struct call *call) {
  brood_manager_options options = {0};
  struct manager_far far;
  int r = manager_read_far(call, 0, &far, &options);
  if (r == 0) {
    r = call_made(call, VALUE_MANAGER,
                  brood_manager_connect(call->self->as.context, &options));
    call->result.give_back = free_connected;
  }
  manager_clear_far(&far);
  return r;
}

const struct method manager_connect_methods[] = {
    {"connect_manager", "address authkey?", connect_manager},
    {NULL, NULL, NULL},
};

int manager_read_address(struct call *call) {
  const char *address = brood_manager_address(manager_of(call));
  char host[256];
  int port;
  if (address == NULL) return brood_error() < 0 ? call_fail_brood(call) : 0;
  if (sscanf(address, "tcp://%255[^:[]:%d", host, &port) != 2 &&
      sscanf(address, "tcp://[%255[^]]]:%d", host, &port) != 2) {
    call->result = value_text(address + sizeof "unix:" - 1);
    return 0;
  }
  cJSON *list = memory_must(cJSON_CreateArray());
  cJSON_AddItemToArray(list, memory_must(cJSON_CreateString(host)));
  cJSON_AddItemToArray(list, memory_must(cJSON_CreateNumber(port)));
  call->result = value_json(list);
  return 0;
}

/* ------------------------------------------------- What processes run -- */

static void note_ready(const char *address, void *path) {
  body_note(path, address);
}

/* (path of the socket, key, path to note in when clients can connect) */
static void serve_manager(const brood_args *args) {
  char address[512];
  const brood_value *key = body_at(args, 1);
  snprintf(address, sizeof address, "unix:%s", body_text(args, 0));
  brood_manager_options options = {.address = address,
                                   .authkey = key->as.data,
                                   .authkey_size = key->size_bytes};
  body_must(brood_manager_serve(NULL, &options, -1, note_ready,
                                (void *)body_text(args, 2)));
}
BODY_OF_PROCESS(serve_manager);

const struct function functions_far[] = {
    {"serve_manager", serve_manager, serve_manager_task},
    {NULL, NULL, NULL},
};
