/* SPDX-License-Identifier: MIT
 *
 * A value becomes what is sent, and what was received a value, whatever carries
 * it: a pipe, or a queue. Head, body and descriptors travel together or not at
 * all; that is the carrier's care.
 */
#ifndef BROOD_COMM_MESSAGE_H
#define BROOD_COMM_MESSAGE_H

#include "brood.h"
#include "lib/names.h"
#include "lib/share/handle.h"
#include "lib/wire/item.h"

enum { MESSAGE_MAX_FDS = SHARE_MAX_HANDLES * SHARE_MAX_FDS };

/* ------------------------------------------------------------- Sending -- */

/* A value to be sent. It does not move: item may point into it. */
struct message {
  struct wire_item item;
  int fds[MESSAGE_MAX_FDS]; /* item.num_fds of them: borrowed, but for memory */
  int memory;               /* the memfd of a body that is outside, or -1 */
  int loan;                 /* or what that was lent, or -1 */
  bool was_sent;            /* for who sends to say */
  struct brood_connection *end; /* that is sent, or NULL; is not closed now */
  uint8_t entries[SHARE_MAX_HANDLES * SHARE_HANDLE_SIZE];
};

/* message_pack makes one of a value, which is borrowed until message_discard; a
 * string or bytes of more than max_inside bytes go outside. An object is marked
 * as sent before it is, lest it goes if this process is killed right after.
 * Sets and returns the errors that all sending has. */
int message_pack(struct message *out, const brood_value *value,
                 size_t max_inside);

/* message_pack_lending may put a body outside that the receiver has to give
 * back to the lender, through which it is sent: not for carriers where a
 * message may be looked at twice. */
int message_pack_lending(struct message *out, const brood_value *value,
                         size_t max_inside, const brood_connection *lender);

/* message_discard gives back what was made, sent or not. */
void message_discard(struct message *message);

/* ----------------------------------------------------------- Receiving -- */

/* What has arrived. view is the value as far as it can be seen: its strings,
 * bytes and objects lie in the body, or if that is outside nowhere yet. */
struct received {
  struct wire_item item;
  brood_value view;
  int *fds; /* of item.num_fds; what is taken or closed becomes -1 */
};

/* message_open looks at a head and the body of body_size bytes that came with
 * it; both, and fds, stay where they are. -EBADMSG if this is no message,
 * -ENODATA if it has been cut off: nothing is closed then. */
int message_open(struct received *out, const uint8_t head[WIRE_ITEM_HEAD],
                 const uint8_t *body, size_t body_size, int *fds,
                 size_t num_fds);

/* message_is_text: is it a string or bytes, of view.size_bytes? */
bool message_is_text(const struct received *received);

/* message_copy copies all of a string or bytes; 0 or -errno. */
int message_copy(const struct received *received, void *out_data);

/* message_unpack writes a value that owns what it needs: 0, and the descriptors
 * that it has not taken are closed; or -errno. -ENOMEM: nothing is lost, and it
 * may be tried again. Else what is left of the descriptors is for
 * message_close. If *memory is not NULL, it is from malloc, the body lies at
 * its beginning, and there is room for one byte behind; it may be taken, and is
 * NULL then. */
int message_unpack(struct received *received, uint8_t **memory,
                   brood_value *out);

/* The same in two parts: message_unpack_head does all but read a body that is
 * outside, for which it only finds memory. When message_unpack_body has failed,
 * there is no value. */
int message_unpack_head(struct received *received, uint8_t **memory,
                        brood_value *out);
int message_unpack_body(struct received *received, brood_value *value);

/* message_close closes what is left of the descriptors. */
void message_close(struct received *received);

/* message_refuse sets and returns the error of a -errno of those above. */
int message_refuse(int r);

#endif /* BROOD_COMM_MESSAGE_H */
