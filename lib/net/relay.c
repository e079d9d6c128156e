/* SPDX-License-Identifier: MIT
 *
 * See relay.h. A message that is larger than a socket takes lies in a memfd
 * where it arrives, which grows with what has come: nothing is allocated
 * because a head says so.
 */
#include "lib/net/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/call.h"
#include "lib/net/frame.h"
#include "lib/pipe/connection.h"
#include "lib/share/message.h"
#include "lib/sys/fd.h"
#include "lib/sys/net.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"

enum {
  OUT_MOST = 1 << 20, /* bytes that wait, before the ends have to */
  STEP_MOST = 16      /* reads of one descriptor, before others' turn */
};

_Static_assert((int)FRAME_INSIDE == (int)CONNECTION_INSIDE,
               "a body has room beside as many ends as before");

/* An end here, and its number there. */
struct channel {
  struct channel *next;
  uint64_t number;
  int end;
  int pidfd; /* of the process that said hello, or -1 */
};

/* What is to be written to the stream. */
struct outgoing {
  struct outgoing *next;
  size_t size, sent;
  uint8_t bytes[];
};

/* The frame that comes, or has come and waits for room in its end. */
struct incoming {
  size_t have; /* of the head, the ends and the body */
  bool is_whole;
  struct frame frame;
  uint8_t head[FRAME_HEAD + FRAME_MAX_ENDS * FRAME_END];
  uint8_t body[FRAME_INSIDE];
  int memory;                  /* the memfd, or -1 */
  int fds[FRAME_MAX_ENDS + 1]; /* the ends, and place for the memory */
  size_t num_ends;
};

struct relay {
  int stream;
  bool is_client;
  bool is_broken;
  uint32_t salt;
  struct channel *channels;
  size_t num_channels;
  uint64_t next_number; /* odd ones are the client's */
  struct outgoing *first, *last;
  size_t out_size;
  struct incoming in;
};

/* -------------------------------------------------------------- Channels -- */

static struct channel *find_channel(const struct relay *relay,
                                    uint64_t number) {
  struct channel *channel = relay->channels;
  while (channel != NULL && channel->number != number) channel = channel->next;
  return channel;
}

static struct channel *add_relay_channel(struct relay *relay, uint64_t number,
                                         int end) {
  struct channel *channel = malloc(sizeof *channel);
  if (channel == NULL) return NULL;
  *channel = (struct channel){
      .next = relay->channels, .number = number, .end = end, .pidfd = -1};
  relay->channels = channel;
  relay->num_channels++;
  return channel;
}

static void remove_channel(struct relay *relay, struct channel *channel) {
  struct channel **at = &relay->channels;
  while (*at != channel) at = &(*at)->next;
  *at = channel->next;
  relay->num_channels--;
  sys_close(channel->end);
  sys_close(channel->pidfd);
  free(channel);
}

struct relay *relay_new(int stream, int first_end, bool is_client) {
  struct relay *relay = malloc(sizeof *relay);
  if (relay == NULL) return NULL;
  *relay = (struct relay){.stream = stream,
                          .is_client = is_client,
                          .next_number = is_client ? 3 : 2,
                          .in.memory = -1};
  if (sys_random(&relay->salt, sizeof relay->salt) == 0 &&
      add_relay_channel(relay, 1, first_end) != NULL) {
    return relay;
  }
  free(relay);
  return NULL;
}

static void drop_incoming(struct incoming *in) {
  while (in->num_ends > 0) sys_close(in->fds[--in->num_ends]);
  in->memory = sys_close(in->memory);
  in->have = 0;
  in->is_whole = false;
}

void relay_free(struct relay *relay) {
  while (relay->channels != NULL) remove_channel(relay, relay->channels);
  while (relay->first != NULL) {
    struct outgoing *next = relay->first->next;
    free(relay->first);
    relay->first = next;
  }
  drop_incoming(&relay->in);
  sys_close(relay->stream);
  free(relay);
}

/* ------------------------------------------------------ To the stream -- */

/* A frame with room for its ends and body; NULL and the relay is broken. */
static struct outgoing *add_frame(struct relay *relay,
                                  const struct frame *frame) {
  size_t size = FRAME_HEAD + frame->num_ends * FRAME_END + frame->size;
  struct outgoing *out = malloc(sizeof *out + size);
  if (out == NULL) {
    relay->is_broken = true;
    return NULL;
  }
  *out = (struct outgoing){.size = size};
  memcpy(out->bytes, frame, sizeof *frame);
  *(relay->first == NULL ? &relay->first : &relay->last->next) = out;
  relay->last = out;
  relay->out_size += size;
  return out;
}

/* An end here is gone, or is no end of ours. */
static void close_channel(struct relay *relay, struct channel *channel) {
  add_frame(relay,
            &(struct frame){.channel = channel->number, .kind = FRAME_CLOSE});
  remove_channel(relay, channel);
}

static void write_stream(struct relay *relay) {
  while (relay->first != NULL) {
    struct outgoing *out = relay->first;
    int n = sys_stream_write(relay->stream, out->bytes + out->sent,
                             out->size - out->sent);
    relay->is_broken = n < 0 && n != -EAGAIN;
    if (n < 0) return;
    out->sent += (size_t)n;
    if (out->sent < out->size) continue;
    relay->out_size -= out->size;
    relay->first = out->next;
    free(out);
  }
}

/* The number for a descriptor beside a message, which is taken; 0: no end. */
static uint64_t open_end(struct relay *relay, int *fd) {
  if (sys_sock_check(*fd) < 0) return 0;
  struct channel *channel = add_relay_channel(relay, relay->next_number, *fd);
  if (channel == NULL) {
    relay->is_broken = true;
    return 0;
  }
  relay->next_number += 2;
  *fd = -1;
  return channel->number;
}

/* Hello comes with a pidfd, which stays here: with that process its channel
 * ends, whoever else has a copy of the other end. False: it is no hello. */
static bool take_hello(struct channel *channel, const struct received *message,
                       struct call_head *out) {
  const struct wire_head *head = &message->head;
  if (head->flags != 0 ||
      !frame_get_call(head->type, message->body, head->size, out) ||
      out->op != CALL_HELLO) {
    return false;
  }
  if (channel->pidfd < 0 && head->num_fds == 1 &&
      sys_pidfd_pollable(message->fds[0])) {
    channel->pidfd = message->fds[0];
    message->fds[0] = -1;
  }
  return true;
}

/* A message that came from an end becomes a frame; false: it was none. */
static bool forward(struct relay *relay, struct channel *channel,
                    const struct received *message) {
  bool is_outside = message->outside != NULL;
  size_t num_ends = message->head.num_fds - (size_t)is_outside;
  const void *inside = message->body;
  struct frame frame = {
      .size = is_outside ? message->view.size_bytes : message->head.size,
      .channel = channel->number,
      .kind = FRAME_MESSAGE,
      .type = message->head.type};
  struct call_head hello;
  if (relay->is_client && take_hello(channel, message, &hello)) {
    inside = &hello; /* and nothing else that came with it */
    frame.size = sizeof hello;
    frame.type = BROOD_TYPE_BYTES;
    num_ends = 0;
  }
  if (num_ends > FRAME_MAX_ENDS) return false;
  frame.num_ends = (uint16_t)num_ends;
  struct outgoing *out = add_frame(relay, &frame);
  if (out == NULL) return true;
  uint8_t *body = out->bytes + FRAME_HEAD + num_ends * FRAME_END;
  if (!is_outside) {
    memcpy(body, inside, frame.size);
  } else if (message_copy(message, body) < 0) {
    relay->is_broken = true; /* a frame of nonsense has been begun */
    return true;
  }
  if (relay->is_client) frame_mark(frame.type, body, frame.size, relay->salt);
  for (size_t i = 0; i < num_ends; i++) {
    uint64_t number = open_end(relay, &message->fds[i]);
    memcpy(out->bytes + FRAME_HEAD + i * FRAME_END, &number, sizeof number);
  }
  return true;
}

/* One message of an end: 1, or 0, there is none; -1, the end is gone. */
static int read_end(struct relay *relay, struct channel *channel) {
  static uint8_t head[WIRE_HEAD], body[FRAME_INSIDE];
  const struct iovec parts[] = {{head, sizeof head}, {body, sizeof body}};
  int fds[MESSAGE_MAX_FDS];
  size_t num_fds = MESSAGE_MAX_FDS;
  struct received message;
  int r = sys_sock_try_receive_parts(channel->end, parts, 2, fds, &num_fds);
  if (r == -EAGAIN) return 0;
  if (r == -ECONNRESET) return 1; /* said once, before what is unread */
  if (r <= 0) return -1;
  bool is_right = r >= WIRE_HEAD &&
                  message_open(&message, head, body, (size_t)r - WIRE_HEAD, fds,
                               num_fds) == 0 &&
                  forward(relay, channel, &message);
  for (size_t i = 0; i < num_fds; i++) sys_close(fds[i]);
  return is_right ? 1 : -1;
}

/* All that is there if the process has ended, for it may have said something
 * last; copies of its end may say more and more. */
static void serve_channel(struct relay *relay, struct channel *channel,
                          bool has_ended) {
  int most = has_ended ? 1024 : STEP_MOST, r = 1;
  while (r > 0 && most-- > 0) r = read_end(relay, channel);
  if (r < 0 || has_ended) close_channel(relay, channel);
}

/* ---------------------------------------------------- From the stream -- */

static size_t frame_ends(const struct incoming *in) {
  return in->frame.num_ends * (size_t)FRAME_END;
}

/* Where the next bytes belong, and how many; 0: the frame is whole. */
static size_t next_part(struct incoming *in, uint8_t **out_at,
                        uint8_t *scratch) {
  size_t heads = FRAME_HEAD;
  *out_at = in->head + in->have;
  if (in->have < heads) return heads - in->have;
  heads += frame_ends(in);
  if (in->have < heads) return heads - in->have;
  size_t have = in->have - heads, left = in->frame.size - have;
  bool is_inside = in->frame.size <= FRAME_INSIDE;
  *out_at = is_inside ? in->body + have : scratch;
  return is_inside || left < FRAME_INSIDE ? left : FRAME_INSIDE;
}

/* Bytes have come; 0 or -errno. */
static int take_part(struct incoming *in, const uint8_t *at, size_t size) {
  size_t before = in->have;
  in->have += size;
  if (in->have == FRAME_HEAD && !frame_get_head(&in->frame, in->head)) {
    return -EPROTO;
  }
  if (before < FRAME_HEAD + frame_ends(in) || in->frame.size <= FRAME_INSIDE) {
    return 0;
  }
  if (in->memory < 0) {
    in->memory = sys_memfd_new("brood-message", in->frame.size);
  }
  int r = in->memory < 0 ? in->memory : sys_mem_room(size);
  return r < 0 ? r : sys_write_full(in->memory, at, size);
}

/* The descriptor that a message gets for one that was beside it there. */
static int accept_end(struct relay *relay, uint64_t number) {
  if (number == 0) return sys_open_null();
  bool is_theirs = (number % 2 == 1) != relay->is_client;
  if (!is_theirs || find_channel(relay, number) != NULL) return -EPROTO;
  int ends[2];
  int r = sys_sock_pair(ends);
  if (r < 0) return r;
  if (add_relay_channel(relay, number, ends[0]) != NULL) return ends[1];
  sys_close(ends[0]);
  sys_close(ends[1]);
  return -ENOMEM;
}

/* The frame's ends; 0 or -errno. */
static int accept_ends(struct relay *relay) {
  struct incoming *in = &relay->in;
  int fd = 0;
  for (size_t i = 0; i < in->frame.num_ends && fd >= 0; i++) {
    uint64_t number;
    memcpy(&number, in->head + FRAME_HEAD + i * FRAME_END, sizeof number);
    fd = accept_end(relay, number);
    if (fd >= 0) in->fds[in->num_ends++] = fd;
  }
  return fd;
}

/* The memory is the last of its descriptors. */
static int send_to_end(struct incoming *in, int end) {
  bool is_outside = in->memory >= 0;
  size_t num_fds = in->num_ends + is_outside;
  in->fds[in->num_ends] = in->memory;
  struct wire_head head = {.size = is_outside ? 8 : (uint32_t)in->frame.size,
                           .type = in->frame.type,
                           .flags = is_outside ? WIRE_OUTSIDE : 0,
                           .num_fds = (uint16_t)num_fds};
  uint8_t bytes[WIRE_HEAD], size[8];
  wire_put_eight(bytes, wire_head_bits(head));
  wire_put_eight(size, in->frame.size);
  const struct iovec parts[] = {{bytes, sizeof bytes},
                                {is_outside ? size : in->body, head.size}};
  return sys_sock_try_send(end, parts, 2, in->fds, num_fds);
}

/* The frame is whole. False: there is no room in the end. */
static bool deliver_frame(struct relay *relay) {
  struct incoming *in = &relay->in;
  bool closes = in->frame.kind == FRAME_CLOSE;
  if (!in->is_whole && accept_ends(relay) < 0) relay->is_broken = true;
  in->is_whole = true;
  /* Whose channel is closed, its ends hang up with the message. */
  struct channel *channel = find_channel(relay, in->frame.channel);
  if (closes && channel != NULL) remove_channel(relay, channel);
  bool is_sent = !closes && channel != NULL && !relay->is_broken;
  int r = is_sent ? send_to_end(in, channel->end) : 0;
  if (r == -EAGAIN) return false;
  /* An end that is closed may have said something last. */
  if (r < 0 && r != -EPIPE && r != -ECONNRESET) close_channel(relay, channel);
  drop_incoming(in);
  return true;
}

static void read_stream(struct relay *relay) {
  static uint8_t scratch[FRAME_INSIDE];
  struct incoming *in = &relay->in;
  for (int i = 0; i < 4 * STEP_MOST && !relay->is_broken; i++) {
    uint8_t *at;
    if (in->is_whole && !deliver_frame(relay)) return;
    size_t want = next_part(in, &at, scratch);
    int n = sys_stream_read(relay->stream, at, want);
    if (n == -EAGAIN) return;
    relay->is_broken = n <= 0 || take_part(in, at, (size_t)n) < 0;
    bool is_whole = !relay->is_broken && next_part(in, &at, scratch) == 0;
    if (is_whole && !deliver_frame(relay)) return;
  }
}

/* -------------------------------------------------------------- The loop -- */

size_t relay_num_polls(const struct relay *relay) {
  return 1 + 2 * relay->num_channels;
}

void relay_fill_polls(const struct relay *relay, struct pollfd *polls) {
  const struct channel *stalled = NULL; /* no room for what has come */
  if (relay->in.is_whole)
    stalled = find_channel(relay, relay->in.frame.channel);
  bool is_full = relay->out_size > OUT_MOST;
  polls[0] = (struct pollfd){.fd = relay->stream,
                             .events = stalled == NULL ? POLLIN : 0};
  if (relay->first != NULL) polls[0].events |= POLLOUT;
  size_t at = 1;
  for (struct channel *c = relay->channels; c != NULL; c = c->next) {
    short events = is_full ? 0 : POLLIN;
    if (c == stalled) events |= POLLOUT;
    polls[at++] =
        (struct pollfd){.fd = events != 0 ? c->end : -1, .events = events};
    polls[at++] = (struct pollfd){.fd = c->pidfd, .events = POLLIN};
  }
}

bool relay_step(struct relay *relay, const struct pollfd *polls) {
  size_t at = 1, count = relay->num_channels;
  struct channel *next, *channel = relay->channels; /* new ones come before */
  for (size_t i = 0; i < count && !relay->is_broken; i++, channel = next) {
    next = channel->next;
    bool has_ended = polls[at + 1].revents != 0;
    if (polls[at].revents & ~POLLOUT || has_ended) {
      serve_channel(relay, channel, has_ended);
    }
    at += 2;
  }
  if (!relay->is_broken) read_stream(relay);
  if (!relay->is_broken) write_stream(relay);
  return !relay->is_broken && (relay->channels != NULL || relay->first != NULL);
}
