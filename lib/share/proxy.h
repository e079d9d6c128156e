/* SPDX-License-Identifier: MIT
 *
 * A proxy: the handle of an object that another process keeps, a manager's
 * server. It lies in this process's own memory, behind a block, so that it is
 * recognised as other objects are; the public functions of locks, queues and so
 * on find it by share_check. How a call gets to the server is the business of
 * an engine, which lib/manager is.
 *
 * All functions here may be called from any thread. After a fork the child has
 * copies of all proxies, which are not its own.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/share/block.h"

/* What can be asked of an object; of which kind it is, the server knows. */
enum proxy_op {
  PROXY_LACKS, /* what only objects in shared memory have */
  PROXY_ACQUIRE,
  PROXY_RELEASE,
  PROXY_LOCKED,
  PROXY_GET_VALUE,
  PROXY_WAIT,
  PROXY_NOTIFY,
  PROXY_IS_SET,
  PROXY_SET,
  PROXY_CLEAR,
  PROXY_ABORT,
  PROXY_RESET,
  PROXY_PARTIES,
  PROXY_N_WAITING,
  PROXY_BROKEN,
  PROXY_PUT,
  PROXY_GET,
  PROXY_QSIZE,
  PROXY_EMPTY,
  PROXY_FULL,
  PROXY_TASK_DONE,
  PROXY_JOIN,
  PROXY_OPS /* the first of those that lib/manager asks alone */
};

struct proxy {
  struct proxy *next; /* in the list */
  uint64_t server;    /* which one, for ever */
  uint64_t id;        /* of the object there */
  uint64_t owner;     /* the process that has the reference */
  uint32_t kind;      /* enum share_kind */
  bool is_argument;   /* lives as long as the process */
  _Atomic int fd;     /* of the end that it came with, and which is worth the
                         reference; -1: the process has that itself, */
  void *link;         /* by this link of lib/manager */
};

struct proxy_call {
  uint32_t op;
  int64_t timeout_ns; /* until which the object may let the caller wait */
  int64_t number;
  const brood_value *values;
  size_t num_values;
  brood_value *out; /* NULL: none is wanted */
};

/* proxy_ask makes one without values, of an object that share_check has found
 * to be a proxy, or returns what it has found else. */
int proxy_ask(int checked, void *object, enum proxy_op op, int64_t timeout_ns);

/* proxy_make makes a handle that owns a reference, and the descriptor of its
 * end, or -1; NULL: no memory. */
struct proxy *proxy_make(uint64_t server, uint64_t id, uint32_t kind, int fd);

/* proxy_find returns the proxy that a pointer is, or NULL if it is none, or has
 * been freed. */
struct proxy *proxy_find(const void *pointer);

/* proxy_free gives the reference back, unless it is another process's; of an
 * argument it does nothing. */
void proxy_free(struct proxy *proxy);

/* proxy_is_block tells the block of a proxy from others. */
#define PROXY_OFFSET UINT64_MAX
static inline bool proxy_is_block(const struct share_block *block) {
  return block->offset == PROXY_OFFSET;
}

/* The kind of what is sent of one. */
static inline uint32_t proxy_kind_sent(uint32_t kind) {
  return SHARE_PROXY + (kind - SHARE_NO_KIND);
}

/* What makes calls, set by a constructor; without it there are no proxies. call
 * returns what the object answers, or the error is set. pack writes an end to
 * be sent, which is worth one reference and belongs to the caller; 0, or the
 * error is set. forget gives a reference of this process back. */
struct proxy_engine {
  int64_t (*call)(void *proxy, const struct proxy_call *call);
  int (*pack)(struct proxy *proxy, struct brood_connection **out_end);
  void (*forget)(const struct proxy *proxy);
};
extern const struct proxy_engine *proxy_engine;
