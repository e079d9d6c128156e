// SPDX-License-Identifier: MIT
//
// The ways to start a process that //bench:startup compares.
#ifndef BENCH_SUBJECT_H_
#define BENCH_SUBJECT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// A way to start one process after another. Start and Join are timed, and
// false is a failure; Finish is not timed, and returns the fault, or "".
class Subject {
 public:
  virtual ~Subject() = default;
  virtual const char *impl() const = 0;
  virtual const char *method() const = 0;

  // Starts a child that does nothing, or, stamped, one that writes the time
  // of its first act to the stamp.
  virtual bool Start(bool stamped) = 0;
  virtual bool Join() = 0;
  virtual std::string Finish() = 0;
};

// The stamp: a memfd that children write to. Made by MakeSubjects; 0 means
// that no child has written since ClearStamp.
void ClearStamp();
int64_t ReadStampNs();

// Returns every subject, each of Brood's methods behind what it is measured
// against, and starts the forkserver; none, with *out_fault set, on failure.
std::vector<std::unique_ptr<Subject>> MakeSubjects(std::string *out_fault);

}  // namespace bench

#endif  // BENCH_SUBJECT_H_
