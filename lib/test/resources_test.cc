// Proves that what the machine, or whoever set limits, does not give is an
// error: nobody is killed for asking.
// SPDX-License-Identifier: MIT
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include "lib/test/connections.h"
#include "lib/test/targets.h"

namespace {

class Resources : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, Resources, testing::Values("fork"),
                         NameOfParam);

const brood_context *Context() {
  return brood_get_context("fork");
}

void LimitFiles(rlim_t size) {
  rlimit limit = {size, size};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

// 0, or the file is too large.
void ExpectMadeOrTooLarge(bool made, bool must) {
  if (made) return;
  EXPECT_FALSE(must) << brood_error_message();
  EXPECT_EQ(brood_error(), BROOD_OS_ERROR);
  EXPECT_EQ(brood_errno(), EFBIG) << brood_error_message();
}

// Found was: the program killed by SIGXFSZ, below 64 MiB by a queue.
TEST_P(Resources, FilesMayNotBeLarge) {
  for (rlim_t limit : {0, 5000, 100000, 200000, 1 << 20, 32 << 20}) {
    SCOPED_TRACE(limit);
    InFork([=] {
      Connections pipe;
      LimitFiles(limit);
      brood_lock *lock = brood_lock_new(Context());
      ExpectMadeOrTooLarge(lock != nullptr, limit >= 5000);
      for (int i = 0; limit >= 5000 && i < 1000 && lock != nullptr; i++) {
        lock = brood_lock_new(Context());
        ExpectMadeOrTooLarge(lock != nullptr, false);
      }
      brood_shared_array *array =
          brood_shared_array_new(Context(), 'b', 3000000, BROOD_NO_LOCK);
      ExpectMadeOrTooLarge(array != nullptr, limit > 4000000);
      std::vector<char> text = Pattern(150000, 1);
      brood_value value = brood_bytes(text.data(), text.size());
      int r = brood_connection_send(pipe.first, value, 0);
      ExpectMadeOrTooLarge(r == 0, limit > 150000);
      if (r == 0) {
        LimitFiles(0); /* the receiver writes that it has read it */
        EXPECT_WORKS(brood_connection_recv(pipe.second, &value, 0));
        EXPECT_TRUE(IsPattern(&value, text.size(), 1));
      }
    });
  }
}

// A queue has as much room as there may be, and takes all that fits at all.
TEST_P(Resources, AQueueOfWhatFilesMayBe) {
  InFork([] {
    LimitFiles(60000);
    EXPECT_NULL_FAILS(brood_queue_new(Context(), 0), BROOD_OS_ERROR, "a queue");
    EXPECT_EQ(brood_errno(), EFBIG);
  });
  for (rlim_t limit : {80000, 200000, 3000000}) {
    SCOPED_TRACE(limit);
    InFork([=] {
      LimitFiles(limit);
      Queue queue;
      std::string text(limit < 1000000 ? 1000 : 30000, 'a');
      size_t count = 0;
      int r;
      while ((r = queue.Put(text, 0)) == 0) count++;
      EXPECT_FAILS(r, BROOD_FULL, "full");
      EXPECT_GT(count * text.size(), limit / 3);
      EXPECT_LT(count * text.size(), limit);
      for (size_t i = 0; i < count; i++)
        EXPECT_EQ(queue.Get(0).size(), text.size());
      std::string most(79000, 'b');
      EXPECT_WORKS(queue.Put(most, kSecond));
      EXPECT_EQ(queue.Get(0).size(), most.size());
    });
  }
}

// Found was: 16 MiB for a lock, 64 for a queue.
TEST_P(Resources, LockedMemoryIsWhatIsUsed) {
  InFork([] {
    if (mlockall(MCL_FUTURE) < 0) {
      std::cout << "SKIPPED: mlockall is not allowed" << std::endl;
      return;
    }
    brood_lock *lock = brood_lock_new(Context());
    EXPECT_WORKS(brood_lock_acquire(lock, 0));
    brood_queue *queue = brood_queue_new(Context(), 0);
    if (queue != nullptr) {
      EXPECT_WORKS(brood_queue_put(queue, brood_int64(1), 0));
    } else { /* its addresses count, where RLIMIT_MEMLOCK is small */
      EXPECT_EQ(brood_errno(), EAGAIN) << brood_error_message();
    }
    std::ifstream file("/proc/self/status");
    std::string word;
    int64_t kib = 0;
    while (file >> word && word != "RssShmem:") continue;
    file >> kib;
    EXPECT_GT(kib, 0);
    EXPECT_LT(kib, 1024);
  });
}

// As if this process were in a cgroup, whose files are these.
void WriteGroup(const std::string &name, const std::string &text) {
  std::ofstream("/sys/fs/cgroup/memory." + name) << text << "\n";
}

// Found was: killed, where ENOMEM was meant.
TEST_P(Resources, ACgroupHasLess) {
  InFork([] {
    if (unshare(CLONE_NEWNS) < 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
        mount("test", "/sys/fs/cgroup", "tmpfs", 0, nullptr) < 0) {
      std::cout << "SKIPPED: no mount namespace" << std::endl;
      return;
    }
    constexpr int64_t kSize = 100 << 20;
    auto make = [] {
      return brood_shared_array_new(Context(), 'b', kSize, BROOD_NO_LOCK);
    };
    WriteGroup("max", "200000000");
    WriteGroup("current", "150000000");
    WriteGroup("swap.max", "0");
    EXPECT_NULL_FAILS(make(), BROOD_OS_ERROR, "a shared array");
    EXPECT_EQ(brood_errno(), ENOMEM);
    // What files have is given up for it.
    WriteGroup("stat", "anon 1\ninactive_file 40000000\nactive_file 20000000");
    EXPECT_NE(make(), nullptr) << brood_error_message();
    WriteGroup("current", "199000000");
    EXPECT_EQ(make(), nullptr);
    WriteGroup("max", "max");
    EXPECT_NE(make(), nullptr) << brood_error_message();
  });
}

// Large memory comes and goes while threads fork and make small objects.
TEST_P(Resources, LargeArraysBesideForks) {
  SKIP_FORKS_BESIDE_MALLOC();
  std::atomic<bool> stop{false};
  std::thread large([&] {
    while (!stop) {
      brood_shared_array *array =
          brood_shared_array_new(Context(), 'b', 1 << 22, nullptr);
      EXPECT_NE(array, nullptr) << brood_error_message();
      brood_shared_array_free(array);
    }
  });
  for (int i = 0; i < 30; i++) {
    Queue queue;
    InFork([&] {
      EXPECT_WORKS(queue.Put(1));
      Objects objects("fork");
    });
    EXPECT_EQ(queue.Number(), 1);
  }
  stop = true;
  large.join();
}

}  // namespace
