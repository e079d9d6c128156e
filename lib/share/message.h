/* SPDX-License-Identifier: MIT
 *
 * A value becomes what is sent, and what was received a value, whatever carries
 * it: a pipe, or a queue. Head, body and descriptors travel together or not at
 * all; that is the carrier's care.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/share/pack.h"
#include "lib/sys/sock.h"
#include "lib/wire/value.h"

enum { MESSAGE_MAX_FDS = SYS_SOCK_MAX_FDS };

/* ------------------------------------------------------------- Sending -- */

/* A value to be sent. It does not move. */
struct message {
  struct pack pack;
  int memory;        /* the memfd of a body that is outside, or -1 */
  struct loan *loan; /* or what that was lent, or NULL */
};

/* message_pack makes one of a value, which is borrowed until message_discard; a
 * string, bytes or tuple of more than max_inside bytes goes outside. The
 * receiver may have to give that back to a lender, through which it is sent:
 * NULL for carriers where a message may be looked at twice. Sets and returns
 * the errors that all sending has; there is nothing to discard then. */
int message_pack(struct message *out, const brood_value *value,
                 size_t max_inside, const brood_connection *lender);

/* message_move_outside moves the body of a packed string, bytes or tuple that
 * is not outside yet, for carriers that turn out to have no room for it: 0, or
 * -errno and the message is as it was; -E2BIG: there is no room for one
 * descriptor more. */
int message_move_outside(struct message *message, enum brood_type type,
                         const brood_connection *lender);

/* message_discard gives back what was made. */
void message_discard(struct message *message, bool was_sent);

/* message_drop_loans closes what was lent through an end that nobody is in. */
void message_drop_loans(const brood_connection *end);

/* ----------------------------------------------------------- Receiving -- */

/* What has arrived. view is the value as far as it can be seen: its text and
 * objects lie in the body, or if that is outside nowhere yet, and of a tuple
 * there is only the size of its body. */
struct received {
  struct wire_head head;
  const uint8_t *body;
  brood_value view;
  int *fds;     /* of head.num_fds; what is taken or closed becomes -1 */
  int *outside; /* the last of them, if the body is in it; or NULL */
  /* If not NULL, *memory is from malloc, the body lies at its beginning, and
   * there is room for one byte behind; it may be taken, and is NULL then. */
  uint8_t **memory;
};

/* message_open looks at a head and the body of body_size bytes that came with
 * it; both, and fds, stay where they are. -EBADMSG if this is no message,
 * -ENODATA if it has been cut off: nothing is closed then. */
int message_open(struct received *out, const uint8_t head[WIRE_HEAD],
                 const uint8_t *body, size_t body_size, int *fds,
                 size_t num_fds);

/* message_copy copies all of a string or bytes; 0 or -errno. */
int message_copy(const struct received *received, void *out_data);

/* message_unpack writes a value that owns what it needs: 0, and the descriptors
 * that it has not taken are closed; or -errno. -ENOMEM: nothing is lost, and it
 * may be tried again. Else what is left of the descriptors is for
 * message_close. */
int message_unpack(struct received *received, brood_value *out);

/* The same in two parts: message_unpack_head does all but read a body that is
 * outside, for which it only finds memory, unless that is a tuple that has
 * descriptors. When message_unpack_body has failed, there is no value. */
int message_unpack_head(struct received *received, brood_value *out);
int message_unpack_body(struct received *received, brood_value *value);

/* message_close closes what is left of the descriptors. */
void message_close(struct received *received);

/* message_finish does that, and says that the body is needed no more. */
void message_finish(struct received *received);
