// Proves who a process is: its name and number, its daemon flag, its parent,
// its authkey and arguments, in main, in a child and in a child's child.
// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cstring>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

// What a process says of itself, in one line.
std::string Self() {
  brood_process *self = brood_current_process();
  brood_process *parent = brood_parent_process();
  std::string text = brood_process_name(self);
  text +=
      parent == nullptr ? "" : std::string(" < ") + brood_process_name(parent);
  text += brood_process_daemon(self) ? " daemon" : "";
  text += std::string(" ") + brood_get_start_method(0);
  text += brood_process_pid(self) == getpid() ? "" : " wrong-pid";
  text += brood_process_is_alive(self) == 1 ? "" : " dead";
  text += "\n";
  return text;
}

void say_who(const brood_args *args) {
  Tell(DescriptorAt(args, 0), Self());
}
BROOD_TARGET(say_who);

// say_who_and_go_on(writing end, depth) starts one like itself.
void say_who_and_go_on(const brood_args *args) {
  int fd = DescriptorAt(args, 0);
  int64_t depth = Int64At(args, 1);
  Tell(fd, Self());
  for (int i = 0; depth > 0 && i < 2; i++) {
    Process process(nullptr, say_who_and_go_on,
                    {brood_descriptor(fd), brood_int64(depth - 1)});
    CHILD_CHECK(process.Run() == 0);
  }
}
BROOD_TARGET(say_who_and_go_on);

class Names : public MethodTest {
 protected:
  // "spawn" -> "SpawnProcess", as handles of this context are called.
  std::string Class() {
    std::string method = GetParam();
    if (method == "fork") return "ForkProcess";
    return method == "spawn" ? "SpawnProcess" : "ForkServerProcess";
  }

  // The number behind the last '-' or ':'.
  static int Number(brood_process *process) {
    std::string name = brood_process_name(process);
    return atoi(name.c_str() + name.find_last_of("-:") + 1);
  }
};
INSTANTIATE_METHODS(Names);

TEST_P(Names, AreNumberedPerCreatorWhateverTheContext) {
  Process first(GetParam(), nothing);
  Process second(nullptr, nothing);
  Process third(GetParam(), nothing, {}, BROOD_NOT_DAEMON, "own name");
  Process fourth(GetParam(), nothing);
  Process fifth(GetParam(), nothing, {}, BROOD_NOT_DAEMON, "");
  int number = Number(first);
  EXPECT_EQ(brood_process_name(first), Class() + "-" + std::to_string(number));
  EXPECT_EQ(brood_process_name(second),
            "Process-" + std::to_string(number + 1));
  EXPECT_STREQ(brood_process_name(third), "own name");
  EXPECT_EQ(Number(fourth), number + 3);
  EXPECT_EQ(brood_process_name(fifth),
            Class() + "-" + std::to_string(number + 4));
}

TEST_P(Names, OfAChildAndItsParent) {
  Pipe told;
  Process process(GetParam(), say_who, {told.Argument()}, BROOD_NOT_DAEMON,
                  "the child");
  EXPECT_EQ(process.Run(), 0);
  EXPECT_EQ(told.ReadAll(),
            std::string("the child < MainProcess ") + GetParam() + "\n");
}

TEST_P(Names, NestWithColons) {
  Pipe told;
  Process process(GetParam(), say_who_and_go_on,
                  {told.Argument(), brood_int64(2)});
  std::string id = std::to_string(Number(process));
  EXPECT_EQ(process.Run(), 0);
  std::string method = std::string(" ") + GetParam() + "\n";
  // The first is named by its context; those below ask for the default's.
  std::string top = Class() + "-" + id, one = "Process-" + id + ":1",
              two = "Process-" + id + ":2";
  EXPECT_EQ(told.ReadAll(), top + " < MainProcess" + method +   //
                                one + " < " + top + method +    //
                                one + ":1 < " + one + method +  //
                                one + ":2 < " + one + method +  //
                                two + " < " + top + method +    //
                                two + ":1 < " + two + method +  //
                                two + ":2 < " + two + method);
}

// try_to_start_one(writing end): a daemonic process may not.
void try_to_start_one(const brood_args *args) {
  int fd = DescriptorAt(args, 0);
  for (const char *method : {"fork", "spawn", "forkserver"}) {
    Process process(method, nothing);
    int r = process.Start();
    Tell(fd, std::string(brood_error_name(r)) + ": " + brood_error_message() +
                 "\n");
    CHILD_CHECK(brood_process_daemon(process) == 1);  // inherited
    CHILD_CHECK(brood_active_children(nullptr, 0) == 0);
  }
}
BROOD_TARGET(try_to_start_one);

TEST_P(Names, ADaemonicProcessMayNotStartOthers) {
  Pipe told;
  Process process(GetParam(), try_to_start_one, {told.Argument()},
                  BROOD_DAEMON);
  EXPECT_EQ(process.Run(), 0);
  std::string text = told.ReadAll();
  const char refusal[] =
      "AssertionError: daemonic processes are not allowed to have children";
  size_t count = 0;
  for (size_t at = 0; (at = text.find(refusal, at)) != std::string::npos;
       at++) {
    count++;
  }
  EXPECT_EQ(count, 3u) << text;
}

TEST_P(Names, TheDaemonFlagReachesTheChild) {
  for (bool daemon : {true, false}) {
    Pipe told;
    Process process(GetParam(), say_who, {told.Argument()}, BROOD_NOT_DAEMON,
                    "x");
    EXPECT_WORKS(brood_process_set_daemon(process, daemon));
    EXPECT_EQ(process.Run(), 0);
    EXPECT_EQ(told.ReadAll(), std::string("x < MainProcess") +
                                  (daemon ? " daemon " : " ") + GetParam() +
                                  "\n");
  }
}

void say_authkey(const brood_args *args) {
  size_t size;
  const void *key = brood_process_authkey(brood_current_process(), &size);
  Tell(DescriptorAt(args, 0), std::string((const char *)key, size));
}
BROOD_TARGET(say_authkey);

std::string Authkey(brood_process *process) {
  size_t size = 0;
  const void *key = brood_process_authkey(process, &size);
  return std::string((const char *)key, size);
}

TEST_P(Names, TheAuthkeyIsInheritedWhenTheHandleIsMade) {
  brood_process *self = brood_current_process();
  std::string before = Authkey(self);
  EXPECT_EQ(before.size(), 32u);
  Pipe told[3];
  Process inherits(GetParam(), say_authkey, {told[0].Argument()});
  Process own(GetParam(), say_authkey, {told[1].Argument()});
  EXPECT_EQ(Authkey(inherits), before);
  std::string longest(BROOD_MAX_AUTHKEY, '\0');
  EXPECT_WORKS(brood_process_set_authkey(own, longest.data(), longest.size()));
  EXPECT_WORKS(brood_process_set_authkey(self, "new", 3));
  Process newer(GetParam(), say_authkey, {told[2].Argument()});
  EXPECT_EQ(inherits.Run(), 0);
  EXPECT_EQ(own.Run(), 0);
  EXPECT_EQ(newer.Run(), 0);
  EXPECT_EQ(told[0].ReadAll(), before);
  EXPECT_EQ(told[1].ReadAll(), longest);
  EXPECT_EQ(told[2].ReadAll(), "new");
  EXPECT_WORKS(brood_process_set_authkey(self, before.data(), before.size()));
}

// exit_without_authkey(): of the parent, whose key only that one knows.
void exit_without_authkey(const brood_args *) {
  size_t size = 77;
  bool known = brood_process_authkey(brood_parent_process(), &size) != nullptr;
  brood_exit(known || size != 77 ? 1 : -brood_error());
}
BROOD_TARGET(exit_without_authkey);

// Found was: no key and no error.
TEST_P(Names, TheAuthkeyOfTheParentIsNotKnown) {
  EXPECT_EQ(Process(GetParam(), exit_without_authkey).Run(),
            -BROOD_ATTRIBUTE_ERROR);
}

void say_argv(const brood_args *args) {
  int argc = -1;
  const char *const *argv = brood_argv(&argc);
  for (int i = 0; i < argc; i++)
    Tell(DescriptorAt(args, 0), std::string(argv[i]) + "\n");
  CHILD_CHECK(argv[argc] == nullptr);
}
BROOD_TARGET(say_argv);

TEST_P(Names, TheArgumentsOfMainAreTheSameBelow) {
  Pipe told;
  Process process(GetParam(), say_argv, {told.Argument()});
  EXPECT_EQ(process.Run(), 0);
  int argc = -1;
  const char *const *argv = brood_argv(&argc);
  std::string expected;
  for (int i = 0; i < argc; i++) expected += std::string(argv[i]) + "\n";
  EXPECT_EQ(told.ReadAll(), expected);
}

class Main : public LibraryTest {};

TEST_F(Main, IsMainProcess) {
  brood_process *self = brood_current_process();
  EXPECT_STREQ(brood_process_name(self), "MainProcess");
  EXPECT_EQ(brood_process_pid(self), getpid());
  EXPECT_EQ(brood_process_is_alive(self), 1);
  EXPECT_EQ(brood_process_daemon(self), 0);
  EXPECT_EQ(brood_parent_process(), nullptr);
  EXPECT_EQ(brood_error(), BROOD_OK);
  EXPECT_STREQ(brood_error_message(), "");
  EXPECT_FAILS(brood_process_join(self, 0), BROOD_ASSERTION_ERROR,
               "can only join a child process");
  EXPECT_FAILS(brood_process_start(self), BROOD_ASSERTION_ERROR,
               "created by current process");
  EXPECT_FAILS(brood_process_terminate(self), BROOD_ATTRIBUTE_ERROR, "Main");
  EXPECT_EQ(brood_process_free(self), nullptr);
  EXPECT_EQ(brood_current_process(), self);
  EXPECT_EQ(brood_init(0, nullptr), 0) << "a second call does nothing";
}

TEST_F(Main, CanBeRenamed) {
  brood_process *self = brood_current_process();
  std::string longest(BROOD_MAX_NAME, 'n');
  EXPECT_WORKS(brood_process_set_name(self, longest.c_str()));
  EXPECT_EQ(brood_process_name(self), longest);
  EXPECT_FAILS(brood_process_set_name(self, nullptr), BROOD_ASSERTION_ERROR,
               "string");
  EXPECT_EQ(brood_process_name(self), longest);
  EXPECT_WORKS(brood_process_set_name(self, "MainProcess"));
}

}  // namespace
