// SPDX-License-Identifier: MIT
//
// The least that a call can be: a message of the value's size goes to a server
// through a socket pair, and a short one comes back.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/crew.h"
#include "bench/manager_work.h"

namespace bench {
namespace {

// Messages that are larger go through a stream.
constexpr int64_t kPacketBytes = 64 << 10;
constexpr size_t kAnswerBytes = 32;

bool SendAll(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0) return false;
    data += n;
    size -= n;
  }
  return true;
}

class RawCrew : public ForkCrew {
 public:
  explicit RawCrew(ManagerBoard *board) : ForkCrew(board), board_(board) {
  }
  const char *bench() const override {
    return kTrip;
  }
  const char *impl() const override {
    return "raw";
  }
  const char *object() const override {
    return "socketpair";
  }
  std::string Make() override;
  std::string Join() override;

 protected:
  // Clients come first, the server is the last.
  std::string Work(int index) override;

 private:
  void CloseAll(std::vector<int> *fds, int but);
  bool Serve();
  bool Answer(int fd);

  ManagerBoard *board_;
  std::vector<int> near_, far_;
  std::vector<char> message_;
};

void RawCrew::CloseAll(std::vector<int> *fds, int but) {
  for (int fd : *fds) {
    if (fd != but) close(fd);
  }
  fds->clear();
}

std::string RawCrew::Make() {
  int type = board_->bytes > kPacketBytes ? SOCK_STREAM : SOCK_SEQPACKET;
  message_.assign(board_->bytes, 'x');
  for (int i = 0; i < board_->clients; i++) {
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
      return std::string("socketpair: ") + strerror(errno);
    near_.push_back(ends[0]);
    far_.push_back(ends[1]);
  }
  return "";
}

std::string RawCrew::Join() {
  CloseAll(&near_, -1);
  CloseAll(&far_, -1);
  return ForkCrew::Join();
}

std::string RawCrew::Work(int index) {
  if (index == board_->clients) {
    CloseAll(&near_, -1);
    return Serve() ? "" : strerror(errno);
  }
  int fd = near_[index];
  CloseAll(&near_, fd);
  CloseAll(&far_, -1);
  auto call = [&] {
    char answer[kAnswerBytes];
    return SendAll(fd, message_.data(), message_.size()) &&
           recv(fd, answer, sizeof answer, MSG_WAITALL) == sizeof answer;
  };
  return CallUntilStop(board_, index, call) ? "" : "no answer";
}

// One message; false at the end of its client.
bool RawCrew::Answer(int fd) {
  char answer[kAnswerBytes] = {};
  ssize_t n = recv(fd, message_.data(), message_.size(), MSG_WAITALL);
  return n == static_cast<ssize_t>(message_.size()) &&
         SendAll(fd, answer, sizeof answer);
}

// Clients call before they meet at the gate, so the server does not come there.
// A lone client is waited for in recv, which is a system call less.
bool RawCrew::Serve() {
  if (far_.size() == 1) {
    while (Answer(far_[0])) continue;
    return true;
  }
  int set = epoll_create1(EPOLL_CLOEXEC);
  for (int fd : far_) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) return false;
  }
  for (size_t left = far_.size(); left > 0;) {
    epoll_event events[kMaxClients];
    int n = epoll_wait(set, events, kMaxClients, -1);
    for (int i = 0; i < n; i++) {
      if (Answer(events[i].data.fd)) continue;
      close(events[i].data.fd);
      left--;
    }
  }
  return true;
}

}  // namespace

void AddRawCrew(ManagerBoard *board, Crews *crews) {
  crews->push_back(std::make_unique<RawCrew>(board));
}

}  // namespace bench
