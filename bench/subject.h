// SPDX-License-Identifier: MIT
//
// The ways to start a process that //bench:startup compares.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// What a child does: nothing, or what it is to say goes to the stamp: the time
// of its first act, or its memory.
enum class Act { kNothing, kSayWhen, kSayMemory };

// A way to start processes. Start and Join, of all that were started, are
// timed, and false is a failure; Finish is not timed, and returns the fault, or
// "".
class Subject {
 public:
  virtual ~Subject() = default;
  virtual const char *impl() const = 0;
  virtual const char *method() const = 0;
  // How the program is linked that a child runs.
  virtual const char *linkage() const {
    return "";
  }

  // Called before the starts that are timed.
  virtual void Choose() {
  }
  virtual bool Start(Act act) = 0;
  virtual bool Join() = 0;
  virtual std::string Finish() = 0;
};

// The stamp: a memfd that children write to. Made by MakeSubjects; 0 means
// that no child has written since ClearStamp.
void ClearStamp();
int64_t ReadStampNs();

// In KiB: what only this process has, and its share of all that it has.
struct Memory {
  int64_t private_kib, pss_kib;
};
Memory ReadMemory();

using Subjects = std::vector<std::unique_ptr<Subject>>;

// Returns every subject, each of Brood's methods behind what it is measured
// against, and starts the forkserver; none, with *out_fault set, on failure.
Subjects MakeSubjects(std::string *out_fault);

// Returns raw posix_spawn and Brood's spawn of one program that is linked in
// several ways, as far as they are there; MakeSubjects comes first.
Subjects MakeLinkages();

}  // namespace bench
