// SPDX-License-Identifier: MIT
//
// See crew.h.
#include "bench/crew.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "bench/clock.h"

namespace bench {

std::string ForkCrew::Start(int index) {
  pid_t pid = fork();
  if (pid < 0) return std::string("fork: ") + strerror(errno);
  if (pid == 0) {
    std::string fault = JoinCrew(board_, index) ? Work(index) : strerror(errno);
    if (!fault.empty())
      fprintf(stderr, "%s %s: %s\n", impl(), object(), fault.c_str());
    _exit(fault.empty() ? 0 : 1);
  }
  pids_.push_back(pid);
  return "";
}

std::string ForkCrew::Join() {
  std::string fault;
  for (pid_t pid : pids_) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0)
      fault = "a process ended with wait status " + std::to_string(status);
  }
  pids_.clear();
  return fault;
}

std::string RunCrew(Crew *crew, int processes, Board *board,
                    const std::function<void()> &meanwhile) {
  if (!crew->hung.empty()) return crew->hung;
  int64_t begin_ns = bench_now_ns();
  std::string fault = crew->Make();
  for (int i = 0; i < processes && fault.empty(); i++) fault = crew->Start(i);
  if (fault.empty() && !MeetAtGate(board)) fault = "nobody came to the gate";
  if (fault.empty()) meanwhile();
  // If some could not be started the others are waiting at the gate, and give
  // up.
  std::string ended = crew->Join();
  if (fault.empty()) fault = ended;
  if (bench_now_ns() - begin_ns >= kHungSeconds * INT64_C(1000000000))
    crew->hung = fault;
  return fault;
}

}  // namespace bench
