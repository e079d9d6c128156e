// SPDX-License-Identifier: MIT
//
// Proves that each example says what its comments promise, ends well, also if
// it cannot start what it wants to, and leaves no process behind. This test
// adopts the orphans of what it runs, so every descendant of an example becomes
// its child: none can hide, and all have gone when there is nobody left to wait
// for.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

// Seconds for one example and for all that it started to be gone.
constexpr unsigned kPatience = 20;

struct Outcome {
  int exit_code = -1;
  int num_orphans_killed = 0;
  std::string output;
  std::string errors;
};

volatile sig_atomic_t is_late;

// Also interrupts the wait.
void OnAlarm(int) {
  is_late = 1;
}

std::string Contents(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void Redirect(const std::string &path, int target) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || dup2(fd, target) < 0) _exit(126);
  close(fd);
}

[[noreturn]] void Exec(const std::string &program, const std::string &outputs,
                       const std::function<void()> &prepare) {
  setpgid(0, 0);
  Redirect(outputs + ".out", STDOUT_FILENO);
  Redirect(outputs + ".err", STDERR_FILENO);
  prepare();
  execl(program.c_str(), program.c_str(), nullptr);
  _exit(127);
}

// What else may be done: in the process before it becomes the example, and
// beside it, with its process group and the path of its standard output.
struct Example {
  std::function<void()> prepare = [] {};
  std::function<void(pid_t, const std::string &)> meanwhile =
      [](pid_t, const std::string &) {};

  Outcome Run(const std::string &name) const;
};

Outcome Example::Run(const std::string &name) const {
  std::string outputs = testing::TempDir() + "/" + name;
  Outcome outcome;
  unlink((outputs + ".out").c_str());
  pid_t pid = fork();
  if (pid == 0) Exec("lib/examples/" + name, outputs, prepare);
  is_late = 0;
  alarm(kPatience);
  meanwhile(pid, outputs + ".out");
  for (;;) {
    int status;
    pid_t ended = waitpid(-1, &status, 0);
    if (ended == pid && WIFEXITED(status)) {
      outcome.exit_code = WEXITSTATUS(status);
    }
    if (ended >= 0) continue;
    if (errno != EINTR) break;  // nobody left
    outcome.num_orphans_killed++;
    kill(-pid, SIGKILL);  // nothing in the examples leaves its group
  }
  alarm(0);
  outcome.output = Contents(outputs + ".out");
  outcome.errors = Contents(outputs + ".err");
  return outcome;
}

std::vector<std::string> Lines(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Runs an example that ends with 0 and says nothing on standard error, or
// what is given; returns what it says on standard output.
std::vector<std::string> RunWell(const std::string &name,
                                 const std::string &errors = "",
                                 const Example &example = {}) {
  Outcome outcome = example.Run(name);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.num_orphans_killed, 0) << "processes were left behind";
  EXPECT_EQ(outcome.errors, errors);
  return Lines(outcome.output);
}

// The number that follows `before` in a line.
int NumberAfter(const std::string &before, const std::string &line) {
  size_t at = line.find(before);
  return at == std::string::npos ? -1
                                 : std::stoi(line.substr(at + before.size()));
}

using Expected = std::vector<std::string>;

TEST(Examples, ContextBasics) {
  std::vector<std::string> lines = RunWell("context_basics");
  ASSERT_EQ(lines.size(), 8u);
  int main_pid = NumberAfter("main pid: ", lines[0]);
  EXPECT_EQ(lines[1], "available start methods: fork spawn forkserver");
  EXPECT_EQ(lines[2], "default start method: fork");
  EXPECT_EQ(lines[3], "set start method to: spawn");
  EXPECT_NE(NumberAfter("worker pid: ", lines[4]), main_pid);
  EXPECT_EQ(NumberAfter("parent pid: ", lines[5]), main_pid);
  EXPECT_EQ(lines[6], "start method in the worker: spawn");
  EXPECT_EQ(lines[7], "exit code: 0");
}

TEST(Examples, MultipleContexts) {
  std::vector<std::string> lines = RunWell("multiple_contexts");
  std::sort(lines.begin(), lines.end());  // workers come as they like
  EXPECT_EQ(lines,
            (Expected{
                "the same context every time: yes",
                "worker from the fork context, started by fork",
                "worker from the forkserver context, started by forkserver",
                "worker from the spawn context, started by spawn",
            }));
}

// Also the kernel's view: only a forkserver's child has another parent.
TEST(Examples, StartMethodComparison) {
  std::vector<std::string> lines = RunWell("start_method_comparison");
  ASSERT_EQ(lines.size(), 8u);
  int parent = NumberAfter("parent: pid ", lines[0]);
  // A sanitizer may have a thread of its own in each image.
  int in_parent = NumberAfter("threads in the parent: ", lines[1]);
  int extra = in_parent - 4;
  EXPECT_GE(extra, 0);
  EXPECT_LE(extra, 1);
  for (size_t i = 2; i < 8; i += 2) {
    EXPECT_EQ(NumberAfter(", creator ", lines[i]), parent) << lines[i];
    bool is_direct = NumberAfter("kernel's parent ", lines[i]) == parent;
    bool by_server = lines[i].rfind("child by forkserver: ", 0) == 0;
    EXPECT_EQ(is_direct, !by_server) << lines[i];
    int in_child = NumberAfter("threads in the child: ", lines[i + 1]);
    EXPECT_GE(in_child, 1);
    EXPECT_LE(in_child, 1 + extra) << lines[i];
  }
}

#if !defined(__SANITIZE_THREAD__)  // which makes a thread of its own
TEST(Examples, SelectOptimalContext) {
  EXPECT_EQ(RunWell("select_optimal_context"),
            (Expected{
                "one thread: selected fork",
                "the child was started by fork",
                "two threads: selected forkserver",
                "the child was started by forkserver",
            }));
}
#endif

TEST(Examples, ContextFactory) {
  EXPECT_EQ(RunWell("context_factory"), (Expected{
                                            "high performance: fork",
                                            "safe: forkserver",
                                            "portable: spawn",
                                        }));
}

TEST(Examples, ApplicationStructure) {
  std::vector<std::string> lines = RunWell("application_structure");
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (Expected{
                       "result from worker 0",
                       "result from worker 1",
                       "result from worker 2",
                       "result from worker 3",
                   }));
}

TEST(Examples, AnswersByPipe) {
  EXPECT_EQ(RunWell("answers_by_pipe"),
            (Expected{
                "12 squared is 144",
                "no answer to 13: the worker is gone",
                "14 squared is 196",
            }));
}

TEST(Examples, SharedCounter) {
  EXPECT_EQ(RunWell("shared_counter"),
            (Expected{"3 processes added 1000 each: 3000"}));
}

TEST(Examples, ContextIsolation) {
  EXPECT_EQ(RunWell("context_isolation"),
            (Expected{
                "context 1: message from context 1, and 0 more",
                "context 2: message from context 2, and 0 more",
            }));
}

TEST(Examples, TasksByQueue) {
  EXPECT_EQ(RunWell("tasks_by_queue"), (Expected{
                                           "join: OwnerDied",
                                           "5 results, their sum is 39",
                                       }));
}

TEST(Examples, EpollLoop) {
  EXPECT_EQ(RunWell("epoll_loop"), (Expected{
                                       "4 squared is 16",
                                       "5 squared is 25",
                                       "6 squared is 36",
                                       "the worker has ended",
                                   }));
}

TEST(Examples, RoundsByBarrier) {
  EXPECT_EQ(RunWell("rounds_by_barrier"), (Expected{
                                              "work done.",
                                              "work done.",
                                              "work done.",
                                              "round over",
                                              "work done.",
                                              "work done.",
                                              "work done.",
                                              "round over",
                                          }));
}

TEST(Examples, OwnerDied) {
  EXPECT_EQ(RunWell("owner_died"), (Expected{
                                       "acquire: OwnerDied",
                                       "found: credit 1, debit 0",
                                       "acquire: clean",
                                       "found: credit 0, debit 0",
                                   }));
}

TEST(Examples, DistributedSystem) {
  EXPECT_EQ(RunWell("distributed_system"), (Expected{
                                               "pears: 7 left",
                                               "the one before me was killed",
                                               "plums: 42 left",
                                               "2 kinds of fruit",
                                           }));
}

TEST(Examples, RemoteManager) {
  EXPECT_EQ(RunWell("remote_manager"),
            (Expected{"8 squares, their sum is 204"}));
}

TEST(Examples, PoolMap) {
  EXPECT_EQ(RunWell("pool_map"),
            (Expected{"1229 primes below 10000, the largest is 9973"}));
}

// Whoever answers a hundred of a thousand makes room for another.
TEST(Examples, PoolWebService) {
  std::vector<std::string> lines = RunWell("pool_web_service");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "900 pages, 100 not found");
  EXPECT_GE(NumberAfter("workers that answered: ", lines[1]), 10);
}

TEST(Examples, PoolLostWorker) {
  EXPECT_EQ(RunWell("pool_lost_worker"),
            (Expected{
                "0 squared: 0",
                "1 squared: 1",
                "2 squared: 4",
                "3 squared: WorkerLostError, its worker ended with exit code "
                "-9",
                "4 squared: 16",
                "5 squared: 25",
            }));
}

TEST(Examples, PoolTimeLimit) {
  EXPECT_EQ(RunWell("pool_time_limit"), (Expected{
                                            "attentive: some work",
                                            "deaf: TimeLimitExceeded",
                                            "quick, in a new worker: some work",
                                        }));
}

TEST(Examples, ErrorHandling) {
  std::vector<std::string> lines =
      RunWell("error_handling",
              "Process the child:\nthe value is an int64, not a string\n");
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0],
            "unknown method: ValueError: cannot find context for 'thread'");
  EXPECT_EQ(lines[1], "set twice: RuntimeError: context has already been set");
  EXPECT_EQ(lines[2],
            "set for a concrete context: ValueError: "
            "cannot set start method of concrete context 'fork'");
  EXPECT_TRUE(std::regex_match(
      lines[3], std::regex("unregistered target: ValueError: "
                           "the target at .* is not registered: .*")))
      << lines[3];
  EXPECT_EQ(lines[4], "pid after that: 0");
  EXPECT_EQ(lines[5], "wrong argument: exit code 1");
  EXPECT_EQ(lines[6], "killed: exit code -9");
}

TEST(Examples, ChildSetup) {
  EXPECT_EQ(RunWell("child_setup"),
            (Expected{"fork: in /, with 64 descriptors",
                      "spawn: in /, with 64 descriptors",
                      "forkserver: in /, with 64 descriptors",
                      "cannot start 'worker' by spawn: working directory "
                      "'/no/such/directory': No such file or directory"}));
}

TEST(Examples, ForkserverPreload) {
  EXPECT_EQ(RunWell("forkserver_preload"),
            (Expected{
                "10 squared is 100",
                "11 squared is 121",
                "12 squared is 144",
                "in main it was never computed: 0",
            }));
}

// As a terminal does it: to main, to the workers and to the forkserver.
void PressCtrlC(pid_t group, const std::string &output) {
  while (!is_late &&
         Contents(output).find("Ctrl-C stops") == std::string::npos) {
    usleep(1000);
  }
  EXPECT_EQ(kill(-group, SIGINT), 0);
}

TEST(Examples, CleanStop) {
  Example example;
  example.meanwhile = PressCtrlC;
  std::vector<std::string> lines = RunWell("clean_stop", "", example);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (Expected{
                       "6 workers: Ctrl-C stops them",
                       "deaf one by fork: exit code -15",
                       "deaf one by forkserver: exit code -15",
                       "deaf one by spawn: exit code -15",
                       "worker by fork: cleaned up",
                       "worker by fork: exit code 0",
                       "worker by forkserver: cleaned up",
                       "worker by forkserver: exit code 0",
                       "worker by spawn: cleaned up",
                       "worker by spawn: exit code 0",
                   }));
}

class ExamplesThatFail : public testing::TestWithParam<const char *> {};

// With room for few descriptors each thing that an example makes fails once:
// the first start, one in the middle, the last. Workers that had been started
// by then waited for the rest, and the exit of main for that.
TEST_P(ExamplesThatFail, EndNevertheless) {
  constexpr rlim_t kLoader = 5, kPlenty = 100;
  int num_failed = 0;
  for (rlim_t limit = kLoader; limit < kPlenty; limit++) {
    Example example;
    example.prepare = [limit] {
      rlimit few = {limit, limit};
      setrlimit(RLIMIT_NOFILE, &few);
      sigset_t interrupt;  // for the example that waits for one
      sigemptyset(&interrupt);
      sigaddset(&interrupt, SIGINT);
      sigprocmask(SIG_BLOCK, &interrupt, nullptr);
      raise(SIGINT);
    };
    Outcome outcome = example.Run(GetParam());
    ASSERT_EQ(outcome.num_orphans_killed, 0)
        << "does not end with " << limit << " descriptors: " << outcome.errors;
    if (outcome.exit_code == 0) break;
    ASSERT_EQ(outcome.exit_code, 1) << outcome.errors;
    num_failed++;
  }
  EXPECT_GT(num_failed, 0);
}
INSTANTIATE_TEST_SUITE_P(
    All, ExamplesThatFail,
    testing::Values("answers_by_pipe", "application_structure", "child_setup",
                    "clean_stop", "context_basics", "context_factory",
                    "context_isolation", "distributed_system", "epoll_loop",
                    "error_handling", "forkserver_preload", "multiple_contexts",
                    "owner_died", "pool_lost_worker", "pool_map",
                    "pool_time_limit", "pool_web_service", "rounds_by_barrier",
                    "select_optimal_context", "shared_counter",
                    "start_method_comparison", "tasks_by_queue"),
    [](const auto &info) { return info.param; });

}  // namespace

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  struct sigaction on_alarm = {};
  on_alarm.sa_handler = OnAlarm;  // without SA_RESTART
  sigaction(SIGALRM, &on_alarm, nullptr);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) return 1;
  return RUN_ALL_TESTS();
}
