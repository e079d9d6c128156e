// The runner as reaper of all its descendants; see reaper.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/reaper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/runner/proc.h"

namespace conformance {

namespace {

constexpr double kKillSeconds = 20;

bool IsGoneForOthers(pid_t pid) {
  std::optional<ProcStat> stat = ReadStat(pid);
  return !stat || stat->parent != getpid();
}

}  // namespace

void Reaper::Become() {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

bool Reaper::Poll() {
  while (true) {
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid < 0) {
      if (errno == EINTR) continue;
      return true;  // ECHILD
    }
    if (pid == 0) return false;
    statuses_[pid] =
        WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
}

std::optional<int> Reaper::Status(pid_t pid) const {
  auto it = statuses_.find(pid);
  if (it == statuses_.end()) return std::nullopt;
  return it->second;
}

void Reaper::WaitFor(pid_t pid, const Deadline &deadline) {
  int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  while (!Poll() && !Status(pid) && pidfd >= 0 && !deadline.Over()) {
    pollfd p = {pidfd, POLLIN, 0};
    int ready = poll(&p, 1, deadline.Milliseconds(1000));
    // Ended, but not our child: nothing will ever be collected.
    if (ready > 0 && IsGoneForOthers(pid)) break;
  }
  Poll();
  if (pidfd >= 0) close(pidfd);
}

bool Reaper::WaitForAll(const Deadline &deadline) {
  Backoff backoff;
  while (!Poll()) {
    if (deadline.Over()) return false;
    backoff.Wait();
  }
  return true;
}

bool Reaper::KillAll(double grace) {
  if (Poll()) return true;
  if (grace > 0) {
    for (pid_t pid : DescendantsOf(getpid())) kill(pid, SIGTERM);
    if (WaitForAll(Deadline(grace))) return true;
  }
  Deadline deadline(kKillSeconds);
  Backoff backoff;
  // Again and again: what is killed may have started another just before.
  while (!deadline.Over()) {
    for (pid_t pid : DescendantsOf(getpid())) kill(pid, SIGKILL);
    if (Poll()) return true;
    backoff.Wait();
  }
  return false;
}

void Reaper::Forget() {
  statuses_.clear();
}

std::string DescribeStatus(int status) {
  if (status < 0) return "killed by " + SignalName(-status);
  return "exit code " + std::to_string(status);
}

}  // namespace conformance
