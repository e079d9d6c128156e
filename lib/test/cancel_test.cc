// Proves that a thread may be cancelled in any call of the library, or between
// two: nothing stays locked or open, here or in other processes.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <functional>

#include "lib/test/connections.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"
#include "lib/test/victim.h"

namespace {

class Cancel : public ObjectsTest {};
INSTANTIATE_METHODS(Cancel);

class CancelCalls : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, CancelCalls, testing::Values("fork"),
                         NameOfParam);

// A thread to be cancelled. What its body must not leave behind it has to see
// to itself, as all that are cancelled.
class Thread {
 public:
  explicit Thread(std::function<void()> body) : body_(std::move(body)) {
    EXPECT_EQ(pthread_create(&thread_, nullptr, Run, this), 0);
  }
  Thread(const Thread &) = delete;

  // Waits until it sleeps in the call.
  void AwaitSleep() {
    EXPECT_TRUE(WaitUntil([this] { return tid_ != 0; }));
    EXPECT_TRUE(WaitUntil([this] { return StateOf(tid_) == 'S'; }));
  }
  void Cancel() {
    EXPECT_EQ(pthread_cancel(thread_), 0);
  }
  void Join() {
    EXPECT_EQ(pthread_join(thread_, nullptr), 0);
  }

 private:
  static void *Run(void *argument) {
    Thread *self = (Thread *)argument;
    self->tid_ = (pid_t)syscall(SYS_gettid);
    self->body_();
    return nullptr;
  }

  std::function<void()> body_;
  pthread_t thread_;
  std::atomic<pid_t> tid_{0};
};

// For what is to be done as a whole.
class Uncancelled {
 public:
  Uncancelled() {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_);
  }
  ~Uncancelled() {
    pthread_setcancelstate(before_, nullptr);
  }

 private:
  int before_;
};

// Nothing of the library's own is locked.
void ExpectLibraryWorks() {
  brood_lock_free(brood_lock_new(brood_get_context("fork")));
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
  InFork([] { EXPECT_EQ(brood_active_children(nullptr, 0), 0); });
  EXPECT_EQ(Process("fork", exit_with, {brood_int64(7)}).Run(), 7);
}

// ----------------------------------------------------------- Single calls --

// Found was: the connection could not be closed any more, and the other side
// saw no end of file.
void CancelInCall(Connections *pipe, const std::function<void()> &call) {
  Thread thread(call);
  thread.AwaitSleep();
  thread.Cancel();
  thread.Join();
  int fd = brood_connection_fileno(pipe->first);
  EXPECT_WORKS(brood_connection_close(pipe->first));
  EXPECT_EQ(fcntl(fd, F_GETFD), -1) << "it is still open";
  std::string end;
  while ((end = Receive(pipe->second)).size() > 100) continue;
  EXPECT_EQ(end, "EOFError");
  ExpectLibraryWorks();
}

TEST_P(CancelCalls, Making) {
  Thread thread([] {
    pthread_cancel(pthread_self());
    brood_queue_free(brood_queue_new(nullptr, 0));
    pthread_testcancel();
  });
  thread.Join();
  ExpectLibraryWorks();
}

TEST_P(CancelCalls, Receiving) {
  for (int64_t timeout : {kLong, BROOD_FOREVER}) {
    Connections pipe;
    CancelInCall(&pipe, [&] {
      brood_value value;
      brood_connection_recv(pipe.first, &value, timeout);
    });
  }
}

TEST_P(CancelCalls, Polling) {
  for (int64_t timeout : {kLong, BROOD_FOREVER}) {
    Connections pipe;
    CancelInCall(&pipe, [&] { brood_connection_poll(pipe.first, timeout); });
  }
}

TEST_P(CancelCalls, Sending) {
  for (int64_t timeout : {kLong, BROOD_FOREVER}) {
    for (size_t size : {1000, 200000}) { /* inside of the message, and lent */
      std::vector<char> text = Pattern(size, 1);
      Connections pipe;
      CancelInCall(&pipe, [&] {
        while (brood_connection_send(pipe.first, brood_bytes(text.data(), size),
                                     timeout) == 0) {
          continue;
        }
      });
    }
  }
}

TEST_P(CancelCalls, Waiting) {
  for (int64_t timeout : {kLong, BROOD_FOREVER}) {
    Connections pipe;
    CancelInCall(&pipe, [&] {
      brood_value value = brood_object(pipe.first);
      size_t ready;
      brood_wait(&value, 1, &ready, timeout);
    });
  }
}

TEST_P(Cancel, Joining) {
  for (int64_t timeout : {kLong, BROOD_FOREVER}) {
    Pipe release;
    Process process(GetParam(), hold, {release.ReadingArgument()});
    ASSERT_WORKS(process.Start());
    Thread thread([&] { brood_process_join(process, timeout); });
    thread.AwaitSleep();
    thread.Cancel();
    thread.Join();
    EXPECT_EQ(brood_process_is_alive(process), 1);
    EXPECT_WORKS(brood_process_kill(process));
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), -SIGKILL);
    EXPECT_WORKS(brood_process_close(process));
    ExpectLibraryWorks();
  }
}

// A copy of this process that holds a lock until it is let go.
class Holder {
 public:
  explicit Holder(brood_lock *lock)
      : victim_([this, lock] {
          if (brood_lock_acquire(lock, 0) < 0) _exit(1);
          victim_is_here_.Release();
          WaitForByte(release_.reading());
          brood_lock_release(lock);
        }) {
    victim_is_here_.Read<char>();
  }

  void LetGo() {
    release_.Release();
    victim_.AwaitDone();
  }

 private:
  Pipe victim_is_here_, release_;
  Victim victim_;
};

// It ends while the lock is held, and leaves no place behind.
TEST_P(CancelCalls, AcquiringALock) {
  brood_lock *lock = brood_lock_new(brood_get_context("fork"));
  Holder holder(lock);
  Thread thread([&] {
    brood_lock_acquire(lock, BROOD_FOREVER);
    ADD_FAILURE() << "it was not cancelled";
  });
  thread.AwaitSleep();
  thread.Cancel();
  thread.Join();
  holder.LetGo();
  EXPECT_WORKS(brood_lock_acquire(lock, kLong));
  brood_lock_free(lock);
  ExpectLibraryWorks();
}

// These get what they wait for first, or not.
TEST_P(CancelCalls, Getting) {
  Queue queue;
  Thread thread([&] {
    brood_value value;
    brood_queue_get(queue, &value, BROOD_FOREVER);
  });
  thread.AwaitSleep();
  thread.Cancel();
  EXPECT_WORKS(queue.Put(1));
  thread.Join();
  EXPECT_WORKS(queue.Put(2));
  int64_t got = queue.Number();
  if (got == 1) got = queue.Number();
  EXPECT_EQ(got, 2);
  ExpectLibraryWorks();
}

TEST_P(CancelCalls, WaitingForACondition) {
  brood_condition *condition =
      brood_condition_new(brood_get_context("fork"), nullptr);
  std::atomic<bool> waits{false};
  Thread thread([&] {
    brood_condition_acquire(condition, BROOD_FOREVER);
    waits = true;
    brood_condition_wait(condition, BROOD_FOREVER);
    brood_condition_release(condition);
  });
  EXPECT_TRUE(WaitUntil([&] { return waits.load(); }));
  EXPECT_WORKS(brood_condition_acquire(condition, kLong)); /* it waits now */
  thread.Cancel();
  EXPECT_WORKS(brood_condition_notify(condition, 1));
  EXPECT_WORKS(brood_condition_release(condition));
  thread.Join();
  EXPECT_WORKS(brood_condition_acquire(condition, kLong));
  EXPECT_WORKS(brood_condition_release(condition));
  brood_condition_free(condition);
  ExpectLibraryWorks();
}

// What a thread that lives on in the program's handlers had is for others.
struct Handler {
  std::atomic<bool> runs{false}, may_end{false};
  ~Handler() {
    runs = true;
    WaitUntil([this] { return may_end.load(); });
  }
};

// AddressSanitizer does not see that a cancelled thread jumps into a cleanup
// handler in C: it takes the frames that are gone for such as are in use.
#ifndef __SANITIZE_ADDRESS__
TEST_P(CancelCalls, WhoWasCancelledWaitsNoMore) {
  brood_barrier *barrier = brood_barrier_new(nullptr, 2, nullptr, kLong);
  std::atomic<Handler *> handler{nullptr};
  Thread thread([&] {
    Handler own;
    handler = &own;
    brood_barrier_wait(barrier, BROOD_FOREVER);
  });
  EXPECT_TRUE(WaitUntil([&] { return brood_barrier_n_waiting(barrier) == 1; }));
  thread.Cancel();
  EXPECT_TRUE(WaitUntil([&] { return handler.load()->runs.load(); }));
  EXPECT_EQ(brood_barrier_broken(barrier), 1);
  handler.load()->may_end = true;
  thread.Join();
  brood_barrier_free(barrier);
}
#endif

// -------------------------------------------------------- At any instant --

void GiveBack(void *process) {
  Uncancelled whole;
  brood_process_free((brood_process *)process);
}

void StartOne(const char *method) {
  brood_value code = brood_int64(7);
  brood_process_options options = {};
  options.target = exit_with;
  options.args = &code;
  options.num_args = 1;
  brood_process *process = nullptr;
  {
    Uncancelled whole;
    process = brood_process_new(brood_get_context(method), &options);
  }
  pthread_cleanup_push(GiveBack, process);
  if (brood_process_start(process) == 0) {
    brood_process_join(process, BROOD_FOREVER);
  }
  pthread_cleanup_pop(1);
}

void pass_a_cancellation_point(const brood_args *) {
  pthread_testcancel();
  brood_exit(7);
}

std::atomic<bool> fork_cancels{false};

// Found was: glibc's fork copied it, and the child ended with 0.
TEST_P(CancelCalls, InTheForkOfAStart) {
  auto cancel = [] {
    if (fork_cancels.exchange(false)) pthread_cancel(pthread_self());
  };
  ASSERT_EQ(pthread_atfork(cancel, nullptr, nullptr), 0);
  Process process(GetParam(), pass_a_cancellation_point);
  fork_cancels = true;
  Thread thread([&] { EXPECT_WORKS(process.Start()); });
  thread.Join();
  EXPECT_FALSE(fork_cancels);
  EXPECT_WORKS(process.Join());
  EXPECT_EQ(process.Code(), 7);
}

// What a stream is flushed into, and who is cancelled there.
ssize_t CancelAtWrite(void *, const char *, size_t size) {
  pthread_cancel(pthread_self());
  pthread_testcancel();
  return (ssize_t)size;
}

// Found was: while it flushed the creator's output, nothing was started yet.
TEST_P(Cancel, InTheFlushOfAStart) {
  InFork([] {
    cookie_io_functions_t functions = {};
    functions.write = CancelAtWrite;
    FILE *before = stdout, *own = fopencookie(nullptr, "w", functions);
    Process process(GetParam(), exit_with, {brood_int64(7)});
    int r = kNoCode;
    Thread thread([&] {
      stdout = own;
      fputs("some text", stdout);
      r = process.Start();
      stdout = before;
    });
    thread.Join();
    stdout = before;
    EXPECT_WORKS(r);
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), 7);
  });
}

// leave_cancelled(writing end, reading end, whether it fails) has a child that
// waits to be released, and a cancellation that waits for it.
void leave_cancelled(const brood_args *args) {
  int ignored, fd = DescriptorAt(args, 0);
  Process process("fork", hold, {brood_descriptor(DescriptorAt(args, 1))},
                  BROOD_NOT_DAEMON);
  CHILD_CHECK(process.Start() == 0);
  Tell(fd, "t");
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &ignored);
  pthread_cancel(pthread_self());
  if (Int64At(args, 2) != 0) brood_fail("as it should");
  brood_exit(5);
}
BROOD_TARGET(leave_cancelled);

// Found was: it was cancelled when it waited for its child, and ended with 0.
TEST_P(Cancel, InTheExitOfAChild) {
  for (bool fails : {false, true}) {
    Pipe told, release;
    Process process(
        GetParam(), leave_cancelled,
        {told.Argument(), release.ReadingArgument(), brood_int64(fails)});
    ASSERT_WORKS(process.Start());
    told.Read<char>();
    EXPECT_TRUE(WaitUntil([&] { return StateOf(process.Pid()) == 'S'; }));
    release.Release();
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), fails ? 1 : 5);
  }
}

// Found was: the thread was cancelled in exit, and the process went on.
TEST_P(CancelCalls, InTheExitOfMain) {
  Pipe release;
  fflush(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(kLong / kSecond);
    Thread thread([&] {
      Process process(GetParam(), hold, {release.ReadingArgument()},
                      BROOD_NOT_DAEMON);
      if (process.Start() < 0) _exit(1);
      pthread_cancel(pthread_self());
      exit(0);
    });
    thread.Join();
    _exit(2);
  }
  release.Release();
  EXPECT_TRUE(WaitForChild(pid));
}

// Found was: the guard, or the mutex of the forkserver, stayed locked: later
// starts, and the fork of the program, hung.
TEST_P(Cancel, InALoopOfStarts) {
  for (int i = 0; i < Rounds(15) && !HasFailure(); i++) {
    Thread thread([] {
      for (;;) StartOne(GetParam());
    });
    SleepAtRandom(10000);
    thread.Cancel();
    thread.Join();
    EXPECT_EQ(Process(GetParam(), exit_with, {brood_int64(7)}).Run(), 7);
  }
  EXPECT_TRUE(WaitUntil([] { return brood_active_children(nullptr, 0) == 0; }));
  ExpectLibraryWorks();
}

// put_and_get(queue) does both, whatever else is in the queue.
void put_and_get(const brood_args *args) {
  brood_queue *queue = QueueAt(args, 0);
  brood_value value;
  CHILD_CHECK(brood_queue_put(queue, brood_int64(7), kLong) == 0);
  CHILD_CHECK(brood_queue_get(queue, &value, kLong) == 0);
  brood_value_clear(&value);
}
BROOD_TARGET(put_and_get);

void PutForEver(brood_queue *queue, const brood_value &value) {
  for (;;) brood_queue_put(queue, value, 10 * kMillisecond);
}

void GetForEver(brood_queue *queue) {
  brood_value value;
  for (;;) {
    if (brood_queue_get(queue, &value, 10 * kMillisecond) != 0) continue;
    Uncancelled whole;
    brood_value_clear(&value);
  }
}

// Found was: other processes could get nothing any more, or put nothing.
TEST_P(Cancel, InLoopsOfPutsAndGets) {
  std::vector<char> large = Pattern(300000, 1);
  for (int i = 0; i < Rounds(12) && !HasFailure(); i++) {
    brood_value value = i % 2 == 0 ? brood_bytes(large.data(), large.size())
                                   : brood_descriptor(1);
    Queue queue;
    Thread putter([&] { PutForEver(queue, value); });
    Thread getter([&] { GetForEver(queue); });
    SleepAtRandom(5000);
    Thread &first = i % 4 < 2 ? putter : getter;
    Thread &second = i % 4 < 2 ? getter : putter;
    first.Cancel();
    first.Join();
    second.Cancel();
    second.Join();
    EXPECT_EQ(Process(GetParam(), put_and_get, {queue.Argument()}).Run(), 0);
  }
  ExpectLibraryWorks();
}

// Found was: the guard stayed locked.
TEST_P(CancelCalls, InALoopOfLargeMessages) {
  std::vector<char> large = Pattern(200000, 1);
  for (int i = 0; i < Rounds(20) && !HasFailure(); i++) {
    Connections pipe;
    Thread thread([&] {
      for (;;) {
        brood_connection_send(
            pipe.first, brood_bytes(large.data(), large.size()), BROOD_FOREVER);
        brood_value value;
        if (brood_connection_recv(pipe.second, &value, BROOD_FOREVER) != 0) {
          continue;
        }
        Uncancelled whole;
        brood_value_clear(&value);
      }
    });
    SleepAtRandom(5000);
    thread.Cancel();
    thread.Join();
    pipe.FreeFirst();
    std::string end;
    while ((end = Receive(pipe.second)).size() > 100) continue;
    EXPECT_EQ(end, "EOFError");
  }
  ExpectLibraryWorks();
}

}  // namespace
