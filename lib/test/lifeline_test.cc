// Proves that a daemonic process ends when its creator is killed, whatever the
// creator did meanwhile, and that others live on. By all methods.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "lib/test/process.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/fd.h"
}

namespace {

// A daemonic process of these tests: it holds the pipe `alive` open as its
// standard output until it dies.
void live(const brood_args *args) {
  Tell(STDOUT_FILENO, "+");
  WaitForByte(DescriptorAt(args, 0));
  Tell(STDOUT_FILENO, "- was not killed");
}
BROOD_TARGET(live);

// One that is to live on: it lets go of `alive`.
void live_on(const brood_args *args) {
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(null, STDOUT_FILENO);
  Tell(DescriptorAt(args, 1), "o");
  WaitForByte(DescriptorAt(args, 0));
  Tell(DescriptorAt(args, 1), "k");
}
BROOD_TARGET(live_on);

enum Circumstance {
  NOTHING_ELSE,
  THREAD_HAS_EXITED,  // the one that started it
  RAW_FORK_AFTER,     // a child that the library does not know
  FORK_AFTER,         // a child by each method, not daemonic
  SPAWN_AFTER,
  FORKSERVER_AFTER,
  CREATOR_EXITS,  // by _exit, without a word
};

// create(alive, stop, told, method, circumstance, go) starts a daemonic process
// and says so when everything is as it should be.
void create(const brood_args *args) {
  int alive = DescriptorAt(args, 0);
  brood_value stop = brood_descriptor(DescriptorAt(args, 1));
  int told = DescriptorAt(args, 2);
  std::string method = StringAt(args, 3);
  int64_t circumstance = Int64At(args, 4);
  dup2(alive, STDOUT_FILENO);
  close(alive);
  Process daemon(method.c_str(), live, {stop}, BROOD_DAEMON);
  auto start = [&daemon] { CHILD_CHECK(daemon.Start() == 0); };
  if (circumstance == THREAD_HAS_EXITED) {
    std::thread(start).join();
  } else {
    start();
  }
  if (circumstance == RAW_FORK_AFTER && fork() == 0) {
    close(STDOUT_FILENO);
    WaitForByte(stop.as.descriptor);
    _exit(0);
  }
  if (circumstance >= FORK_AFTER && circumstance <= FORKSERVER_AFTER) {
    const char *const *methods = brood_get_all_start_methods();
    Process other(methods[circumstance - FORK_AFTER], live_on,
                  {stop, brood_descriptor(told)});
    CHILD_CHECK(other.Start() == 0);
  }
  Tell(told, "c");
  WaitForByte(DescriptorAt(args, 5));
  _exit(0);
}
BROOD_TARGET(create);

class Lifeline : public MethodTest {
 protected:
  void KillCreator(Circumstance circumstance) {
    Pipe alive, stop, told, go;
    // By spawn: the creator has only the ends that it is given.
    Process creator("spawn", create,
                    {alive.Argument(), stop.ReadingArgument(), told.Argument(),
                     brood_string(GetParam()), brood_int64(circumstance),
                     go.ReadingArgument()});
    ASSERT_WORKS(creator.Start());
    bool other = circumstance >= FORK_AFTER && circumstance <= FORKSERVER_AFTER;
    for (int i = 0; i < (other ? 2 : 1); i++) told.Read<char>();
    EXPECT_EQ(alive.Read<char>(), '+');
    if (circumstance == CREATOR_EXITS) {
      go.Release();
    } else {
      EXPECT_WORKS(brood_process_kill(creator));
    }
    EXPECT_WORKS(creator.Join());
    EXPECT_EQ(alive.ReadAll(), "") << "it lived on";
    stop.CloseWriting();
    EXPECT_EQ(told.ReadAll(), other ? "k" : "");
  }
};
INSTANTIATE_METHODS(Lifeline);

TEST_P(Lifeline, ADaemonDiesWithItsCreator) {
  KillCreator(NOTHING_ELSE);
}

TEST_P(Lifeline, StartedByAThreadThatHasExited) {
  KillCreator(THREAD_HAS_EXITED);
}

TEST_P(Lifeline, BesideAForkOfTheUsers) {
  KillCreator(RAW_FORK_AFTER);
}

TEST_P(Lifeline, BesideAnotherProcessByFork) {
  KillCreator(FORK_AFTER);
}

TEST_P(Lifeline, BesideAnotherProcessBySpawn) {
  KillCreator(SPAWN_AFTER);
}

TEST_P(Lifeline, BesideAnotherProcessByForkserver) {
  KillCreator(FORKSERVER_AFTER);
}

TEST_P(Lifeline, OfACreatorThatDidNotSayGoodbye) {
  KillCreator(CREATOR_EXITS);
}

// watch_parent(told): sees its parent live, then die.
void watch_parent(const brood_args *args) {
  brood_process *parent = brood_parent_process();
  int told = DescriptorAt(args, 0);
  int code;
  CHILD_CHECK(brood_process_is_alive(parent) == 1);
  CHILD_CHECK(brood_process_join(parent, 0) == BROOD_TIMEOUT);
  CHILD_CHECK(brood_process_exitcode(parent, &code) == 0);
  CHILD_CHECK(brood_process_sentinel(parent) >= 0);
  CHILD_CHECK(brood_process_terminate(parent) == BROOD_ATTRIBUTE_ERROR);
  CHILD_CHECK(brood_process_free(parent) == nullptr);
  pid_t pid = brood_process_pid(parent);
  Tell(told, std::string((const char *)&pid, sizeof pid));
  CHILD_CHECK(brood_process_join(parent, kLong) == 0);
  CHILD_CHECK(brood_process_is_alive(parent) == 0);
  CHILD_CHECK(brood_process_exitcode(parent, &code) == 0);
  Tell(told, "gone");
}
BROOD_TARGET(watch_parent);

void create_watcher(const brood_args *args) {
  brood_value told = brood_descriptor(DescriptorAt(args, 0));
  Process process(StringAt(args, 2).c_str(), watch_parent, {told});
  CHILD_CHECK(process.Start() == 0);
  WaitForByte(DescriptorAt(args, 1));
}
BROOD_TARGET(create_watcher);

TEST_P(Lifeline, AChildSeesThatItsParentWasKilled) {
  Pipe told, stop;
  Process creator(
      "spawn", create_watcher,
      {told.Argument(), stop.ReadingArgument(), brood_string(GetParam())});
  ASSERT_WORKS(creator.Start());
  EXPECT_EQ(told.Read<pid_t>(), creator.Pid());
  EXPECT_WORKS(brood_process_kill(creator));
  EXPECT_WORKS(creator.Join());
  EXPECT_EQ(told.ReadAll(), "gone");
}

// At the ordinary end of a process, its daemonic children are terminated, and
// the others waited for. print_at_term says that it was asked.
void print_at_term(const brood_args *args) {
  signal(SIGTERM, [](int) {
    ssize_t n = write(STDOUT_FILENO, "terminated", 10);
    _exit(n == 10 ? 0 : 1);
  });
  dup2(DescriptorAt(args, 0), STDOUT_FILENO);
  Tell(STDOUT_FILENO, "+");
  WaitForByte(DescriptorAt(args, 1));
}
BROOD_TARGET(print_at_term);

// leave(out, stop, method, daemon): the creator returns at once.
void leave(const brood_args *args) {
  Pipe ready;
  Process process(StringAt(args, 2).c_str(), print_at_term,
                  {brood_descriptor(DescriptorAt(args, 0)),
                   brood_descriptor(DescriptorAt(args, 1))},
                  Int64At(args, 3) ? BROOD_DAEMON : BROOD_NOT_DAEMON);
  CHILD_CHECK(process.Start() == 0);
  close(DescriptorAt(args, 0));
  WaitForByte(DescriptorAt(args, 4));
}
BROOD_TARGET(leave);

TEST_P(Lifeline, AtTheOrdinaryEndDaemonsAreTerminatedAndOthersJoined) {
  for (bool daemon : {true, false}) {
    Pipe out, stop, go;
    Process creator(
        "spawn", leave,
        {out.Argument(), stop.ReadingArgument(), brood_string(GetParam()),
         brood_int64(daemon), go.ReadingArgument()});
    ASSERT_WORKS(creator.Start());
    EXPECT_EQ(out.Read<char>(), '+');
    go.Release();
    if (!daemon) {
      EXPECT_EQ(creator.Join(20 * kMillisecond), BROOD_TIMEOUT);
      stop.CloseWriting();
    }
    EXPECT_WORKS(creator.Join());
    EXPECT_EQ(creator.Code(), 0);
    EXPECT_EQ(out.ReadAll(), daemon ? "terminated" : "");
  }
}

}  // namespace
