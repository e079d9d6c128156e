// The kernel's side: processes and signals as /proc shows them, the reaper, the
// supervisor, gates, folders. Children are held by pipes, never by time.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <thread>

#include "conformance/runner/folder.h"
#include "conformance/runner/launch.h"
#include "conformance/runner/proc.h"
#include "conformance/runner/pseudo.h"
#include "conformance/runner/reaper.h"
#include "conformance/runner/supervisor.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

// A child that runs `body` and then waits until this object goes.
class Child {
 public:
  explicit Child(const std::function<void()> &body) {
    EXPECT_EQ(pipe(ready_), 0);
    EXPECT_EQ(pipe(hold_), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(hold_[1]);
      body();
      char byte = 'r';
      (void)!write(ready_[1], &byte, 1);
      (void)!read(hold_[0], &byte, 1);
      _exit(0);
    }
    char byte;
    EXPECT_EQ(read(ready_[0], &byte, 1), 1);
  }
  ~Child() {
    for (int fd : {ready_[0], ready_[1], hold_[0], hold_[1]}) close(fd);
    Reaper reaper;
    reaper.KillAll(0);
  }
  pid_t Pid() const {
    return pid_;
  }

 private:
  int ready_[2], hold_[2];
  pid_t pid_;
};

// 0 once the FIFO has been read to its end.
int ReadToEnd(const std::string &path) {
  int fd = open(path.c_str(), O_RDONLY);
  char byte;
  return fd >= 0 && read(fd, &byte, 1) == 0 ? 0 : 1;
}

Json Ask(Kernel *kernel, const char *name, std::vector<Json> args) {
  return kernel->Call(name, args, Deadline(10));
}

class KernelTest : public testing::Test {
 protected:
  KernelTest() : kernel_(&reaper_, SharedMemoryNames()) {
    Reaper::Become();
  }
  Reaper reaper_;
  Kernel kernel_;
};

TEST_F(KernelTest, SaysWhatAProcessIs) {
  Child child([] {
    umask(027);
    (void)!chdir("/");
    setpriority(PRIO_PROCESS, 0, 5);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, [](int) {});
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    rlimit limit = {77, 99};
    setrlimit(RLIMIT_NOFILE, &limit);
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(0, sizeof first, &first);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setsid();
  });
  pid_t pid = child.Pid();
  EXPECT_EQ(Ask(&kernel_, "processors", {pid}), "0");
  EXPECT_EQ(Ask(&kernel_, "no_new_privileges", {pid}), "1");
  EXPECT_EQ(Ask(&kernel_, "parent", {pid}), getpid());
  EXPECT_EQ(Ask(&kernel_, "session", {pid}), pid);
  EXPECT_EQ(Ask(&kernel_, "group", {pid}), pid);
  EXPECT_EQ(Ask(&kernel_, "threads", {pid}), 1);
  EXPECT_EQ(Ask(&kernel_, "umask", {pid}), 027);
  EXPECT_EQ(Ask(&kernel_, "nice", {pid}), 5);
  EXPECT_EQ(Ask(&kernel_, "cwd", {pid}), "/");
  EXPECT_EQ(Ask(&kernel_, "nofile", {pid}), 77);
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "ignored", {pid}), "USR1"));
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "caught", {pid}), "USR2"));
  EXPECT_EQ(Ask(&kernel_, "blocked", {pid}), Json({"TERM"}));
  EXPECT_EQ(Ask(&kernel_, "alive", {pid}), true);
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "children", {getpid()}), pid));
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "descendants", {getpid()}), pid));
}

// Whatever else is inheritable here, the runner of the tests has made.
TEST_F(KernelTest, TellsWhatAnotherProgramWouldHave) {
  Child child([] {
    open("/dev/zero", O_RDONLY | O_CLOEXEC);
    open("/dev/full", O_RDONLY);
  });
  pid_t pid = child.Pid();
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "fds", {pid}), "/dev/zero"));
  EXPECT_FALSE(HoldsValue(Ask(&kernel_, "inheritable", {pid}), "/dev/zero"));
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "inheritable", {pid}), "/dev/full"));
  EXPECT_EQ(Ask(&kernel_, "inheritable", {pid + 1000000}), nullptr);
  EXPECT_EQ(Ask(&kernel_, "num_fds", {pid, "/dev/zero"}), 1);
  EXPECT_EQ(Ask(&kernel_, "num_fds", {pid, "/dev/none"}), 0);
}

TEST_F(KernelTest, TellsHowMuchMemoryIsTouched) {
  constexpr size_t kSize = 32 << 20;
  // The kernel touches it: a sanitizer would touch memory of its own besides.
  auto map = [](int touched) {
    mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | touched, -1, 0);
  };
  Child idle([&] { map(0); });
  Child busy([&] { map(MAP_POPULATE); });
  Json before = Ask(&kernel_, "memory", {idle.Pid()});
  int more = Ask(&kernel_, "memory", {busy.Pid(), before});
  EXPECT_GT(more, 30 << 10);
  EXPECT_LT(more, 34 << 10);
  EXPECT_EQ(Ask(&kernel_, "memory", {busy.Pid() + 1000000}), nullptr);
  EXPECT_THROW(Ask(&kernel_, "memory", {busy.Pid(), "1"}), Stop);
}

TEST_F(KernelTest, CountsTheProcessors) {
  EXPECT_GE(Ask(&kernel_, "cpus", {}), 1);
  EXPECT_THROW(Ask(&kernel_, "cpus", {getpid()}), Stop);
}

TEST_F(KernelTest, CountsWhatRuns) {
  Child child([] {
    std::thread([] {
      while (true) getppid();
    }).detach();
  });
  EXPECT_GE(OthersThatRun(), 1U);
  EXPECT_LT(OthersThatRun(), SIZE_MAX);
}

// As a process in a chroot says them itself.
TEST_F(KernelTest, PathsAreThoseOfTheProcess) {
  std::string root = MakeRunFolder();
  ASSERT_EQ(mkdir((root + "/d").c_str(), 0700), 0);
  bool allowed = geteuid() == 0;
  if (!allowed) GTEST_SKIP() << "only root may chroot";
  {
    Child child([&] {
      (void)!chroot(root.c_str());
      (void)!chdir("/d");
      creat("/d/f", 0600);
    });
    EXPECT_EQ(Ask(&kernel_, "cwd", {child.Pid()}), "/d");
    EXPECT_TRUE(HoldsValue(Ask(&kernel_, "fds", {child.Pid()}), "/d/f"));
  }
  RemoveTree(root);
}

TEST_F(KernelTest, SendsAndTellsTheStatus) {
  Child child([] {});
  Ask(&kernel_, "send", {child.Pid(), "KILL"});
  EXPECT_EQ(Ask(&kernel_, "status", {child.Pid()}), -SIGKILL);
  EXPECT_EQ(Ask(&kernel_, "alive", {child.Pid()}), false);
  EXPECT_EQ(Ask(&kernel_, "zombie", {child.Pid()}), false);
  EXPECT_TRUE(Ask(&kernel_, "parent", {child.Pid()}).is_null());
}

TEST_F(KernelTest, SendsToNobodyElse) {
  for (pid_t pid : {1, 0, -1, getpid(), getppid()}) {
    EXPECT_THROW(Ask(&kernel_, "send", {pid, "CONT"}), Stop) << pid;
  }
  Child child([] {});
  EXPECT_THROW(Ask(&kernel_, "send", {child.Pid(), "NOSUCH"}), Stop);
  // Its group is ours: that signal would reach the runner.
  EXPECT_THROW(Ask(&kernel_, "send_group", {child.Pid(), "CONT"}), Stop);
}

TEST_F(KernelTest, HarassesDescendantsThatServeNobody) {
  Child parent([] {
    for (int i = 0; i < 3; i++) {
      if (fork() == 0) {
        while (true) pause();
      }
    }
  });
  Json children = Ask(&kernel_, "children", {parent.Pid()});
  ASSERT_EQ(children.size(), 3u);
  kernel_.Spare(children[1].get<pid_t>());
  EXPECT_EQ(Ask(&kernel_, "harass", {parent.Pid(), 4, 0.004}), 2);
  // A killed process is there for a moment more.
  while (Ask(&kernel_, "children", {parent.Pid()}) != Json({children[1]})) {
    usleep(1000);
  }
  EXPECT_EQ(Ask(&kernel_, "any_alive", {children}), true);
  Ask(&kernel_, "send", {children[1], "KILL"});
  while (Ask(&kernel_, "any_alive", {children}) == true) usleep(1000);
  EXPECT_EQ(Ask(&kernel_, "any_alive", {Json::array()}), false);
  EXPECT_THROW(Ask(&kernel_, "harass", {getpid(), 1, 0.001}), Stop);
}

TEST_F(KernelTest, RefusesUnknownCalls) {
  EXPECT_THROW(Ask(&kernel_, "colour", {1}), Stop);
  EXPECT_THROW(Ask(&kernel_, "alive", {}), Stop);
  EXPECT_THROW(Ask(&kernel_, "alive", {"x"}), Stop);
  EXPECT_THROW(Ask(&kernel_, "alive", {1, 2}), Stop);
  // 2^32 + 1 is not process 1.
  EXPECT_THROW(Ask(&kernel_, "alive", {4294967297}), Stop);
}

TEST_F(KernelTest, ZombiesOfOthersAreSeen) {
  Child parent([] {
    pid_t pid = fork();
    if (pid == 0) _exit(3);
    // Waits for the end without collecting it.
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  });
  Json zombies = Ask(&kernel_, "zombies", {parent.Pid()});
  ASSERT_EQ(zombies.size(), 1u);
  EXPECT_EQ(Ask(&kernel_, "zombie", {zombies[0]}), true);
  EXPECT_EQ(Ask(&kernel_, "alive", {zombies[0]}), false);
  EXPECT_EQ(Ask(&kernel_, "children", {parent.Pid()}), Json::array());
}

TEST_F(KernelTest, OrphansAreAdoptedAndTheirStatusKept) {
  int report[2], hold[2];
  ASSERT_EQ(pipe(report), 0);
  ASSERT_EQ(pipe(hold), 0);
  pid_t middle = fork();
  if (middle == 0) {
    close(hold[1]);
    pid_t pid = fork();
    if (pid == 0) {
      char byte;
      (void)!read(hold[0], &byte, 1);
      _exit(42);
    }
    (void)!write(report[1], &pid, sizeof pid);
    _exit(0);
  }
  pid_t orphan = 0;
  ASSERT_EQ(read(report[0], &orphan, sizeof orphan), (ssize_t)sizeof orphan);
  EXPECT_EQ(Ask(&kernel_, "status", {middle}), 0);
  EXPECT_EQ(Ask(&kernel_, "parent", {orphan}), getpid());
  for (int fd : {hold[0], hold[1], report[0], report[1]}) close(fd);
  EXPECT_EQ(Ask(&kernel_, "status", {orphan}), 42);
}

TEST_F(KernelTest, CountsListeningSocketsAndDescriptors) {
  Child child([] {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    // Only the family: the kernel picks an abstract name.
    bind(fd, reinterpret_cast<sockaddr *>(&name), sizeof name.sun_family);
    listen(fd, 1);
    socket(AF_UNIX, SOCK_STREAM, 0);
  });
  EXPECT_EQ(Ask(&kernel_, "listening", {child.Pid()}), 1);
  Json fds = Ask(&kernel_, "fds", {child.Pid()});
  EXPECT_EQ(Ask(&kernel_, "num_fds", {child.Pid()}), fds.size());
}

TEST_F(KernelTest, NewSharedMemoryIsSeen) {
  std::string name = "/brood-test-" + std::to_string(getpid());
  int fd = shm_open(name.c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_GE(fd, 0);
  close(fd);
  EXPECT_TRUE(HoldsValue(Ask(&kernel_, "shm", {}), name.substr(1)));
  shm_unlink(name.c_str());
  EXPECT_FALSE(HoldsValue(Ask(&kernel_, "shm", {}), name.substr(1)));
}

TEST_F(KernelTest, KillAllLeavesNothing) {
  Child child([] {
    signal(SIGTERM, SIG_IGN);
    if (fork() == 0) {
      setsid();
      pause();
    }
  });
  EXPECT_TRUE(reaper_.KillAll(0.01));
  EXPECT_TRUE(reaper_.Poll());
  EXPECT_EQ(reaper_.Status(child.Pid()), -SIGKILL);
}

TEST_F(KernelTest, SignalNames) {
  EXPECT_EQ(SignalNumber("USR1"), SIGUSR1);
  EXPECT_EQ(SignalNumber("SIGUSR1"), 0);
  EXPECT_EQ(SignalsIn("00000003c0000000"),
            (std::vector<std::string>{"RT34", "SYS"}));
  EXPECT_EQ(SignalsIn("0000000000004001"),
            (std::vector<std::string>{"HUP", "TERM"}));
}

TEST(SupervisorTest, PassesTheExitCodeOn) {
  EXPECT_EQ(Supervise([] { return 0; }), 0);
  EXPECT_EQ(Supervise([] { return 3; }), 3);
}

TEST(SupervisorTest, AnEarlyEndFails) {
  EXPECT_EQ(Supervise([]() -> int { _exit(0); }), 1);
  EXPECT_EQ(Supervise([]() -> int { exit(0); }), 1);
  EXPECT_EQ(Supervise([]() -> int {
              raise(SIGKILL);
              return 0;
            }),
            1);
  EXPECT_EQ(Supervise([]() -> int { throw std::runtime_error("x"); }), 1);
}

TEST(SupervisorTest, KillsWhatTheWorkerLeaves) {
  int report[2];
  ASSERT_EQ(pipe(report), 0);
  EXPECT_EQ(Supervise([&] {
              pid_t pid = fork();
              if (pid == 0) {
                setsid();
                pause();
              }
              (void)!write(report[1], &pid, sizeof pid);
              return 0;
            }),
            0);
  pid_t pid = 0;
  ASSERT_EQ(read(report[0], &pid, sizeof pid), (ssize_t)sizeof pid);
  EXPECT_FALSE(IsAlive(pid));
  close(report[0]);
  close(report[1]);
}

class FilesTest : public testing::Test {
 protected:
  FilesTest() : run_(MakeRunFolder()), folder_(run_), files_(folder_.Tmp()) {
  }
  ~FilesTest() override {
    RemoveTree(run_);
  }
  std::string run_;
  Folder folder_;
  Files files_;
};

TEST_F(FilesTest, GatesLetWaitersAndLatecomersThrough) {
  Reaper reaper;
  files_.Call("make_gate", {"g"});
  std::string path = folder_.Tmp() + "/g";
  auto wait_at_gate = [&] {
    pid_t pid = fork();
    if (pid == 0) _exit(ReadToEnd(path));
    return pid;
  };
  pid_t early = wait_at_gate();
  files_.Call("open_gate", {"g"});
  pid_t late = wait_at_gate();
  Backoff backoff;
  Deadline deadline(10);
  while (!reaper.Poll() && !deadline.Over()) {
    files_.Pulse();
    backoff.Wait();
  }
  EXPECT_EQ(reaper.Status(early), 0);
  EXPECT_EQ(reaper.Status(late), 0);
}

TEST_F(FilesTest, FilesStayInTheirFolder) {
  files_.Call("write", {"f", "text"});
  EXPECT_EQ(files_.Call("text", {folder_.Tmp() + "/f"}), "text");
  EXPECT_TRUE(files_.Call("text", {"none"}).is_null());
  EXPECT_EQ(files_.Call("exists", {"f"}), true);
  for (const char *name : {"/etc/passwd", "../s", "", "a/../../s"}) {
    EXPECT_THROW(files_.Call("text", {name}), Stop) << name;
  }
  EXPECT_THROW(files_.Call("open_gate", {"f"}), Stop);
  EXPECT_THROW(files_.Call("nothing", {"f"}), Stop);
}

TEST_F(FilesTest, HistoriesAreReadWhereThereAreSome) {
  files_.Call("write", {"x", "a:0\na:1\n"});
  Json both = {"x", "y"};
  Json made = Json::array({Json::array({"a", 2})});
  EXPECT_EQ(files_.Call("history", {both, made, 0}), "ok");
  files_.Call("write", {"y", "a:1\n"});
  EXPECT_EQ(files_.Call("history", {both, made, 0}),
            "twice: a:1, the second time in consumer 2");
  EXPECT_THROW(files_.Call("history", {both, made}), Stop);
  EXPECT_THROW(files_.Call("history", {both, "a", 0}), Stop);
  EXPECT_THROW(files_.Call("history", {"x", made, 0}), Stop);
  EXPECT_THROW(files_.Call("history", {both, made, "0"}), Stop);
}

TEST_F(FilesTest, OutputCounts) {
  WriteFile(folder_.Output("stdout"), "a b a\xff");
  EXPECT_EQ(CallOutput(folder_, "count", {"stdout", "a"}), 2);
  EXPECT_EQ(CallOutput(folder_, "text", {"stderr"}), "");
  EXPECT_TRUE(CallOutput(folder_, "text", {"stdout"}).is_string());
  EXPECT_THROW(CallOutput(folder_, "text", {"stdin"}), Stop);
}

TEST_F(FilesTest, TheEnvironmentIsMinimal) {
  setenv("BROOD_TEST", "kept", 1);
  setenv("OTHER_TEST", "not kept", 1);
  std::vector<std::string> env = AdapterEnvironment(folder_);
  EXPECT_TRUE(Contains(env, "BROOD_TEST=kept"));
  EXPECT_FALSE(Contains(env, "OTHER_TEST=not kept"));
  EXPECT_TRUE(Contains(env, "TMPDIR=" + folder_.Home()));
  EXPECT_LT(folder_.Socket().size(), 40u);
}

}  // namespace

}  // namespace conformance
