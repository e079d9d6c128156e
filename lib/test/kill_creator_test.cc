// Proves that a creator that is killed at any instant, while it starts
// processes, takes its daemonic children and its forkserver with it, leaves the
// others whole, and that nobody hangs. By all methods.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/test/process.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

namespace {

// Everybody below the creator, its forkserver included, has the pipe `alive`
// as standard output and standard error, and so holds it open.
void hold_alive(const brood_args *args) {
  WaitForByte(DescriptorAt(args, 0));
}
BROOD_TARGET(hold_alive);

// Lets go of it, and lives on until `stop` ends.
void let_go(const brood_args *args) {
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  WaitForByte(DescriptorAt(args, 0));
  Tell(DescriptorAt(args, 1), "k");
}
BROOD_TARGET(let_go);

// create_many(alive, stop, told, method) starts one after the other.
void create_many(const brood_args *args) {
  dup2(DescriptorAt(args, 0), STDOUT_FILENO);
  dup2(DescriptorAt(args, 0), STDERR_FILENO);
  close(DescriptorAt(args, 0));
  brood_value stop = brood_descriptor(DescriptorAt(args, 1));
  brood_value told = brood_descriptor(DescriptorAt(args, 2));
  std::string method = StringAt(args, 3);
  Tell(DescriptorAt(args, 2), "c");
  for (int i = 0; i < 25; i++) {
    bool daemon = i % 3 != 2;
    Process process(method.c_str(), daemon ? hold_alive : let_go, {stop, told},
                    daemon ? BROOD_DAEMON : BROOD_NOT_DAEMON);
    CHILD_CHECK(process.Start() == 0);
    if (!daemon) Tell(told.as.descriptor, "p");
  }
  WaitForByte(stop.as.descriptor);
}
BROOD_TARGET(create_many);

class KillCreator : public MethodTest {
 protected:
  void KillOnce() {
    Pipe alive, stop, told;
    Process creator("spawn", create_many,
                    {alive.Argument(), stop.ReadingArgument(), told.Argument(),
                     brood_string(GetParam())});
    ASSERT_WORKS(creator.Start());
    // At times before it has begun.
    if (Random(8) != 0) {
      EXPECT_EQ(told.Read<char>(), 'c');
    }
    SleepAtRandom(20000);
    EXPECT_WORKS(brood_process_kill(creator));
    EXPECT_WORKS(creator.Join());
    EXPECT_EQ(creator.Code(), -SIGKILL);
    // Daemons and server are gone when nobody has the pipe any more. Nobody
    // had anything to complain of.
    EXPECT_EQ(alive.ReadAll(), "");
    // Each of the others that was started, and perhaps one that was just
    // being, lives until now.
    stop.CloseWriting();
    std::string text = told.ReadAll();
    int num_started = 0, num_living = 0;
    for (char c : text) {
      num_started += c == 'p';
      num_living += c == 'k';
    }
    EXPECT_GE(num_living, num_started) << text;
    EXPECT_LE(num_living, num_started + 1) << text;
  }
};
INSTANTIATE_METHODS(KillCreator);

TEST_P(KillCreator, AtRandomInstants) {
  int rounds = Rounds(30);
  for (int i = 0; i < rounds && !HasFailure(); i++) {
    SCOPED_TRACE(i);
    KillOnce();
  }
}

}  // namespace
