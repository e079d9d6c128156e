// What a process and its children write to a standard stream.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

// From its making to its end the descriptor is a file of its own. A forkserver
// keeps the standard streams that it was started with: KillServer before and
// after, to have its children write here too.
class Capture {
 public:
  explicit Capture(int stream);
  Capture(const Capture &) = delete;
  ~Capture();

  // Everything that was written so far.
  std::string Text();

 private:
  int stream_;
  int before_;
  int file_;
};
