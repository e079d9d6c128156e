/* SPDX-License-Identifier: MIT
 *
 * See server.h: the loop.
 */
#include "lib/manager/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/share/end.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

static struct {
  uint64_t token; /* 0: this process is no server */
  struct caller *callers;
  struct session *sessions;
  int epoll; /* lines and pidfds */
  struct epoll_event *events;
  int num_watched, room; /* for as many events */
  bool is_calm;          /* hardly anything was to be done the last time */
  size_t num_parked;
  int64_t look_ns; /* when to look for the dead again */
  bool is_over;
} server;

/* A child is no server, and must not keep its clients' lines open. */
static void forget_server(void) {
  if (server.token == 0) return;
  for (struct caller *c = server.callers; c != NULL; c = c->other) {
    if (c->end != NULL) end_close(c->end);
  }
  memset(&server, 0, sizeof server);
}

GUARD_AT_FORK(forget_server)

bool server_is_here(uint64_t token) {
  return server.token != 0 && server.token == token;
}

/* --------------------------------------------------------------- Callers -- */

/* There is room for the events of all that are watched: ends are to come before
 * what is asked in the same moment. */
static int watch_fd(int fd, void *who) {
  if (server.num_watched == server.room) {
    int room = server.room * 2 + 16;
    void *more =
        reallocarray(server.events, (size_t)room, sizeof *server.events);
    if (more == NULL) return -ENOMEM;
    server.events = more;
    server.room = room;
  }
  int r = sys_epoll_add(server.epoll, fd, who);
  server.num_watched += r == 0;
  return r;
}

static void unwatch_fd(int fd) {
  sys_epoll_remove(server.epoll, fd);
  server.num_watched--;
}

struct caller *server_add(brood_connection *end, int fd) {
  if (end != NULL) fd = brood_connection_fileno(end);
  struct caller *caller = malloc(sizeof *caller);
  int r = caller == NULL ? -ENOMEM : watch_fd(fd, caller);
  if (r < 0) {
    free(caller);
    error_set_os(r, "a server cannot watch descriptor %d", fd);
    return NULL;
  }
  *caller = (struct caller){.end = end, .fd = fd, .other = server.callers};
  server.callers = caller;
  return caller;
}

static bool read_head(struct caller *caller) {
  return call_read_head(&caller->whole, &caller->head, sizeof caller->head);
}

/* What it carries is given back at once, and not when the caller is swept away:
 * a call that is answered in between might ask how many objects there are. */
static void drop_carried(struct caller *caller) {
  if (caller->carries != NULL) object_release(caller->carries);
  caller->carries = NULL;
}

static void hear_taken(struct caller *caller) {
  drop_carried(caller);
  if (caller->got_from == NULL) return;
  drop_kept(&caller->got);
  object_release(caller->got_from);
  caller->got_from = NULL;
}

static void hear_door(struct caller *caller) {
  const brood_value *value = call_value(caller, 0);
  struct managed *object = object_find(caller->head.object);
  if (brood_value_object(value, BROOD_KIND_CONNECTION) == NULL ||
      (caller->head.object != 0 && object == NULL)) {
    return; /* who has the other end sees it close */
  }
  struct caller *newcomer = server_add(value->as.object, -1);
  if (newcomer == NULL) return;
  *(brood_value *)value = brood_none(); /* it is taken */
  if (object == NULL) return;
  object_hold(object);
  newcomer->carries = object;
}

/* What it said before its end: that the item that it was given has arrived; by
 * a door, which proxies are under way to others. */
static void hear_last_words(struct caller *caller) {
  brood_value_clear(&caller->whole);
  bool has_ended = caller->session != NULL && caller->session->has_ended;
  while ((caller->got_from != NULL || (has_ended && !server.is_over)) &&
         brood_connection_recv(caller->end, &caller->whole, 0) == 0) {
    bool is_read = read_head(caller);
    if (is_read && caller->head.op == CALL_TAKEN) hear_taken(caller);
    if (is_read && caller->head.op == CALL_DOOR) hear_door(caller);
    brood_value_clear(&caller->whole);
  }
}

static void free_caller(struct caller *caller) {
  hear_last_words(caller);
  if (caller->object != NULL) object_abandon(caller);
  drop_kept(&caller->item);
  if (caller->got_from != NULL) channel_take_back(caller);
  drop_carried(caller);
  struct session *session = caller->session;
  if (session != NULL && --session->num_lines == 0) session->has_ended = true;
  brood_value_clear(&caller->whole);
  brood_value_clear(&caller->last);
  unwatch_fd(caller->fd);
  brood_connection_free(caller->end);
  free(caller);
}

int64_t park_call(struct caller *caller, struct managed *object,
                  struct waiters *row) {
  if (caller->deadline_ns <= 0) return 0; /* a poll: for its object to say */
  object_hold(object);
  if (server.look_ns == SYS_CLOCK_NEVER) {
    server.look_ns = sys_clock_ns() + SYNC_SLICE_NS;
  }
  caller->object = object;
  caller->row = row;
  caller->next = NULL;
  *(row->first == NULL ? &row->first : &row->last->next) = caller;
  row->last = caller;
  row->count++;
  server.num_parked++;
  return PARKED;
}

void unpark_call(struct caller *caller) {
  struct waiters *row = caller->row;
  struct caller **at = &row->first, *before = NULL;
  for (; *at != caller; at = &before->next) before = *at;
  *at = caller->next;
  if (row->last == caller) row->last = before;
  row->count--;
  struct managed *object = caller->object;
  caller->object = NULL;
  caller->row = NULL;
  server.num_parked--;
  object_release(object);
}

/* ------------------------------------------------ What is not answered -- */

/* A session's events have an odd address, which tells them from callers'. */
static struct session *session_of(const struct epoll_event *event) {
  char *who = event->data.ptr;
  return (uintptr_t)who % 2 == 0 ? NULL : (void *)(who - 1);
}

/* NULL: its process has ended, or there is no memory. */
static struct session *open_session(struct caller *caller) {
  uint64_t token = caller->head.thread;
  for (struct session *s = server.sessions; s != NULL; s = s->next) {
    if (s->token == token) return s->has_ended ? NULL : s;
  }
  struct session *session = malloc(sizeof *session);
  if (session == NULL) return NULL;
  const brood_value *pidfd = call_value(caller, 0);
  *session =
      (struct session){.next = server.sessions, .token = token, .pidfd = -1};
  if (pidfd != NULL && pidfd->type == BROOD_TYPE_DESCRIPTOR &&
      sys_pidfd_pollable(pidfd->as.descriptor)) {
    session->pidfd = sys_fd_copy(pidfd->as.descriptor);
  }
  if (session->pidfd >= 0 &&
      watch_fd(session->pidfd, (char *)session + 1) < 0) {
    session->pidfd = sys_close(session->pidfd);
  }
  server.sessions = session;
  return session;
}

static void hear_hello(struct caller *caller) {
  if (caller->session != NULL) return; /* it was heard the first time */
  struct session *session = open_session(caller);
  if (session == NULL) {
    caller->is_closed = true;
    return;
  }
  caller->session = session;
  caller->has_calls = caller->head.number != 0;
  session->num_lines++;
  if (caller->carries == NULL) return;
  caller->is_closed = object_hold_for(caller->carries, session) < 0;
  drop_carried(caller);
}

static void hear_forget(const struct caller *caller) {
  struct managed *object = object_find(caller->head.object);
  if (object != NULL) object_release_for(object, caller->session);
  if (caller->head.object != 0 || caller->session == NULL) return;
  caller->session->token = 0; /* the next hello opens another */
  caller->session->has_ended = true;
}

/* ----------------------------------------------------------------- Calls -- */

static int64_t make_call(struct caller *caller) {
  if (caller->session == NULL) {
    caller->is_closed = true; /* perhaps its hello was lost */
    return error_set(BROOD_RUNTIME_ERROR, "nobody said hello on this line");
  }
  int64_t r = adopt_values(caller);
  if (r < 0) return r;
  struct managed *object = object_find(caller->head.object);
  switch (caller->head.op) {
    case CALL_MAKE: return object_make(caller);
    case CALL_COUNT: return object_count();
  }
  if (object == NULL) {
    return error_set(BROOD_VALUE_ERROR, "the manager has no such object");
  }
  if (caller->head.op == CALL_HOLD) {
    return object_hold_for(object, caller->session);
  }
  object_hold(object);
  r = object_call(object, caller);
  object_release(object);
  return r;
}

static void begin_call(struct caller *caller) {
  caller->deadline_ns = sys_clock_deadline(caller->head.timeout_ns);
  caller->depth = 0;
  caller->notified_by = 0;
  caller->has_entered &= caller->head.op == PROXY_RELEASE;
  hear_taken(caller); /* a client that calls has got what it was given */
  int64_t r = make_call(caller);
  if (r != PARKED) answer_call(caller, r);
  drop_kept(&answered.gone); /* or what it has would stay until another goes */
}

static void hear(struct caller *caller) {
  switch (caller->head.op) {
    case CALL_DOOR: hear_door(caller); break;
    case CALL_HELLO: hear_hello(caller); break;
    case CALL_FORGET: hear_forget(caller); break;
    case CALL_TAKEN: hear_taken(caller); break;
    case CALL_SHUTDOWN: server.is_over = caller->session != NULL; break;
    default: begin_call(caller);
  }
  brood_value_clear(&caller->whole);
  brood_value_clear(&caller->last);
}

/* One message, if there is any. A call while another waits is none of ours. */
static bool serve_caller(struct caller *caller) {
  server.is_over |= caller->end == NULL; /* the descriptor to stop at */
  if (server.is_over) return false;
  bool had_more = caller->has_more;
  brood_value *to = had_more ? &caller->last : &caller->whole;
  int r = brood_connection_recv(caller->end, to, 0);
  if (r == BROOD_TIMEOUT) return false;
  /* No descriptor was left for what came along, which is lost. Of a call that
   * is said; what came by a door sees its other end close. */
  if (r == BROOD_OS_ERROR && brood_errno() == EMFILE &&
      caller->object == NULL) {
    brood_value_clear(&caller->whole);
    caller->has_more = false;
    if (caller->has_calls) answer_call(caller, r);
    return !caller->is_closed;
  }
  if (r < 0 || caller->object != NULL || (!had_more && !read_head(caller))) {
    caller->is_closed = true;
    drop_carried(caller);
    return false;
  }
  caller->has_more = !had_more && caller->head.flags & CALL_FOLLOWS;
  bool is_nothing = had_more && caller->last.type == BROOD_TYPE_NONE;
  if (is_nothing) brood_value_clear(&caller->whole);
  if (!is_nothing && !caller->has_more) hear(caller);
  return !caller->is_closed;
}

/* As many as a socket holds, and more. */
enum { TOLD_AT_ONCE = 1000 };

/* A client frees proxies by one line and asks how many objects there are by
 * another: the server hears all that is not answered before it answers. */
static void serve_callers(int num_events) {
  for (int i = 0; i < num_events; i++) {
    struct caller *caller = server.events[i].data.ptr;
    for (int n = 0; !caller->has_calls && n < TOLD_AT_ONCE; n++) {
      if (!serve_caller(caller)) break;
    }
  }
  for (int i = 0; i < num_events; i++) {
    struct caller *caller = server.events[i].data.ptr;
    if (caller->has_calls && !caller->is_closed) serve_caller(caller);
  }
}

/* -------------------------------------------------------------- The loop -- */

/* When something is to be done though nobody says anything. */
static int64_t next_wake(void) {
  int64_t wake_ns = server.look_ns;
  const struct caller *caller = server.num_parked > 0 ? server.callers : NULL;
  for (; caller != NULL; caller = caller->other) {
    bool waits = caller->object != NULL;
    if (waits && caller->deadline_ns < wake_ns) wake_ns = caller->deadline_ns;
  }
  return wake_ns;
}

/* Who calls alone does so again after its answer, and for that needs the
 * processor. */
static int await_events(void) {
  int n = sys_epoll_soon(server.epoll, server.events, server.room,
                         server.is_calm, next_wake());
  server.is_calm = n <= 1;
  return n;
}

static void end_sessions(void) {
  for (struct session **at = &server.sessions; *at != NULL;) {
    struct session *session = *at;
    if (!session->has_ended) {
      at = &session->next;
      continue;
    }
    for (struct caller *c = server.callers; c != NULL; c = c->other) {
      if (c->session == session) c->is_closed = true;
    }
    if (session->num_lines > 0) return; /* first these */
    object_end_session(session);
    *at = session->next;
    if (session->pidfd >= 0) unwatch_fd(session->pidfd);
    sys_close(session->pidfd);
    free(session);
  }
}

/* A closed caller may let others go on, that turn out to be closed. */
static void sweep(void) {
  for (bool again = true; again;) {
    again = false;
    end_sessions();
    for (struct caller **at = &server.callers; *at != NULL;) {
      struct caller *caller = *at;
      if (!caller->is_closed) {
        at = &caller->other;
        continue;
      }
      *at = caller->other; /* newcomers come before */
      free_caller(caller);
      again = true;
    }
  }
}

/* Sessions without a pidfd, while anybody waits: its creator may still have an
 * end of such a process. */
static bool look_for_ended(void) {
  bool is_any_without = false;
  for (struct session *s = server.sessions; s != NULL; s = s->next) {
    if (s->pidfd >= 0) continue;
    is_any_without = true;
    s->has_ended |= sync_has_ended(s->token);
  }
  return is_any_without && server.num_parked > 0;
}

static void expire_calls(void) {
  if (server.num_parked == 0 && server.look_ns == SYS_CLOCK_NEVER) return;
  int64_t now_ns = sys_clock_ns();
  for (struct caller *c = server.callers; c != NULL; c = c->other) {
    if (c->object != NULL && c->deadline_ns <= now_ns) object_expire(c);
  }
  if (now_ns < server.look_ns) return;
  bool again = object_look_for_dead() || look_for_ended();
  server.look_ns = again ? now_ns + SYNC_SLICE_NS : SYS_CLOCK_NEVER;
}

/* Ends come before what is asked in the same moment: nothing is given to a
 * process that is known to have ended. */
static bool see_ends(int num_events) {
  bool any = false;
  for (int i = 0; i < num_events; i++) {
    struct session *session = session_of(&server.events[i]);
    if (session == NULL) continue;
    session->has_ended = true;
    any = true;
  }
  return any;
}

void server_run(void) {
  server.look_ns = SYS_CLOCK_NEVER;
  while (!server.is_over && server.callers != NULL) {
    int num_events = await_events();
    if (!see_ends(num_events)) serve_callers(num_events);
    expire_calls();
    sweep();
  }
}

int server_send(uint64_t id, brood_connection **out_end) {
  struct managed *object = object_find(id);
  brood_connection *near;
  if (object == NULL) return error_set_os(-ENOENT, "cannot send a proxy");
  int r = brood_pipe_new(NULL, 0, &near, out_end);
  if (r < 0) return r;
  struct caller *caller = server_add(near, -1);
  if (caller == NULL) {
    brood_connection_free(near);
    *out_end = brood_connection_free(*out_end);
    return error_set_os(-ENOMEM, "cannot send a proxy");
  }
  object_hold(object);
  caller->carries = object;
  return 0;
}

void server_forget(uint64_t id) {
  struct managed *object = object_find(id);
  if (object != NULL) object_release(object);
}

/* ------------------------------------------------- Its beginning and end -- */

int server_open(uint64_t *out_id) {
  uint64_t id;
  int r = server.token != 0 ? -EBUSY : sys_random(&id, sizeof id);
  if (r == 0) r = server.epoll = sys_epoll_new();
  if (r < 0) return error_set_os(r, "cannot serve");
  *out_id = server.token = id | 1;
  return 0;
}

void server_close(void) {
  server.is_over = true; /* nobody is added any more */
  for (struct caller *c = server.callers; c != NULL; c = c->other) {
    c->is_closed = true;
  }
  sweep();
  object_destroy_all();
  sys_close(server.epoll);
  free(server.events);
  memset(&server, 0, sizeof server);
}
