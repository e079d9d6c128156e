// Guards the run against itself; see supervisor.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>

#include "conformance/runner/reaper.h"

namespace conformance {

namespace {

// Those that would end the supervisor before it has cleaned up, less what the
// caller has it ignore, as nohup does.
sigset_t WatchedSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM,
                     SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ}) {
    struct sigaction action;
    sigaction(number, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  return set;
}

[[noreturn]] void Worker(const std::function<int()> &work, int report,
                         const sigset_t &mask, pid_t supervisor) {
  // Nobody is left to clean up after a worker without its supervisor.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(1);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  int code = 1;
  try {
    code = work();
  } catch (const std::exception &error) {
    fprintf(stderr, "runner: %s\n", error.what());
  }
  if (!FlushOutput() && code == 0) code = 1;
  (void)!write(report, "e", 1);
  exit(code);
}

// Until the worker has ended; a signal to the supervisor ends it at once.
int WaitForWorker(pid_t worker, const sigset_t &watched) {
  int status;
  while (true) {
    pid_t pid = waitpid(worker, &status, WNOHANG);
    if (pid == worker || (pid < 0 && errno != EINTR)) break;
    int number = sigwaitinfo(&watched, nullptr);
    if (number > 0 && number != SIGCHLD) {
      fprintf(stderr, "runner: ended by %s\n", strsignal(number));
      kill(worker, SIGKILL);
    }
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

bool FlushOutput() {
  fflush(stderr);
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return true;
  fprintf(stderr, "runner: cannot write to standard output\n");
  return false;
}

int Supervise(const std::function<int()> &work) {
  // A caller that ignores it would have the kernel throw the exit codes away.
  signal(SIGCHLD, SIG_DFL);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return 1;
  Reaper::Become();
  fflush(nullptr);
  sigset_t watched = WatchedSignals(), mask;
  sigprocmask(SIG_BLOCK, &watched, &mask);
  pid_t supervisor = getpid();
  pid_t worker = fork();
  if (worker == 0) Worker(work, report[1], mask, supervisor);
  // The worker ends by it, its supervisor must still clean up.
  signal(SIGPIPE, SIG_IGN);
  close(report[1]);
  int status = worker < 0 ? 1 : WaitForWorker(worker, watched);
  Reaper reaper;
  reaper.KillAll(0);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  char byte;
  ssize_t n = read(report[0], &byte, 1);
  close(report[0]);
  if (n == 1) return status;
  fprintf(stderr,
          "runner: the run ended before its end (%s): cases are missing\n",
          DescribeStatus(status).c_str());
  return 1;
}

}  // namespace conformance
