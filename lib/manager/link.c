/* SPDX-License-Identifier: MIT
 *
 * See link.h. A line is one thread's at a time: a call that waits holds up no
 * other. The first line, the door, is for what is not answered; a child of a
 * bare fork has a copy of it, through which it sends an end of a line of its
 * own.
 */
#include "lib/manager/link.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/manager/server.h"
#include "lib/share/end.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"

struct line {
  struct line *next;
  struct link *link;
  brood_connection *end;
  uint64_t object; /* that is called */
  uint32_t op;
  atomic_bool is_busy;
};

/* One for each server ever met. */
struct link {
  struct link *next;
  uint64_t server;
  uint64_t owner; /* the process that has the lines; its children have copies */
  brood_connection *door; /* once it is closed, so is the link */
  int num_opened;         /* by managers */
  struct line *lines;
};

static struct link *links; /* guarded, and what it has */

static struct link *find_link(uint64_t server) {
  struct link *link = links;
  while (link != NULL && link->server != server) link = link->next;
  return link;
}

static bool is_open(const struct link *link) {
  return link != NULL && !end_is_closed(link->door);
}

/* -------------------------------------------------- What is not answered -- */

/* Twice: a server that has no descriptor left for the pidfd hears the second
 * one. */
static int say_hello(brood_connection *end, bool is_for_calls) {
  struct call_head head = {
      .op = CALL_HELLO, .thread = sync_self_process(), .number = is_for_calls};
  int pidfd = current_pidfd();
  brood_value value = brood_descriptor(pidfd);
  int r = pidfd < 0 ? 0 : call_tell(end, head, &value, CALL_PATIENCE_NS);
  return r < 0 ? r : call_tell(end, head, NULL, CALL_PATIENCE_NS);
}

/* A new end, whose other side the server gets if the door has room. */
static int try_end(struct link *link, uint64_t object,
                   brood_connection **out_end) {
  brood_connection *far;
  /* A child of a fork would keep its copy of the far end: nobody here would see
   * the server's end. */
  guard_lock();
  int r =
      is_open(link) ? brood_pipe_new(NULL, 0, out_end, &far) : call_say_gone();
  if (r == 0) {
    r = call_send_end(link->door, object, far, 0);
    if (r < 0) *out_end = brood_connection_free(*out_end);
  }
  guard_unlock();
  return r;
}

/* A server that is stopped for long holds up this thread alone. */
static int make_end(struct link *link, uint64_t object,
                    brood_connection **out_end) {
  int64_t late_ns = sys_clock_deadline(CALL_PATIENCE_NS);
  int r;
  guard_shield();
  while ((r = try_end(link, object, out_end)) == BROOD_TIMEOUT &&
         sys_clock_ns() < late_ns) {
    sys_poll(NULL, 0, sys_clock_deadline(BROOD_MILLISECONDS(1)));
  }
  guard_unshield();
  return r;
}

int link_renew(brood_connection **door) {
  struct link link = {.door = *door};
  brood_connection *fresh;
  int r = make_end(&link, 0, &fresh);
  if (r < 0) return r;
  brood_connection_free(*door);
  *door = fresh;
  return 0;
}

/* ----------------------------------------------------------------- Lines -- */

static void free_line(struct line *line) {
  brood_connection_free(line->end);
  free(line);
}

/* A child of a fork has copies of its parent's lines: it closes them once it
 * has a door of its own, which is taken. With the mutex. */
static void become_own(struct link *link, brood_connection *door) {
  for (struct line *line; (line = link->lines) != NULL;) {
    link->lines = line->next;
    free_line(line);
  }
  brood_connection_free(link->door);
  link->door = door;
  link->owner = sync_self_process();
}

/* It gets one through its parent's. */
static int make_own(struct link *link) {
  if (link->owner == sync_self_process()) return 0;
  brood_connection *door = NULL;
  int r = make_end(link, 0, &door);
  if (r == 0) r = say_hello(door, false);
  guard_lock();
  bool is_own = link->owner == sync_self_process(); /* another thread did */
  if (r == 0 && !is_own) {
    become_own(link, door);
    door = NULL;
  }
  guard_unlock();
  brood_connection_free(door);
  return is_own ? 0 : r;
}

/* Without a use: perhaps an answer is due that nobody waits for. */
static void leave_line(struct line *line, bool is_of_use) {
  if (is_of_use) {
    atomic_store(&line->is_busy, false); /* nobody else changes it meanwhile */
    return;
  }
  guard_lock();
  struct line **at = &line->link->lines;
  while (*at != NULL && *at != line) at = &(*at)->next;
  if (*at != NULL) *at = line->next;
  guard_unlock();
  free_line(line);
}

/* A line that no other thread uses; NULL and the error is set. */
static struct line *take_line(struct link *link) {
  if (make_own(link) < 0) return NULL;
  guard_lock();
  struct line *line = link->lines;
  while (line != NULL && atomic_load(&line->is_busy)) line = line->next;
  if (line != NULL) atomic_store(&line->is_busy, true);
  guard_unlock();
  if (line != NULL) return line;
  line = calloc(1, sizeof *line);
  if (line == NULL) {
    error_set_os(-ENOMEM, "cannot call a manager");
    return NULL;
  }
  line->link = link;
  line->is_busy = true;
  if (make_end(link, 0, &line->end) < 0 || say_hello(line->end, true) < 0) {
    free_line(line);
    return NULL;
  }
  line->end->has_answers_only = true;
  guard_lock();
  if (is_open(link)) {
    line->next = link->lines;
    link->lines = line;
  } else {
    free_line(line);
    line = NULL;
    call_say_gone();
  }
  guard_unlock();
  return line;
}

/* With the mutex. Another thread may be about to use the door. */
static void shut_link(struct link *link) {
  for (struct line *line, **at = &link->lines; (line = *at) != NULL;) {
    if (atomic_load(&line->is_busy)) { /* its thread wakes and discards it */
      shutdown(brood_connection_fileno(line->end), SHUT_RDWR);
      brood_connection_close(line->end);
      at = &line->next;
    } else {
      *at = line->next;
      free_line(line);
    }
  }
  end_close(link->door);
}

/* A process that has had proxies of a server that is gone still has lines to
 * it. A server says nothing through a door. With the mutex. */
static void shut_dead_links(void) {
  for (struct link *link = links; link != NULL; link = link->next) {
    if (is_open(link) && sys_poll_one(link->door->fd, POLLIN, 0) > 0) {
      shut_link(link);
    }
  }
}

/* With the mutex; the door is taken. NULL and the error is set. */
static struct link *open_link(uint64_t server, brood_connection *door,
                              uint64_t owner) {
  struct link *link = calloc(1, sizeof *link);
  if (link == NULL) {
    brood_connection_free(door);
    error_set_os(-ENOMEM, "cannot call a manager");
    return NULL;
  }
  *link = (struct link){
      .next = links, .server = server, .owner = owner, .door = door};
  links = link;
  return link;
}

static int refuse_own(uint64_t server) {
  if (!server_is_here(server)) return 0;
  return error_set(BROOD_RUNTIME_ERROR,
                   "a manager's server cannot call its own objects");
}

struct link *link_open(uint64_t server, brood_connection *door) {
  guard_lock();
  shut_dead_links();
  struct link *link = find_link(server);
  if (refuse_own(server) < 0) {
    link = NULL;
  } else if (is_open(link) && link->owner == sync_self_process()) {
    link->num_opened++;
  } else if (say_hello(door, false) < 0) {
    link = NULL;
  } else {
    link = open_link(server, door, sync_self_process());
    door = NULL;
  }
  guard_unlock();
  brood_connection_free(door);
  return link;
}

int link_give(struct link *link, brood_connection **out_end) {
  return make_end(link, 0, out_end);
}

int link_shutdown(struct link *link) {
  struct call_head head = {.op = CALL_SHUTDOWN};
  guard_lock();
  int r =
      is_open(link) ? call_tell(link->door, head, NULL, 0) : call_say_gone();
  guard_unlock();
  return r;
}

void link_close(struct link *link) {
  guard_lock();
  if (link != NULL && link->num_opened-- == 0 && is_open(link)) {
    /* Before the server sees the lines close it may hear the next hello. */
    call_tell(link->door, (struct call_head){.op = CALL_FORGET}, NULL, 0);
    shut_link(link);
  }
  guard_unlock();
}

/* ----------------------------------------------------------------- Calls -- */

static int send_call(const struct line *line, const struct proxy_call *call) {
  struct call_head head = {.op = call->op,
                           .object = line->object,
                           .thread = sync_self_thread(),
                           .timeout_ns = call->timeout_ns,
                           .number = call->number};
  return call_send(line->end, brood_bytes(&head, sizeof head), &head.flags,
                   call->values, call->num_values, call->op, BROOD_FOREVER);
}

/* What a thread has entered that was cancelled before it read so, it leaves:
 * the server knows whether it has. */
static void abandon_call(void *argument) {
  struct line *line = argument;
  if (line->op == PROXY_WAIT || line->op == PROXY_ACQUIRE) {
    struct proxy_call back = {.op = PROXY_RELEASE, .number = line->op};
    send_call(line, &back);
  }
  leave_line(line, false);
}

static int64_t await_answer(struct line *line, const struct proxy_call *call) {
  guard_shield(); /* a thread is cancelled where it waits for the answer */
  int64_t result = send_call(line, call);
  guard_unshield();
  if (result < 0) { /* by the system perhaps half of it is out */
    leave_line(line, result != BROOD_OS_ERROR);
    return result;
  }
  int r;
  pthread_cleanup_push(abandon_call, line);
  r = call_receive(line->end, call, &result);
  pthread_cleanup_pop(0);
  leave_line(line, r == 0);
  return result;
}

/* Where the object does not let it wait, a cancelled thread would leave what it
 * had made, or lose what it had taken out. */
static int64_t call_by_line(struct line *line, uint64_t object,
                            const struct proxy_call *call) {
  bool waits = (call->timeout_ns > 0 || call->timeout_ns == BROOD_FOREVER) &&
               (call->op == PROXY_ACQUIRE || call->op == PROXY_WAIT ||
                call->op == PROXY_GET || call->op == PROXY_JOIN);
  struct guard_state state = {0};
  line->object = object;
  line->op = call->op;
  if (!waits) state = guard_open(false);
  int64_t result = await_answer(line, call);
  if (!waits) guard_shut(state);
  return result;
}

/* --------------------------------------------------------------- Proxies -- */

static int copy_end(const struct proxy *proxy, brood_connection **out_end) {
  int r = sys_fd_copy(atomic_load(&proxy->fd));
  if (r >= 0) r = end_make(r, END_BOTH, out_end);
  return r < 0 ? error_set_os(r, "cannot call a manager") : 0;
}

/* The end of a proxy that has just come, as the first line to its server. With
 * the mutex; there is room for a first message. */
static int open_by_end(struct proxy *proxy, struct link *link) {
  bool is_own = proxy->owner == sync_self_process();
  brood_connection *end = NULL;
  int r = copy_end(proxy, &end); /* its own says, until then: no reference */
  /* A copy of a fork's parent's is that one's door still. */
  if (r == 0 && is_own) r = say_hello(end, false);
  if (r < 0) {
    brood_connection_free(end);
    return r;
  }
  if (is_own) sys_close(atomic_exchange(&proxy->fd, -1));
  if (is_open(link)) {
    become_own(link, end);
    return 0;
  }
  link = open_link(proxy->server, end, proxy->owner);
  return link == NULL ? brood_error() : 0;
}

/* The process's line may be of another session than the end that a proxy came
 * with, which has gone through another relay: a call has it have the reference,
 * before the end says that it need not be worth it any more. */
static int hold_by_link(struct proxy *proxy, struct link *link) {
  struct proxy_call hold = {.op = CALL_HOLD};
  brood_connection *end;
  int r = copy_end(proxy, &end);
  if (r < 0) return r;
  struct line *line = take_line(link);
  r = line == NULL ? brood_error() : (int)call_by_line(line, proxy->id, &hold);
  if (r == 0) {
    call_tell(end, (struct call_head){.op = CALL_TAKEN}, NULL, 0);
    sys_close(atomic_exchange(&proxy->fd, -1));
  }
  brood_connection_free(end);
  return r;
}

/* NULL and the error is set. */
static struct link *link_of(struct proxy *proxy) {
  int r = 0;
  guard_lock();
  bool is_new = proxy->link == NULL && atomic_load(&proxy->fd) >= 0;
  if (is_new) shut_dead_links();
  struct link *link = find_link(proxy->server);
  bool is_own = is_new && proxy->owner == sync_self_process();
  if (is_own ? !is_open(link) || link->owner != proxy->owner
             : is_new && link == NULL) {
    r = open_by_end(proxy, link);
    link = find_link(proxy->server);
    is_own = false;
  }
  if (r == 0 && proxy->link == NULL) proxy->link = link;
  guard_unlock();
  if (r == 0 && !is_open(link)) r = call_say_gone();
  if (r == 0 && is_own) r = hold_by_link(proxy, link);
  return r < 0 ? NULL : link;
}

static int pack_proxy(struct proxy *proxy, brood_connection **out_end) {
  if (server_is_here(proxy->server)) return server_send(proxy->id, out_end);
  struct link *link = link_of(proxy);
  if (link == NULL || make_own(link) < 0) return brood_error();
  return make_end(link, proxy->id, out_end);
}

void link_own(struct proxy *proxy) {
  guard_lock();
  proxy->link = find_link(proxy->server);
  guard_unlock();
}

static void forget_proxy(const struct proxy *proxy) {
  if (server_is_here(proxy->server)) {
    server_forget(proxy->id);
    return;
  }
  struct link *link = proxy->link;
  if (!is_open(link)) return;
  struct call_head head = {
      .op = CALL_FORGET, .object = proxy->id, .thread = sync_self_process()};
  call_tell(link->door, head, NULL, BROOD_FOREVER); /* or it would be lost */
}

static int64_t call_proxy(void *handle, const struct proxy_call *call) {
  struct proxy *proxy = handle;
  brood_value values = brood_tuple(call->values, call->num_values);
  int r = refuse_own(proxy->server);
  if (r == 0) r = call_check_values(&values);
  if (r < 0) return r;
  struct link *link = link_of(proxy);
  struct line *line = link == NULL ? NULL : take_line(link);
  return line == NULL ? brood_error() : call_by_line(line, proxy->id, call);
}

int64_t link_call(uint64_t server, const struct proxy_call *call) {
  return call_proxy(&(struct proxy){.server = server, .fd = -1}, call);
}

__attribute__((constructor)) static void register_manager(void) {
  static const struct proxy_engine engine = {
      .call = call_proxy, .pack = pack_proxy, .forget = forget_proxy};
  proxy_engine = &engine;
}
