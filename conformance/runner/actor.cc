// One end of the protocol; see actor.h. Replies are judged in reply.cc.
// SPDX-License-Identifier: MIT
#include "conformance/runner/actor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "conformance/runner/message.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

constexpr size_t kLineLimit = 1 << 20;
constexpr int kIdleMs = 50;

bool Readable(int fd) {
  pollfd p = {fd, POLLIN, 0};
  return fd >= 0 && poll(&p, 1, 0) > 0;
}

}  // namespace

Fd &Fd::operator=(Fd &&other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.Release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

Actor::Actor(std::string name, Fd connection, pid_t pid, Transcript *transcript)
    : name_(std::move(name)),
      connection_(std::move(connection)),
      pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
      pid_(pid),
      transcript_(transcript) {
  fcntl(connection_.Get(), F_SETFL, O_NONBLOCK);
}

void Actor::Malformed(const std::string &line, const std::string &hint) {
  StopUnresolved(name_ + " broke the protocol: " + hint +
                 "; the line was: " + Show(line));
}

bool Actor::Fill() {
  char chunk[65536];
  while (true) {
    ssize_t n = recv(connection_.Get(), chunk, sizeof chunk, 0);
    if (n > 0) {
      buffer_.append(chunk, static_cast<size_t>(n));
      if (buffer_.size() > 2 * kLineLimit) return true;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    eof_ = true;
    return false;
  }
}

bool Actor::TakeLine(std::string *line) {
  size_t end = buffer_.find('\n');
  size_t size = end == std::string::npos ? buffer_.size() : end;
  if (size > kLineLimit) {
    Malformed(buffer_.substr(0, 100), "a line of more than 1 MiB (" +
                                          std::to_string(size) +
                                          " bytes so far)");
  }
  if (end == std::string::npos) return false;
  *line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return true;
}

Actor::Line Actor::ReadLine(const Deadline &deadline, const OnIdle &idle,
                            std::string *line) {
  while (true) {
    Fill();
    if (TakeLine(line)) return Line::kWhole;
    if (eof_) return Line::kEnded;
    // A forked child holds the connection of its parent, so that a parent's
    // end does not close it: the process is watched as well. It may have
    // answered before it died, hence the second look.
    if (Readable(pidfd_.Get())) {
      Fill();
      return TakeLine(line) ? Line::kWhole : Line::kEnded;
    }
    if (deadline.Over()) return Line::kLate;
    pollfd p[2] = {{connection_.Get(), POLLIN, 0}, {pidfd_.Get(), POLLIN, 0}};
    if (poll(p, 2, deadline.Milliseconds(kIdleMs)) == 0 && idle) idle();
  }
}

void Actor::Greet(const Deadline &deadline) {
  std::string line;
  switch (ReadLine(deadline, nullptr, &line)) {
    case Line::kEnded:
      StopUnresolved(name_ +
                     " connected and closed the connection without "
                     "its first message {\"hello\": {\"pid\": N}}");
    case Line::kLate:
      StopUnresolved(name_ +
                     " connected but never sent its first message "
                     "{\"hello\": {\"pid\": N}}");
    case Line::kWhole: break;
  }
  transcript_->Add(name_, "<-", line);
  std::string problem;
  Json hello = ReadMessage(line, &problem);
  if (!problem.empty()) Malformed(line, problem);
  bool shaped = hello.size() == 1 && hello.contains("hello") &&
                hello["hello"].is_object() && hello["hello"].contains("pid") &&
                hello["hello"]["pid"].is_number_integer();
  if (!shaped) {
    Malformed(line, "the first message must be {\"hello\": {\"pid\": N}}");
  }
  if (hello["hello"]["pid"].get<long>() != pid_) {
    Malformed(line, "the kernel says that the pid is " + std::to_string(pid_));
  }
}

void Actor::ExpectSilence() {
  Fill();
  std::string line;
  if (!waiting_ && TakeLine(&line)) {
    transcript_->Add(name_, "<-", line);
    Malformed(line, "a message that nobody asked for");
  }
}

void Actor::Send(Json request) {
  ExpectSilence();
  request["id"] = ++id_;
  mute_ = request["do"] == "write" || request["do"] == "drop";
  // The kernel's texts, such as a folder's name, need not be UTF-8.
  std::string line =
      request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  transcript_->Add(name_, "->", line.substr(0, line.size() - 1));
  waiting_ = true;
  sent_at_ = Now();
  std::string_view rest = line;
  Deadline deadline(10);
  while (!rest.empty() && !deadline.Over()) {
    ssize_t n = send(connection_.Get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      rest.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd p = {connection_.Get(), POLLOUT, 0};
      poll(&p, 1, deadline.Milliseconds(kIdleMs));
    } else if (errno != EINTR) {
      return;  // gone: Receive says so
    }
  }
}

Reply Actor::Receive(const Deadline &deadline, const OnIdle &idle) {
  std::string line;
  Reply reply;
  Line read = ReadLine(deadline, idle, &line);
  double seconds = Now() - sent_at_;
  if (read == Line::kWhole) {
    transcript_->Add(name_, "<-", line);
    waiting_ = false;
    reply = ParseReply(line);
  } else if (read == Line::kEnded) {
    transcript_->Add(name_, "<-", "(the connection closed)");
    waiting_ = false;
    serves_ = false;
    reply.kind = Reply::Kind::kEnded;
  }
  reply.seconds = seconds;
  return reply;
}

bool Actor::ProcessEnded() const {
  return Readable(pidfd_.Get());
}

bool Actor::Gone() {
  Fill();
  return eof_ || Readable(pidfd_.Get());
}

Listener::Listener(const std::string &path)
    : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    StopUnresolved("the socket's path is too long: " + path);
  }
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (bind(socket_.Get(), reinterpret_cast<sockaddr *>(&address),
           sizeof address) != 0 ||
      listen(socket_.Get(), 16) != 0) {
    StopUnresolved("cannot listen on " + path + ": " + strerror(errno));
  }
}

Fd Listener::Accept(const Deadline &deadline,
                    const std::function<bool()> &give_up, pid_t *pid) {
  while (true) {
    Fd connection(accept4(socket_.Get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.Get() >= 0) {
      ucred peer = {};
      socklen_t size = sizeof peer;
      getsockopt(connection.Get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
      *pid = peer.pid;
      return connection;
    }
    if (deadline.Over() || give_up()) return Fd();
    pollfd p = {socket_.Get(), POLLIN, 0};
    poll(&p, 1, deadline.Milliseconds(20));
  }
}

}  // namespace conformance
