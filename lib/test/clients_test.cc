// Proves that no client of a forkserver stops it, gets from it what it has no
// right to, or leaves something in the processes of others.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "lib/test/inside.h"
#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"
#include "lib/wire/record.h"
}

namespace {

// As lib/start/context.h has it.
struct Request {
  uint32_t kind, num_fds, in_parcel;
};

// The way to the forkserver that each of its children has: its only socket, as
// long as it has made none.
int FindDoor() {
  for (int fd = 3; fd < 100; fd++) {
    if (sys_sock_check(fd) == 0) return fd;
  }
  brood_fail("no way to the forkserver");
}

int SendRequest(int sock, const Request &request, const std::string &record,
                const std::vector<int> &fds) {
  iovec parts[] = {{(void *)&request, sizeof request},
                   {(void *)record.data(), record.size()}};
  return sys_sock_try_send(sock, parts, 2, fds.data(), fds.size());
}

// A channel as the library makes one, but with room for a few messages only.
int Connect() {
  int door = FindDoor(), ends[2];
  CHILD_CHECK(sys_sock_pair(ends) == 0);
  CHILD_CHECK(sys_sock_restrict(ends[1]) == 0);
  for (int end : ends) {
    int least = 1;
    CHILD_CHECK(setsockopt(end, SOL_SOCKET, SO_SNDBUF, &least, sizeof least) ==
                0);
  }
  CHILD_CHECK(SendRequest(door, {inside_serve_connect, 0, 0}, "", {ends[1]}) ==
              0);
  close(ends[1]);
  return ends[0];
}

std::string Record() {
  wire_record record = {};
  record.name = record.identity = record.creator_name = "";
  record.target = "nothing";
  record.num_fds = 1;
  uint8_t data[512];
  wire_writer writer = {};
  writer.data = data;
  writer.capacity = sizeof data;
  wire_record_encode(&writer, &record);
  CHILD_CHECK(!writer.bad);
  return std::string((const char *)data, writer.used);
}

// Asks for processes until the server hangs up, and reads no answers.
void never_listens(const brood_args *args) {
  int sock = Connect(), null = open("/dev/null", O_RDONLY);
  std::string record = Record();
  alarm(kLong / kSecond);
  int r;
  while ((r = SendRequest(sock, {inside_serve_launch, 1, 0}, record, {null})) ==
             0 ||
         r == -EAGAIN || r == -ETOOMANYREFS) {
    sys_poll_one(sock, POLLOUT, SYS_CLOCK_NEVER);
  }
  Tell(DescriptorAt(args, 0), "hung up");
}
BROOD_TARGET(never_listens);

// The server waited until the client would read, and all others for it.
TEST_F(LibraryTest, AClientThatReadsNoAnswers) {
  Pipe told;
  Process process("forkserver", never_listens, {told.Argument()});
  ASSERT_WORKS(process.Start());
  while (brood_process_is_alive(process) == 1 && !HasFailure()) {
    EXPECT_EQ(Process("forkserver", exit_with, {brood_int64(7)}).Run(), 7);
  }
  EXPECT_EQ(process.Join(), 0);
  EXPECT_EQ(told.ReadAll(), "hung up");
}

// asks_as_nobody(told): tells whether there was an answer.
void asks_as_nobody(const brood_args *args) {
  const uid_t nobody = 65534;
  std::string record = Record();
  int null = open("/dev/null", O_RDONLY), sock = Connect();
  if (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 ||
      setuid(nobody) != 0) {
    return Tell(DescriptorAt(args, 0), "no second user");
  }
  SendRequest(sock, {inside_serve_launch, 1, 0}, record, {null});
  char answer[256];
  size_t no_fds = 0;
  int n = sys_sock_receive(sock, answer, sizeof answer, nullptr, &no_fds);
  Tell(DescriptorAt(args, 0), n > 0 ? "answered" : "hung up");
}
BROOD_TARGET(asks_as_nobody);

TEST_F(LibraryTest, AClientThatHasGivenUpItsRights) {
  Pipe told;
  EXPECT_EQ(Process("forkserver", asks_as_nobody, {told.Argument()}).Run(), 0);
  std::string text = told.ReadAll();
  if (text == "no second user") GTEST_SKIP() << "needs root and a second user";
  EXPECT_EQ(text, "hung up");
}

// sends_half(told, descriptor, release) has one of three descriptors of a
// launch arrive, and the pair for the others, which is empty: when a later
// start is done, the server has read it.
void sends_half(const brood_args *args) {
  int sock = Connect(), pair[2];
  CHILD_CHECK(sys_sock_pair(pair) == 0);
  CHILD_CHECK(SendRequest(sock, {inside_serve_launch, 3, 0}, Record(),
                          {pair[1], DescriptorAt(args, 1)}) == 0);
  close(pair[1]);
  CHILD_CHECK(Process("forkserver", nothing).Run() == 0);
  Tell(DescriptorAt(args, 0), "t");
  WaitForByte(DescriptorAt(args, 2));
}
BROOD_TARGET(sends_half);

// What had arrived of one's launch was inherited by the children of others.
TEST_F(LibraryTest, AClientHalfWayThroughALaunch) {
  Pipe told, half, end_client, end_other;
  Process client(
      "forkserver", sends_half,
      {told.Argument(), half.Argument(), end_client.ReadingArgument()});
  ASSERT_WORKS(client.Start());
  told.Read<char>();
  Process other("forkserver", hold, {end_other.ReadingArgument()});
  ASSERT_WORKS(other.Start());
  end_client.Release();
  EXPECT_WORKS(client.Join());
  half.ReadAll();  // the end comes
  EXPECT_EQ(brood_process_is_alive(other), 1);
  end_other.Release();
  EXPECT_WORKS(other.Join());
}

}  // namespace
