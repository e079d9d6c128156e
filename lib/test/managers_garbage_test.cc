// Proves that whatever a client says, its server goes on, answers the others,
// and does not grow.
// SPDX-License-Identifier: MIT
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "lib/test/inside.h"
#include "lib/test/managers.h"
#include "lib/test/random.h"

namespace {

class ManagersGarbage : public ObjectsTest {};

// An end of a line to the server, as it is sent with a proxy.
int TakeEnd(brood_dict *dict) {
  brood_connection *sender, *receiver;
  EXPECT_WORKS(
      brood_pipe_new(brood_get_context("fork"), 0, &sender, &receiver));
  EXPECT_WORKS(brood_connection_send(sender, brood_object(dict), kLong));
  char data[4096], control[CMSG_SPACE(sizeof(int))];
  iovec part = {data, sizeof data};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_GT(recvmsg(brood_connection_fileno(receiver), &message, 0), 0);
  int fd = -1;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  brood_connection_free(sender);
  brood_connection_free(receiver);
  return fd;
}

// What lib/manager/call.h has.
struct Head {
  uint32_t op, flags;
  uint64_t object, thread;
  int64_t timeout_ns, number;
};

brood_value RandomValue(int depth, brood_value (&many)[4][4], Head *head) {
  static const char kText[] = "text";
  switch (Random(depth > 0 ? 8 : 7)) {
    case 0: return brood_none();
    case 1: return brood_bool(true);
    case 2: return brood_int64(static_cast<int64_t>(Random(300)) - 150);
    case 3: return brood_double(0.5);
    case 4: return brood_string(kText);
    case 5: return brood_descriptor(0);
    case 6:
      return brood_bytes(head, Random(2) ? sizeof *head : Random(sizeof *head));
    default: {
      size_t count = Random(4);
      for (size_t i = 0; i < count; i++) {
        many[depth][i] = RandomValue(depth - 1, many, head);
      }
      return brood_tuple(many[depth], count);
    }
  }
}

// A message that is nearly one.
void SendNearly(brood_connection *line, uint64_t object) {
  Head head = {};
  head.op = Random(60);
  head.flags = Random(8) == 0;
  head.object = Random(3) ? object : (uint64_t{Random(3)} << 32 | Random(20));
  head.thread = Random(4) ? 77 : Random(1000);
  head.timeout_ns = Random(2) ? 0 : Random(1000000);
  head.number = Random(2) ? Random(5) - 2 : INT64_MIN + Random(40);
  if (Random(3) == 0) head.number = 0x4b434f4b + Random(22);
  brood_value many[4][4], words[5] = {brood_bytes(&head, sizeof head)};
  size_t count = 1 + Random(4);
  for (size_t i = 1; i < count; i++) {
    words[i] = RandomValue(2, many, &head);
  }
  // To shut down is a client's right.
  if (head.op == inside_call_shutdown) return;
  brood_connection_send(line, count == 1 ? words[0] : brood_tuple(words, count),
                        0);
}

TEST_P(ManagersGarbage, StopsNobody) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  auto theirs = Own(brood_manager_list(manager, nullptr));
  const int rounds = Rounds(300);
  for (int round = 0; round < rounds && !HasFailure(); round++) {
    int fd = TakeEnd(dict.get());
    if (round % 3 == 0) {
      char noise[64];
      for (char &byte : noise) byte = static_cast<char>(Random(256));
      (void)!send(fd, noise, Random(sizeof noise), MSG_NOSIGNAL);
      close(fd);
      continue;
    }
    brood_connection *line =
        brood_connection_new(fd, BROOD_READABLE | BROOD_WRITABLE);
    Head hello = {};
    hello.op = inside_call_hello;
    hello.thread = 77;
    if (round % 3 == 1) {
      brood_connection_send(line, brood_bytes(&hello, sizeof hello), 0);
    }
    for (int i = 0; i < 30; i++) {
      // To an object that is its own.
      SendNearly(line, (uint64_t{1} << 32) + 2);
      brood_value answer = brood_none();
      brood_connection_recv(line, &answer, 0);
      brood_value_clear(&answer);
    }
    brood_connection_free(line);
  }
  auto sound = Own(brood_manager_dict(manager, nullptr));
  EXPECT_WORKS(brood_dict_set(sound.get(), Text("k"), Text("v")));
  EXPECT_EQ(Get(sound, Text("k")), "v");
  // The noise may have made objects that have names, which stay.
  EXPECT_LT(manager.Count(), 100);
}

// A line that has two calls at once would be in two rows of the server.
TEST_P(ManagersGarbage, WaitsOnceALine) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  auto lock = Own(brood_manager_lock(manager, nullptr));
  EXPECT_WORKS(brood_lock_acquire(lock.get(), kLong));
  brood_connection *line = brood_connection_new(
      TakeEnd(dict.get()), BROOD_READABLE | BROOD_WRITABLE);
  Head hello = {}, acquire = {};
  hello.op = inside_call_hello;
  hello.thread = 77;
  hello.number = 1;
  acquire.op = inside_call_acquire;
  acquire.object = (uint64_t{1} << 32) + 2;
  acquire.thread = 77;
  acquire.timeout_ns = kLong;
  const brood_value words[] = {brood_bytes(&acquire, sizeof acquire),
                               brood_int64(0)};
  brood_connection_send(line, brood_bytes(&hello, sizeof hello), kLong);
  brood_connection_send(line, words[0], kLong);
  brood_connection_send(line, brood_tuple(words, 2), kLong);
  brood_value answer = brood_none();
  EXPECT_LT(brood_connection_recv(line, &answer, kLong), 0);
  EXPECT_NE(brood_error(), BROOD_TIMEOUT);
  brood_connection_free(line);
  EXPECT_WORKS(brood_lock_release(lock.get()));
  EXPECT_WORKS(brood_lock_acquire(lock.get(), kLong));
}

INSTANTIATE_METHODS(ManagersGarbage);

}  // namespace
