/* SPDX-License-Identifier: MIT
 *
 * See server.h: what a call has said, and what it is answered; and of call.h
 * what both sides ask of a message.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"
#include "lib/wire/value.h"

/* What pairs add. */
enum { SERVER_MAX_DEPTH = BROOD_MAX_DEPTH - 2 };

/* From here on a string or bytes follow. */
enum { CALL_LARGE = 16 << 10 };

/* ------------------------------------------------------------- Messages -- */

bool call_read_head(const brood_value *message, void *out_head, size_t size) {
  bool is_tuple = message->type == BROOD_TYPE_TUPLE && message->num_items > 0;
  const brood_value *head = is_tuple ? message->as.items : message;
  if (head->type != BROOD_TYPE_BYTES || head->size_bytes != size) return false;
  memcpy(out_head, head->as.data, size);
  return true;
}

int call_check_values(const brood_value *value) {
  int r = 0;
  if (value->type == BROOD_TYPE_TUPLE && value->as.items != NULL) {
    for (size_t i = 0; r == 0 && i < value->num_items; i++) {
      r = call_check_values(&value->as.items[i]);
    }
  } else if (value->type == BROOD_TYPE_DESCRIPTOR ||
             value->type == BROOD_TYPE_POINTER ||
             (value->type == BROOD_TYPE_OBJECT &&
              proxy_find(value->as.data) == NULL)) {
    r = error_set(BROOD_TYPE_ERROR,
                  "a manager keeps no descriptors, pointers, or objects of "
                  "shared memory");
  }
  return r;
}

/* ------------------------------------------------------------- Sending -- */

static bool follows(const brood_value *value, uint32_t op) {
  if (value->type == BROOD_TYPE_TUPLE) {
    return op == CALL_ITEMS || op == CALL_UPDATE; /* deep enough as they are */
  }
  return (value->type == BROOD_TYPE_STRING ||
          value->type == BROOD_TYPE_BYTES) &&
         value->as.data != NULL && value->size_bytes > CALL_LARGE;
}

int call_send(brood_connection *end, brood_value head, uint32_t *flags,
              const brood_value *values, size_t count, uint32_t op,
              int64_t timeout_ns) {
  brood_value words[1 + CALL_MAX_VALUES] = {head};
  bool is_apart = count > 0 && follows(&values[count - 1], op);
  size_t num_words = 1 + count - is_apart;
  *flags = is_apart ? CALL_FOLLOWS : 0;
  if (count > 0) memcpy(words + 1, values, count * sizeof *words);
  int r = brood_connection_send(
      end, num_words == 1 ? head : brood_tuple(words, num_words), timeout_ns);
  if (r < 0 || !is_apart) return r;
  r = brood_connection_send(end, words[count], timeout_ns);
  if (r < 0 && brood_connection_send(end, brood_none(), timeout_ns) < 0) {
    shutdown(brood_connection_fileno(end), SHUT_RDWR);
  }
  return r;
}

int call_tell(brood_connection *end, struct call_head head,
              const brood_value *value, int64_t timeout_ns) {
  guard_shield(); /* what the caller has would be lost */
  int r = call_send(end, brood_bytes(&head, sizeof head), &head.flags, value,
                    value != NULL, head.op, timeout_ns);
  guard_unshield();
  return r;
}

int call_send_end(brood_connection *door, uint64_t object,
                  brood_connection *end, int64_t timeout_ns) {
  struct call_head head = {.op = CALL_DOOR, .object = object};
  brood_value value = brood_object(end);
  int r = call_tell(door, head, &value, timeout_ns);
  brood_connection_free(end);
  return r;
}

/* ------------------------------------------------------------ Receiving -- */

int call_say_gone(void) {
  return error_set_os(-ECONNRESET, "the manager's server is gone");
}

/* The value of an answer, in the memory of all: only what is its own moves to
 * the beginning, where an owner frees it. */
static brood_value split_off_value(brood_value *whole) {
  brood_value item = whole->as.items[1];
  char *memory = whole->as.object;
  if (item.type == BROOD_TYPE_STRING || item.type == BROOD_TYPE_BYTES) {
    memmove(memory, item.as.data, item.size_bytes);
    memory[item.size_bytes] = '\0';
    item.as.data = memory;
  } else if (item.type == BROOD_TYPE_TUPLE) {
    memmove(memory, item.as.items, item.num_items * sizeof item);
    item.as.data = memory;
  } else {
    free(memory);
  }
  *whole = brood_none();
  return item;
}

static int64_t say_error(const struct answer_head *head,
                         const brood_value *whole) {
  const char *text = "";
  if (whole->type == BROOD_TYPE_TUPLE) {
    brood_value_string(&whole->as.items[1], &text);
  }
  if (head->code == BROOD_OS_ERROR && head->error_number != 0) {
    return error_set_os(-head->error_number, "a manager's server");
  }
  return error_set(head->code, "%s", text);
}

/* Inlined, its variables would be those of a function that a cancelled thread
 * leaves. */
__attribute__((noinline)) int call_receive(brood_connection *end,
                                           const struct proxy_call *call,
                                           int64_t *out_result) {
  brood_value whole = brood_none(), value = brood_none();
  struct answer_head head = {.code = BROOD_OS_ERROR, .error_number = EBADMSG};
  int r = brood_connection_recv(end, &whole, BROOD_FOREVER);
  bool has_value = whole.type == BROOD_TYPE_TUPLE;
  if (r == 0 && ((has_value && whole.num_items != 2) ||
                 !call_read_head(&whole, &head, sizeof head))) {
    r = BROOD_TYPE_ERROR;
  }
  if (!has_value) brood_value_clear(&whole); /* a cancelled thread may not */
  if (r == 0 && head.flags & CALL_FOLLOWS) {
    r = brood_connection_recv(end, &value, BROOD_FOREVER);
  }
  bool is_nothing = head.flags & CALL_FOLLOWS && value.type == BROOD_TYPE_NONE;
  if (r == 0 && is_nothing) return call_receive(end, call, out_result);
  if (r < 0) {
    brood_value_clear(&whole);
    int why = r == BROOD_OS_ERROR ? brood_errno() : 0;
    *out_result = why == EMFILE || why == ENOMEM ? r : call_say_gone();
    return -1;
  }
  *out_result = head.code < 0 ? say_error(&head, &whole) : head.number;
  if (head.code == 0 && has_value) value = split_off_value(&whole);
  brood_value_clear(&whole);
  if (call->op == PROXY_GET && head.code == 0) {
    call_tell(end, (struct call_head){.op = CALL_TAKEN}, NULL,
              CALL_PATIENCE_NS);
  }
  if (head.code == 0 && call->out != NULL) {
    *call->out = value;
  } else {
    brood_value_clear(&value);
  }
  return 0;
}

/* --------------------------------------------------------------- Values -- */

const brood_value *call_value(const struct caller *caller, size_t index) {
  bool is_tuple = caller->whole.type == BROOD_TYPE_TUPLE;
  size_t count = is_tuple ? caller->whole.num_items - 1 : 0;
  if (index < count) return &caller->whole.as.items[1 + index];
  bool is_last = index == count && caller->last.type != BROOD_TYPE_NONE;
  return is_last ? &caller->last : NULL;
}

int64_t call_number(const struct caller *caller, size_t index) {
  const brood_value *value = call_value(caller, index);
  return value != NULL && value->type == BROOD_TYPE_INT64 ? value->as.int64 : 0;
}

int keep_value(struct caller *caller, size_t index, struct kept *out) {
  const brood_value *value = call_value(caller, index);
  if (value == NULL) {
    return error_set(BROOD_TYPE_ERROR, "a value is missing");
  }
  bool is_last = value == &caller->last;
  if (!is_last && caller->whole.num_items > 3) return keep_copy(value, out);
  brood_value *from = is_last ? &caller->last : &caller->whole;
  *out = (struct kept){.whole = *from, .part = is_last ? NULL : value};
  *from = brood_none();
  return 0;
}

void drop_kept(struct kept *kept) {
  brood_value_clear(&kept->whole);
  kept->part = NULL;
}

/* Has the proxies in a value that came be this server's own. */
static int adopt(const brood_value *value, int depth) {
  bool is_tuple = value->type == BROOD_TYPE_TUPLE;
  if (is_tuple && depth <= 0) {
    return error_set(BROOD_VALUE_ERROR,
                     "tuples are inside of one another deeper than %d",
                     SERVER_MAX_DEPTH);
  }
  int r = 0;
  for (size_t i = 0; is_tuple && r == 0 && i < value->num_items; i++) {
    r = adopt(&value->as.items[i], depth - 1);
  }
  if (value->type == BROOD_TYPE_DESCRIPTOR) {
    return error_set(BROOD_TYPE_ERROR, "a manager keeps no descriptors");
  }
  if (value->type != BROOD_TYPE_OBJECT) return r;
  struct managed *object = object_of(value);
  if (object == NULL) {
    return error_set(BROOD_TYPE_ERROR,
                     "a manager keeps no objects but its own");
  }
  struct proxy *proxy = proxy_find(value->as.data);
  object_hold(object);
  sys_close(atomic_exchange(&proxy->fd, -1));
  return 0;
}

int keep_copy(const brood_value *value, struct kept *out) {
  out->part = NULL;
  int r = brood_value_copy(value, &out->whole);
  return r < 0 ? r : adopt(&out->whole, SERVER_MAX_DEPTH);
}

int adopt_values(const struct caller *caller) {
  uint32_t op = caller->head.op;
  int more = op == CALL_UPDATE ? 2 : op == CALL_EXTEND || op == CALL_SET_SLICE;
  int r = 0;
  const brood_value *value;
  for (size_t i = 0; r == 0 && (value = call_value(caller, i)) != NULL; i++) {
    r = adopt(value, SERVER_MAX_DEPTH + more);
  }
  return r;
}

/* --------------------------------------------------------------- Answers -- */

/* Most answers are a head alone. What a connection does for the threads of a
 * program would cost more than to send it. */
static bool send_head(const struct caller *caller,
                      const struct answer_head *head) {
  uint8_t packet[WIRE_HEAD + sizeof *head];
  struct wire_head wire = {.size = sizeof *head, .type = BROOD_TYPE_BYTES};
  wire_put_eight(packet, wire_head_bits(wire));
  memcpy(packet + WIRE_HEAD, head, sizeof *head);
  struct iovec part = {packet, sizeof packet};
  return sys_sock_try_send(caller->fd, &part, 1, NULL, 0) == 0;
}

bool answer_call(struct caller *caller, int64_t number) {
  struct answer_head head = {.number = number};
  const brood_value *value = caller->value;
  char text[512];
  brood_value message;
  caller->value = NULL;
  if (number < 0) {
    head.code = (int32_t)number;
    head.error_number = number == BROOD_OS_ERROR ? brood_errno() : 0;
    const char *why = brood_error() == number ? brood_error_message() : "";
    snprintf(text, sizeof text, "%s", why);
    message = brood_string(text);
    value = &message;
  }
  if (value == NULL && send_head(caller, &head)) return true;
  int r = call_send(caller->end, brood_bytes(&head, sizeof head), &head.flags,
                    value, value != NULL, caller->head.op, 0);
  if (r == 0) return true;
  /* The client does not read, or is gone, or the value cannot be sent. */
  bool is_there = r != BROOD_TIMEOUT && brood_errno() != EPIPE &&
                  brood_errno() != ECONNRESET && !caller->is_closed;
  caller->is_closed |= !is_there || number < 0;
  if (!caller->is_closed) answer_call(caller, r);
  return false;
}
