// The runner as reaper: every orphan below it becomes its child (a subreaper),
// so that nothing a case starts can outlive the case, and "no child left"
// means exactly "no descendant left". Remembers how each one ended.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/clock.h"

namespace conformance {

class Reaper {
 public:
  // Makes this process the reaper of its descendants, for good.
  static void Become();

  // Collects what has ended. True if no child is left at all.
  bool Poll();

  // Exit code, or minus the signal, of a child that has been collected.
  std::optional<int> Status(pid_t pid) const;

  // Waits until the child has ended and collects it.
  void WaitFor(pid_t pid, const Deadline &deadline);

  // Polls until no child is left or the deadline passes; true if none is.
  bool WaitForAll(const Deadline &deadline);

  // Ends every descendant: SIGTERM and `grace` seconds first if it is not 0,
  // then SIGKILL, again and again until no child is left. False if one could
  // not be killed within 20 seconds.
  bool KillAll(double grace);

  // Forgets the statuses: pids are used again.
  void Forget();

 private:
  std::map<pid_t, int> statuses_;
};

// "exit code 3", "killed by SEGV": a status as above in words.
std::string DescribeStatus(int status);

}  // namespace conformance
