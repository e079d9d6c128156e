/* SPDX-License-Identifier: MIT
 *
 * See proxy.h.
 */
#include "lib/share/proxy.h"

#include <stdlib.h>

#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"

/* Few: a fork copies each page of static memory that its child writes to. */
enum { PROXY_LISTS = 61 };

static struct proxy *lists_of_proxies[PROXY_LISTS];
const struct proxy_engine *proxy_engine;

/* Where a list points to this proxy, or its NULL at the end; with the mutex. */
static struct proxy **listed_at(const void *pointer) {
  struct proxy **at = &lists_of_proxies[(uintptr_t)pointer / 64 % PROXY_LISTS];
  while (*at != NULL && *at != pointer) at = &(*at)->next;
  return at;
}

struct proxy *proxy_make(uint64_t server, uint64_t id, uint32_t kind, int fd) {
  struct share_block *block =
      proxy_engine == NULL ? NULL
                           : calloc(1, sizeof *block + sizeof(struct proxy));
  if (block == NULL) return NULL;
  block->kind = SHARE_PROXY;
  block->offset = PROXY_OFFSET;
  struct proxy *proxy = share_object_of(block);
  proxy->server = server;
  proxy->id = id;
  proxy->owner = sync_self_process();
  proxy->kind = kind;
  proxy->fd = fd;
  guard_lock();
  *listed_at(proxy) = proxy;
  guard_unlock();
  return proxy;
}

struct proxy *proxy_find(const void *pointer) {
  guard_lock();
  struct proxy *proxy = *listed_at(pointer);
  guard_unlock();
  return proxy;
}

void proxy_free(struct proxy *proxy) {
  if (proxy->is_argument) return;
  guard_lock();
  struct proxy **at = listed_at(proxy);
  bool is_listed = *at != NULL;
  if (is_listed) *at = proxy->next;
  guard_unlock();
  if (!is_listed) return; /* another thread has freed it */
  if (proxy->owner == sync_self_process()) {
    int fd = atomic_load(&proxy->fd);
    fd < 0 ? proxy_engine->forget(proxy) : (void)sys_close(fd);
  }
  struct share_block *block = share_block_of(proxy);
  atomic_store(&block->kind, SHARE_FREE);
  free(block);
}

int proxy_ask(int checked, void *object, enum proxy_op op, int64_t timeout_ns) {
  if (checked < 0) return checked;
  return (int)proxy_engine->call(
      object, &(struct proxy_call){.op = op, .timeout_ns = timeout_ns});
}
