// Proves what a setup makes of a child, member by member and by all methods;
// that what fails is told by start, with its name, its value and its errno; and
// that then, as after a child that is killed half-way, nothing is left.
// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fault.h"
}

namespace {

constexpr uid_t kNobody = 65534;

std::string Groups() {
  gid_t groups[64];
  int count = getgroups(64, groups);
  std::string text;
  for (int i = 0; i < count; i++) text += std::to_string(groups[i]) + ",";
  return text;
}

std::string Cpus() {
  cpu_set_t set;
  std::string text;
  if (sched_getaffinity(0, sizeof set, &set) < 0) return "?";
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET(i, &set)) text += std::to_string(i) + ",";
  }
  return text;
}

std::string Limit(int resource) {
  rlimit limit;
  getrlimit(resource, &limit);
  return std::to_string(limit.rlim_cur) + "/" + std::to_string(limit.rlim_max);
}

// What a process is made of, "name=value\n" for each.
std::string Facts() {
  char cwd[PATH_MAX] = "";
  uid_t user[3];
  gid_t group[3];
  getresuid(&user[0], &user[1], &user[2]);
  getresgid(&group[0], &group[1], &group[2]);
  mode_t mask = umask(0);
  umask(mask);
  int environment = 0;
  while (environ[environment] != nullptr) environment++;
  const char *value = getenv("BROOD_TEST_VALUE");
  auto join = [](const auto *ids) {
    return std::to_string(ids[0]) + "," + std::to_string(ids[1]) + "," +
           std::to_string(ids[2]);
  };
  std::map<std::string, std::string> facts = {
      {"directory", getcwd(cwd, sizeof cwd) == nullptr ? "?" : cwd},
      {"environment", std::to_string(environment)},
      {"value", value == nullptr ? "unset" : value},
      {"umask", std::to_string(mask)},
      {"nice", std::to_string(getpriority(PRIO_PROCESS, 0))},
      {"files", Limit(RLIMIT_NOFILE)},
      {"core", Limit(RLIMIT_CORE)},
      {"user", join(user)},
      {"group", join(group)},
      {"groups", Groups()},
      {"session", getsid(0) == getpid() ? "own" : "another's"},
      {"process group", getpgid(0) == getpid() ? "own" : "another's"},
      {"cpus", Cpus()},
      {"no new privileges",
       std::to_string(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))},
  };
  std::string text;
  for (const auto &fact : facts) text += fact.first + "=" + fact.second + "\n";
  return text;
}

void tell_facts(const brood_args *args) {
  Tell(DescriptorAt(args, 0), Facts());
}
BROOD_TARGET(tell_facts);

class Setup : public MethodTest {
 protected:
  // The facts of a child with a setup, or without.
  std::string FactsOf(const brood_child_setup *setup,
                      enum brood_daemon daemon = BROOD_DAEMON_INHERIT) {
    Pipe told;
    Process process(GetParam(), tell_facts, {told.Argument()}, daemon, nullptr,
                    setup);
    EXPECT_EQ(process.Run(), 0) << brood_error_message();
    return told.ReadAll();
  }

  void ExpectFact(const brood_child_setup &setup, const std::string &fact) {
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "\n" + fact + "\n",
                        "\n" + FactsOf(&setup));
  }

  // The start fails, with everything as before.
  void ExpectFailure(const brood_child_setup &setup, int error,
                     const std::string &text) {
    Pipe told;
    Process process(GetParam(), tell_facts, {told.Argument()},
                    BROOD_DAEMON_INHERIT, nullptr, &setup);
    EXPECT_FAILS(process.Start(),
                 error == 0 ? BROOD_RUNTIME_ERROR : BROOD_OS_ERROR, text);
    EXPECT_EQ(brood_errno(), error);
    EXPECT_EQ(process.Pid(), 0);
    EXPECT_EQ(brood_active_children(nullptr, 0), 0);
    EXPECT_EQ(told.ReadAll(), "");
  }
};
INSTANTIATE_METHODS(Setup);

// Whether this process may become another user's.
bool IsRoot() {
  pid_t pid = fork();
  if (pid == 0) {
    _exit(setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 &&
                  setuid(kNobody) == 0
              ? 0
              : 1);
  }
  return WaitForChild(pid);
}

#define NEEDS_ROOT() \
  if (!IsRoot()) GTEST_SKIP() << "needs root and a second user"

TEST_P(Setup, OfNothing) {
  brood_child_setup setup = {};
  EXPECT_EQ(FactsOf(&setup), FactsOf(nullptr));
}

TEST_P(Setup, Directory) {
  brood_child_setup setup = {};
  setup.directory = "/usr";
  ExpectFact(setup, "directory=/usr");
}

// From the creator's directory, also where a server has another one.
TEST_P(Setup, DirectoryFromTheCreators) {
  char before[PATH_MAX];
  ASSERT_NE(getcwd(before, sizeof before), nullptr);
  ASSERT_EQ(chdir("/usr"), 0);
  brood_child_setup setup = {};
  setup.directory = "bin/..";
  ExpectFact(setup, "directory=/usr");
  ASSERT_EQ(chdir(before), 0);
}

TEST_P(Setup, Environment) {
  char one[] = "BROOD_TEST_VALUE=given", two[] = "OTHER=";
  char *environment[] = {one, two, nullptr}, *empty[] = {nullptr};
  brood_child_setup setup = {};
  setup.environment = environment;
  ExpectFact(setup, "environment=2");
  ExpectFact(setup, "value=given");
  setup.environment = empty;
  ExpectFact(setup, "environment=0");
}

// What a child of the child finds.
void start_another(const brood_args *args) {
  Process process(StringAt(args, 1).c_str(), tell_facts,
                  {brood_descriptor(DescriptorAt(args, 0))});
  CHILD_CHECK(process.Run() == 0);
}
BROOD_TARGET(start_another);

TEST_P(Setup, EnvironmentOfGrandchildren) {
  std::string path = "PATH=" + std::string(getenv("PATH"));
  char one[] = "BROOD_TEST_VALUE=given";
  char *environment[] = {one, path.data(), nullptr};
  brood_child_setup setup = {};
  setup.environment = environment;
  for (const char *inner : {"fork", "spawn", "forkserver"}) {
    Pipe told;
    Process process(GetParam(), start_another,
                    {told.Argument(), brood_string(inner)},
                    BROOD_DAEMON_INHERIT, nullptr, &setup);
    EXPECT_EQ(process.Run(), 0) << brood_error_message();
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "value=given\n", told.ReadAll())
        << inner;
  }
}

TEST_P(Setup, Session) {
  brood_child_setup setup = {};
  ExpectFact(setup, "session=another's");
  setup.flags = BROOD_SETUP_SESSION;
  ExpectFact(setup, "session=own");
  ExpectFact(setup, "process group=own");
}

TEST_P(Setup, ProcessGroup) {
  brood_child_setup setup = {};
  ExpectFact(setup, "process group=another's");
  setup.flags = BROOD_SETUP_PROCESS_GROUP;
  ExpectFact(setup, "process group=own");
  ExpectFact(setup, "session=another's");
  setup.process_group = getpgid(0);
  ExpectFact(setup, "process group=another's");
}

TEST_P(Setup, NiceValue) {
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_NICE;
  setup.nice = 7;
  ExpectFact(setup, "nice=7");
}

TEST_P(Setup, Processors) {
  std::string all = Cpus();
  int last = atoi(all.substr(0, all.size() - 1).c_str() +
                  (all.rfind(',', all.size() - 2) + 1));
  brood_child_setup setup = {};
  setup.cpus = &last;
  setup.num_cpus = 1;
  ExpectFact(setup, "cpus=" + std::to_string(last) + ",");
  EXPECT_EQ(Cpus(), all);
}

TEST_P(Setup, Limits) {
  brood_limit limits[] = {{RLIMIT_NOFILE, 100, 110}, {RLIMIT_CORE, 0, 0}};
  brood_child_setup setup = {};
  setup.limits = limits;
  setup.num_limits = 2;
  ExpectFact(setup, "files=100/110");
  ExpectFact(setup, "core=0/0");
}

TEST_P(Setup, LimitThatIsNone) {
  rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  if (limit.rlim_max != RLIM_INFINITY) GTEST_SKIP() << "there is a limit";
  brood_limit none = {RLIMIT_STACK, BROOD_UNLIMITED, BROOD_UNLIMITED};
  brood_child_setup setup = {};
  setup.limits = &none;
  setup.num_limits = 1;
  EXPECT_EQ(FactsOf(&setup), FactsOf(nullptr));
}

// All that a start needs is there before.
TEST_P(Setup, LimitOfHardlyADescriptor) {
  Pipe in, out;
#ifdef __SANITIZE_ADDRESS__
  const rlim_t few = 32;  // it looks for leaks at the end of an image
#else
  const rlim_t few = 3;
#endif
  brood_limit limit = {RLIMIT_NOFILE, few, few};
  brood_child_setup setup = {};
  setup.limits = &limit;
  setup.num_limits = 1;
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  EXPECT_PRED_FORMAT2(testing::IsSubstring,
                      "files=" + std::to_string(few) + "/",
                      FactsOf(&setup, BROOD_DAEMON));
}

TEST_P(Setup, Umask) {
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_UMASK;
  setup.umask = 027;
  ExpectFact(setup, "umask=23");
  setup.umask = 0;
  ExpectFact(setup, "umask=0");
}

TEST_P(Setup, Ids) {
  NEEDS_ROOT();
  uint32_t groups[] = {7, 8};
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_USER_ID | BROOD_SETUP_GROUP_ID | BROOD_SETUP_GROUPS;
  setup.user_id = kNobody;
  setup.group_id = 9;
  setup.groups = groups;
  setup.num_groups = 2;
  std::string facts = FactsOf(&setup);
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "user=65534,65534,65534\n", facts);
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "group=9,9,9\n", facts);
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "groups=7,8,\n", facts);
  setup.num_groups = 0;
  ExpectFact(setup, "groups=");
}

// Those that need rights come before the ids, the directory after them.
TEST_P(Setup, EverythingAtOnce) {
  NEEDS_ROOT();
  brood_limit limit = {RLIMIT_NOFILE, 64, 64};
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_ALL & ~BROOD_SETUP_PROCESS_GROUP;
  setup.nice = -1;
  setup.limits = &limit;
  setup.num_limits = 1;
  setup.umask = 077;
  setup.user_id = setup.group_id = kNobody;
  setup.directory = "/";
  std::string facts = FactsOf(&setup, BROOD_DAEMON);
  for (const char *fact :
       {"directory=/\n", "session=own\n", "nice=-1\n", "files=64/64\n",
        "umask=63\n", "user=65534,", "group=65534,", "groups=\n",
        "no new privileges=1\n"}) {
    EXPECT_PRED_FORMAT2(testing::IsSubstring, fact, facts);
  }
}

TEST_P(Setup, DirectoryWithTheChildsRights) {
  NEEDS_ROOT();
  char name[] = "/tmp/brood-setup-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  brood_child_setup setup = {};
  setup.directory = name;
  ExpectFact(setup, "directory=" + std::string(name));
  setup.flags = BROOD_SETUP_USER_ID;
  setup.user_id = kNobody;
  ExpectFailure(setup, EACCES, "working directory '" + std::string(name) + "'");
  ASSERT_EQ(rmdir(name), 0);
}

TEST_P(Setup, NoNewPrivileges) {
  brood_child_setup setup = {};
  int own = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  ExpectFact(setup, "no new privileges=" + std::to_string(own));
  setup.flags = BROOD_SETUP_NO_NEW_PRIVILEGES;
  ExpectFact(setup, "no new privileges=1");
}

// Neither the creator nor a server is changed by any of it.
TEST_P(Setup, OfOneChildOnly) {
  std::string own = Facts(), before = FactsOf(nullptr);
  char variable[] = "BROOD_TEST_VALUE=given";
  char *environment[] = {variable, nullptr};
  brood_limit limit = {RLIMIT_NOFILE, 64, 64};
  int cpu = atoi(Cpus().c_str());
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_SESSION | BROOD_SETUP_NICE | BROOD_SETUP_UMASK |
                BROOD_SETUP_NO_NEW_PRIVILEGES;
  setup.nice = 5;
  setup.umask = 077;
  setup.cpus = &cpu;
  setup.num_cpus = 1;
  setup.environment = environment;
  setup.directory = "/usr";
  setup.limits = &limit;
  setup.num_limits = 1;
  EXPECT_NE(FactsOf(&setup), before);
  EXPECT_EQ(FactsOf(nullptr), before);
  EXPECT_EQ(Facts(), own);
}

// ----------------------------------------------------------- Streams --

// say_on_streams: what it reads goes to both outputs.
void say_on_streams(const brood_args *) {
  char text[64] = "";
  ssize_t n = read(STDIN_FILENO, text, sizeof text);
  std::string read_text(text, n < 0 ? 0 : (size_t)n);
  Tell(STDOUT_FILENO, "out:" + read_text);
  Tell(STDERR_FILENO, "error:" + read_text);
}
BROOD_TARGET(say_on_streams);

TEST_P(Setup, StreamsFromDescriptors) {
  Pipe in, out, error;
  ASSERT_EQ(write(in.writing(), "hello", 5), 5);
  brood_child_setup setup = {};
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, error.writing()};
  Process process(GetParam(), say_on_streams, {}, BROOD_DAEMON_INHERIT, nullptr,
                  &setup);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
  EXPECT_EQ(out.ReadAll(), "out:hello");
  EXPECT_EQ(error.ReadAll(), "error:hello");
}

TEST_P(Setup, BothOutputsIntoOnePipe) {
  Pipe out;
  brood_child_setup setup = {};
  setup.streams[1] =
      setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  Process process(GetParam(), say_on_streams, {}, BROOD_DAEMON_INHERIT, nullptr,
                  &setup);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
  EXPECT_EQ(out.ReadAll(), "out:error:");
}

// The creator's streams, whatever a server has, and each in the other's place.
TEST_P(Setup, StreamsOfTheCreator) {
  EXPECT_EQ(Process(GetParam(), nothing).Run(), 0);
  Pipe in, out, error;
  ASSERT_EQ(write(in.writing(), "hi", 2), 2);
  int before[3];
  for (int i = 0; i < 3; i++) before[i] = fcntl(i, F_DUPFD_CLOEXEC, 50);
  dup2(in.reading(), STDIN_FILENO);
  dup2(out.writing(), STDOUT_FILENO);
  dup2(error.writing(), STDERR_FILENO);
  brood_child_setup inherit = {}, swap = {};
  inherit.streams[0] = inherit.streams[1] =
      inherit.streams[2] = {BROOD_STREAM_INHERIT, 0};
  swap.streams[1] = {BROOD_STREAM_DESCRIPTOR, STDERR_FILENO};
  swap.streams[2] = {BROOD_STREAM_DESCRIPTOR, STDOUT_FILENO};
  int code = Process(GetParam(), say_on_streams, {}, BROOD_DAEMON_INHERIT,
                     nullptr, &inherit)
                 .Run();
  int swapped_code = Process(GetParam(), say_on_streams, {},
                             BROOD_DAEMON_INHERIT, nullptr, &swap)
                         .Run();
  for (int i = 0; i < 3; i++) {
    dup2(before[i], i);
    close(before[i]);
  }
  EXPECT_EQ(code, 0);
  EXPECT_EQ(swapped_code, 0);
  EXPECT_EQ(out.ReadAll(), "out:hierror:");
  EXPECT_EQ(error.ReadAll(), "error:hiout:");
}

TEST_P(Setup, StreamsOfNothing) {
  brood_child_setup setup = {};
  for (brood_stream &stream : setup.streams) stream.kind = BROOD_STREAM_NULL;
  Process process(GetParam(), say_on_streams, {}, BROOD_DAEMON_INHERIT, nullptr,
                  &setup);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
}

// tell_on_argument(fd): a stream's number that is an argument is another one.
void tell_on_argument(const brood_args *args) {
  Tell(DescriptorAt(args, 0), "argument");
  Tell(STDOUT_FILENO, "stream");
}
BROOD_TARGET(tell_on_argument);

TEST_P(Setup, StreamOverAnArgument) {
  InFork([] {
    Pipe argument, stream;
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 50);
    dup2(argument.writing(), STDOUT_FILENO);
    brood_child_setup setup = {};
    setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, stream.writing()};
    int code =
        Process(GetParam(), tell_on_argument, {brood_descriptor(STDOUT_FILENO)},
                BROOD_DAEMON_INHERIT, nullptr, &setup)
            .Run();
    dup2(out, STDOUT_FILENO);
    EXPECT_EQ(code, 0) << brood_error_message();
    EXPECT_EQ(argument.ReadAll(), "argument");
    EXPECT_EQ(stream.ReadAll(), "stream");
  });
}

// The number of standard input is moved once, and closed by the last who has
// it.
TEST_P(Setup, StreamsAndAnArgumentOfOneNumber) {
  InFork([] {
    Pipe pipe;
    dup2(pipe.writing(), STDIN_FILENO);
    brood_child_setup setup = {};
    setup.streams[1] = setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, 0};
    Process process(GetParam(), tell_on_argument,
                    {brood_descriptor(STDIN_FILENO)}, BROOD_DAEMON_INHERIT,
                    nullptr, &setup);
    EXPECT_EQ(process.Run(), 0) << brood_error_message();
    close(STDIN_FILENO);
    EXPECT_EQ(pipe.ReadAll(), "argumentstream");
  });
}

TEST_P(Setup, OfAProgramWithoutStandardStreams) {
  InFork([] {
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 50);
    int error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 50);
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(fd);
    std::string text;
    {
      Pipe told;  // takes 0 and 1
      brood_child_setup setup = {};
      setup.streams[0] = {BROOD_STREAM_NULL, 0};
      setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, told.writing()};
      setup.streams[2] = {BROOD_STREAM_INHERIT, 0};  // there is none
      brood_process_options options = {};
      options.target = say_on_streams;
      options.setup = &setup;
      brood_process *process =
          brood_process_new(brood_get_context(GetParam()), &options);
      if (brood_process_start(process) == BROOD_OS_ERROR &&
          brood_errno() == EBADF) {
        text = "refused,";
      }
      brood_process_free(process);
      setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, told.writing()};
      Process again(GetParam(), say_on_streams, {}, BROOD_DAEMON_INHERIT,
                    nullptr, &setup);
      if (again.Run() == 0) text += told.ReadAll();
    }
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    EXPECT_EQ(text, "refused,out:error:");
  });
}

// count_descriptors(told) tells how many are open.
void count_descriptors(const brood_args *args) {
  DIR *folder = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(folder) != nullptr) count++;
  closedir(folder);
  Tell(DescriptorAt(args, 0), std::to_string(count));
}
BROOD_TARGET(count_descriptors);

// The line and what became streams are closed.
TEST_P(Setup, LeavesNoDescriptorInTheChild) {
  Pipe out;
  brood_child_setup setup = {};
  setup.streams[0] = {BROOD_STREAM_NULL, 0};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  setup.streams[2] = {BROOD_STREAM_INHERIT, 0};
  std::string counts[2];
  for (int i = 0; i < 2; i++) {
    Pipe told;
    Process process(GetParam(), count_descriptors, {told.Argument()},
                    BROOD_DAEMON_INHERIT, nullptr, i == 0 ? nullptr : &setup);
    EXPECT_EQ(process.Run(), 0);
    counts[i] = told.ReadAll();
  }
  EXPECT_EQ(counts[1], counts[0]);
}

// ----------------------------------------------------------- Prepare --

int set_value() {
  return setenv("BROOD_TEST_VALUE", brood_process_name(brood_current_process()),
                1);
}
BROOD_PREPARE(set_value);

int fail_with_seven() {
  return 7;
}
BROOD_PREPARE(fail_with_seven);

int unregistered() {
  return setenv("BROOD_TEST_VALUE", "unregistered", 1);
}

TEST_P(Setup, Prepare) {
  Pipe told;
  brood_child_setup setup = {};
  setup.prepare = set_value;
  Process process(GetParam(), tell_facts, {told.Argument()},
                  BROOD_DAEMON_INHERIT, "Dipper", &setup);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "value=Dipper\n", told.ReadAll());
}

TEST_P(Setup, PrepareThatFails) {
  brood_child_setup setup = {};
  setup.prepare = fail_with_seven;
  ExpectFailure(setup, 0, "prepare function 'fail_with_seven' failed with 7");
}

TEST_P(Setup, PrepareThatIsNotRegistered) {
  brood_child_setup setup = {};
  setup.prepare = unregistered;
  if (std::string(GetParam()) == "fork") {
    ExpectFact(setup, "value=unregistered");
    return;
  }
  Process process(GetParam(), nothing, {}, BROOD_DAEMON_INHERIT, "Dipper",
                  &setup);
  EXPECT_FAILS(process.Start(), BROOD_VALUE_ERROR,
               "prepare function of 'Dipper' is not registered");
}

// ------------------------------------------------------------ Errors --

TEST_P(Setup, ErrorsOfTheKernel) {
  brood_child_setup setup = {};
  setup.directory = "/nope";
  ExpectFailure(setup, ENOENT,
                "working directory '/nope': No such file or directory");
  setup = {};
  setup.flags = BROOD_SETUP_PROCESS_GROUP | BROOD_SETUP_SESSION;
  ExpectFailure(setup, EPERM, "process group 0: Operation not permitted");
  setup = {};
  brood_limit limits[] = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 9, 8}};
  setup.limits = limits;
  setup.num_limits = 2;
  ExpectFailure(setup, EINVAL, "limit 7 of 9, hard 8: Invalid argument");
  setup = {};
  int cpu = BROOD_MAX_CPU;
  setup.cpus = &cpu;
  setup.num_cpus = 1;
  ExpectFailure(setup, EINVAL, "1 processors: Invalid argument");
  setup = {};
  setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, 987};
  ExpectFailure(setup, EBADF, "standard error from descriptor 987: Bad file");
}

// Each call of the kernel that a setup makes fails once, in the child.
TEST_P(Setup, ErrorsThatAreInjected) {
  struct Case {
    const char *wrapper, *text;
  };
  Pipe out;
  uint32_t group = getgid();
  int cpu = atoi(Cpus().c_str());
  brood_limit limit = {RLIMIT_CORE, 0, 0};
  brood_child_setup setup = {};
  setup.flags = BROOD_SETUP_ALL;
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  setup.streams[2] = {BROOD_STREAM_NULL, 0};
  setup.cpus = &cpu;
  setup.num_cpus = 1;
  setup.limits = &limit;
  setup.num_limits = 1;
  setup.groups = &group;
  setup.num_groups = 1;
  setup.user_id = geteuid();
  setup.group_id = getegid();
  setup.directory = "/";
  const std::string method = GetParam();
  const bool is_root = IsRoot();
  for (const Case &c :
       std::vector<Case>{{"sys_open_sink", "standard error"},
                         {"sys_session_new", "new session"},
                         {"sys_process_group_join", "process group 0"},
                         {"sys_nice_set", "nice value 0"},
                         {"sys_affinity_set", "1 processors"},
                         {"sys_limit_set", "limit 4 of 0, hard 0"},
                         {"sys_groups_set", "1 supplementary groups"},
                         {"sys_group_id_set", "group id "},
                         {"sys_user_id_set", "user id "},
                         {"sys_directory_change", "working directory '/'"},
                         {"sys_no_new_privileges", "no new privileges"}}) {
    SCOPED_TRACE(c.wrapper);
    brood_child_setup with = setup;
    if (std::string(c.wrapper) != "sys_process_group_join") {
      with.flags &= ~BROOD_SETUP_PROCESS_GROUP;
    } else {
      with.flags &= ~BROOD_SETUP_SESSION;
    }
    if (!is_root && std::string(c.wrapper) != "sys_groups_set") {
      with.flags &= ~BROOD_SETUP_GROUPS;
    }
    std::string fault = "--brood-spawned 1 5 " + std::string(c.wrapper);
    if (method == "forkserver") {
      KillServer();
      fault.replace(0, strlen("--brood-spawned"), "--brood-forkserver");
    }
    if (method == "fork") {
      sys_fault_only(c.wrapper);
      sys_fault_arm(1, EIO);
    } else {
      setenv("BROOD_TEST_FAULT", fault.c_str(), 1);
    }
    Process process(GetParam(), nothing, {}, BROOD_DAEMON, nullptr, &with);
    EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, c.text);
    EXPECT_EQ(brood_errno(), EIO);
    sys_fault_arm(0, 0);
    sys_fault_only(nullptr);
    unsetenv("BROOD_TEST_FAULT");
    if (method == "forkserver") KillServer();
  }
}

// In the creator: the start works or fails, and nothing is left of it. (A
// fork's child has the creator's count, and must not use it.)
TEST_P(Setup, FaultsOfTheCreator) {
  static bool is_creators_count;
  static int registered = pthread_atfork(nullptr, nullptr, [] {
    if (is_creators_count) sys_fault_arm(0, 0);
  });
  is_creators_count = true;
  ASSERT_EQ(registered, 0);
  bool injected = true;
  for (int nth = 1; injected && nth < 200 && !HasFailure(); nth++) {
    SCOPED_TRACE(nth);
    {
      Pipe out;
      brood_child_setup setup = {};
      setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
      Process process(GetParam(), nothing, {}, BROOD_DAEMON_INHERIT, nullptr,
                      &setup);
      sys_fault_arm(nth, EIO);
      int r = process.Start();
      injected = sys_fault_left() == 0;
      sys_fault_arm(0, 0);
      EXPECT_TRUE(r == 0 || r == BROOD_OS_ERROR || r == BROOD_RUNTIME_ERROR)
          << r;
      if (r == 0) {
        EXPECT_WORKS(process.Join());
      }
      EXPECT_EQ(brood_active_children(nullptr, 0), 0);
    }
    EXPECT_EQ(Process(GetParam(), exit_with, {brood_int64(7)}).Run(), 7);
    ExpectAsBefore();
  }
  is_creators_count = false;
}

TEST_P(Setup, AFailedStartCanBeTriedAgain) {
  char name[] = "/tmp/brood-setup-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  ASSERT_EQ(rmdir(name), 0);
  brood_child_setup setup = {};
  setup.directory = name;
  Process process(GetParam(), nothing, {}, BROOD_DAEMON, nullptr, &setup);
  for (int i = 0; i < 2; i++) {
    EXPECT_FAILS(process.Start(), BROOD_OS_ERROR, name);
    EXPECT_EQ(brood_process_is_alive(process), 0);
  }
  ASSERT_EQ(mkdir(name, 0700), 0);
  EXPECT_EQ(process.Run(), 0) << brood_error_message();
  ASSERT_EQ(rmdir(name), 0);
}

TEST(SetupOptions, ThatCannotBe) {
  int cpus[] = {0, BROOD_MAX_CPU + 1}, below = -1;
  std::vector<std::pair<brood_child_setup, std::pair<int, const char *>>> cases;
  auto refuse = [&](int code, const char *text) -> brood_child_setup & {
    cases.push_back({{}, {code, text}});
    return cases.back().first;
  };
  refuse(BROOD_TYPE_ERROR, "unknown flags: 0x100").flags = 1u << 8;
  refuse(BROOD_TYPE_ERROR, "unknown kind of stream 4 of standard output")
      .streams[1]
      .kind = (enum brood_stream_kind)4;
  refuse(BROOD_VALUE_ERROR, "negative descriptor -3 for standard input")
      .streams[0] = {BROOD_STREAM_DESCRIPTOR, -3};
  refuse(BROOD_VALUE_ERROR, "nice value 20").nice = 20;
  refuse(BROOD_VALUE_ERROR, "nice value -21").nice = -21;
  refuse(BROOD_TYPE_ERROR, "2 processors at NULL").num_cpus = 2;
  refuse(BROOD_TYPE_ERROR, "1 limits at NULL").num_limits = 1;
  refuse(BROOD_VALUE_ERROR, "65537 groups: at most 65536").num_groups =
      BROOD_MAX_SETUP + 1;
  std::vector<char *> variables(BROOD_MAX_SETUP + 1, (char *)"a=b");
  variables.push_back(nullptr);
  refuse(BROOD_VALUE_ERROR, "65537 variables: at most 65536").environment =
      variables.data();
  brood_child_setup &much = refuse(BROOD_VALUE_ERROR, "processor 8192");
  much.cpus = cpus;
  much.num_cpus = 2;
  brood_child_setup &little = refuse(BROOD_VALUE_ERROR, "processor -1");
  little.cpus = &below;
  little.num_cpus = 1;
  for (unsigned flag : {BROOD_SETUP_USER_ID, BROOD_SETUP_GROUP_ID}) {
    brood_child_setup &nobody = refuse(BROOD_VALUE_ERROR, "id -1");
    nobody.flags = flag;
    nobody.user_id = nobody.group_id = UINT32_MAX;
  }
  for (const auto &c : cases) {
    brood_process_options options = {};
    options.setup = &c.first;
    EXPECT_NULL_FAILS(brood_process_new(nullptr, &options), c.second.first,
                      c.second.second);
  }
}

// ------------------------------------------ Killed during the handshake --

int kill_self() {
  return raise(SIGKILL);
}
BROOD_PREPARE(kill_self);

int exit_at_once() {
  brood_exit(0);
}
BROOD_PREPARE(exit_at_once);

int close_everything() {
  for (int fd = 3; fd < 1024; fd++) close(fd);
  return 0;
}
BROOD_PREPARE(close_everything);

// A copy of the child's end of the line lives on in a process that the child
// leaves behind; it ends when its standard input does.
int leave_a_copy() {
  pid_t pid = fork();
  if (pid == 0) {
    WaitForByte(STDIN_FILENO);
    _exit(0);
  }
  return raise(SIGKILL);
}
BROOD_PREPARE(leave_a_copy);

TEST_P(Setup, AChildThatEndsHalfWay) {
  for (brood_callable prepare : {kill_self, exit_at_once, close_everything}) {
    Pipe error;
    brood_child_setup setup = {};
    setup.prepare = prepare;
    setup.streams[2] = {BROOD_STREAM_DESCRIPTOR, error.writing()};
    ExpectFailure(setup, 0, "it ended while it was being set up");
  }
}

TEST_P(Setup, AChildThatLeavesACopyOfTheLine) {
  Pipe in, out;
  brood_child_setup setup = {};
  setup.prepare = leave_a_copy;
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  Process process(GetParam(), nothing, {}, BROOD_DAEMON_INHERIT, nullptr,
                  &setup);
  EXPECT_FAILS(process.Start(), BROOD_RUNTIME_ERROR,
               "it ended while it was being set up");
  in.Release();
  EXPECT_EQ(out.ReadAll(), "");  // until the copy has gone
}

// Says who it is and waits for its standard input.
int wait_for_input() {
  pid_t pid = getpid();
  Tell(STDOUT_FILENO, std::string((const char *)&pid, sizeof pid));
  WaitForByte(STDIN_FILENO);
  return 0;
}
BROOD_PREPARE(wait_for_input);

TEST_P(Setup, AChildThatIsKilledHalfWay) {
  Pipe in, out;
  brood_child_setup setup = {};
  setup.prepare = wait_for_input;
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  std::thread killer([&] { kill(out.Read<pid_t>(), SIGKILL); });
  ExpectFailure(setup, 0, "it ended while it was being set up");
  killer.join();
}

TEST_P(Setup, StartWaitsForPrepare) {
  Pipe in, out;
  brood_child_setup setup = {};
  setup.prepare = wait_for_input;
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  std::atomic<bool> released{false};
  std::thread other([&] {
    out.Read<pid_t>();
    released = true;
    in.Release();
  });
  Process process(GetParam(), nothing, {}, BROOD_DAEMON_INHERIT, nullptr,
                  &setup);
  EXPECT_WORKS(process.Start());
  EXPECT_TRUE(released);
  other.join();
  EXPECT_WORKS(process.Join());
}

// Found was: it was closed, and ran.
TEST_P(Setup, CloseWaitsForAStart) {
  Pipe in, out;
  brood_child_setup setup = {};
  setup.prepare = wait_for_input;
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, in.reading()};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, out.writing()};
  Process process(GetParam(), hold, {in.ReadingArgument()},
                  BROOD_DAEMON_INHERIT, nullptr, &setup);
  std::thread starter([&] { EXPECT_WORKS(process.Start()); });
  out.Read<pid_t>();
  std::thread closer([&] {
    EXPECT_FAILS(brood_process_close(process), BROOD_VALUE_ERROR, "running");
  });
  in.Release();
  starter.join();
  closer.join();
  in.Release();
  EXPECT_WORKS(process.Join());
}

// start_slowly(method, in, out): a creator that is killed before its child is
// set up; the child goes on.
void start_slowly(const brood_args *args) {
  brood_child_setup setup = {};
  setup.prepare = wait_for_input;
  setup.streams[0] = {BROOD_STREAM_DESCRIPTOR, DescriptorAt(args, 1)};
  setup.streams[1] = {BROOD_STREAM_DESCRIPTOR, DescriptorAt(args, 2)};
  Process process(StringAt(args, 0).c_str(), tell_facts,
                  {brood_descriptor(DescriptorAt(args, 2))},
                  BROOD_DAEMON_INHERIT, nullptr, &setup);
  process.Start();
}
BROOD_TARGET(start_slowly);

TEST_P(Setup, OfACreatorThatIsKilledMeanwhile) {
  Pipe in, out;
  Process creator(
      "spawn", start_slowly,
      {brood_string(GetParam()), in.ReadingArgument(), out.Argument()});
  ASSERT_WORKS(creator.Start());
  out.Read<pid_t>();
  EXPECT_WORKS(brood_process_kill(creator));
  EXPECT_WORKS(creator.Join());
  in.Release();
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "user=", out.ReadAll());
}

// ---------------------------------------------------------- Lifelines --

// hold_and_tell(told, stop): a daemonic child, as another user.
void hold_and_tell(const brood_args *args) {
  Tell(DescriptorAt(args, 0), std::to_string(getuid()) + ",");
  WaitForByte(DescriptorAt(args, 1));
  Tell(DescriptorAt(args, 0), "was not killed");
}
BROOD_TARGET(hold_and_tell);

// start_daemon_as_nobody(method, told, stop, limit of descriptors)
void start_daemon_as_nobody(const brood_args *args) {
  brood_child_setup setup = {};
  uint64_t files = (uint64_t)Int64At(args, 3);
  brood_limit limit = {RLIMIT_NOFILE, files, files};
  setup.flags = BROOD_SETUP_USER_ID;
  setup.user_id = kNobody;
  setup.limits = &limit;
  setup.num_limits = 1;
  Process process(StringAt(args, 0).c_str(), hold_and_tell,
                  {brood_descriptor(DescriptorAt(args, 1)),
                   brood_descriptor(DescriptorAt(args, 2))},
                  BROOD_DAEMON, nullptr, &setup);
  CHILD_CHECK(process.Start() == 0);
  WaitForByte(DescriptorAt(args, 2));
}
BROOD_TARGET(start_daemon_as_nobody);

TEST_P(Setup, DaemonAsAnotherUserEndsWithItsCreator) {
  NEEDS_ROOT();
  for (int files : {100, 0}) {
    Pipe told, stop;
    Process creator("spawn", start_daemon_as_nobody,
                    {brood_string(GetParam()), told.Argument(),
                     stop.ReadingArgument(), brood_int64(files)});
    ASSERT_WORKS(creator.Start());
    std::string text;
    while (text.empty() || text.back() != ',') text += told.Read<char>();
    EXPECT_EQ(text, "65534,");
    EXPECT_WORKS(brood_process_kill(creator));
    EXPECT_WORKS(creator.Join());
    EXPECT_EQ(told.ReadAll(), "");
  }
}

}  // namespace
