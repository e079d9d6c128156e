/* SPDX-License-Identifier: MIT
 *
 * The server of a manager: one thread, one loop. A call is one step. What has
 * to wait is put aside, with its line, until another step lets it go on, its
 * time is over, or its process has ended.
 *
 *   server.c   the loop: lines, sessions, what is not answered
 *   call.c     what a call has said, and what it is answered
 *   object.c   objects: made, found, counted, gone; which function does what
 *   held.c     lock, rlock, semaphore, condition, event, barrier
 *   channel.c  queues
 *   dict.c     dict, namespace
 *   data.c     list, value, array; how values compare
 *   type.c     types of the program's own
 *
 * A session is a process that has proxies. It ends when its pidfd says so, or
 * with its last line. Objects are counted: by sessions, by ends under way, by
 * values of other objects.
 */
#pragma once

#include "lib/manager/call.h"
#include "lib/names.h"

struct session {
  struct session *next;
  uint64_t token;
  int pidfd; /* or -1 */
  uint32_t num_lines;
  bool has_ended;
};

/* A value in the memory that it came in. */
struct kept {
  brood_value whole;       /* none: there is no value */
  const brood_value *part; /* NULL: all of it */
};

/* What waits, in the order in which it came. */
struct waiters {
  struct caller *first, *last;
  int64_t count;
};

/* A line as the server has it, and the call that it makes. */
struct caller {
  struct caller *other; /* in the list of all */
  brood_connection *end;
  int fd;
  bool is_closed;
  bool has_calls; /* it is not for what is not answered */
  struct session *session;
  struct managed *carries; /* the object that it is worth a reference of */

  struct call_head head;    /* of the call that is being made */
  brood_value whole;        /* the message; it has the values */
  brood_value last;         /* the last value, if it came by itself */
  bool has_more;            /* and is to come */
  const brood_value *value; /* to be answered; it lives until the next call */

  struct managed *object; /* that it waits at, in this row: */
  struct waiters *row;
  struct caller *next;
  int64_t deadline_ns;
  struct kept item;     /* to be put */
  uint32_t depth;       /* of an rlock that it waits for again */
  uint64_t notified_by; /* the condition's id, or 0 */
  bool has_entered;     /* what it may be told to leave if it was cancelled */
  struct managed *got_from; /* a queue, and what it was given: */
  struct kept got;
};

/* How often a session has something, or a thread of it. */
struct tally {
  struct session *session;
  uint64_t thread;
  int64_t count;
  uint64_t notified_by; /* a lock's, by the condition of this id; or 0 */
};

struct tallies {
  struct tally *all;
  size_t count;
};

struct dict_entry;

struct managed {
  uint64_t id;
  uint32_t kind; /* enum share_kind */
  char *name;
  int64_t references;
  struct managed *gone; /* the next one that goes */
  struct tallies references_of;

  /* Lock, rlock, semaphore: so many may enter still, and at most. */
  int64_t value, bound;
  struct tallies holds; /* of a queue: items that were got, and not done */
  bool holder_died;

  struct managed *lock; /* a condition's */
  bool is_set;          /* an event; a barrier is broken */
  int64_t parties, timeout_ns;
  struct waiters row; /* who waits to enter, to be notified, for the event, at
                         the barrier, for an item */
  struct waiters putters, joiners;

  int64_t maxsize, unfinished;
  int64_t lost; /* got by the dead, less what others were done with */
  bool is_joinable;

  struct kept *items;            /* list, array, value, queue */
  size_t first, num_items, room; /* only a queue's may begin later than at 0 */

  void *tree;                         /* dict, namespace: entries by key, */
  struct dict_entry *oldest, *newest; /* and in their order */
  char typecode;

  const struct brood_managed_type *type; /* of the program's own */
  void *self;
};

/* ------------------------------------------------------------- server.c -- */

/* A server in the calling thread: server_open gives it an id, server_add a
 * line, which is taken, or with NULL a descriptor to end at when it is
 * readable; server_run serves, and server_close is due after each server_open,
 * unless the process ends. They set the error. */
int server_open(uint64_t *out_id);
struct caller *server_add(brood_connection *end, int fd);
void server_run(void);
void server_close(void);

/* server_is_here: is this process that server? */
bool server_is_here(uint64_t server);

/* server_send writes an end that is worth a reference of an object here; 0, or
 * the error is set. server_forget gives one back. */
int server_send(uint64_t id, brood_connection **out_end);
void server_forget(uint64_t id);

/* park_call has a call wait in a row of an object, until its time is over;
 * returns PARKED, as its function does then, or 0 if there is no time. A call
 * that goes on waiting for something else has all time. unpark_call takes it
 * out. */
#define PARKED INT64_MIN
int64_t park_call(struct caller *caller, struct managed *object,
                  struct waiters *row);
void unpark_call(struct caller *caller);

/* --------------------------------------------------------------- call.c -- */

/* answer_call ends a call: with a number, and perhaps the caller's value, or
 * the error that is set. False: the client is not there any more, or the value
 * cannot be sent, and this was said instead. */
bool answer_call(struct caller *caller, int64_t number);

/* call_value returns a value of the call, NULL if it has not so many;
 * call_number one that is an integer, or 0. */
const brood_value *call_value(const struct caller *caller, size_t index);
int64_t call_number(const struct caller *caller, size_t index);

/* keep_value keeps one of a call's values: the whole message goes along with
 * the first that is asked for, others are copied. 0, or the error is set. */
int keep_value(struct caller *caller, size_t index, struct kept *out);
int keep_copy(const brood_value *value, struct kept *out);
void drop_kept(struct kept *kept);
static inline const brood_value *kept_value(const struct kept *kept) {
  return kept->part != NULL ? kept->part : &kept->whole;
}

/* adopt_values has the proxies among a call's values be this server's own; 0,
 * or the error is set: a value that is not kept. */
int adopt_values(const struct caller *caller);

/* ------------------------------------------------------------- object.c -- */

struct managed *object_find(uint64_t id);
/* object_of returns the object that a value is a proxy of, NULL if none. */
struct managed *object_of(const brood_value *value);
void object_hold(struct managed *object);
void object_release(struct managed *object);
int64_t object_count(void);

/* object_hold_for has a session have a reference; 0, or the error is set.
 * object_release_for gives one back; false: it has none. */
int object_hold_for(struct managed *object, struct session *session);
bool object_release_for(struct managed *object, struct session *session);

/* object_call makes a call: its answer, or PARKED if that is sent or to come.
 */
int64_t object_call(struct managed *object, struct caller *caller);
int64_t object_make(struct caller *caller);

/* object_lacks sets and returns the error of an unknown method. */
int64_t object_lacks(const struct managed *object);

/* object_end_session gives back, and on, what a process had. object_expire ends
 * a wait whose time is over, object_abandon one whose client is gone.
 * object_look_for_dead gives on what ended threads hold and others wait for;
 * false if nobody waits for such. */
void object_end_session(struct session *session);
void object_expire(struct caller *caller);
void object_abandon(struct caller *caller);
bool object_look_for_dead(void);
void object_destroy_all(void);

/* tally_of finds one, of a thread or with 0 of any; NULL if there is none.
 * tally_add changes its count, and makes it; NULL: no memory. It goes at 0. */
struct tally *tally_of(struct tallies *tallies, const struct session *session,
                       uint64_t thread);
struct tally *tally_add(struct tallies *tallies, struct session *session,
                        uint64_t thread, int64_t count);
void tally_drop(struct tallies *tallies, struct tally *tally);

/* ---------------------------------------------------- held.c, channel.c -- */

int64_t held_call(struct managed *object, struct caller *caller);
void held_end_session(struct managed *object, const struct session *session);
void held_abandon(struct managed *object, uint64_t notified_by);
bool held_look_for_dead(struct managed *object);

int64_t channel_call(struct managed *object, struct caller *caller);
void channel_end_session(struct managed *object, struct session *session);
void channel_take_back(struct caller *caller);

/* ------------------------------------------------------- data.c, dict.c -- */

int data_fill(struct managed *object, struct caller *caller);
void data_destroy(struct managed *object);

int64_t call_dict(struct managed *dict, struct caller *caller);
void clear_dict(struct managed *dict);

int64_t call_list(struct managed *list, struct caller *caller);

/* A list, an array, a value, which is a list of one, and what is in a queue are
 * items. replace_items has new ones, which are taken, in the place of old ones;
 * replace_by_copies copies of a tuple's. */
int replace_items(struct managed *list, size_t at, size_t num_old,
                  struct kept *new_items, size_t num_new);
int replace_by_copies(struct managed *list, size_t at, size_t num_old,
                      const brood_value *values);

/* compare_values orders any two. No number is equal to what is none. */
int compare_values(const brood_value *a, const brood_value *b);
bool is_equal(const brood_value *a, const brood_value *b);

/* What is answered, where that is not one value: it lives until it was.
 * make_many has the tuple be of so many values, `many`. */
extern struct answered {
  struct kept gone; /* what a method has returned */
  brood_value *many, tuple;
} answered;
int make_many(size_t count);
int refuse_memory(void);

int type_fill(struct managed *object, struct caller *caller);
int64_t type_call(struct managed *object, struct caller *caller);
void type_destroy(struct managed *object);
