/* SPDX-License-Identifier: MIT
 *
 * What clients and the server of a manager say to each other, through
 * connections: a client's line to the server. A message is a head, as bytes, or
 * a tuple of the head and values. A large value, or one of pairs, comes as the
 * next message instead (CALL_FOLLOWS): who receives it owns it alone. If none
 * comes there it could not be sent, and the head is nothing.
 *
 * A call is answered; between it and its answer nothing else is sent on the
 * line. These are not answered, and may come at any time:
 *
 *   CALL_DOOR    here is an end of another line; or, with an object, an end
 *                that is worth a reference of it, and under way
 *   CALL_HELLO   this line is the process's with this token and pidfd, and the
 *                reference that it is worth is from now on the process's own;
 *                number: calls will come by it
 *   CALL_FORGET  the process of this line gives a reference back; of no object:
 *                all that it has
 *   CALL_TAKEN   what was given has arrived: the item that was answered; or the
 *                process has by CALL_HOLD the reference that this end is worth
 *
 * What a client says is believed as far as it harms nobody but those who have
 * proxies: lengths, kinds and objects are checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"
#include "lib/share/proxy.h"

enum call_op {
  CALL_DOOR = PROXY_OPS,
  CALL_HELLO,
  CALL_FORGET,
  CALL_TAKEN,
  CALL_SHUTDOWN, /* all so far is not answered */
  CALL_MAKE,     /* answers the new object's id; number is its kind */
  CALL_HOLD,     /* has a reference more */
  CALL_COUNT,
  /* Of data. */
  CALL_GET_ITEM,
  CALL_SET_ITEM,
  CALL_DELETE,
  CALL_POP,
  CALL_POPITEM,
  CALL_SET_DEFAULT,
  CALL_CONTAINS,
  CALL_LENGTH,
  CALL_CLEAR,
  CALL_UPDATE,
  CALL_ITEMS,
  CALL_KEYS,
  CALL_VALUES,
  CALL_COMPARE_SET,
  CALL_ADD,
  CALL_INSERT,
  CALL_EXTEND,
  CALL_REVERSE,
  CALL_SORT,
  CALL_REMOVE,
  CALL_INDEX,
  CALL_COUNT_EQUAL,
  CALL_SLICE,
  CALL_SET_SLICE,
  CALL_METHOD
};

enum { CALL_FOLLOWS = 1 };

struct call_head {
  uint32_t op;
  uint32_t flags;
  uint64_t object;
  uint64_t thread; /* the caller's token */
  int64_t timeout_ns;
  int64_t number;
};

struct answer_head {
  int32_t code; /* 0, or an error, and its text is the value */
  int32_t error_number;
  uint32_t flags;
  uint32_t unused;
  int64_t number;
};

/* call_read_head copies a message's head; false if it has none of this size. */
bool call_read_head(const brood_value *message, void *out_head, size_t size);

/* call_send sends a head, whose flags it sets, and values; of these the last
 * perhaps as the next message, or none if it cannot be sent: then the head is
 * nothing. 0, or the error is set; the line is shut if not even none could be
 * sent. */
enum { CALL_MAX_VALUES = 4 };
int call_send(brood_connection *end, brood_value head, uint32_t *flags,
              const brood_value *values, size_t count, uint32_t op,
              int64_t timeout_ns);

/* call_tell sends what is not answered; call_send_end an end of a pipe, which
 * is taken, through a door: an end of another line, or with an object's id one
 * that is worth a reference of it. 0, or the error is set. With such patience
 * there is room, or the other side is gone or stopped. */
#define CALL_PATIENCE_NS INT64_C(10000000000)
int call_tell(brood_connection *end, struct call_head head,
              const brood_value *value, int64_t timeout_ns);
int call_send_end(brood_connection *door, uint64_t object,
                  brood_connection *end, int64_t timeout_ns);

/* call_receive receives the answer to a call; -1: the line is of no more use. A
 * thread may be cancelled in it. call_say_gone sets and returns the error that
 * the server is gone. */
int call_receive(brood_connection *end, const struct proxy_call *call,
                 int64_t *out_result);
int call_say_gone(void);

/* call_check_values: does a value, with those in it, mean something to a
 * server, as far as that is seen here? BROOD_TYPE_ERROR if not. */
int call_check_values(const brood_value *value);
