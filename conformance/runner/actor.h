// One end of the protocol: a process that connected and serves requests. Sends
// one request at a time, waits with deadlines, and believes no message that is
// not exactly of the protocol's form (PROTOCOL.md): such a one ends the case as
// UNRESOLVED with the offending line. Knows nothing of scenarios.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "conformance/runner/clock.h"
#include "conformance/runner/transcript.h"
#include "conformance/runner/value.h"

namespace conformance {

// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {
  }
  Fd(Fd &&other) noexcept : fd_(other.Release()) {
  }
  Fd &operator=(Fd &&other) noexcept;
  ~Fd();
  int Get() const {
    return fd_;
  }
  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

struct Reply {
  enum class Kind { kOk, kError, kUnsupported, kEnded, kLate };
  Kind kind = Kind::kLate;
  Json value;                      // of kOk
  std::vector<std::string> types;  // of kError, most specific first
  std::string text;                // of kError, or the unsupported name
  double seconds = 0;              // since the request

  bool HasType(const std::string &type) const;
  // For people: "42", "ValueError (no such method)", "no reply".
  std::string Describe() const;
};

// Called about every 50 ms while something is waited for.
using OnIdle = std::function<void()>;

class Actor {
 public:
  // Takes the connection; the pid is the kernel's.
  Actor(std::string name, Fd connection, pid_t pid, Transcript *transcript);

  const std::string &Name() const {
    return name_;
  }
  pid_t Pid() const {
    return pid_;
  }

  // Reads the unasked first message and compares its pid with the kernel's.
  void Greet(const Deadline &deadline);

  // Sends a request; its "id" is added here.
  void Send(Json request);
  // Waits for the reply of the request that is under way. kEnded when the
  // process or its connection is gone, kLate when the deadline passes.
  Reply Receive(const Deadline &deadline, const OnIdle &idle);

  // True between Send and the reply.
  bool Waiting() const {
    return waiting_;
  }
  // False once the actor has left: after `bye`, or found to be gone.
  bool Serves() const {
    return serves_;
  }
  void Leaves() {
    serves_ = false;
  }
  // Even if its connection is still open somewhere.
  bool ProcessEnded() const;
  // True if the process is gone or its end of the connection is closed.
  bool Gone();

  // Stops the case as UNRESOLVED if a message came that nobody asked for.
  void ExpectSilence();

 private:
  enum class Line { kWhole, kEnded, kLate };
  Line ReadLine(const Deadline &deadline, const OnIdle &idle,
                std::string *line);
  bool Fill();  // reads what is there; false at end of file
  bool TakeLine(std::string *line);
  Reply ParseReply(const std::string &line);
  void JudgeForm(const std::string &line, const Json &message);
  [[noreturn]] void Malformed(const std::string &line, const std::string &hint);

  std::string name_;
  Fd connection_;
  Fd pidfd_;
  pid_t pid_;
  Transcript *transcript_;
  std::string buffer_;
  int id_ = 0;
  double sent_at_ = 0;
  bool waiting_ = false;
  bool mute_ = false;  // the request under way is answered with null
  bool serves_ = true;
  bool eof_ = false;
};

// The listening socket of a case.
class Listener {
 public:
  explicit Listener(const std::string &path);

  // The next connection and the pid behind it. An empty Fd if none comes
  // before the deadline or `give_up` answers true, which is asked about every
  // 20 ms.
  Fd Accept(const Deadline &deadline, const std::function<bool()> &give_up,
            pid_t *pid);

 private:
  Fd socket_;
};

}  // namespace conformance
